//! Runs the examples of every rule page: what is marked is found, nothing else is, and the first fix gives the text that
//! the page shows. `FANGLESS_RULE=name` runs one page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use fangless_engine::rule::schema::Profile;
use fangless_engine::rule::{Example, ExampleFile, Rule, RuleSet};
use fangless_engine::text::LineIndex;
use fangless_engine::{Applicability, Edit, Finding, Workspace};

#[test]
fn every_page_loads_with_its_examples() {
    if let Err(errors) = RuleSet::builtin_checked() {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        panic!("{} mistakes:\n{}", lines.len(), lines.join("\n"));
    }
}

/// What can be checked of a page's being worth reading: its sections, its links, and enough examples.
#[test]
fn every_page_says_what_why_and_how() {
    const SECTIONS: [&str; 5] = [
        "## What goes wrong",
        "## How it is exploited",
        "## How to fix it",
        "## When it is fine to ignore",
        "## Examples",
    ];
    let rules = RuleSet::builtin();
    let mut problems = Vec::new();
    for rule in rules.iter() {
        let mut problem = |text: String| problems.push(format!("{}: {text}", rule.path));
        let mut at = 0;
        for section in SECTIONS {
            match rule.page[at..].find(&format!("{section}\n")) {
                Some(found) => at += found,
                None => problem(format!("`{section}` is missing, or out of order")),
            }
        }
        for number in &rule.definition.cwe[..1] {
            if !rule.page.contains(&format!("cwe.mitre.org/data/definitions/{number}.html")) {
                problem(format!("no link to CWE-{number}"));
            }
        }
        if !rule.page.contains("owasp.org/") {
            problem("no link to OWASP".into());
        }
        let examples = rule.examples().unwrap_or_else(|error| panic!("{error}"));
        let own = |file: &&ExampleFile| file.expected.iter().any(|one| one.rule == rule.definition.name);
        let firing: usize = examples
            .iter()
            .flat_map(|example| &example.files)
            .filter(own)
            .map(|file| file.expected.iter().filter(|one| one.rule == rule.definition.name).count())
            .sum();
        let silent = examples.iter().filter(|example| !example.fires(&rule.definition.name)).count();
        if firing < 3 {
            problem(format!("{firing} lines that fire; three are the least"));
        }
        if silent < 3 {
            problem(format!("{silent} silent examples; three are the least"));
        }
        for year in ["2021", "2025"] {
            if !rule.definition.owasp.iter().any(|category| category.ends_with(year)) {
                problem(format!("no category of the OWASP Top 10 of {year}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn rules_that_are_named_by_others_exist() {
    let rules = RuleSet::builtin();
    let mut unknown = Vec::new();
    for rule in rules.iter() {
        let mut named: Vec<_> = rule.definition.replaces.clone();
        let examples = rule.examples().unwrap_or_else(|error| panic!("{error}"));
        let files = examples.iter().flat_map(|example| &example.files);
        named.extend(files.flat_map(|file| &file.expected).map(|expected| expected.rule.clone()));
        named.retain(|name| rules.rule(name).is_none());
        unknown.extend(named.into_iter().map(|name| format!("{} names `{name}`", rule.path)));
    }
    assert!(unknown.is_empty(), "no such rule:\n{}", unknown.join("\n"));
}

#[test]
fn examples_do_what_their_pages_say() {
    let rules = Arc::new(RuleSet::builtin());
    let only = std::env::var("FANGLESS_RULE").ok();
    let mut report = String::new();
    let (mut pages, mut failures) = (0, 0);
    for rule in rules.iter().filter(|rule| only.as_deref().is_none_or(|name| rule.definition.name == name)) {
        pages += 1;
        for example in rule.examples().unwrap_or_else(|error| panic!("{error}")) {
            let page = Page { rule, rules: &rules };
            for problem in page.findings(&example).into_iter().chain(page.fixes(&example)) {
                failures += 1;
                let _ = writeln!(report, "{problem}");
            }
        }
    }
    assert!(pages > 0, "no rule has the name {only:?}");
    assert!(failures == 0, "{failures} differences in {pages} pages\n{report}");
}

struct Page<'a> {
    rule: &'a Rule,
    rules: &'a Arc<RuleSet>,
}

impl Page<'_> {
    fn name(&self) -> &str {
        &self.rule.definition.name
    }

    fn workspace(&self, files: &[ExampleFile]) -> Workspace {
        let mut workspace = Workspace::with_profile(Arc::clone(self.rules), true);
        for file in files {
            workspace.set_file(&absolute(file), file.text.clone());
        }
        workspace.set_whole();
        workspace
    }

    /// What must be silent is silent in the default profile; the page's own rule is never let off.
    fn counts(&self, finding: &Finding) -> bool {
        let strict = |rule: &Rule| rule.definition.profile == Profile::Strict;
        finding.suppressed.is_none()
            && (finding.rule == self.name() || !self.rules.rule(&finding.rule).is_some_and(strict))
    }

    fn findings(&self, example: &Example) -> Vec<String> {
        let workspace = self.workspace(&example.files);
        let mut problems = Vec::new();
        for file in &example.files {
            let index = LineIndex::new(&file.text);
            let line_of = |finding: &Finding| index.line_column(finding.range.start).line;
            let findings: Vec<Finding> = workspace
                .findings(&absolute(file))
                .into_iter()
                .filter(|finding| self.counts(finding))
                .collect();
            let mut seen = BTreeSet::new();
            for (at, finding) in findings.iter().enumerate() {
                let line = line_of(finding);
                seen.insert((line, finding.rule.clone()));
                if !file
                    .expected
                    .iter()
                    .any(|expected| expected.line == line && expected.rule == finding.rule)
                {
                    problems.push(self.problem(
                        file,
                        line,
                        "silence",
                        &format!("{}: {}", finding.rule, finding.message),
                    ));
                }
                let same = |other: &Finding| other.rule == finding.rule && other.range == finding.range;
                if findings[..at].iter().any(same) {
                    problems.push(self.problem(
                        file,
                        line,
                        "one finding",
                        &format!("{} twice", finding.rule),
                    ));
                }
            }
            for expected in &file.expected {
                if !seen.contains(&(expected.line, expected.rule.clone())) {
                    problems.push(self.problem(file, expected.line, &expected.rule, "silence"));
                }
            }
        }
        problems
    }

    /// Applies the first fix of each finding of the page's rule, one after the other.
    fn fixes(&self, example: &Example) -> Vec<String> {
        if example.fixed.is_empty() {
            return Vec::new();
        }
        let mut workspace = self.workspace(&example.files);
        let mut problems = Vec::new();
        for file in &example.files {
            let path = absolute(file);
            loop {
                let findings = workspace.findings(&path);
                let own: Vec<_> = findings
                    .iter()
                    .filter(|finding| finding.rule == self.name() && self.counts(finding))
                    .collect();
                let Some(fix) =
                    own.iter().find_map(|finding| workspace.fixes(&path, finding).into_iter().next())
                else {
                    break;
                };
                // Later edits first: the ranges are those of the text before any of them.
                let edits: Vec<Edit> = fix.edits.into_iter().rev().collect();
                workspace.edit_file(&path, &edits);
                let after = workspace.findings(&path);
                let left = after
                    .iter()
                    .filter(|finding| finding.rule == self.name() && self.counts(finding))
                    .count();
                if left >= own.len() {
                    let got = format!("`{}` that leaves it:\n{}", fix.title, text(&workspace, &path));
                    problems.push(self.problem(file, 0, "a fix that removes its finding", &got));
                    break;
                }
                if fix.applicability == Applicability::Safe && after.len() >= findings.len() {
                    let got = format!("`{}` that leaves {}", fix.title, names(&after));
                    problems.push(self.problem(file, 0, "a safe fix that adds no finding", &got));
                    break;
                }
            }
        }
        for fixed in &example.fixed {
            let got = text(&workspace, &absolute(fixed));
            if got != fixed.text {
                problems.push(difference(self.rule, fixed, &got));
            }
        }
        problems
    }

    fn problem(&self, file: &ExampleFile, line: u32, expected: &str, got: &str) -> String {
        let source = file.text.lines().nth(line as usize).unwrap_or_default().trim();
        format!("{}:{}: expected {expected}, got {got}\n    {source}", self.rule.path, file.line + line)
    }
}

fn absolute(file: &ExampleFile) -> String {
    format!("/example/{}", file.path)
}

fn text(workspace: &Workspace, path: &str) -> String {
    workspace.text(path).map_or_else(|| "(no such file)".into(), Into::into)
}

fn names(findings: &[Finding]) -> String {
    findings.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>().join(", ")
}

/// The first line at which the text after the fix is another one.
fn difference(rule: &Rule, fixed: &ExampleFile, got: &str) -> String {
    let (mut expected, mut found) = (fixed.text.lines(), got.lines());
    let mut line = fixed.line;
    loop {
        match (expected.next(), found.next()) {
            (one, other) if one == other && one.is_some() => line += 1,
            (one, other) => {
                let show = |line: Option<&str>| line.map_or("(the end)".into(), |line| format!("{line:?}"));
                let (one, other) = (show(one), show(other));
                return format!(
                    "{}:{line}: after the fix\n    expected {one}\n    got      {other}",
                    rule.path
                );
            }
        }
    }
}
