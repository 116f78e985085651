//! Tables of text, told by their columns or read through a mapping of the user.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::source::{InputIncludesCache, Mapping, ReadOptions, read_bytes};

const PAIRS: &str = "time=Timestamp,model=Model,input=In,output=Out,cache_read=Cached";

fuzz_target!(|bytes: &[u8]| {
    let mut options = ReadOptions::default();
    let _ = read_bytes("input.csv", bytes, &options);
    options.mapping = Mapping::parse(&[PAIRS.to_owned()], InputIncludesCache::Auto).ok();
    let _ = read_bytes("input.csv", bytes, &options);
});
