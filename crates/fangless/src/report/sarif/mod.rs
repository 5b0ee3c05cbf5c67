//! SARIF 2.1.0, the exchange format of static analysis. Suppressed findings are in it, marked as such.

mod schema;

use std::collections::BTreeMap;
use std::fmt::Write;

use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Certainty, Severity};

use self::schema::{
    ArtifactChange, ArtifactLocation, CodeFlow, Configuration, Driver, Fix, Help, Invocation, Level,
    Location, Log, Message, Notification, PhysicalLocation, Region, Replacement, ReportingDescriptor,
    ResultProperties, RuleProperties, Run, RunResult, Suppression, ThreadFlow, ThreadFlowLocation, Tool,
};
use super::fingerprint::fingerprints;
use super::{FileReport, FindingReport, Report, RuleInformation};
use crate::messages::Gravity;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Where relative addresses start.
const ROOT: &str = "%SRCROOT%";
const FINGERPRINT: &str = "fangless/v1";

pub(crate) fn render(report: &Report) -> String {
    let results = report.files.iter().flat_map(|file| {
        let names = fingerprints(file);
        file.findings.iter().zip(names).map(move |(entry, name)| result(report, file, entry, name))
    });
    let root = ArtifactLocation { uri: format!("{}/", file_uri(&report.root)), uri_base_id: None };
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "Fangless",
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: report.rules.iter().map(rule).collect(),
            },
        },
        invocations: [Invocation {
            execution_successful: report.messages.iter().all(|message| message.gravity != Gravity::Error),
            tool_execution_notifications: report.messages.iter().map(notification).collect(),
        }],
        original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
        column_kind: "utf16CodeUnits",
        results: results.collect(),
    };
    super::pretty(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

fn rule(rule: &RuleInformation) -> ReportingDescriptor {
    let mut tags = vec!["security".to_string()];
    tags.extend(rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}")));
    tags.extend(rule.owasp.iter().map(|category| format!("external/owasp/{category}")));
    ReportingDescriptor {
        id: rule.name.to_string(),
        short_description: Message { text: rule.title.clone() },
        help: Help { text: rule.page.clone(), markdown: rule.page.clone() },
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties {
            tags,
            security_severity: match rule.severity {
                Severity::Critical => "9.5",
                Severity::High => "8.0",
                Severity::Medium => "5.5",
                Severity::Low => "3.0",
                Severity::Info => "0.5",
            },
        },
    }
}

const fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low | Severity::Info => Level::Note,
    }
}

/// From 0 to 100: severity first, certainty second.
const fn rank(severity: Severity, certainty: Certainty) -> f64 {
    let certain = match certainty {
        Certainty::Certain => 10.0,
        Certainty::Possible => 0.0,
    };
    let severe = match severity {
        Severity::Critical => 90.0,
        Severity::High => 70.0,
        Severity::Medium => 50.0,
        Severity::Low => 30.0,
        Severity::Info => 10.0,
    };
    severe + certain
}

fn result(report: &Report, file: &FileReport, entry: &FindingReport, fingerprint: String) -> RunResult {
    let finding = &entry.finding;
    let steps = || {
        finding.flow.iter().map(|step| {
            let note = Some(Message { text: step.note.clone() });
            let location = match report.file(&step.path) {
                Some(file) => Location { message: note, ..location(file, step.range) },
                None => Location {
                    id: None,
                    physical_location: PhysicalLocation {
                        artifact_location: artifact(&step.path),
                        region: None,
                    },
                    message: note,
                },
            };
            (step.kind, location)
        })
    };
    let related = steps().enumerate().map(|(at, (_, location))| Location { id: Some(at + 1), ..location });
    let flow = ThreadFlow {
        locations: steps().map(|(kind, location)| ThreadFlowLocation { location, kinds: [kind] }).collect(),
    };
    let suppression = finding.suppressed.as_ref().map(|suppressed| Suppression {
        kind: "inSource",
        justification: suppressed.reason.clone(),
        location: location(file, suppressed.range),
    });
    RunResult {
        rule_id: finding.rule.to_string(),
        rule_index: report.rules.iter().position(|rule| rule.name == finding.rule),
        level: level(finding.severity),
        rank: rank(finding.severity, finding.certainty),
        message: Message { text: format!("{}{}", finding.message, file.in_cell(finding.range.start)) },
        locations: [location(file, finding.range)],
        related_locations: related.collect(),
        code_flows: if finding.flow.is_empty() {
            Vec::new()
        } else {
            vec![CodeFlow { thread_flows: [flow] }]
        },
        // A fix of a cell is no fix of the JSON that holds it.
        fixes: if file.is_notebook() {
            Vec::new()
        } else {
            file.tellable(entry).map(|fix| self::fix(file, fix)).collect()
        },
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
        suppressions: suppression.into_iter().collect(),
        properties: ResultProperties { certainty: finding.certainty },
    }
}

