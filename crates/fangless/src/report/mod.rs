//! What was found, and its forms. Every form is a pure function from a `Report` to text; nothing here prints.

pub(crate) mod concise;
mod fingerprint;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod redaction;
pub(crate) mod sarif;
pub(crate) mod statistics;
pub(crate) mod text;

#[cfg(test)]
pub(crate) mod sample;

use std::collections::HashMap;

use fangless_engine::text::{LineIndex, TextRange};
use fangless_engine::{Finding, Fix, Rule, Severity};
use smol_str::SmolStr;

use self::redaction::Secrets;
use crate::messages::Message;
use crate::source::SourceText;

/// All that a run has to say.
pub(crate) struct Report {
    /// Files with findings, and those that a flow of one passes through; sorted by path.
    pub(crate) files: Vec<FileReport>,
    /// How many files were read.
    pub(crate) checked: usize,
    pub(crate) messages: Vec<Message>,
    /// The rules of the findings, by name.
    pub(crate) rules: Vec<RuleInformation>,
    /// The folder that relative paths start from, absolute, with `/` between the parts.
    pub(crate) root: String,
    by_path: HashMap<SmolStr, usize>,
}

pub(crate) struct FileReport {
    /// As the engine knows it; steps of flows name it so.
    pub(crate) engine_path: SmolStr,
    /// As it is reported.
    pub(crate) shown: String,
    pub(crate) source: SourceText,
    pub(crate) findings: Vec<FindingReport>,
    lines: LineIndex,
    secrets: Secrets,
    /// The text as excerpts show it: without secrets, and of the same length.
    shown_text: String,
}

pub(crate) struct FindingReport {
    pub(crate) finding: Finding,
    /// The best first.
    pub(crate) fixes: Vec<Fix>,
}

/// What the reports say of a rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleInformation {
    pub(crate) name: SmolStr,
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) cwe: Vec<u16>,
    pub(crate) owasp: Vec<SmolStr>,
    pub(crate) page: String,
}

impl From<&Rule> for RuleInformation {
    fn from(rule: &Rule) -> Self {
        let definition = &rule.definition;
        Self {
            name: definition.name.clone(),
            title: definition.title.clone(),
            severity: definition.severity,
            cwe: definition.cwe.clone(),
            owasp: definition.owasp.clone(),
            page: rule.page.clone(),
        }
    }
}

/// A place in a file, both numbers from one; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl FileReport {
    pub(crate) fn new(
        engine_path: SmolStr,
        shown: String,
        source: SourceText,
        findings: Vec<FindingReport>,
        secrets: Secrets,
    ) -> Self {
        let lines = LineIndex::new(&source.text);
        let shown_text = secrets.mask_source(&source.text);
        Self { engine_path, shown, source, findings, lines, secrets, shown_text }
    }

    /// A text of a fix as it may be read.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        self.secrets.mask(text)
    }

    /// The fixes that say no secret, for the forms from which programs take them: with a masked text a fix would do
    /// harm.
    pub(crate) fn tellable<'a>(&self, entry: &'a FindingReport) -> impl Iterator<Item = &'a Fix> {
        let tells = |fix: &&Fix| fix.edits.iter().any(|edit| self.secrets.are_in(&edit.text));
        entry.fixes.iter().filter(move |fix| !tells(fix))
    }

    pub(crate) fn point(&self, offset: u32) -> Point {
        self.point_counting(offset, |before| before.chars().count())
    }

    /// As `point`, with the column in UTF-16 code units.
    pub(crate) fn utf16_point(&self, offset: u32) -> Point {
        self.point_counting(offset, |before| before.encode_utf16().count())
    }

    fn point_counting(&self, offset: u32, count: impl Fn(&str) -> usize) -> Point {
        let offset = offset.min(self.source.text.len() as u32);
        let place = self.lines.line_column(offset);
        let before = TextRange::new(offset - place.column, offset).slice(&self.source.text);
        Point { line: place.line + 1, column: count(before) as u32 + 1 }
    }

    /// The line (from one) without its end; empty beyond the text.
    pub(crate) fn line(&self, line: u32) -> &str {
        self.lines_between(line, line).trim_end_matches(['\r', '\n'])
    }

    /// The lines from the first to the last, both included and from one, with their ends.
    pub(crate) fn lines_between(&self, first: u32, last: u32) -> &str {
        let length = self.source.text.len() as u32;
        let start = self.line_start(first);
        TextRange::new(start, self.lines.line_start(last).unwrap_or(length)).slice(&self.shown_text)
    }

    /// The offset at which a line (from one) begins.
    pub(crate) fn line_start(&self, line: u32) -> u32 {
        self.lines.line_start(line.saturating_sub(1)).unwrap_or(self.source.text.len() as u32)
    }

    /// The findings that no comment silences.
    pub(crate) fn active(&self) -> impl Iterator<Item = &FindingReport> {
        self.findings.iter().filter(|report| report.finding.suppressed.is_none())
    }
}

impl Report {
    pub(crate) fn new(
        files: Vec<FileReport>,
        checked: usize,
        messages: Vec<Message>,
        rules: Vec<RuleInformation>,
        root: String,
    ) -> Self {
        let by_path = files.iter().enumerate().map(|(at, file)| (file.engine_path.clone(), at)).collect();
        Self { files, checked, messages, rules, root, by_path }
    }

    /// The file that a step of a flow names.
    pub(crate) fn file(&self, engine_path: &str) -> Option<&FileReport> {
        self.by_path.get(engine_path).map(|at| &self.files[*at])
    }

    pub(crate) fn rule(&self, name: &str) -> Option<&RuleInformation> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The findings that count, with their files.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&FileReport, &FindingReport)> {
        self.files.iter().flat_map(|file| file.active().map(move |finding| (file, finding)))
    }
}

/// The word for a severity.
pub(crate) const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// JSON to be read by people too.
fn pretty(value: &impl serde::Serialize) -> String {
    // Only maps with keys that are no text could fail, and the types of the reports have none.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
