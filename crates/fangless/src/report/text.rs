//! The readable report: excerpts with carets, the flow step by step, the fix.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use fangless_engine::text::{LineIndex, TextRange};
use fangless_engine::{Applicability, Certainty, Edit, Finding, Fix, Severity};

use crate::check::FileReport;

pub(crate) fn render(reports: &[FileReport], skipped: usize) -> String {
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let texts: BTreeMap<String, (&str, String)> = reports
        .iter()
        .map(|report| {
            let full = std::path::absolute(&report.path).unwrap_or_else(|_| report.path.clone());
            let key = full.components().collect::<std::path::PathBuf>().to_string_lossy().into_owned();
            (key, (report.text.as_str(), report.path.display().to_string()))
        })
        .collect();
    let mut out = String::new();
    let (mut count, mut fixable) = (0, 0);
    for report in reports {
        for (finding, fixes) in report.findings.iter().filter(|(finding, _)| finding.suppressed.is_none()) {
            count += 1;
            fixable += usize::from(!fixes.is_empty());
            out.push_str(&one(&renderer, report, finding, fixes, &texts));
            out.push_str("\n\n");
        }
    }
    let files = reports.len();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    out.push_str(&format!("{} in {}", plural(count, "finding"), plural(files, "file")));
    if fixable > 0 {
        out.push_str(&format!(", {fixable} with a fix"));
    }
    if skipped > 0 {
        out.push_str(&format!(", {skipped} skipped"));
    }
    out.push('\n');
    out
}

/// The steps of a flow in another file: its shown path, its text, the steps.
type Elsewhere<'a> = (String, &'a str, Vec<(TextRange, String)>);

fn one(
    renderer: &Renderer,
    report: &FileReport,
    finding: &Finding,
    fixes: &[Fix],
    texts: &BTreeMap<String, (&str, String)>,
) -> String {
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low | Severity::Info => Level::NOTE,
    };
    let severity = format!("{:?}", finding.severity).to_lowercase();
    let certainty = if finding.certainty == Certainty::Possible { ", possible" } else { "" };
    let path = report.path.display().to_string();
    let mut main = Snippet::source(report.text.as_str()).path(path.clone()).fold(true).annotation(
        AnnotationKind::Primary
            .span(span(finding.range, &report.text))
            .label(format!("{severity}{certainty}")),
    );
    let mut groups: Vec<Elsewhere<'_>> = Vec::new();
    for (number, step) in finding.flow.iter().enumerate() {
        let label = format!("{}. {}", number + 1, step.note);
        match texts.get(step.path.as_str()) {
            Some((_, shown)) if *shown == path && step.range == finding.range => {}
            Some((_, shown)) if *shown == path => {
                let mark = AnnotationKind::Context.span(span(step.range, &report.text)).label(label);
                main = main.annotation(mark);
            }
            Some((text, shown)) => match groups.iter_mut().find(|(known, _, _)| known == shown) {
                Some((_, _, steps)) => steps.push((step.range, label)),
                None => groups.push((shown.clone(), text, vec![(step.range, label)])),
            },
            None => {}
        }
    }
    let title = format!("[{}] {}", finding.rule, finding.message);
    let mut group = Group::with_title(level.primary_title(title)).element(main);
    for (shown, text, steps) in groups {
        let mut snippet = Snippet::source(text).path(shown).fold(true);
        for (range, label) in steps {
            snippet = snippet.annotation(AnnotationKind::Context.span(span(range, text)).label(label));
        }
        group = group.element(snippet);
    }
    if finding.other_sources > 0 {
        let others = format!("{} other source(s) reach the same place", finding.other_sources);
        group = group.element(Level::NOTE.message(others));
    }
    let mut rendered = renderer.render(&[group]).clone();
    if let Some(fix) = fixes.first() {
        rendered.push_str(&difference(&report.text, fix));
    }
    rendered
}

/// The lines that a fix changes, before and after.
fn difference(text: &str, fix: &Fix) -> String {
    let how = match fix.applicability {
        Applicability::Safe => "fix",
        Applicability::Suggested => "suggested fix",
    };
    let mut out = format!("\n   = {how}: {}", fix.title);
    let lines = LineIndex::new(text);
    for edit in &fix.edits {
        let first = lines.line_column(edit.range.start).line;
        let last = lines.line_column(edit.range.end).line;
        let start = lines.line_start(first).unwrap_or_default() as usize;
        let end = lines.line_start(last + 1).map_or(text.len(), |end| end as usize);
        let Edit { range, text: new } = edit;
        let before = &text[start..end];
        let after = format!("{}{new}{}", &text[start..range.start as usize], &text[range.end as usize..end]);
        let old: Vec<&str> = before.lines().collect();
        let new: Vec<&str> = after.lines().collect();
        for line in old.iter().filter(|line| !new.contains(line)) {
            out.push_str(&format!("\n     - {line}"));
        }
        for line in new.iter().filter(|line| !old.contains(line)) {
            out.push_str(&format!("\n     + {line}"));
        }
    }
    out
}

/// A range as far as the excerpt should show it: the first line of what spans several.
fn span(range: TextRange, text: &str) -> std::ops::Range<usize> {
    let start = range.start as usize;
    let end = (range.end as usize).min(text.len());
    let first_line = text[start..end].find('\n').map_or(end, |found| start + found);
    start..first_line
}
