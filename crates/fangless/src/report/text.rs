//! The form to be read: each finding with its excerpt, the numbered steps of its flow, and its best fix as a small
//! diff; a line that sums up at the end.

use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Certainty, Edit, Fix, Severity};

use super::{FileReport, FindingReport, Report, counted, severity_name};
use crate::messages::{Gravity, printable};

/// A longer range is underlined in its first line only.
const MAX_UNDERLINED_LINES: u32 = 3;
/// Steps further apart than this get excerpts of their own.
const MAX_EXCERPT_LINES: u32 = 40;

pub(crate) fn render(report: &Report, colored: bool, width: usize) -> String {
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Unicode).term_width(width);
    let mut output = String::new();
    for (file, entry) in report.active() {
        let _ = writeln!(output, "{}\n", finding(report, file, entry, &renderer));
    }
    output + &summary(report)
}

/// A part of a file and what is marked in it.
struct Excerpt<'a> {
    file: &'a FileReport,
    first_row: u32,
    last_row: u32,
    marks: Vec<(AnnotationKind, TextRange, String)>,
}

fn finding(report: &Report, file: &FileReport, entry: &FindingReport, renderer: &Renderer) -> String {
    let finding = &entry.finding;
    let excerpts = excerpts(report, file, entry);
    let texts: Vec<String> = excerpts.iter().map(|excerpt| normalised(excerpt.text())).collect();
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low | Severity::Info => Level::NOTE,
    };
    let message = printable(&finding.message);
    let mut main = level
        .with_name(Some(severity_name(finding.severity)))
        .primary_title(message)
        .id(finding.rule.to_string())
        .elements(excerpts.iter().zip(&texts).map(|(excerpt, text)| excerpt.snippet(text)));
    if finding.other_sources > 0 {
        let note =
            format!("{} reach the same place", counted(finding.other_sources as usize, "other source"));
        main = main.element(Level::NOTE.message(note));
    }
    if finding.certainty == Certainty::Possible && !finding.flow.is_empty() {
        let note = "whether an attacker controls the source is not known here";
        main = main.element(Level::NOTE.message(note));
    }
    let mut groups = vec![main];
    let best = entry.fixes.first();
    let diffs = best.map(|fix| diffs(file, fix)).unwrap_or_default();
    if let Some(fix) = best {
        groups.push(fix_group(fix, &diffs));
    }
    renderer.render(&groups)
}

/// The lines that a fix touches, with its edits relative to them.
struct Diff {
    name: String,
    first_line: u32,
    text: String,
    edits: Vec<(Range<usize>, String)>,
}

/// What a fix changes; in a notebook, cell by cell.
fn diffs(file: &FileReport, fix: &Fix) -> Vec<Diff> {
    let cell = |edit: &Edit| file.point(edit.range.start).cell;
    fix.edits
        .chunk_by(|one, other| cell(one) == cell(other))
        .filter_map(|edits| Diff::new(file, edits))
        .collect()
}

impl Diff {
    fn new(file: &FileReport, edits: &[Edit]) -> Option<Self> {
        let (first, last) = (edits.first()?, edits.last()?);
        let first_row = file.row(first.range.start);
        let base = file.line_start(first_row);
        let edits = edits.iter().map(|edit| {
            let range = (edit.range.start - base) as usize..(edit.range.end - base) as usize;
            (range, normalised(&file.without_secrets(&edit.text)))
        });
        Some(Self {
            name: file.name_at(base),
            first_line: file.point(base).line,
            text: normalised(file.lines_between(first_row, file.row(last.range.end))),
            edits: edits.collect(),
        })
    }
}

fn fix_group<'a>(fix: &'a Fix, diffs: &'a [Diff]) -> Group<'a> {
    let note = match fix.applicability {
        Applicability::Safe => "",
        Applicability::Suggested => " (suggested: look at it before you take it)",
    };
    let title =
        Level::HELP.with_name(Some("fix")).secondary_title(format!("{}{note}", printable(&fix.title)));
    let snippets = diffs.iter().map(|diff| {
        Snippet::source(&diff.text)
            .line_start(diff.first_line as usize)
            .path(printable(&diff.name))
            .patches(diff.edits.iter().map(|(range, text)| Patch::new(range.clone(), text.as_str())))
    });
    if diffs.is_empty() { Group::with_title(title) } else { title.elements(snippets) }
}

/// The finding's own place first, then the steps that stand elsewhere, in their order.
fn excerpts<'a>(report: &'a Report, file: &'a FileReport, entry: &FindingReport) -> Vec<Excerpt<'a>> {
    let finding = &entry.finding;
    let mut own_label = String::new();
    let mut steps = Vec::new();
    for (at, step) in finding.flow.iter().enumerate() {
        let label = format!("{}. {}", at + 1, printable(&step.note));
        if step.path == file.engine_path && step.range == finding.range {
            if !own_label.is_empty() {
                own_label.push_str("; ");
            }
            own_label.push_str(&label);
        } else if let Some(file) = report.file(&step.path) {
            steps.push((file, step.range, label));
        }
    }
    let mut result: Vec<Excerpt> = Vec::new();
    let own = clipped(file, finding.range);
    result.push(Excerpt::new(file, AnnotationKind::Primary, own, own_label));
    for (file, range, label) in steps {
        let range = clipped(file, range);
        match result.iter_mut().find(|excerpt| excerpt.can_hold(file, range)) {
            Some(excerpt) => excerpt.add(AnnotationKind::Context, range, label),
            None => result.push(Excerpt::new(file, AnnotationKind::Context, range, label)),
        }
    }
    result
}

