//! JUnit XML: one test case a budget and period.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::CheckReport;
use super::figures::BudgetFigures;
use super::text::Level;
use crate::budget::Verdict;

impl CheckReport {
    /// Broken budgets are failures, undecided ones errors. What only warns passes, with its
    /// message as output.
    ///
    /// # Errors
    /// If XML cannot be written, which does not happen in memory.
    pub fn junit(&self) -> io::Result<String> {
        let failing = |broken: bool| {
            let cases = self.budgets.iter().filter(|b| b.level() == Level::Error);
            cases.filter(|b| b.judged.is_broken() == broken).count().to_string()
        };
        let (tests, failures, errors) =
            (self.budgets.len().to_string(), failing(true), failing(false));
        let counts = [
            ("tests", tests.as_str()),
            ("failures", failures.as_str()),
            ("errors", errors.as_str()),
            ("skipped", "0"),
        ];
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        writer.create_element("testsuites").with_attributes(counts).write_inner_content(
            |writer| {
                writer
                    .create_element("testsuite")
                    .with_attribute(("name", "tokencast check"))
                    .with_attributes(counts)
                    .write_inner_content(|writer| {
                        self.budgets.iter().try_for_each(|budget| self.case(budget, writer))
                    })?;
                Ok(())
            },
        )?;
        let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
        text.push('\n');
        Ok(text)
    }

    fn case(&self, budget: &BudgetFigures, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let title = readable(&budget.title());
        let class = readable(&format!("budget.{}", budget.per));
        let message = readable(&self.message(budget));
        writer
            .create_element("testcase")
            .with_attribute(("classname", class.as_str()))
            .with_attribute(("name", title.as_str()))
            .with_attribute(("time", "0"))
            .write_inner_content(|writer| {
                let element = match (budget.level(), budget.judged) {
                    (Level::Error, Verdict::Undecided) => "error",
                    (Level::Error, _) => "failure",
                    _ => "system-out",
                };
                let mut element = writer.create_element(element);
                if budget.level() == Level::Error {
                    element = element
                        .with_attribute(("type", budget.verdict))
                        .with_attribute(("message", message.as_str()));
                }
                element.write_text_content(BytesText::new(&message))?;
                Ok(())
            })?;
        Ok(())
    }
}

/// Control characters are not allowed in XML, escaped or not.
fn readable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
