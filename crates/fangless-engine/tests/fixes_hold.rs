//! Every fix on every firing example of every page: the finding is gone, none is new, the text has no more errors than
//! before, and a second run changes nothing. The texts are written down, so that Python can be asked about them too.

mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fangless_engine::fix::apply;
use fangless_engine::rule::schema::Profile;
use fangless_engine::rule::{Example, ExampleFile, Rule, RuleSet};
use fangless_engine::{Applicability, Edit, Finding, Fix, Workspace};
use tree_sitter::Node;

use names::{parsed, unbound};

/// More rounds than any example has findings.
const MAX_ROUNDS: usize = 40;

/// Percent of the default profile's rules that offer a fix on one of their examples, and percent of what those rules
/// report in their examples that has one. Neither may fall.
const LEAST_RULES: usize = 90;
const LEAST_FINDINGS: usize = 90;

/// Of each rule so many of its examples are typed anew: each line of them in several states takes its time.
const EXAMPLES_HALF_TYPED: usize = 1;

/// A rule, and what may be said of the place once its fix has removed the greater evil: a lesser one of which only the
/// program's author knows how to go on.
const LESSER: [(&str, &str); 2] =
    [("command-injection", "command-argument-injection"), ("jwt-unverified", "jwt-missing-algorithms")];

/// Which fix of a finding is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Choice {
    /// The first safe one.
    Safe,
    /// The first of any kind.
    First,
}

impl Choice {
    fn of(self, fixes: Vec<Fix>) -> Option<Fix> {
        fixes.into_iter().find(|fix| self == Self::First || fix.applicability == Applicability::Safe)
    }
}

