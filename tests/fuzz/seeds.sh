#!/bin/sh
# Seeds for every fuzz target, from the cases of the formats, the samples and the error catalogue.
set -eu
cd "$(dirname "$0")"
root=../..

# seed TARGET FILE [PREFIX]: small files only, long ones are cut to their first 64 KiB.
seed() {
    mkdir -p "corpus/$1"
    name=$(printf '%s' "$2" | tr -c 'A-Za-z0-9.' '_')
    { printf '%b' "${3-}"; head -c 65536 "$2"; } > "corpus/$1/$name${4-}"
}

find "$root/tests/formats" "$root/samples/logs" "$root/tests/errors" -type f | sort | while read -r file; do
    case "$file" in
    */input.*json* | */samples/*.jsonl | */tests/errors/*.jsonl)
        seed json "$file"
        seed sessions "$file" '\001'
        seed containers "$file" '\000'
        for choice in 1 2 3 4; do seed containers "$file" "\\00$choice" ".$choice"; done
        seed mapping "$file" 'time=timestamp,model=response.model,input=response.usage.prompt_tokens\n'
        ;;
    */input.*csv | */input.*tsv | */tests/errors/*.csv)
        seed tables "$file"
        seed containers "$file" '\003'
        seed mapping "$file" 'time=Timestamp,model=Model,input=In,output=Out\n'
        ;;
    */input.* | *.zip | *.gz | *.zst)
        seed containers "$file" '\000'
        ;;
    esac
done
find "$root/samples" "$root/tests/errors" -name '*.toml' -o -name 'fx*.csv' | sort | while read -r file; do
    seed files "$file"
done
for book in "$root"/pricing/*.toml; do seed files "$book"; done
find corpus -type f | wc -l
