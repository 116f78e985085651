//! Texts that are hard for tokenizers: one piece of a megabyte.

use cpu_time::ThreadTime;

use crate::contenders::Contender;
use crate::corpora::Random;

const MEGABYTE: usize = 1_000_000;

pub fn table(contenders: &[Contender]) {
    print!("\n{:16}", "1 MB, CPU s");
    contenders.iter().for_each(|c| print!("{:>14}", c.name));
    println!();
    let mut random = Random(9);
    let mut letters = |first: u32, spread: u64, bytes: usize| -> String {
        (0..MEGABYTE / bytes)
            .map(|_| char::from_u32(first + (random.next() % spread) as u32).expect("in a script"))
            .collect()
    };
    let texts = [
        ("a", "a".repeat(MEGABYTE)),
        ("space", " ".repeat(MEGABYTE)),
        ("line end", "\n".repeat(MEGABYTE)),
        ("=", "=".repeat(MEGABYTE)),
        ("ab", "ab".repeat(MEGABYTE / 2)),
        ("digit", "7".repeat(MEGABYTE)),
        ("a to z", letters(0x61, 26, 1)),
        ("hanzi", letters(0x4E00, 0x5000, 3)),
        ("emoji", letters(0x1F300, 0x300, 4)),
        ("marks", letters(0x300, 0x70, 2)),
    ];
    for (name, text) in texts {
        print!("{name:16}");
        for contender in contenders {
            if contender.fragile && name != "a" {
                print!("{:>14}", "-");
                continue;
            }
            let mut count = (contender.make)();
            count("a");
            let begun = ThreadTime::now();
            count(&text);
            print!("{:>14.3}", begun.elapsed().as_secs_f64());
        }
        println!();
    }
}
