//! Hand-made reports for the tests of the forms.

use fangless_engine::finding::Suppressed;
use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Certainty, Edit, Finding, Fix, FlowStep, Severity, StepKind};

use super::redaction::Secrets;
use super::{FileReport, FindingReport, Report, RuleInformation};
use crate::messages::{Gravity, Message};
use crate::source::{Encoding, SourceText};

const WEB: &str = "from flask import request\nfrom app import db\n\n\ndef show():\n    name = request.args[\"name\"]\n    \
                   return db.find(name)\n";
const DB: &str = "def find(name):\n    é = connection.cursor()\n    \
                  é.execute(\"SELECT * FROM users WHERE name = '\" + name + \"'\")\n    \
                  yaml.load(é)  # fangless: ignore[yaml-unsafe-load] a test\n";

/// The range of the first occurrence of `needle`.
fn range(text: &str, needle: &str) -> TextRange {
    let start = text.find(needle).unwrap_or_else(|| panic!("{needle:?} is not in the text")) as u32;
    TextRange::new(start, start + needle.len() as u32)
}

fn source(text: &str) -> SourceText {
    SourceText { text: text.to_string(), encoding: Encoding::Utf8 }
}

fn yaml_finding(range: TextRange) -> FindingReport {
    let finding = Finding {
        range,
        rule: "yaml-unsafe-load".into(),
        severity: Severity::Medium,
        certainty: Certainty::Certain,
        message: "`yaml.load` can run code, 100% of: it, <really>".to_string(),
        flow: Vec::new(),
        other_sources: 0,
        suppressed: None,
    };
    FindingReport { finding, fixes: Vec::new() }
}

/// A file with a finding at each occurrence of the places.
pub(crate) fn file(text: &str, places: &[&str]) -> FileReport {
    let mut findings: Vec<_> = places
        .iter()
        .flat_map(|place| text.match_indices(place))
        .map(|(at, place)| yaml_finding(TextRange::new(at as u32, (at + place.len()) as u32)))
        .collect();
    findings.sort_by_key(|entry| entry.finding.range);
    FileReport::new("/srv/a.py".into(), "a.py".to_string(), source(text), findings, Secrets::default())
}

pub(crate) fn with(files: Vec<FileReport>) -> Report {
    let rule = |name: &str, title: &str, severity, cwe| RuleInformation {
        name: name.into(),
        title: title.to_string(),
        severity,
        cwe: vec![cwe],
        owasp: vec!["A03:2021".into()],
        page: format!("# {title}\n\nWhat is wrong.\n"),
    };
    let rules = vec![
        rule("sql-injection", "SQL built from input", Severity::Critical, 89),
        rule("yaml-unsafe-load", "YAML that runs code", Severity::Medium, 502),
    ];
    let checked = files.len();
    Report::new(files, checked, Vec::new(), rules, "/srv".to_string())
}

pub(crate) fn clean() -> Report {
    let mut report = with(Vec::new());
    report.checked = 3;
    report.rules.clear();
    report
}

/// A flow over two files with a fix, a suppressed finding, a plain one, and a skipped file.
pub(crate) fn report() -> Report {
    let call = range(DB, "é.execute(\"SELECT * FROM users WHERE name = '\" + name + \"'\")");
    let step = |path: &str, range, kind, note: &str| FlowStep {
        path: path.into(),
        range,
        kind,
        note: note.to_string(),
    };
    let query = range(DB, "\"SELECT * FROM users WHERE name = '\" + name + \"'\"");
    let sql = Finding {
        range: call,
        rule: "sql-injection".into(),
        severity: Severity::Critical,
        certainty: Certainty::Certain,
        message: "input of the client is part of this SQL".to_string(),
        flow: vec![
            step(
                "/srv/app/web.py",
                range(WEB, "request.args"),
                StepKind::Source,
                "`request.args` is the client's",
            ),
            step("/srv/app/web.py", range(WEB, "db.find(name)"), StepKind::Call, "passed to `find`"),
            step("/srv/app/db.py", query, StepKind::Sink, "run as SQL"),
        ],
        other_sources: 2,
        suppressed: None,
    };
    let fix = Fix {
        title: "Pass the value as a parameter".to_string(),
        applicability: Applicability::Safe,
        edits: vec![
            Edit { range: range(DB, "'\" + name + \"'\""), text: "%s\"".to_string() },
            Edit { range: TextRange::new(query.end, query.end), text: ", (name,)".to_string() },
        ],
    };
    let mut suppressed = yaml_finding(range(DB, "yaml.load(é)"));
    suppressed.finding.suppressed = Some(Suppressed {
        range: range(DB, "# fangless: ignore[yaml-unsafe-load] a test"),
        reason: Some("a test".to_string()),
    });
    let mut report = with(vec![
        file("import yaml\r\n\tyaml.load(a)\r\n", &["yaml.load(a)"]),
        FileReport::new(
            "/srv/app/db.py".into(),
            "app/db.py".to_string(),
            source(DB),
            vec![FindingReport { finding: sql, fixes: vec![fix] }, suppressed],
            Secrets::default(),
        ),
        FileReport::new(
            "/srv/app/web.py".into(),
            "app/web.py".to_string(),
            source(WEB),
            Vec::new(),
            Secrets::default(),
        ),
    ]);
    // The finding with everything comes first.
    report.files.swap(0, 1);
    let messages = vec![Message::new(Gravity::Skipped, "big.py", "is larger than 10 MiB")];
    Report::new(report.files, 3, messages, report.rules, report.root)
}
