//! Records that are summed where they are read make the rollup that records one by one make, with
//! the same findings.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use polars::prelude::{DataFrame, DataType, NamedFrom, ParquetWriter, Series, TimeUnit};
use proptest::prelude::*;
use tokencast::period::{Grain, Timestamp};
use tokencast::rollup::bounded::BoundedBuilder;
use tokencast::rollup::{Edges, Rollup, RollupBuilder, RollupError};
use tokencast::source::mapping::{InputIncludesCache, Mapping};
use tokencast::source::{Input, Progress, ReadOptions, read_all, read_sums};

/// Cells of each column, of which a row has one each; `None` is null.
type Cells = &'static [Option<&'static str>];

const HOURS: Cells = &[
    Some("2026-07-01T10:00:00Z"),
    Some("2026-07-01T10:20:00Z"),
    Some("2026-07-01T10:59:59.999Z"),
    Some("2026-07-01T11:00:00Z"),
    Some("2026-07-02T23:30:00Z"),
];
const ENDS: Cells =
    &[Some("2026-07-02T23:45:00Z"), Some("2026-07-01T11:00:00Z"), Some("2026-07-04")];
type Columns = &'static [(&'static str, Cells)];

const MAPPED: Columns = &[
    ("time", HOURS),
    ("end", ENDS),
    ("model", &[Some("gpt-5.5"), Some("claude-sonnet-4-5-20250929"), Some(" gpt-5.5 "), None]),
    ("tier", &[Some("standard"), Some("batch"), None, Some("default")]),
    ("team", &[Some("a"), Some("a team with a long name"), None]),
    ("in", &[Some("5"), Some("199999"), Some("300000"), None, Some("0"), Some("7.0"), Some("x")]),
    ("cached", &[Some("0"), Some("3"), Some("300000"), None, Some("-1")]),
    ("out", &[Some("1"), Some("2"), None]),
    ("total", &[None, Some("6"), Some("300001")]),
    ("n", &[Some("1"), None, Some("0"), Some("3")]),
    ("cost", &[None, Some("0.25"), Some("1e-3"), Some("-"), Some("dear")]),
    ("id", &[None, Some("r1"), Some("r2")]),
];
/// The same, nearly all of whose cells are usual ones.
const USUAL: Columns = &[
    ("time", HOURS),
    ("end", ENDS),
    (
        "model",
        &[
            Some("gpt-5.5"),
            Some("claude-sonnet-4-5-20250929"),
            Some("gpt-5-nano"),
            Some("gpt-5.5-mini"),
        ],
    ),
    ("tier", &[Some("standard"), Some("batch"), None, Some("flex"), Some("priority")]),
    ("team", &[Some("a"), Some("a team with a long name"), None, Some("b"), Some("c")]),
    ("in", &[Some("5"), Some("199999"), Some("300000"), Some("0"), None]),
    ("cached", &[Some("0"), Some("3"), Some("5"), None]),
    ("out", &[Some("1"), Some("2"), Some("0")]),
    ("total", &[Some("6"), Some("9"), Some("200000")]),
    ("n", &[Some("1"), Some("3"), Some("0")]),
    ("reasoning", &[Some("0"), Some("1"), Some("2"), None]),
    ("id", &[Some("r1"), Some("r2"), Some(" r1 "), Some("r3"), None, Some("")]),
];
/// An export of OpenAI's dashboard.
const EXPORT: Columns = &[
    ("start_time", &[Some("1782864000"), Some("1782867600"), Some("1782907200")]),
    ("end_time", &[Some("1782867600"), Some("1782950400"), Some("1782864000")]),
    ("project_id", &[Some("proj_a"), Some("proj_b"), None]),
    ("num_model_requests", &[Some("3"), Some("7"), None]),
    ("user_id", &[Some("user-1"), Some(" user-1"), Some("user-2"), None]),
    ("model", &[Some("gpt-5.5-2026-04-23"), Some("gpt-5-nano"), None]),
    ("batch", &[Some("False"), Some("True"), None]),
    ("service_tier", &[Some("default"), Some("flex"), None]),
    ("input_tokens", &[Some("100"), Some("1000"), Some("0"), Some("60"), None]),
    ("output_tokens", &[Some("10"), Some("0"), Some("77"), None]),
    ("input_cached_tokens", &[Some("40"), Some("0"), Some("100"), None]),
    ("input_uncached_tokens", &[Some("60"), Some("100"), Some("0"), Some("960"), None]),
    ("input_audio_tokens", &[Some("0"), None, Some("5")]),
    ("note", &[None, Some("x"), Some(""), Some(" "), Some("y")]),
    ("object", &[None, None, Some("organization.usage.images.result")]),
];

