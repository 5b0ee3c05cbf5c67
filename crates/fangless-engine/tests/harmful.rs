//! Fixes that do harm in other tools, as `tests/harmful.md` lists them: every fix of every rule is made on their programs,
//! and none does the same.

mod names;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use fangless_engine::Workspace;
use fangless_engine::fix::apply;
use fangless_engine::rule::RuleSet;
use serde::Deserialize;

use names::{parsed, unbound};

const PATH: &str = "/project/app.py";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    #[serde(default)]
    never: Vec<String>,
    #[serde(default)]
    silent: bool,
}

#[test]
fn no_fix_does_what_is_known_to_do_harm() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/harmful.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rules = Arc::new(RuleSet::builtin());
    let mut problems = String::new();
    for section in page.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or("");
        let block = |language: &str| {
            let (_, rest) = section.split_once(&format!("\n```{language}\n")).expect(title);
            rest.split_once("```").expect(title).0
        };
        let case: Case = toml::from_str(block("toml")).expect(title);
        assert_ne!(case.never.is_empty(), !case.silent, "{title}: either `never` or `silent`");
        let before = block("python");
        let results = results(&rules, before);
        let mut problem = |fix: &str, what: &str, text: &str| {
            let _ = writeln!(problems, "--- {title}: `{fix}` {what}:\n{text}");
        };
        if case.silent {
            results.iter().for_each(|(fix, text)| problem(fix, "is offered", text));
        } else if results.is_empty() {
            problem("", "no fix is offered, so nothing is shown", before);
        }
        for (fix, text) in &results {
            for pattern in &case.never {
                if regex::Regex::new(pattern).expect(title).is_match(text) {
                    problem(fix, &format!("writes {pattern}"), text);
                }
            }
            if parsed(text).root_node().has_error() {
                problem(fix, "leaves what cannot be read", text);
            }
            for name in unbound(before, text) {
                problem(fix, &format!("uses {name}, which nothing binds"), text);
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// The titles of all fixes of all findings, and the texts after each.
fn results(rules: &Arc<RuleSet>, text: &str) -> Vec<(String, String)> {
    let mut workspace = Workspace::with_profile(Arc::clone(rules), true);
    workspace.set_file(PATH, text.to_owned());
    workspace.set_whole();
    let findings = workspace.findings(PATH);
    let fixes = findings.iter().flat_map(|finding| {
        let fixes = workspace.fixes(PATH, finding).into_iter();
        fixes.map(|fix| (format!("{}: {}", finding.rule, fix.title), fix))
    });
    fixes.map(|(title, fix)| (title, apply(text, &fix.edits))).collect()
}