#[test]
fn fixes_hold_on_every_example() {
    let rules = Arc::new(RuleSet::builtin());
    let only = std::env::var("FANGLESS_RULE").ok();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixed");
    fs::create_dir_all(&folder).expect("a folder in the target directory");
    let mut problems = Vec::new();
    for rule in rules.iter().filter(|rule| only.as_deref().is_none_or(|name| rule.definition.name == name)) {
        for (number, example) in firing(rule).iter().enumerate() {
            for choice in [Choice::Safe, Choice::First] {
                let trial = Trial { rule, rules: &rules, example, choice };
                for (file, fixed) in trial.run(&mut problems) {
                    if choice == Choice::First && ending(file) == "py" {
                        let name = format!(
                            "{}-{number}-{}",
                            rule.definition.name,
                            file.path.replace(['/', '.'], "_")
                        );
                        fs::write(folder.join(format!("{name}.before.py")), &file.text).expect("written");
                        fs::write(folder.join(format!("{name}.after.py")), fixed).expect("written");
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} fixes do not hold:\n{}", problems.len(), problems.join("\n"));
}

/// What is typed may break off anywhere: a fix that is offered then is right once the rest is typed.
#[test]
fn fixes_hold_in_half_typed_files() {
    let rules = Arc::new(RuleSet::builtin());
    let only = std::env::var("FANGLESS_RULE").ok();
    let (mut problems, mut made) = (Vec::new(), 0);
    for rule in rules.iter().filter(|rule| only.as_deref().is_none_or(|name| rule.definition.name == name)) {
        for example in firing(rule).iter().take(EXAMPLES_HALF_TYPED) {
            for file in example.files.iter().filter(|file| ending(file) == "py") {
                for half in half_typed(&file.text) {
                    made += half.mend(&rules, file, &mut problems);
                }
            }
        }
    }
    assert!(only.is_some() || made > 0, "no fix was made");
    assert!(problems.is_empty(), "{} fixes do harm:\n{}", problems.len(), problems.join("\n"));
}

/// A text while something is typed into it.
struct HalfTyped {
    text: String,
    /// The line that is being typed.
    typed: String,
    /// What stands there once it is typed, or is taken out again.
    whole: String,
}

impl HalfTyped {
    /// Makes every fix; gives how many there were.
    fn mend(&self, rules: &Arc<RuleSet>, file: &ExampleFile, problems: &mut Vec<String>) -> usize {
        let path = absolute(file);
        let mut workspace = Workspace::with_profile(Arc::clone(rules), true);
        workspace.set_file(&path, self.text.clone());
        let findings = workspace.findings(&path);
        let fixes: Vec<Fix> = findings.iter().flat_map(|finding| workspace.fixes(&path, finding)).collect();
        for fix in &fixes {
            let in_order = fix.edits.windows(2).all(|two| two[0].range.end <= two[1].range.start);
            let fits =
                |edit: &Edit| self.text.get(edit.range.start as usize..edit.range.end as usize).is_some();
            let after = apply(&self.text, &fix.edits);
            let (before, finished) = match after.split_once(&self.typed) {
                Some((front, back)) => (&file.text, format!("{front}{}{back}", self.whole)),
                // The fix changed the very line.
                None => (&self.text, after.clone()),
            };
            let breaks =
                errors_below(parsed(&finished).root_node()) > errors_below(parsed(before).root_node());
            if !in_order || !fix.edits.iter().all(fits) || breaks {
                problems.push(format!("`{}` harms\n{}\n--- to\n{after}", fix.title, self.text));
            }
        }
        fixes.len()
    }
}

/// A line that breaks off in its middle, an open bracket, a statement without its block, an open quote.
fn half_typed(text: &str) -> Vec<HalfTyped> {
    let mut texts = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (front, back) = (&text[..start], &text[start + line.len()..]);
        start += line.len();
        if line.trim().is_empty() {
            continue;
        }
        let indentation = &line[..line.len() - line.trim_start().len()];
        let middle = (line.len() / 2..line.len()).find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
        let broken = format!("{}\n", &line[..middle]);
        texts.push(HalfTyped {
            text: format!("{front}{broken}{back}"),
            typed: broken,
            whole: line.to_owned(),
        });
        for typed in ["half = call(", "if half:", "half = '''open"] {
            let typed = format!("{indentation}{typed}\n");
            texts.push(HalfTyped {
                text: format!("{front}{typed}{line}{back}"),
                typed,
                whole: String::new(),
            });
        }
    }
    texts
}

#[test]
fn most_findings_can_be_fixed() {
    let rules = Arc::new(RuleSet::builtin());
    let (mut with_fix, mut without) = (Vec::new(), Vec::new());
    let (mut fixable, mut all) = (0, 0);
    let mut unfixed = Vec::new();
    for rule in rules.iter().filter(|rule| rule.definition.profile == Profile::Default) {
        let (mut own_fixable, mut own, mut left) = (0, 0, Vec::new());
        for example in firing(rule) {
            let trial = Trial { rule, rules: &rules, example: &example, choice: Choice::First };
            let workspace = trial.workspace();
            for file in &example.files {
                for finding in trial.own_findings(&workspace, file) {
                    own += 1;
                    if workspace.fixes(&absolute(file), &finding).is_empty() {
                        left.push(format!("{}: {}", finding.rule, finding.range.slice(&file.text)));
                    } else {
                        own_fixable += 1;
                    }
                }
            }
        }
        let name = rule.definition.name.as_str();
        if own_fixable == 0 {
            without.push(name);
            continue;
        }
        with_fix.push(name);
        fixable += own_fixable;
        all += own;
        unfixed.append(&mut left);
    }
    let rule_share = with_fix.len() * 100 / (with_fix.len() + without.len()).max(1);
    let finding_share = fixable * 100 / all.max(1);
    let mut report = format!(
        "{} of {} default rules offer a fix ({rule_share} %); it can be made on {fixable} of their {all} examples \
         ({finding_share} %)\nwithout a fix: {}\n",
        with_fix.len(),
        with_fix.len() + without.len(),
        without.join(", ")
    );
    let _ = writeln!(report, "examples left:\n{}", unfixed.join("\n"));
    println!("{report}");
    assert!(rule_share >= LEAST_RULES && finding_share >= LEAST_FINDINGS, "{report}");
}

/// The examples in which the page's own rule reports something.
fn firing(rule: &Rule) -> Vec<Example> {
    let examples = rule.examples().unwrap_or_else(|error| panic!("{error}"));
    examples.into_iter().filter(|example| example.fires(&rule.definition.name)).collect()
}

struct Trial<'a> {
    rule: &'a Rule,
    rules: &'a Arc<RuleSet>,
    example: &'a Example,
    choice: Choice,
}

impl Trial<'_> {
    fn workspace(&self) -> Workspace {
        let mut workspace = Workspace::with_profile(Arc::clone(self.rules), true);
        for file in &self.example.files {
            workspace.set_file(&absolute(file), file.text.clone());
        }
        workspace.set_whole();
        workspace
    }

    fn own_findings(&self, workspace: &Workspace, file: &ExampleFile) -> Vec<Finding> {
        let own =
            |finding: &Finding| finding.rule == self.rule.definition.name && finding.suppressed.is_none();
        workspace.findings(&absolute(file)).into_iter().filter(own).collect()
    }

    /// How often each rule of the default profile reports something in all the files.
    fn counted(&self, workspace: &Workspace) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let is_default = |name: &str| {
            name == self.rule.definition.name
                || self.rules.rule(name).is_some_and(|rule| rule.definition.profile == Profile::Default)
        };
        for file in &self.example.files {
            let findings = workspace.findings(&absolute(file)).into_iter();
            for finding in
                findings.filter(|finding| finding.suppressed.is_none() && is_default(&finding.rule))
            {
                *counts.entry(finding.rule.to_string()).or_default() += 1;
            }
        }
        counts
    }

    /// Makes the chosen fix of each finding, one after the other; gives the files that changed, with their new text.
    fn run(&self, problems: &mut Vec<String>) -> Vec<(&ExampleFile, String)> {
        let mut workspace = self.workspace();
        let mut changed = Vec::new();
        for file in &self.example.files {
            let path = absolute(file);
            let mut seen = BTreeSet::from([file.text.clone()]);
            for round in 0.. {
                let before = self.counted(&workspace);
                let errors = errors_in(file, workspace.text(&path).unwrap_or_default());
                let findings = self.own_findings(&workspace, file);
                let fix = findings.iter().find_map(|finding| self.choice.of(workspace.fixes(&path, finding)));
                let Some(fix) = fix else { break };
                let edits: Vec<Edit> = fix.edits.into_iter().rev().collect();
                workspace.edit_file(&path, &edits);
                let text = workspace.text(&path).unwrap_or_default().to_owned();
                let after = self.counted(&workspace);
                let name = self.rule.definition.name.as_str();
                let mut problem = |what: &str| {
                    let place = format!("{}:{}", self.rule.path, self.example.line);
                    problems.push(format!("{place}: `{}` ({:?}): {what}:\n{text}", fix.title, self.choice));
                };
                if after.get(name).unwrap_or(&0) >= before.get(name).unwrap_or(&0) {
                    problem("the finding stays");
                    break;
                }
                let new = after
                    .iter()
                    .filter(|(rule, _)| !LESSER.contains(&(name, rule.as_str())))
                    .find(|(rule, count)| *count > before.get(*rule).unwrap_or(&0));
                if let Some((rule, _)) = new {
                    problem(&format!("a new finding of `{rule}`"));
                    break;
                }
                if errors_in(file, &text) > errors {
                    problem("the text does not parse any more");
                    break;
                }
                if !seen.insert(text.clone()) || round > MAX_ROUNDS {
                    problem("a second run goes on");
                    break;
                }
            }
            let text = workspace.text(&path).unwrap_or_default();
            if ending(file) == "py" {
                for name in unbound(&file.text, text) {
                    let place = format!("{}:{}", self.rule.path, self.example.line);
                    problems.push(format!("{place}: uses {name}, which nothing binds:\n{text}"));
                }
            }
            if text != file.text {
                // What a fresh reader of the new text sees is the same.
                let mut fresh = Workspace::with_profile(Arc::clone(self.rules), true);
                for other in &self.example.files {
                    let text = workspace.text(&absolute(other)).unwrap_or_default();
                    fresh.set_file(&absolute(other), text.to_owned());
                }
                fresh.set_whole();
                assert_eq!(fresh.findings(&path), workspace.findings(&path), "{}", self.rule.path);
                changed.push((file, text.to_owned()));
            }
        }
        changed
    }
}

/// The places at which the grammar of Python, or of TOML, does not know on.
fn errors_in(file: &ExampleFile, text: &str) -> usize {
    match ending(file) {
        "toml" => usize::from(toml::from_str::<toml::Table>(text).is_err()),
        "py" => errors_below(parsed(text).root_node()),
        _ => 0,
    }
}

fn errors_below(node: Node<'_>) -> usize {
    let own = usize::from(node.is_error() || node.is_missing());
    let mut cursor = node.walk();
    own + node.children(&mut cursor).map(errors_below).sum::<usize>()
}

fn ending(file: &ExampleFile) -> &str {
    file.path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn absolute(file: &ExampleFile) -> String {
    format!("/example/{}", file.path)
}
