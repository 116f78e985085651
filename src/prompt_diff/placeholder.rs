//! Placeholders of templates, which count as the text they are written in.

use memchr::{memchr, memmem::find};

/// Longer names are no names.
const LONGEST: usize = 80;

/// How many placeholders a template has: `{{ name }}`, `{% ... %}`, `${name}` and `{name}`.
#[must_use]
pub fn placeholders(template: &[u8]) -> u64 {
    let (mut found, mut rest) = (0, template);
    while let Some(at) = memchr(b'{', rest) {
        rest = &rest[at..];
        let length = length(rest);
        found += u64::from(length.is_some());
        rest = &rest[length.unwrap_or(1)..];
    }
    found
}

/// The length of the placeholder that a text begins with.
fn length(text: &[u8]) -> Option<usize> {
    let line = &text[..memchr(b'\n', text).unwrap_or(text.len())];
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        let inner = line.strip_prefix(open.as_bytes());
        if let Some((inner, end)) =
            inner.and_then(|inner| Some((inner, find(inner, close.as_bytes())?)))
        {
            // `{{"a": 1}}` is how some templates write plain braces.
            return begins_a_name(inner[..end].trim_ascii(), b"_#/>^&!-").then_some(end + 4);
        }
    }
    let inner = line.get(1..)?;
    let name = &inner[..memchr(b'}', inner)?];
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-:[]".contains(byte);
    let is_name = name.len() <= LONGEST && begins_a_name(name, b"_") && name.iter().all(plain);
    is_name.then_some(name.len() + 2)
}

fn begins_a_name(text: &[u8], marks: &[u8]) -> bool {
    text.first().is_some_and(|first| first.is_ascii_alphabetic() || marks.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_several_kinds() {
        for (text, expected) in [
            ("Hello {name}, {{ user.name }} and ${ORDER_ID}", 3),
            ("{% for x in y %}{{x}}{% endfor %}", 3),
            ("{{#if a}}b{{/if}} {price:.2f}", 3),
            (r#"{"a": 1} {} {1} { x } {{"b": 2}}"#, 0),
            ("{not a name} {a\nb} {", 0),
            ("", 0),
        ] {
            assert_eq!(placeholders(text.as_bytes()), expected, "{text}");
        }
    }
}
