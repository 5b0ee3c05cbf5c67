//! SARIF 2.1.0 (OASIS standard), columns in UTF-16 code units.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fangless_engine::text::{LineIndex, TextRange};
use fangless_engine::{Certainty, Fix, FlowStep, RuleSet, Severity};
use serde_json::{Value, json};

use crate::check::FileReport;

pub(crate) fn render(reports: &[FileReport], rules: &RuleSet) -> anyhow::Result<String> {
    let files: BTreeMap<String, File<'_>> = reports
        .iter()
        .map(|report| {
            let full = std::path::absolute(&report.path).unwrap_or_else(|_| report.path.clone());
            let key = full.components().collect::<std::path::PathBuf>().to_string_lossy().into_owned();
            let file =
                File { uri: uri(&report.path), text: &report.text, lines: LineIndex::new(&report.text) };
            (key, file)
        })
        .collect();
    let rule_list: Vec<_> = rules.iter().collect();
    let mut results = Vec::new();
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    for report in reports {
        let file = File { uri: uri(&report.path), text: &report.text, lines: LineIndex::new(&report.text) };
        for (finding, fixes) in &report.findings {
            let line = file.lines.line_column(finding.range.start).line;
            let start = file.lines.line_start(line).unwrap_or_default();
            let end = file.lines.line_start(line + 1).unwrap_or(report.text.len() as u32);
            let content: String = TextRange::new(start, end)
                .slice(&report.text)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let mut hasher = DefaultHasher::new();
            (finding.rule.as_str(), &content, &file.uri).hash(&mut hasher);
            let hash = hasher.finish();
            let ordinal = seen.entry(hash).or_insert(0);
            *ordinal += 1;
            let mut result = json!({
                "ruleId": finding.rule,
                "ruleIndex": rule_list.iter().position(|rule| rule.definition.name == finding.rule),
                "level": level(finding.severity),
                "message": { "text": finding.message },
                "locations": [{ "physicalLocation": file.location(finding.range) }],
                "partialFingerprints": { "fanglessStatement/v1": format!("{hash:016x}:{ordinal}") },
                "rank": rank(finding.severity, finding.certainty),
                "properties": { "certainty": finding.certainty },
            });
            if !finding.flow.is_empty() {
                let steps: Vec<Value> = finding
                    .flow
                    .iter()
                    .filter_map(|step| {
                        Some(json!({ "location": located(step, files.get(step.path.as_str())?) }))
                    })
                    .collect();
                result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
                if let Some(first) = finding.flow.first()
                    && let Some(file) = files.get(first.path.as_str())
                {
                    let mut related = located(first, file);
                    related["id"] = json!(1);
                    result["relatedLocations"] = json!([related]);
                }
            }
            if !fixes.is_empty() {
                result["fixes"] = fixes.iter().map(|fix| fixed(fix, &file)).collect();
            }
            if let Some(suppressed) = &finding.suppressed {
                result["suppressions"] = json!([{ "kind": "inSource", "justification": suppressed.reason.clone().unwrap_or_default() }]);
            }
            results.push(result);
        }
    }
    let descriptors: Vec<Value> = rule_list
        .iter()
        .map(|rule| {
            let definition = &rule.definition;
            let mut tags = vec!["security".to_owned()];
            tags.extend(definition.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}")));
            tags.extend(definition.owasp.iter().map(|category| format!("external/owasp/{category}")));
            json!({
                "id": definition.name,
                "shortDescription": { "text": definition.title },
                "help": { "text": rule.page, "markdown": rule.page },
                "defaultConfiguration": { "level": level(definition.severity) },
                "properties": { "tags": tags, "problem.severity": level(definition.severity), "security-severity": score(definition.severity) },
            })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "Fangless", "version": env!("CARGO_PKG_VERSION"), "rules": descriptors } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

struct File<'a> {
    uri: String,
    text: &'a str,
    lines: LineIndex,
}

impl File<'_> {
    fn location(&self, range: TextRange) -> Value {
        json!({ "artifactLocation": { "uri": self.uri }, "region": self.region(range) })
    }

    fn region(&self, range: TextRange) -> Value {
        let (start, end) = (self.point(range.start), self.point(range.end));
        json!({ "startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1 })
    }

    fn point(&self, offset: u32) -> (u32, usize) {
        let at = self.lines.line_column(offset);
        let start = self.lines.line_start(at.line).unwrap_or_default();
        (at.line + 1, TextRange::new(start, offset).slice(self.text).encode_utf16().count() + 1)
    }
}

fn located(step: &FlowStep, file: &File<'_>) -> Value {
    json!({ "physicalLocation": file.location(step.range), "message": { "text": step.note } })
}

fn fixed(fix: &Fix, file: &File<'_>) -> Value {
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| json!({ "deletedRegion": file.region(edit.range), "insertedContent": { "text": edit.text } }))
        .collect();
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{ "artifactLocation": { "uri": file.uri }, "replacements": replacements }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "1.0",
    }
}

fn rank(severity: Severity, certainty: Certainty) -> f64 {
    let base = match severity {
        Severity::Critical => 95.0,
        Severity::High => 80.0,
        Severity::Medium => 55.0,
        Severity::Low => 30.0,
        Severity::Info => 10.0,
    };
    if certainty == Certainty::Possible { base * 0.6 } else { base }
}

/// A relative URI where the path is relative, percent-encoded.
fn uri(path: &std::path::Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut encoded = if text.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in text.trim_start_matches("./").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
