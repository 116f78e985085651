//! Elements and text. Everything is escaped on its way in, so that what logs hold stays text.

/// Markup that is well-formed XML and HTML alike.
#[derive(Debug, Clone, Default)]
pub(super) struct Markup(String);

/// A name and a value.
pub(super) type Attribute<'a> = (&'a str, &'a str);

impl Markup {
    /// Begins an element.
    pub(super) fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.tag(name, attributes);
        self.0.push('>');
    }

    /// Ends an element.
    pub(super) fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element that has no content: of HTML only `meta`, of SVG any.
    pub(super) fn empty(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.tag(name, attributes);
        self.0.push_str("/>");
    }

    /// An element with text.
    pub(super) fn element(&mut self, name: &str, attributes: &[Attribute<'_>], text: &str) {
        self.open(name, attributes);
        self.text(text);
        self.close(name);
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        self.0.extend(text.chars().map(readable).map(Escaped::of).flat_map(Escaped::chars));
    }

    /// An element with a sentence, in which names between backquotes are set apart.
    pub(super) fn sentence(&mut self, name: &str, text: &str) {
        self.open(name, &[]);
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            self.text(text);
        } else {
            for (at, part) in parts.into_iter().enumerate() {
                if at.is_multiple_of(2) { self.text(part) } else { self.element("code", &[], part) }
            }
        }
        self.close(name);
    }

    /// Markup that is made already.
    pub(super) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// A line break between elements, for people who read the source.
    pub(super) fn line(&mut self) {
        self.0.push('\n');
    }

    /// Text of the program itself: the document type, and the style sheet, which HTML reads unescaped.
    pub(super) fn own(&mut self, text: &'static str) {
        self.0.push_str(text);
    }

    /// The whole.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn tag(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
    }
}

/// Control characters and two others are no characters of XML.
fn readable(c: char) -> char {
    match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// A character, or what stands for it.
enum Escaped {
    Plain(char),
    Name(&'static str),
}

impl Escaped {
    fn of(c: char) -> Self {
        match c {
            '&' => Self::Name("&amp;"),
            '<' => Self::Name("&lt;"),
            '>' => Self::Name("&gt;"),
            '"' => Self::Name("&quot;"),
            '\'' => Self::Name("&#39;"),
            c => Self::Plain(c),
        }
    }

    fn chars(self) -> impl Iterator<Item = char> {
        let (plain, name) = match self {
            Self::Plain(c) => (Some(c), ""),
            Self::Name(name) => (None, name),
        };
        plain.into_iter().chain(name.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_sentences() {
        let mut markup = Markup::default();
        markup.sentence("p", "`a<b` and ``");
        markup.sentence("p", "one ` alone");
        assert_eq!(
            markup.into_text(),
            "<p><code>a&lt;b</code> and <code></code></p><p>one ` alone</p>"
        );
    }

    #[test]
    fn nothing_escapes() {
        let mut markup = Markup::default();
        markup.element("p", &[("title", "\" onload='x' <")], "</p><script>&\u{1b}\u{ffff}");
        assert_eq!(
            markup.into_text(),
            "<p title=\"&quot; onload=&#39;x&#39; &lt;\">&lt;/p&gt;&lt;script&gt;&amp; \u{fffd}</p>"
        );
    }
}
