//! `fangless rules`: the list of all rules.

use std::fmt::Write;

use fangless_engine::rule::schema::Profile;
use fangless_engine::{RuleSet, Severity};
use serde::Serialize;
use smol_str::SmolStr;

use super::{Exit, print};
use crate::arguments::ListFormat;
use crate::report::severity_name;

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    severity: Severity,
    cwe: Vec<String>,
    owasp: &'a [SmolStr],
    bandit: &'a [SmolStr],
    ruff: &'a [SmolStr],
    fixable: bool,
    profile: &'static str,
    since: &'a str,
}

pub(crate) fn run(format: ListFormat) -> anyhow::Result<Exit> {
    let rules = RuleSet::builtin();
    let rows: Vec<Row> = rules
        .iter()
        .map(|rule| {
            let definition = &rule.definition;
            Row {
                name: &definition.name,
                title: &definition.title,
                severity: definition.severity,
                cwe: definition.cwe.iter().map(|number| format!("CWE-{number}")).collect(),
                owasp: &definition.owasp,
                bandit: &definition.bandit,
                ruff: &definition.ruff,
                fixable: !definition.fix.is_empty(),
                profile: match definition.profile {
                    Profile::Default => "default",
                    Profile::Strict => "strict",
                },
                since: &definition.since,
            }
        })
        .collect();
    let output = match format {
        ListFormat::Json => serde_json::to_string_pretty(&rows)? + "\n",
        ListFormat::Text => {
            let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
            let mut output = String::new();
            for row in &rows {
                let _ =
                    writeln!(output, "{:width$}  {:8}  {}", row.name, severity_name(row.severity), row.title);
            }
            output
        }
    };
    print(&output)?;
    Ok(Exit::Clean)
}
