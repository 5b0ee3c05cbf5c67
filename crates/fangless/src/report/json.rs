//! JSON: one object with a list of findings. Lines and columns from 1, columns in characters; offsets in bytes.

use fangless_engine::text::{LineIndex, TextRange};
use fangless_engine::{FlowStep, RuleSet};
use serde_json::{Value, json};

use crate::check::FileReport;

pub(crate) fn render(reports: &[FileReport], rules: &RuleSet) -> anyhow::Result<String> {
    let mut all = Vec::new();
    for report in reports {
        let lines = LineIndex::new(&report.text);
        for (finding, fixes) in report.findings.iter().filter(|(finding, _)| finding.suppressed.is_none()) {
            let definition = rules.rule(&finding.rule).map(|rule| &rule.definition);
            all.push(json!({
                "path": report.path,
                "rule": finding.rule,
                "severity": finding.severity,
                "certainty": finding.certainty,
                "message": finding.message,
                "cwe": definition.map(|definition| &definition.cwe),
                "owasp": definition.map(|definition| &definition.owasp),
                "location": place(&report.text, &lines, finding.range),
                "flow": finding.flow.iter().map(step).collect::<Vec<_>>(),
                "other_sources": finding.other_sources,
                "fixes": fixes,
            }));
        }
    }
    Ok(serde_json::to_string_pretty(&json!({ "version": 1, "findings": all }))? + "\n")
}

fn step(step: &FlowStep) -> Value {
    json!({ "path": step.path, "offset": step.range, "kind": step.kind, "note": step.note })
}

fn place(text: &str, lines: &LineIndex, range: TextRange) -> Value {
    let point = |offset: u32| {
        let at = lines.line_column(offset);
        let start = lines.line_start(at.line).unwrap_or_default();
        let column = TextRange::new(start, offset).slice(text).chars().count() + 1;
        json!({ "line": at.line + 1, "column": column, "offset": offset })
    };
    json!({ "start": point(range.start), "end": point(range.end) })
}
