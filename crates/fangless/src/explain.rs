//! `fangless explain` and `fangless rules`: the rule pages, as they are embedded.

use std::fmt::Write as _;
use std::process::ExitCode;

use fangless_engine::RuleSet;

pub(crate) fn explain(name: &str) -> anyhow::Result<ExitCode> {
    let rules = RuleSet::builtin();
    let Some(rule) = rules.rule(name) else {
        let mut near: Vec<&str> = rules
            .iter()
            .map(|rule| rule.definition.name.as_str())
            .filter(|known| name.split('-').any(|word| word.len() > 2 && known.contains(word)))
            .collect();
        near.sort_unstable();
        let hint = if near.is_empty() {
            "`fangless rules` lists them all".to_owned()
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        anyhow::bail!("there is no rule `{name}`; {hint}");
    };
    let definition = &rule.definition;
    println!("{} ({:?})\n{}\n", definition.name, definition.severity, definition.title);
    let cwe: Vec<String> = definition.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    println!("{}  OWASP {}", cwe.join(", "), definition.owasp.join(", "));
    if !definition.bandit.is_empty() || !definition.ruff.is_empty() {
        println!(
            "Known elsewhere as {}",
            [definition.bandit.join(", "), definition.ruff.join(", ")].join(" ")
        );
    }
    println!("\n{}", rule.page.trim());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn list(json: bool) -> anyhow::Result<ExitCode> {
    let rules = RuleSet::builtin();
    if json {
        let all: Vec<serde_json::Value> = rules
            .iter()
            .map(|rule| {
                let definition = &rule.definition;
                serde_json::json!({
                    "name": definition.name, "title": definition.title, "severity": definition.severity,
                    "cwe": definition.cwe, "owasp": definition.owasp, "bandit": definition.bandit,
                    "ruff": definition.ruff, "fixable": !definition.fix.is_empty(),
                })
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for rule in rules.iter() {
        let definition = &rule.definition;
        let severity = format!("{:?}", definition.severity).to_lowercase();
        writeln!(text, "{:34} {severity:9} {}", definition.name, definition.title)?;
    }
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}
