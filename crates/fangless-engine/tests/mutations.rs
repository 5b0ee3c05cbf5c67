//! Good code after the Python Security Standards Reference, and what becomes of it by small changes: a guard dropped, a
//! flag turned, a decorator removed, a name or an import changed, a library swapped for its sibling. What a change makes
//! bad must be found, what stays good must be silent, in the default profile. The cases are the tables of
//! `tests/mutations/`; `FANGLESS_MUTATION=name` runs one file of them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use fangless_engine::{RuleSet, Workspace};
use serde::Deserialize;

/// Fewer would be no sign of anything.
const LEAST: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    good: Vec<Good>,
}

/// Code that is right.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    name: String,
    #[serde(default = "python")]
    file: String,
    code: String,
    /// It is right, and reported all the same; what is to be done about it.
    #[serde(default)]
    pending: Option<String>,
    #[serde(default)]
    mutation: Vec<Mutation>,
}

fn python() -> String {
    "module.py".to_owned()
}

/// A change of good code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    name: String,
    /// Pairs of a text that occurs in the code and what stands there instead, wherever it occurs.
    change: Vec<(String, String)>,
    /// Rules of which at least one must report something; none: the code is still good.
    #[serde(default)]
    bad: Vec<String>,
    /// It does not do so yet; what is missing.
    #[serde(default)]
    pending: Option<String>,
}

fn tables() -> Vec<(String, Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations");
    let only = std::env::var("FANGLESS_MUTATION").ok();
    let mut tables: Vec<(String, Table)> = std::fs::read_dir(&folder)
        .expect("the folder of the tables")
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a readable table");
            (name, toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .filter(|(name, _)| only.as_deref().is_none_or(|only| only == name))
        .collect();
    tables.sort_by(|(one, _), (other, _)| one.cmp(other));
    tables
}

impl Mutation {
    fn applied(&self, code: &str) -> String {
        let mut result = code.to_owned();
        for (old, new) in &self.change {
            assert!(result.contains(old.as_str()), "`{}`: {old:?} is not in the code", self.name);
            result = result.replace(old, new);
        }
        assert_ne!(result, code, "`{}` changes nothing", self.name);
        result
    }
}

/// What the default profile reports: rules and lines.
fn found(rules: &Arc<RuleSet>, file: &str, code: &str) -> Vec<(String, String)> {
    let path = format!("/example/{file}");
    let mut workspace = Workspace::new(Arc::clone(rules));
    workspace.set_file(&path, code.to_owned());
    let findings = workspace.findings(&path).into_iter().filter(|finding| finding.suppressed.is_none());
    let line = |offset: u32| {
        let start = code[..offset as usize].rfind('\n').map_or(0, |at| at + 1);
        code[start..].lines().next().unwrap_or_default().trim().to_owned()
    };
    findings.map(|finding| (finding.rule.to_string(), line(finding.range.start))).collect()
}

/// What is wrong with a case, if anything is: whether the outcome is the wanted one, and whether that was expected.
fn verdict(bad: &[String], pending: Option<&str>, found: &[(String, String)]) -> Option<String> {
    let is_right =
        if bad.is_empty() { found.is_empty() } else { found.iter().any(|(rule, _)| bad.contains(rule)) };
    match (is_right, pending) {
        (true, None) | (false, Some(_)) => None,
        (true, Some(_)) => Some("is right by now: take `pending` out".to_owned()),
        (false, None) if bad.is_empty() => Some(format!("is still good, but there is {found:?}")),
        (false, None) => Some(format!("is bad, {} was expected, but there is {found:?}", bad.join(" or "))),
    }
}

#[test]
fn changes_are_judged_rightly() {
    let rules = Arc::new(RuleSet::builtin());
    let (mut report, mut failures) = (String::new(), 0);
    let (mut mutations, mut bad, mut pending) = (0, 0, Vec::new());
    let mut judge = |place: &str, expected: &[String], waits: Option<&str>, file: &str, code: &str| {
        if let Some(problem) = verdict(expected, waits, &found(&rules, file, code)) {
            failures += 1;
            let _ = writeln!(report, "{place} {problem}");
        }
    };
    for (topic, table) in tables() {
        for good in &table.good {
            let place = format!("{topic}: {}", good.name);
            judge(&place, &[], good.pending.as_deref(), &good.file, &good.code);
            for mutation in &good.mutation {
                mutations += 1;
                bad += usize::from(!mutation.bad.is_empty());
                let place = format!("{place}: {}", mutation.name);
                let code = mutation.applied(&good.code);
                judge(&place, &mutation.bad, mutation.pending.as_deref(), &good.file, &code);
                if let Some(reason) = &mutation.pending {
                    pending.push(format!("{place} ({reason})"));
                }
            }
        }
    }
    println!("{mutations} mutations, {bad} of them bad; {} pending:\n{}", pending.len(), pending.join("\n"));
    assert!(failures == 0, "{failures} of {mutations} mutations:\n{report}");
    let is_whole = std::env::var_os("FANGLESS_MUTATION").is_none();
    assert!(!is_whole || mutations >= LEAST, "{mutations} mutations only");
}
