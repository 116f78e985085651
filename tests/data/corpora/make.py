"""Writes the tables of this folder. Needs pyarrow."""

import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent


def write(name, columns, **how):
    pq.write_table(pa.table(columns), HERE / f"{name}.parquet", **how)


turn = pa.struct([("role", pa.string()), ("content", pa.string()), ("name", pa.string())])
chats = [
    [
        {"role": "user", "content": f"question {n} of the table", "name": None},
        {"role": "assistant", "content": 'a "quoted" answer\nwith a line', "name": None},
    ]
    for n in range(7)
]
write(
    "chats",
    {"id": list(range(7)), "model": ["m"] * 7, "messages": pa.array(chats, pa.list_(turn))},
    row_group_size=3,
    compression="zstd",
)
turns = json.dumps([{"from": "human", "value": "ask"}, {"from": "gpt", "value": "answer"}])
write("turns", {"conversations": [turns, turns]}, compression="snappy")
write("questions", {"question": ["one", "two"], "context": [None, "more"], "answer": ["1", "2"]})
write("texts", {"text": ["first text", "second text"], "score": [0.5, None]})
write("numbers", {"id": [1, 2], "score": [0.5, 0.25]})