/// The range, cut to its first line where it is long.
fn clipped(file: &FileReport, range: TextRange) -> TextRange {
    let (first, last) = (file.row(range.start), file.row(range.end));
    if last - first < MAX_UNDERLINED_LINES {
        return range;
    }
    TextRange::new(range.start, file.line_start(first) + file.line(first).len() as u32)
}

impl<'a> Excerpt<'a> {
    fn new(file: &'a FileReport, kind: AnnotationKind, range: TextRange, label: String) -> Self {
        let (first_row, last_row) = (file.row(range.start), file.row(range.end));
        Self { file, first_row, last_row, marks: vec![(kind, range, label)] }
    }

    fn can_hold(&self, file: &FileReport, range: TextRange) -> bool {
        let first = self.first_row.min(file.row(range.start));
        let last = self.last_row.max(file.row(range.end));
        let cell = |place: TextRange| file.point(place.start).cell;
        self.file.engine_path == file.engine_path
            && last - first < MAX_EXCERPT_LINES
            && self.marks.iter().all(|(_, mark, _)| cell(*mark) == cell(range))
    }

    fn add(&mut self, kind: AnnotationKind, range: TextRange, label: String) {
        self.first_row = self.first_row.min(self.file.row(range.start));
        self.last_row = self.last_row.max(self.file.row(range.end));
        self.marks.push((kind, range, label));
    }

    fn text(&self) -> &'a str {
        self.file.lines_between(self.first_row, self.last_row)
    }

    fn snippet<'b>(&'b self, text: &'b str) -> Snippet<'b, Annotation<'b>> {
        let base = self.file.line_start(self.first_row);
        let marks = self.marks.iter().map(|(kind, range, label)| {
            let end = text.len();
            let span = ((range.start - base) as usize).min(end)..((range.end - base) as usize).min(end);
            let annotation = kind.span(span);
            if label.is_empty() { annotation } else { annotation.label(label.as_str()) }
        });
        Snippet::source(text)
            .line_start(self.file.point(base).line as usize)
            .path(printable(&self.file.name_at(base)))
            .annotations(marks)
    }
}

/// With `\n` for a lone `\r`, which the renderer would not take for a line end. No offset changes.
fn normalised(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut output = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        output.push(if character == '\r' && characters.peek() != Some(&'\n') { '\n' } else { character });
    }
    output
}

fn summary(report: &Report) -> String {
    let files = counted(report.checked, "file");
    let skipped = report.messages.iter().filter(|message| message.gravity == Gravity::Skipped).count();
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    let findings: Vec<_> = report.active().map(|(_, entry)| entry).collect();
    if findings.is_empty() {
        return format!("Nothing found: {files} checked{skipped}.\n");
    }
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let counts: Vec<String> = severities
        .iter()
        .filter_map(|severity| {
            let count = findings.iter().filter(|entry| entry.finding.severity == *severity).count();
            (count > 0).then(|| format!("{count} {}", severity_name(*severity)))
        })
        .collect();
    let is_safe = |fix: &Fix| fix.applicability == Applicability::Safe;
    let fixable = findings.iter().filter(|entry| entry.fixes.iter().any(is_safe)).count();
    let fixable =
        if fixable == 0 { String::new() } else { format!(" `fangless fix` mends {fixable} of them safely.") };
    format!(
        "{} ({}); {files} checked{skipped}.{fixable}\n",
        counted(findings.len(), "finding"),
        counts.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn findings_show_flow_and_fix() {
        insta::assert_snapshot!(render(&sample::report(), false, 120), @r#"
        critical[sql-injection]: input of the client is part of this SQL
          ╭▸ app/db.py:3:5
          │
        3 │     é.execute("SELECT * FROM users WHERE name = '" + name + "'")
          │     ━━━━━━━━━━┬────────────────────────────────────────────────━
          │               │
          │               3. run as SQL
          │
          ⸬  app/web.py:6:12
          │
        6 │     name = request.args["name"]
          │            ──────────── 1. `request.args` is the client's
        7 │     return db.find(name)
          │            ───────────── 2. passed to `find`
          │
          ╰ note: 2 other sources reach the same place
        fix: Pass the value as a parameter
          ╭╴
        3 -     é.execute("SELECT * FROM users WHERE name = '" + name + "'")
        3 +     é.execute("SELECT * FROM users WHERE name = %s", (name,))
          ╰╴

        medium[yaml-unsafe-load]: `yaml.load` can run code, 100% of: it, <really>
          ╭▸ a.py:2:2
          │
        2 │     yaml.load(a)
          ╰╴    ━━━━━━━━━━━━

        2 findings (1 critical, 1 medium); 3 files checked, 1 skipped. `fangless fix` mends 1 of them safely.
        "#);
    }

    #[test]
    fn a_clean_run_says_what_was_checked() {
        assert_eq!(render(&sample::clean(), false, 120), "Nothing found: 3 files checked.\n");
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        assert!(!render(&sample::report(), false, 120).contains('\u{1b}'));
        assert!(render(&sample::report(), true, 120).contains('\u{1b}'));
    }

    #[test]
    fn control_characters_of_the_source_do_not_reach_the_terminal() {
        let report = sample::with(vec![sample::file("yaml.load(a) # \u{1b}[31m\u{7}\n", &["yaml.load(a)"])]);
        let text = render(&report, false, 120);
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }

    #[test]
    fn a_lone_carriage_return_ends_a_line() {
        let report = sample::with(vec![sample::file("import yaml\r\rx = yaml.load(a)\r", &["yaml.load(a)"])]);
        assert!(render(&report, false, 120).contains("a.py:3:5"));
    }
}
