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
const COLUMNS: [(&str, Cells); 11] = [
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
];
const IDS: Cells = &[None, Some("r1"), Some("r2")];

/// Which of its column's cells each column of a row has.
type Choice = [usize; COLUMNS.len() + 1];

#[derive(Debug, Clone)]
struct Table {
    rows: Vec<Choice>,
    /// How often the rows come after each other.
    times: usize,
    is_buckets: bool,
}

fn table() -> impl Strategy<Value = Table> {
    // The first cells are the usual ones.
    let place = prop_oneof![6 => Just(0_usize), 3 => 1..3_usize, 1 => 3..7_usize];
    let row = prop::array::uniform12(place);
    (prop::collection::vec(row, 1..40), 1..9_usize, any::<bool>())
        .prop_map(|(rows, times, is_buckets)| Table { rows, times: times * 25, is_buckets })
}

impl Table {
    /// The cells of one column, from the top.
    fn column(&self, at: usize) -> impl Iterator<Item = Option<&'static str>> {
        let cells = COLUMNS.get(at).map_or(IDS, |(_, cells)| cells);
        let rows = std::iter::repeat_n(&self.rows, self.times).flatten();
        rows.map(move |row| cells[row[at] % cells.len()])
    }

    fn names() -> impl Iterator<Item = &'static str> {
        COLUMNS.iter().map(|(name, _)| *name).chain(["id"])
    }

    fn csv(&self) -> String {
        let mut text = Self::names().collect::<Vec<_>>().join(",") + "\n";
        let mut columns: Vec<_> = (0..=COLUMNS.len()).map(|at| self.column(at)).collect();
        for _ in 0..self.rows.len() * self.times {
            let cells = columns.iter_mut().map(|column| column.next().unwrap().unwrap_or_default());
            text += &(cells.collect::<Vec<_>>().join(",") + "\n");
        }
        text
    }

    fn json(&self) -> String {
        let mut text = String::new();
        let mut columns: Vec<_> = (0..=COLUMNS.len()).map(|at| self.column(at)).collect();
        for _ in 0..self.rows.len() * self.times {
            let mut start = '{';
            for (name, column) in Self::names().zip(&mut columns) {
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
        let columns = Self::names().enumerate().map(|(at, name)| {
            let cells: Vec<Option<&str>> = self.column(at).collect();
            if name == "time" {
                let nanos = |text: &str| Timestamp::parse(text).unwrap().nanos() / 1_000;
                let micros: Vec<Option<i64>> = cells.iter().map(|c| c.map(nanos)).collect();
                let zone = DataType::Datetime(TimeUnit::Microseconds, None);
                return Series::new(name.into(), micros).cast(&zone).unwrap().into();
            }
            let numbers: Result<Vec<Option<f64>>, _> =
                cells.iter().map(|c| c.map(str::parse).transpose()).collect();
            match numbers {
                Ok(numbers) if at % 2 == 1 => Series::new(name.into(), numbers).into(),
                _ => Series::new(name.into(), cells).into(),
            }
        });
        let mut frame = DataFrame::new(self.rows.len() * self.times, columns.collect()).unwrap();
        ParquetWriter::new(File::create(path).unwrap()).finish(&mut frame).unwrap();
    }

    fn options(&self, threads: usize) -> ReadOptions {
        let time = if self.is_buckets { "start=time,end=end" } else { "time=time" };
        let map = format!(
            "{time},model=model,service_tier=tier,label.team=team,input=in,cache_read=cached,\
             output=out,total=total,requests=n,reported_cost=cost,request_id=id"
        );
        let mapping = Mapping::parse(&[map], InputIncludesCache::Auto).unwrap();
        ReadOptions { mapping: Some(mapping), threads, ..ReadOptions::default() }
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

#[test]
fn rows_that_are_alike_are_summed_and_no_sum_wraps() {
    let all_first = Table { rows: vec![[0; COLUMNS.len() + 1]], times: 5_000, is_buckets: false };
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