/// How a table is read.
#[derive(Debug, Clone, Copy)]
enum Way {
    Export,
    /// By a mapping, with or without costs and ids.
    Mapped(InputIncludesCache, bool),
}

#[derive(Debug, Clone)]
struct Table {
    columns: Columns,
    way: Way,
    /// Which of its column's cells each column of a row has.
    rows: Vec<Vec<usize>>,
    /// How often the rows come after each other.
    times: usize,
    is_buckets: bool,
    /// Which columns are numbers in Parquet, a bit each, where every cell allows it.
    numbers: u32,
}

fn table() -> impl Strategy<Value = Table> {
    let includes = prop::sample::select(vec![
        InputIncludesCache::Auto,
        InputIncludesCache::Yes,
        InputIncludesCache::No,
    ]);
    let kind = prop_oneof![
        Just((MAPPED, Way::Mapped(InputIncludesCache::Auto, true))),
        (includes, any::<bool>()).prop_map(|(includes, all)| (USUAL, Way::Mapped(includes, all))),
        Just((EXPORT, Way::Export)),
    ];
    // The first cells are the usual ones.
    let place = prop_oneof![24 => Just(0_usize), 6 => 1..3_usize, 1 => 3..7_usize];
    let rows = prop::collection::vec(prop::collection::vec(place, EXPORT.len()), 1..40);
    let numbers = prop_oneof![Just(u32::MAX), any::<u32>()];
    (kind, rows, 1..9_usize, any::<bool>(), numbers).prop_map(
        |(kind, rows, times, buckets, numbers)| {
            let (columns, way) = kind;
            Table { columns, way, rows, times: times * 25, is_buckets: buckets, numbers }
        },
    )
}

impl Table {
    /// The cells of one column, from the top.
    fn column(&self, at: usize) -> impl Iterator<Item = Option<&'static str>> {
        let cells = self.columns[at].1;
        let rows = std::iter::repeat_n(&self.rows, self.times).flatten();
        rows.map(move |row| cells[row[at] % cells.len()])
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    fn csv(&self) -> String {
        let mut text = self.names().collect::<Vec<_>>().join(",") + "\n";
        let mut columns: Vec<_> = (0..self.columns.len()).map(|at| self.column(at)).collect();
        for _ in 0..self.rows.len() * self.times {
            let cells = columns.iter_mut().map(|column| column.next().unwrap().unwrap_or_default());
            text += &(cells.collect::<Vec<_>>().join(",") + "\n");
        }
        text
    }

    fn json(&self) -> String {
        let mut text = String::new();
        let mut columns: Vec<_> = (0..self.columns.len()).map(|at| self.column(at)).collect();
        for _ in 0..self.rows.len() * self.times {
            let mut start = '{';
            for (name, column) in self.names().zip(&mut columns) {
                if let Some(cell) = column.next().unwrap() {
                    write!(text, "{start}\"{name}\":\"{cell}\"").unwrap();
                    start = ',';
                }
            }
            text += if start == '{' { "{}\n" } else { "}\n" };
        }
        text
    }

    /// With times as times and, where every cell allows it, counts as numbers.
    fn parquet(&self, path: &Path) {
        let columns = self.names().enumerate().map(|(at, name)| {
            let cells: Vec<Option<&str>> = self.column(at).collect();
            if name == "time" || name == "end" && self.numbers & 1 == 1 {
                let nanos = |text: &str| Timestamp::parse(text).unwrap().nanos() / 1_000;
                let micros: Vec<Option<i64>> = cells.iter().map(|c| c.map(nanos)).collect();
                let zone = DataType::Datetime(TimeUnit::Microseconds, None);
                return Series::new(name.into(), micros).cast(&zone).unwrap().into();
            }
            let numbers: Result<Vec<Option<f64>>, _> =
                cells.iter().map(|c| c.map(str::parse).transpose()).collect();
            match numbers {
                Ok(numbers)
                    if self.numbers & 1 << at != 0 && numbers.iter().any(Option::is_some) =>
                {
                    Series::new(name.into(), numbers).into()
                }
                _ => Series::new(name.into(), cells).into(),
            }
        });
        let mut frame = DataFrame::new(self.rows.len() * self.times, columns.collect()).unwrap();
        ParquetWriter::new(File::create(path).unwrap()).finish(&mut frame).unwrap();
    }

