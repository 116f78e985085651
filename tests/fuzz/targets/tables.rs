//! Tables of text: told by their columns, read through a mapping of the user, and as daily costs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::period::Calendar;
use tokencast::source::cost_table::{CostTableOptions, read_costs};
use tokencast::source::{Input, InputIncludesCache, Mapping, Progress, ReadOptions, read_bytes};

const PAIRS: &str = "time=Timestamp,model=Model,input=In,output=Out,cache_read=Cached";

fuzz_target!(|bytes: &[u8]| {
    let mut options = ReadOptions::default();
    let _ = read_bytes("input.csv", bytes, &options);
    options.mapping = Mapping::parse(&[PAIRS.to_owned()], InputIncludesCache::Auto).ok();
    let _ = read_bytes("input.csv", bytes, &options);
    let input = Input::Bytes { name: "input.csv".to_owned(), bytes: bytes.into() };
    let options = CostTableOptions {
        columns: Default::default(),
        currency: None,
        calendar: Calendar::UTC,
        since: None,
        until: None,
    };
    let _ = read_costs(&[input], &options, &Progress::default());
});
