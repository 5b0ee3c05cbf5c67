//! `docs/standard.md`: the sections and the checklist of the Python Security Standards Reference against the rules. What
//! the reference asks for stands in `data/standard.toml`, in our words; which rule serves which section, on its page.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{NOTICE, Page};

const TABLE: &str = include_str!("../../data/standard.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Standard {
    section: Vec<Section>,
    checklist: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    /// Other names that pages give it.
    #[serde(default)]
    also: Vec<String>,
    part: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    title: String,
    #[serde(default)]
    also: Vec<String>,
    asks: String,
    /// What code does not show.
    #[serde(default)]
    unseen: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    title: String,
    line: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    asks: String,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    unseen: String,
}

/// The text of `docs/standard.md`.
pub(super) fn written(pages: &[Page]) -> Result<String> {
    let standard: Standard = toml::from_str(TABLE).context("in data/standard.toml")?;
    for page in pages.iter().filter(|page| !page.text("standard").is_empty()) {
        if !standard.section.iter().any(|section| section.place(page) != Place::Elsewhere) {
            let titles: Vec<&str> = standard.section.iter().map(|section| section.title.as_str()).collect();
            bail!(
                "the page `{}` names the section {:?} of the standard; there are: {}",
                page.text("name"),
                page.text("standard"),
                titles.join(", ")
            );
        }
    }
    Ok(text(&standard, pages))
}

impl Section {
    fn place(&self, page: &Page) -> Place {
        let key = page.text("standard");
        let (section, part) = key.split_once(": ").unwrap_or((key, ""));
        if !is_named(section, &self.title, &self.also) {
            return Place::Elsewhere;
        }
        let part = self.part.iter().position(|known| is_named(part, &known.title, &known.also));
        part.map_or(Place::Whole, Place::Part)
    }
}

/// Where in a section a page belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Elsewhere,
    Whole,
    Part(usize),
}

fn is_named(name: &str, title: &str, also: &[String]) -> bool {
    name == title || also.iter().any(|other| other == name)
}

fn text(standard: &Standard, pages: &[Page]) -> String {
    let lines: Vec<&Line> = standard.checklist.iter().flat_map(|group| &group.line).collect();
    let is_held = |line: &&&Line| line.rules.iter().any(|rule| page_of(rule, pages).is_some());
    let held = lines.iter().filter(is_held).count();
    let mut text = format!(
        "{NOTICE}\n\n# The Python Security Standards Reference, rule by rule\n\n\
         What the reference asks for, in our words, the rules that hold it, and what no reader of code can see.\n\
         {held} of the {} lines of its checklist are held by rules; the table says what is left to people.\n\
         Rules in *italics* run in the strict profile only.\n",
        lines.len()
    );
    text.push_str("\n## Sections\n");
    for section in &standard.section {
        let _ = write!(
            text,
            "\n### {}\n\n| part | asks for | rules | not to be seen in code |\n| --- | --- | --- | --- |\n",
            section.title
        );
        for (at, part) in section.part.iter().enumerate() {
            let own = pages.iter().filter(|page| section.place(page) == Place::Part(at));
            let _ = writeln!(text, "| {} | {} | {} | {} |", part.title, part.asks, links(own), part.unseen);
        }
        let whole = links(pages.iter().filter(|page| section.place(page) == Place::Whole));
        if !whole.is_empty() {
            let _ = writeln!(text, "| the section as a whole | | {whole} | |");
        }
    }
    text.push_str("\n## Checklist\n");
    for group in &standard.checklist {
        let _ = write!(
            text,
            "\n### {}\n\n| asks for | rules | not to be seen in code |\n| --- | --- | --- |\n",
            group.title
        );
        for line in &group.line {
            let known = links(line.rules.iter().filter_map(|rule| page_of(rule, pages)));
            let missing: Vec<String> = line
                .rules
                .iter()
                .filter(|rule| page_of(rule, pages).is_none())
                .map(|rule| format!("`{rule}`"))
                .collect();
            let known = if known.is_empty() { "none".to_owned() } else { known };
            let missing =
                if missing.is_empty() { String::new() } else { format!("; not yet: {}", missing.join(", ")) };
            let _ = writeln!(text, "| {} | {known}{missing} | {} |", line.asks, line.unseen);
        }
    }
    let beyond = links(pages.iter().filter(|page| page.text("standard").is_empty()));
    if !beyond.is_empty() {
        let _ = write!(text, "\n## Beyond the reference\n\n{beyond}\n");
    }
    text
}

fn page_of<'p>(rule: &str, pages: &'p [Page]) -> Option<&'p Page> {
    pages.iter().find(|page| page.text("name") == rule)
}

fn links<'p>(pages: impl Iterator<Item = &'p Page>) -> String {
    let mut links: Vec<String> = pages
        .map(|page| {
            let name = page.text("name");
            let mark = if page.text("profile") == "strict" { "*" } else { "" };
            format!("{mark}[`{name}`](rules/{name}.md){mark}")
        })
        .collect();
    links.sort();
    links.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn page(name: &str, standard: &str) -> Page {
        parse("topic", &format!("+++\nname = \"{name}\"\nstandard = \"{standard}\"\n+++\n\nProse.\n"))
            .unwrap()
    }

    #[test]
    fn rules_stand_with_their_section_and_their_line() {
        let pages = [
            page("hardcoded-secret", "Credential and Secrets Management: Never Hardcode Secrets"),
            page("sql-injection", "Injection Prevention"),
        ];
        let text = written(&pages).unwrap();
        let line_of = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        assert!(line_of("| Never Hardcode Secrets |").contains("rules/hardcoded-secret.md"), "{text}");
        assert!(line_of("| the section as a whole |").contains("rules/sql-injection.md"), "{text}");
        assert!(text.contains("not yet: "), "{text}");
    }

    #[test]
    fn an_unknown_section_is_refused() {
        let error = written(&[page("a-rule", "Gardening: Roses")]).unwrap_err().to_string();
        assert!(error.contains("a-rule") && error.contains("Gardening") && error.contains("API Security"));
    }
}