    fn options(&self, threads: usize) -> ReadOptions {
        let options = ReadOptions { threads, ..ReadOptions::default() };
        let Way::Mapped(includes, all) = self.way else { return options };
        let time = if self.is_buckets { "start=time,end=end" } else { "time=time" };
        let more = if all { ",request_id=id,total=total,requests=n" } else { "" };
        let last =
            if self.columns == MAPPED { "reported_cost=cost" } else { "reasoning=reasoning" };
        let map = format!(
            "{time},model=model,service_tier=tier,label.team=team,input=in,cache_read=cached,\
             output=out,{last}{more}"
        );
        ReadOptions { mapping: Some(Mapping::parse(&[map], includes).unwrap()), ..options }
    }
}

/// The rollup of a file with the number of copies, and what was found, as text.
type Read = (Result<Rollup, RollupError>, u64, String);

fn edges() -> Edges {
    let times = vec![Timestamp::parse("2026-07-01T10:30:00Z").unwrap()];
    Edges { grain: Grain::Hour, context: vec![200_000], times }
}

fn one_by_one(input: &Input, options: &ReadOptions) -> Read {
    let (mut builder, mut result) = (RollupBuilder::new(edges()), Ok(()));
    let report = read_all(std::slice::from_ref(input), options, &Progress::default(), |record| {
        if result.is_ok() {
            result = builder.add(record);
        }
    });
    let copies = builder.duplicates();
    (result.map(|()| builder.finish()), copies, format!("{report:?}"))
}

/// As it is by sums, where so many ids stay in memory, and the number of records and sums that came.
fn by_sums(
    input: &Input,
    options: &ReadOptions,
    within: &Edges,
    most_ids: usize,
) -> (Read, u64, u64) {
    let mut builder = BoundedBuilder::new(edges(), most_ids, std::env::temp_dir());
    let (mut records, mut sums, mut result) = (0, 0, Ok(()));
    let inputs = std::slice::from_ref(input);
    let report = read_sums(inputs, options, within, &Progress::default(), |part| {
        records += part.sums().iter().map(|sum| sum.records).sum::<u64>();
        sums += u64::try_from(part.sums().len()).unwrap();
        if result.is_ok() {
            result = builder.add_part(part);
        }
    });
    let (rollup, copies) = match result.and_then(|()| builder.finish()) {
        Ok((rollup, copies)) => (Ok(rollup), copies),
        Err(error) => (Err(error), 0),
    };
    ((rollup, copies, format!("{report:?}")), records, sums)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_make_the_rollup_of_their_records(table in table()) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("table.csv"), table.csv()).unwrap();
        std::fs::write(path("table.jsonl"), table.json()).unwrap();
        table.parquet(&path("table.parquet"));
        let finer = edges().also_at([Timestamp::parse("2026-07-01T10:10:00Z").unwrap()]);
        let by_text = one_by_one(&Input::File(path("table.csv")), &table.options(1));
        for name in ["table.csv", "table.jsonl", "table.parquet"] {
            if matches!(table.way, Way::Export) && name == "table.jsonl" {
                continue;
            }
            let input = Input::File(path(name));
            let expected = one_by_one(&input, &table.options(1));
            prop_assert_eq!((&expected.0, expected.1), (&by_text.0, by_text.1), "{}", name);
            for threads in [1, 2] {
                for (within, most_ids) in [(&edges(), 1_000), (&finer, 1_000), (&finer, 2)] {
                    let (found, ..) = by_sums(&input, &table.options(threads), within, most_ids);
                    prop_assert_eq!(&found, &expected, "{} {}", name, most_ids);
                }
            }
        }
    }
}

