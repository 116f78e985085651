//! Texts to count.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

pub struct Corpus {
    pub name: String,
    pub texts: Vec<String>,
}

impl Corpus {
    pub fn bytes(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }
}

/// Bytes of a corpus that is collected.
const SIZE: usize = 8_000_000;

pub fn all(folder: Option<&Path>) -> Vec<Corpus> {
    match folder {
        Some(folder) => read(folder),
        None => collected(),
    }
}

fn read(folder: &Path) -> Vec<Corpus> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    paths.sort();
    let corpus = |path: &std::path::PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let text = fs::read_to_string(path).expect("texts are UTF-8");
        let texts = match path.extension()?.to_str()? {
            "txt" => halves(text),
            "json" => serde_json::from_str(&text).expect("an array of strings"),
            _ => return None,
        };
        Some(Corpus { name, texts })
    };
    paths.iter().filter_map(corpus).collect()
}

/// Two texts, so that two threads have something to do.
fn halves(mut text: String) -> Vec<String> {
    let rest = text.split_off(text.floor_char_boundary(text.len() / 2));
    vec![text, rest]
}

/// What Cargo has downloaded, and generated Chinese.
fn collected() -> Vec<Corpus> {
    let home =
        std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
    let folder = home.expect("CARGO_HOME or HOME is set") + "/registry/src";
    let prose = of_files(&folder, "md");
    let code = of_files(&folder, "rs");
    let chinese = chinese();
    let mut random = Random(5);
    let sources = [&prose, &prose, &prose, &prose, &code, &code, &code, &chinese];
    let chat = (0..20_000).map(|_| {
        let source = sources[random.below(sources.len())];
        let from = source.floor_char_boundary(random.below(source.len()));
        let to = source.floor_char_boundary((from + 100 + random.below(1800)).min(source.len()));
        source[from..to].to_owned()
    });
    let chat = Corpus { name: "chat".into(), texts: chat.collect() };
    let one = |name: &str, text: String| Corpus { name: name.into(), texts: halves(text) };
    vec![chat, one("prose", prose), one("code", code), one("chinese", chinese)]
}

fn of_files(folder: &str, extension: &str) -> String {
    let mut text = String::new();
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().flatten() {
        if entry.path().extension().is_some_and(|e| e == extension) && text.len() < SIZE {
            text.push_str(&fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
    text
}

const WORDS: &str = "的 了 是 在 我们 可以 系统 使用 一个 如果 安装 文件 需要 进行 或者 这个 没有 问题 时间 工作 中国 发展 公司 技术 用户 \
    数据 提供 服务 信息 网络 以及 通过 已经 因为 所以 但是 人们 生活 世界 国家 社会 经济 学习 研究 方法 结果 影响 不同 重要 开始";

/// Words by rank, and one in six characters of any kind.
fn chinese() -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut random = Random(3);
    let mut text = String::new();
    while text.len() < SIZE / 4 {
        for _ in 0..3 + random.below(8) {
            match random.below(6) {
                0 => text.extend(char::from_u32(0x4E00 + random.below(0x1500) as u32)),
                _ => {
                    let most = 1 + random.below(words.len());
                    text.push_str(words[random.below(most)]);
                }
            }
        }
        text.push_str(["，", "，", "。", "、", "。\n"][random.below(5)]);
    }
    text
}

/// Random numbers by a seed (xorshift64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
