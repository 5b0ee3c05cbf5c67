//! `fangless explain`: the page of a rule.

use std::fmt::Write;

use fangless_engine::{Rule, RuleSet};

use super::{Exit, print};
use crate::report::severity_name;

/// How alike two names must be for one to be offered for the other (Jaro-Winkler, 1 is equal).
const LIKENESS: f64 = 0.75;
const MAX_OFFERED: usize = 3;

pub(crate) fn run(name: &str) -> anyhow::Result<Exit> {
    let rules = RuleSet::builtin();
    if let Some(rule) = rules.rule(name) {
        print(&page(rule))?;
        return Ok(Exit::Clean);
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule.definition.name.as_str()).collect();
    eprintln!("{}", unknown(name, &names));
    Ok(Exit::Error)
}

fn page(rule: &Rule) -> String {
    let definition = &rule.definition;
    let cwe = definition.cwe.iter().map(|number| format!("CWE-{number}"));
    let tags: Vec<String> = cwe.chain(definition.owasp.iter().map(ToString::to_string)).collect();
    let mut output = format!("{} ({})\n", definition.title, definition.name);
    let _ = writeln!(output, "{} severity; {}", severity_name(definition.severity), tags.join(", "));
    let codes: Vec<&str> =
        definition.bandit.iter().chain(&definition.ruff).map(smol_str::SmolStr::as_str).collect();
    if !codes.is_empty() {
        let _ = writeln!(output, "Known elsewhere as {}", codes.join(", "));
    }
    let _ = writeln!(output, "\n{}", rule.page.trim());
    output
}

fn unknown(name: &str, names: &[&str]) -> String {
    let mut near: Vec<(f64, &str)> = names
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), *known))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let near: Vec<String> = near.iter().take(MAX_OFFERED).map(|(_, name)| format!("`{name}`")).collect();
    let offer = if near.is_empty() {
        "`fangless rules` lists them all".to_string()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    format!("error: no rule `{}`; {offer}", crate::messages::printable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered() {
        let names = ["sql-injection", "command-injection", "weak-hash"];
        assert_eq!(
            unknown("sql-injecton", &names),
            "error: no rule `sql-injecton`; did you mean `sql-injection`?"
        );
        assert_eq!(unknown("zzz", &names), "error: no rule `zzz`; `fangless rules` lists them all");
    }
}