/// Rows whose cells are the first ones but for one, each with another text in the column `apart`.
fn each_cell(columns: Columns, apart: &str) -> (Columns, Vec<Vec<usize>>) {
    let mut rows = vec![vec![0; columns.len()]; 3];
    for (at, (_, cells)) in columns.iter().enumerate() {
        for cell in 0..cells.len() {
            let mut row = vec![0; columns.len()];
            row[at] = cell;
            rows.push(row);
        }
    }
    let at = columns.iter().position(|(name, _)| *name == apart).unwrap();
    // Two that only white space and an empty text tell apart come last.
    rows.extend(vec![vec![0; columns.len()]; 2]);
    for (place, (_, cells)) in rows.last_mut().unwrap().iter_mut().zip(columns) {
        *place = cells.iter().position(|cell| *cell == Some("")).unwrap_or(0);
    }
    let mut texts: Vec<Option<&'static str>> =
        (0..rows.len() - 2).map(|number| Some(&*format!("{apart} {number}").leak())).collect();
    texts.extend([Some("same"), Some(" same ")]);
    rows.iter_mut().enumerate().for_each(|(number, row)| row[at] = number);
    let mut columns = columns.to_vec();
    columns[at].1 = texts.leak();
    (columns.leak(), rows)
}

#[test]
fn rows_that_are_odd_among_usual_ones() {
    use InputIncludesCache::{Auto, No, Yes};
    let mapped = [Auto, Yes, No].into_iter().flat_map(|includes| {
        [(USUAL, "id", Way::Mapped(includes, true)), (USUAL, "id", Way::Mapped(includes, false))]
    });
    let kinds = mapped.chain([(EXPORT, "note", Way::Export), (EXPORT, "user_id", Way::Export)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    for (columns, apart, way) in kinds {
        for is_buckets in [false, true] {
            let (columns, rows) = each_cell(columns, apart);
            let table = Table { columns, way, rows, times: 1, is_buckets, numbers: u32::MAX };
            table.parquet(&path);
            let (input, options) = (Input::File(path.clone()), table.options(1));
            let (found, ..) = by_sums(&input, &options, &edges(), 1_000);
            assert_eq!(found, one_by_one(&input, &options), "{way:?} {apart} {is_buckets}");
        }
    }
}

#[test]
fn a_mapped_column_that_is_empty_in_the_first_row_is_found_later() {
    let at = USUAL.iter().position(|(name, _)| *name == "reasoning").unwrap();
    let mut rows = vec![vec![0; USUAL.len()]; 40];
    rows[0][at] = 3;
    let way = Way::Mapped(InputIncludesCache::Yes, false);
    let table = Table { columns: USUAL, way, rows, times: 1, is_buckets: false, numbers: u32::MAX };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    table.parquet(&path);
    let (found, ..) = by_sums(&Input::File(path), &table.options(1), &edges(), 1_000);
    assert!(found.2.starts_with("Ok"), "{}", found.2);
}

#[test]
fn rows_that_are_alike_are_summed_and_no_sum_wraps() {
    let all_first = Table {
        columns: MAPPED,
        way: Way::Mapped(InputIncludesCache::Auto, true),
        rows: vec![vec![0; MAPPED.len()]],
        times: 5_000,
        is_buckets: false,
        numbers: 0,
    };
    let bytes =
        |text: String| Input::Bytes { name: "t.csv".to_owned(), bytes: text.into_bytes().into() };
    let by_sums = |text| by_sums(&bytes(text), &all_first.options(1), &edges(), 1_000);
    let (found, records, sums) = by_sums(all_first.csv());
    assert_eq!(found, one_by_one(&bytes(all_first.csv()), &all_first.options(1)));
    assert!(records == 5_000 && sums < 50, "{records} records in {sums} sums");
    let much = all_first.csv().replace(",5,0,", ",9223372036854775807,0,");
    let (found, ..) = by_sums(much.clone());
    assert_eq!(found.0, Err(RollupError::CountOverflow));
    // Copies of one request are no sum, however large it is.
    let copies = much.replace(",\n", ",r1\n");
    let (found, records, _) = by_sums(copies.clone());
    assert_eq!((found.1, records), (4_999, 5_000));
    assert_eq!(found, one_by_one(&bytes(copies), &all_first.options(1)));
}
