//! Containers: the bytes as they are, and packed in zip, gzip, zstd and UTF-16, whole and cut.
#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use tokencast::source::{Input, ReadOptions, detect, read_bytes};

fn read(bytes: &[u8]) {
    let _ = read_bytes("input", bytes, &ReadOptions::default());
    let input = Input::Bytes { name: "input".to_owned(), bytes: bytes.into() };
    let _ = detect::detect(&[input]);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, content)) = bytes.split_first() else { return };
    let cut = |packed: Vec<u8>| {
        let keep = packed.len() - packed.len().min(usize::from(choice >> 3));
        read(&packed[..keep]);
    };
    match choice % 5 {
        0 => read(content),
        1 => {
            let fast = flate2::Compression::fast();
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), fast);
            if gz.write_all(content).is_ok() {
                cut(gz.finish().unwrap_or_default());
            }
        }
        2 => cut(zstd::encode_all(content, 1).unwrap_or_default()),
        3 => cut([b"\xff\xfe", content].concat()),
        _ => {
            let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default();
            if archive.start_file("a.jsonl", options).is_ok() && archive.write_all(content).is_ok() {
                cut(archive.finish().map(std::io::Cursor::into_inner).unwrap_or_default());
            }
        }
    }
});
