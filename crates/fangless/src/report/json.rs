//! The JSON form. Stable: within a `version` fields are added, never changed or removed. `JSON.md` beside the
//! crate's manifest documents it.

use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Certainty, Severity, StepKind};
use serde::Serialize;

use super::{FileReport, Report};

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    files_checked: usize,
    findings: Vec<Finding<'a>>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    path: &'a str,
    rule: &'a str,
    title: &'a str,
    severity: Severity,
    certainty: Certainty,
    message: &'a str,
    cwe: Vec<String>,
    owasp: Vec<&'a str>,
    #[serde(flatten)]
    range: Range,
    flow: Vec<Step<'a>>,
    other_sources: u32,
    fixes: Vec<Fix<'a>>,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    /// In a notebook; lines and columns are then the cell's.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<usize>,
    line: u32,
    column: u32,
    offset: u32,
}

#[derive(Serialize)]
struct Step<'a> {
    path: &'a str,
    kind: StepKind,
    note: &'a str,
    #[serde(flatten)]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    range: Range,
    text: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    kind: &'static str,
    path: &'a str,
    text: &'a str,
}

pub(crate) fn render(report: &Report) -> String {
    let document = Document {
        version: VERSION,
        files_checked: report.checked,
        findings: report.active().map(|(file, entry)| finding(report, file, entry)).collect(),
        messages: report.messages.iter().map(message).collect(),
    };
    super::pretty(&document)
}

fn finding<'a>(report: &'a Report, file: &'a FileReport, entry: &'a super::FindingReport) -> Finding<'a> {
    let finding = &entry.finding;
    let rule = report.rule(&finding.rule);
    Finding {
        path: &file.shown,
        rule: &finding.rule,
        title: rule.map_or("", |rule| &rule.title),
        severity: finding.severity,
        certainty: finding.certainty,
        message: &finding.message,
        cwe: rule
            .map_or_else(Vec::new, |rule| rule.cwe.iter().map(|number| format!("CWE-{number}")).collect()),
        owasp: rule.map_or_else(Vec::new, |rule| rule.owasp.iter().map(smol_str::SmolStr::as_str).collect()),
        range: range(file, finding.range),
        flow: finding
            .flow
            .iter()
            .map(|step| {
                let file = report.file(&step.path);
                Step {
                    path: file.map_or(step.path.as_str(), |file| &file.shown),
                    kind: step.kind,
                    note: &step.note,
                    range: file.map(|file| range(file, step.range)),
                }
            })
            .collect(),
        other_sources: finding.other_sources,
        fixes: file.tellable(entry).map(|fix| self::fix(file, fix)).collect(),
    }
}

fn fix<'a>(file: &FileReport, fix: &'a fangless_engine::Fix) -> Fix<'a> {
    let edits = fix.edits.iter().map(|edit| Edit { range: range(file, edit.range), text: &edit.text });
    Fix { title: &fix.title, applicability: fix.applicability, edits: edits.collect() }
}

fn range(file: &FileReport, range: TextRange) -> Range {
    Range { start: place(file, range.start), end: place(file, range.end) }
}

fn place(file: &FileReport, offset: u32) -> Place {
    let point = file.point(offset);
    Place { cell: point.cell, line: point.line, column: point.column, offset: file.disk_offset(offset) }
}

fn message(message: &crate::messages::Message) -> Message<'_> {
    let kind = match message.gravity {
        crate::messages::Gravity::Warning => "warning",
        crate::messages::Gravity::Skipped => "skipped",
        crate::messages::Gravity::Error => "error",
    };
    Message { kind, path: &message.path, text: &message.text }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn the_documented_shape() {
        insta::assert_snapshot!(super::render(&sample::report()), @r#"
        {
          "version": 1,
          "files_checked": 3,
          "findings": [
            {
              "path": "app/db.py",
              "rule": "sql-injection",
              "title": "SQL built from input",
              "severity": "critical",
              "certainty": "certain",
              "message": "input of the client is part of this SQL",
              "cwe": [
                "CWE-89"
              ],
              "owasp": [
                "A03:2021"
              ],
              "start": {
                "line": 3,
                "column": 5,
                "offset": 49
              },
              "end": {
                "line": 3,
                "column": 65,
                "offset": 110
              },
              "flow": [
                {
                  "path": "app/web.py",
                  "kind": "source",
                  "note": "`request.args` is the client's",
                  "start": {
                    "line": 6,
                    "column": 12,
                    "offset": 70
                  },
                  "end": {
                    "line": 6,
                    "column": 24,
                    "offset": 82
                  }
                },
                {
                  "path": "app/web.py",
                  "kind": "call",
                  "note": "passed to `find`",
                  "start": {
                    "line": 7,
                    "column": 12,
                    "offset": 102
                  },
                  "end": {
                    "line": 7,
                    "column": 25,
                    "offset": 115
                  }
                },
                {
                  "path": "app/db.py",
                  "kind": "sink",
                  "note": "run as SQL",
                  "start": {
                    "line": 3,
                    "column": 15,
                    "offset": 60
                  },
                  "end": {
                    "line": 3,
                    "column": 64,
                    "offset": 109
                  }
                }
              ],
              "other_sources": 2,
              "fixes": [
                {
                  "title": "Pass the value as a parameter",
                  "applicability": "safe",
                  "edits": [
                    {
                      "start": {
                        "line": 3,
                        "column": 49,
                        "offset": 94
                      },
                      "end": {
                        "line": 3,
                        "column": 64,
                        "offset": 109
                      },
                      "text": "%s\""
                    },
                    {
                      "start": {
                        "line": 3,
                        "column": 64,
                        "offset": 109
                      },
                      "end": {
                        "line": 3,
                        "column": 64,
                        "offset": 109
                      },
                      "text": ", (name,)"
                    }
                  ]
                }
              ]
            },
            {
              "path": "a.py",
              "rule": "yaml-unsafe-load",
              "title": "YAML that runs code",
              "severity": "medium",
              "certainty": "certain",
              "message": "`yaml.load` can run code, 100% of: it, <really>",
              "cwe": [
                "CWE-502"
              ],
              "owasp": [
                "A03:2021"
              ],
              "start": {
                "line": 2,
                "column": 2,
                "offset": 14
              },
              "end": {
                "line": 2,
                "column": 14,
                "offset": 26
              },
              "flow": [],
              "other_sources": 0,
              "fixes": []
            }
          ],
          "messages": [
            {
              "kind": "skipped",
              "path": "big.py",
              "text": "is larger than 10 MiB"
            }
          ]
        }
        "#);
    }
}
