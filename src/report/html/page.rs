//! The whole page.

use super::markup::Markup;
use super::section::Section;

/// The style sheet: no address, and no character that markup would have to escape.
const STYLE: &str = include_str!("style.css");

/// What fills of stacks are made of, beside their colour: lines that differ.
const HATCHES: [&str; 8] = [
    "",
    "M0 8L8 0M-2 2L2 -2M6 10L10 6",
    "M0 4L8 4",
    "M2 2L4 2L4 4L2 4Z",
    "M4 0L4 8",
    "M0 0L8 8M-2 6L2 10M6 -2L10 2",
    "M0 4L8 4M4 0L4 8",
    "M0 0L8 8M0 8L8 0",
];

/// A report as one file of HTML.
#[derive(Debug, Clone)]
pub struct Page {
    pub(in crate::report) title: String,
    /// Sentences below the title.
    pub(in crate::report) lead: Vec<String>,
    /// The main figures.
    pub(in crate::report) figures: Vec<Figure>,
    pub(in crate::report) sections: Vec<Section>,
}

/// A main figure.
#[derive(Debug, Clone)]
pub(in crate::report) struct Figure {
    pub(in crate::report) name: String,
    pub(in crate::report) value: String,
    /// Its interval, or what else belongs to it.
    pub(in crate::report) more: Vec<String>,
}

impl Page {
    /// The file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = Markup::default();
        out.own("<!DOCTYPE html>\n");
        out.open("html", &[("lang", "en")]);
        self.head(&mut out);
        out.open("body", &[]);
        fills(&mut out);
        let sections: Vec<&Section> = self.sections.iter().filter(|s| !s.is_empty()).collect();
        self.top(&sections, &mut out);
        out.open("main", &[("id", "content")]);
        out.line();
        for (number, section) in sections.iter().enumerate() {
            section.write(number + 1, &mut out);
        }
        out.close("main");
        out.element("footer", &[], concat!("tokencast ", env!("CARGO_PKG_VERSION")));
        out.close("body");
        out.close("html");
        out.line();
        out.into_text()
    }

    /// The policy forbids whatever would need a network or run a program.
    fn head(&self, out: &mut Markup) {
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        out.open("head", &[]);
        out.empty("meta", &[("charset", "utf-8")]);
        out.empty(
            "meta",
            &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")],
        );
        out.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
        out.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", policy)]);
        out.element("title", &[], &self.title);
        out.open("style", &[]);
        out.own(STYLE);
        out.close("style");
        out.close("head");
        out.line();
    }

    fn top(&self, sections: &[&Section], out: &mut Markup) {
        out.open("header", &[]);
        out.element("a", &[("class", "skip"), ("href", "#content")], "Skip to the report");
        out.element("h1", &[], &self.title);
        self.lead.iter().for_each(|sentence| out.sentence("p", sentence));
        if !self.figures.is_empty() {
            out.open("dl", &[("class", "figures")]);
            for figure in &self.figures {
                out.open("div", &[]);
                out.element("dt", &[], &figure.name);
                out.element("dd", &[("class", "main")], &figure.value);
                figure.more.iter().for_each(|more| out.element("dd", &[], more));
                out.close("div");
            }
            out.close("dl");
        }
        out.open("nav", &[("aria-label", "Parts of the report")]);
        out.open("ul", &[]);
        for (number, section) in sections.iter().enumerate() {
            out.open("li", &[]);
            out.element("a", &[("href", &format!("#part-{}", number + 1))], &section.heading);
            out.close("li");
        }
        out.close("ul");
        out.close("nav");
        out.close("header");
        out.line();
    }
}

/// Fills that differ in colour and in lines, for all charts of the page.
fn fills(out: &mut Markup) {
    let hidden = [("class", "fills"), ("aria-hidden", "true"), ("width", "0"), ("height", "0")];
    out.open("svg", &hidden);
    out.open("defs", &[]);
    for (number, hatch) in HATCHES.iter().enumerate() {
        let id = format!("fill-{number}");
        let pattern = [
            ("id", id.as_str()),
            ("width", "8"),
            ("height", "8"),
            ("patternUnits", "userSpaceOnUse"),
        ];
        out.open("pattern", &pattern);
        let class = format!("color-{number}");
        out.empty("rect", &[("class", &class), ("width", "8"), ("height", "8")]);
        if !hatch.is_empty() {
            out.empty("path", &[("class", "hatch"), ("d", hatch)]);
        }
        out.close("pattern");
    }
    out.close("defs");
    out.close("svg");
    out.line();
}