fn fix(file: &FileReport, fix: &fangless_engine::Fix) -> Fix {
    let note = match fix.applicability {
        Applicability::Safe => "",
        Applicability::Suggested => " (to be looked at)",
    };
    let replacements = fix.edits.iter().map(|edit| Replacement {
        deleted_region: region(file, edit.range),
        inserted_content: Message { text: edit.text.clone() },
    });
    Fix {
        description: Message { text: format!("{}{note}", fix.title) },
        artifact_changes: [ArtifactChange {
            artifact_location: artifact(&file.shown),
            replacements: replacements.collect(),
        }],
    }
}

fn location(file: &FileReport, range: TextRange) -> Location {
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: artifact(&file.shown),
            region: Some(region(file, range)),
        },
        message: None,
    }
}

fn region(file: &FileReport, range: TextRange) -> Region {
    let (start, end) = (file.utf16_point(range.start), file.utf16_point(range.end));
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn notification(message: &crate::messages::Message) -> Notification {
    Notification {
        level: match message.gravity {
            Gravity::Warning | Gravity::Skipped => Level::Warning,
            Gravity::Error => Level::Error,
        },
        message: Message { text: format!("{} {}", message.path, message.text) },
    }
}

/// The address of a file: relative to the root where its path is.
fn artifact(shown: &str) -> ArtifactLocation {
    if shown.starts_with('/') || shown.get(1..3) == Some(":/") {
        ArtifactLocation { uri: file_uri(shown), uri_base_id: None }
    } else {
        ArtifactLocation { uri: encoded(shown), uri_base_id: Some(ROOT) }
    }
}

fn file_uri(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", encoded(path))
}

/// Percent-encoded, but for `/` and what RFC 3986 leaves alone. A `:` is encoded too: the first part of a relative
/// address must not look like a scheme.
fn encoded(path: &str) -> String {
    let mut output = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            output.push(char::from(byte));
        } else {
            let _ = write!(output, "%{byte:02X}");
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::sample;
    use super::*;

    fn schema() -> Value {
        let text = include_str!("../../../tests/data/sarif-schema-2.1.0.json");
        let mut schema: Value = serde_json::from_str(text).unwrap();
        // Its pattern is no regular expression in the dialect of JSON Schema, and nothing here writes the property.
        for owner in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][owner]["properties"]["language"];
            language.as_object_mut().unwrap().remove("pattern").unwrap();
        }
        schema
    }

    fn validated(report: &Report) -> Value {
        let log: Value = serde_json::from_str(&render(report)).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        log
    }

    #[test]
    fn the_schema_refuses_what_is_wrong() {
        let mut log: Value = serde_json::from_str(&render(&sample::report())).unwrap();
        log["runs"][0]["results"][0]["level"] = "dreadful".into();
        assert!(!jsonschema::validator_for(&schema()).unwrap().is_valid(&log));
    }

    #[test]
    fn a_log_is_valid_and_complete() {
        let log = validated(&sample::report());
        let run = &log["runs"][0];
        let result = &run["results"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["properties"]["tags"][1], "external/cwe/cwe-089");
        assert_eq!(result["level"], "error");
        assert_eq!(result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap().len(), 3);
        assert_eq!(
            result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "app/web.py"
        );
        assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"].as_array().unwrap().len(), 2);
        assert_eq!(result["properties"]["certainty"], "certain");
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }

    #[test]
    fn a_clean_log_is_valid() {
        assert_eq!(validated(&sample::clean())["runs"][0]["results"], Value::Array(Vec::new()));
    }

    #[test]
    fn suppressed_findings_are_marked() {
        let log = validated(&sample::report());
        let results = log["runs"][0]["results"].as_array().unwrap();
        let marked: Vec<&Value> =
            results.iter().filter(|result| result.get("suppressions").is_some()).collect();
        assert_eq!(marked.len(), 1);
        assert_eq!(marked[0]["suppressions"][0]["justification"], "a test");
    }

    #[test]
    fn columns_count_utf16_units() {
        let report = sample::with(vec![sample::file("x = '😀é'; yaml.load(a)\n", &["yaml.load(a)"])]);
        let log = validated(&report);
        let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
        // Seven before the emoji's end in UTF-16, one more than in characters.
        assert_eq!(region["startColumn"], 12);
        assert_eq!(region["endColumn"], 24);
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(artifact("a b/é:#.py").uri, "a%20b/%C3%A9%3A%23.py");
        assert_eq!(artifact("/srv/a.py").uri, "file:///srv/a.py");
        assert_eq!(artifact("C:/a.py").uri, "file:///C%3A/a.py");
        assert_eq!(artifact("<stdin>").uri, "%3Cstdin%3E");
    }
}
