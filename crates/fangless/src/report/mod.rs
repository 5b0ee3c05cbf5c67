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
use std::fmt;

use fangless_engine::text::{LineIndex, TextRange};
use fangless_engine::{Finding, Fix, Rule, Severity};
use fangless_project::notebook::Notebook;
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
    /// Of a notebook, its program.
    pub(crate) source: SourceText,
    pub(crate) findings: Vec<FindingReport>,
    lines: LineIndex,
    /// A notebook, and the lines of its file.
    notebook: Option<(Notebook, LineIndex)>,
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

/// A place in a file, all numbers from one; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// In a notebook.
    pub(crate) cell: Option<usize>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl fmt::Display for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cell) = self.cell {
            write!(formatter, "cell {cell}:")?;
        }
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

fn point(text: &str, lines: &LineIndex, offset: u32, count: impl Fn(&str) -> usize) -> Point {
    let offset = offset.min(text.len() as u32);
    let place = lines.line_column(offset);
    let before = TextRange::new(offset - place.column, offset).slice(text);
    Point { cell: None, line: place.line + 1, column: count(before) as u32 + 1 }
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
        Self { engine_path, shown, source, findings, lines, notebook: None, secrets, shown_text }
    }

    /// The same, where the text is the program of a notebook.
    pub(crate) fn of_notebook(self, notebook: Option<Notebook>) -> Self {
        let with_lines = |notebook: Notebook| {
            let lines = LineIndex::new(notebook.json());
            (notebook, lines)
        };
        Self { notebook: notebook.map(with_lines), ..self }
    }

    pub(crate) fn is_notebook(&self) -> bool {
        self.notebook.is_some()
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

    /// Where people look for a place: in a notebook, within its cell.
    pub(crate) fn point(&self, offset: u32) -> Point {
        if let Some((notebook, _)) = &self.notebook
            && let Some((cell, line, before)) = notebook.place(offset)
        {
            return Point { cell: Some(cell), line: line + 1, column: before.chars().count() as u32 + 1 };
        }
        point(&self.source.text, &self.lines, offset, |before| before.chars().count())
    }

    /// Where programs look for it: in the file as it lies on the disk.
    pub(crate) fn disk_point(&self, offset: u32) -> Point {
        self.disk_point_counting(offset, |before| before.chars().count())
    }

    /// As `disk_point`, with the column in UTF-16 code units.
    pub(crate) fn utf16_point(&self, offset: u32) -> Point {
        self.disk_point_counting(offset, |before| before.encode_utf16().count())
    }

    fn disk_point_counting(&self, offset: u32, count: impl Fn(&str) -> usize) -> Point {
        match &self.notebook {
            Some((notebook, lines)) => point(notebook.json(), lines, notebook.in_file(offset), count),
            None => point(&self.source.text, &self.lines, offset, count),
        }
    }

    /// The byte of the file that an offset means.
    pub(crate) fn disk_offset(&self, offset: u32) -> u32 {
        match &self.notebook {
            Some((notebook, _)) => notebook.in_file(offset),
            None => self.source.file_offset(offset),
        }
    }

    /// The cell of a place for those who are told a line of the file; nothing where there are none.
    pub(crate) fn in_cell(&self, offset: u32) -> String {
        let point = self.point(offset);
        point.cell.map_or_else(String::new, |cell| format!(" (cell {cell}, line {})", point.line))
    }

    /// The file, or the cell of it, that an offset lies in.
    pub(crate) fn name_at(&self, offset: u32) -> String {
        let cell = self.point(offset).cell;
        cell.map_or_else(|| self.shown.clone(), |cell| format!("{}:cell {cell}", self.shown))
    }

    /// The row of an offset in the source (from one), which in a notebook is no line that people know.
    pub(crate) fn row(&self, offset: u32) -> u32 {
        self.lines.line_column(offset.min(self.source.text.len() as u32)).line + 1
    }

    /// The row (from one) without its end; empty beyond the text.
    pub(crate) fn line(&self, line: u32) -> &str {
        self.lines_between(line, line).trim_end_matches(['\r', '\n'])
    }

    /// The rows from the first to the last, both included and from one, with their ends.
    pub(crate) fn lines_between(&self, first: u32, last: u32) -> &str {
        let length = self.source.text.len() as u32;
        let start = self.line_start(first);
        TextRange::new(start, self.lines.line_start(last).unwrap_or(length)).slice(&self.shown_text)
    }

    /// The offset at which a row (from one) begins.
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
