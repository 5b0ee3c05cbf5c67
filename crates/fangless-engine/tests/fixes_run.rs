//! Programs that are run before and after their fix, as the pages in `tests/fixes_run` list them: benign use gives the
//! same, the attack works before and no longer after. Where `FANGLESS_PYTHON` names no interpreter with the packages of
//! `requirements.txt`, only the fixes are made; `cargo xtask fixes` makes one and runs the programs.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use fangless_engine::rule::RuleSet;
use fangless_engine::{Edit, Finding, Workspace};
use serde::{Deserialize, Serialize};

/// More rounds than any program has findings.
const MAX_ROUNDS: usize = 20;
/// The pages may grow in number, not shrink.
const LEAST_RULES: usize = 95;

/// What a section says of its program.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Header {
    fix: Option<String>,
    refused_with: Option<String>,
    file: Option<String>,
}

#[derive(Serialize)]
struct Trial {
    title: String,
    file: String,
    before: String,
    after: String,
    benign: String,
    exploit: String,
    refused_with: Option<String>,
}

#[test]
fn attacks_end_with_the_fix() {
    let rules = Arc::new(RuleSet::builtin());
    let only = std::env::var("FANGLESS_RULE").ok();
    let (mut trials, mut problems, mut covered) = (Vec::new(), Vec::new(), BTreeSet::new());
    for path in pages() {
        let rule = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_deref().is_some_and(|only| only != rule) {
            continue;
        }
        assert!(rules.rule(&rule).is_some(), "{} is named like no rule", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        for section in text.split("\n## ").skip(1) {
            match trial(&rule, section, &rules) {
                Ok(trial) => trials.push(trial),
                Err(problem) => {
                    let title = section.lines().next().unwrap_or("");
                    problems.push(format!("--- {rule}: {title}: {problem}"));
                }
            }
        }
        covered.insert(rule);
    }
    println!("{} programs of {} rules", trials.len(), covered.len());
    match std::env::var_os("FANGLESS_PYTHON") {
        Some(python) => problems.extend(run(Path::new(&python), &trials)),
        None => println!("not run: `cargo xtask fixes` makes the interpreter for it"),
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert!(only.is_some() || covered.len() >= LEAST_RULES, "only {} rules have a page", covered.len());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixes_run")
}

fn pages() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = entries
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("README.md")
        })
        .collect();
    pages.sort();
    pages
}

/// The program of a section, and what the rule's fixes make of it.
fn trial(rule: &str, section: &str, rules: &Arc<RuleSet>) -> Result<Trial, String> {
    let header: Header = match block(section, "toml") {
        Some(text) => toml::from_str(&text).map_err(|error| error.to_string())?,
        None => Header::default(),
    };
    let wanted =
        |kind: &str| block(section, &format!("python {kind}")).ok_or_else(|| format!("no `python {kind}`"));
    let (before, benign, exploit) = (wanted("program")?, wanted("benign")?, wanted("exploit")?);
    if !benign.contains("assert ") || !exploit.contains("harmed = ") {
        return Err("the benign block asserts something, the exploit sets `harmed`".to_owned());
    }
    let file = header.file.unwrap_or_else(|| "app.py".to_owned());
    let after = mended(rule, &before, &format!("/project/{file}"), header.fix.as_deref(), rules)?;
    let title = format!("{rule}: {}", section.lines().next().unwrap_or(""));
    Ok(Trial { title, file, before, after, benign, exploit, refused_with: header.refused_with })
}

fn block(section: &str, language: &str) -> Option<String> {
    let fence = format!("\n```{language}\n");
    let start = section.find(&fence)? + fence.len();
    let end = section[start..].find("```")? + start;
    Some(section[start..end].to_owned())
}

/// The text without findings of the rule: every fix is made that bears the title, or else the first that is offered.
fn mended(
    rule: &str,
    text: &str,
    path: &str,
    title: Option<&str>,
    rules: &Arc<RuleSet>,
) -> Result<String, String> {
    let mut workspace = Workspace::with_profile(Arc::clone(rules), true);
    workspace.set_file(path, text.to_owned());
    workspace.set_whole();
    let of_rule = |workspace: &Workspace| -> Vec<Finding> {
        workspace.findings(path).into_iter().filter(|finding| finding.rule == rule).collect()
    };
    if of_rule(&workspace).is_empty() {
        let others: Vec<String> =
            workspace.findings(path).iter().map(|finding| finding.rule.to_string()).collect();
        return Err(format!("nothing is found; others: {others:?}"));
    }
    for _ in 0..MAX_ROUNDS {
        let findings = of_rule(&workspace);
        if findings.is_empty() {
            return Ok(workspace.text(path).unwrap_or_default().to_owned());
        }
        let mut fixes = findings.iter().flat_map(|finding| workspace.fixes(path, finding));
        let Some(fix) = fixes.find(|fix| title.is_none_or(|title| fix.title == title)) else {
            let place = findings[0].range.slice(workspace.text(path).unwrap_or_default());
            return Err(format!("no fix for `{place}`:\n{}", workspace.text(path).unwrap_or_default()));
        };
        let edits: Vec<Edit> = fix.edits.into_iter().rev().collect();
        workspace.edit_file(path, &edits);
    }
    Err("the fixes do not come to an end".to_owned())
}

/// What Python says of the programs.
fn run(python: &Path, trials: &[Trial]) -> Option<String> {
    let mut child = Command::new(python)
        .arg(folder().join("run.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", python.display()));
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(trials).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
