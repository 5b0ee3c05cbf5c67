//! Runs the evaluator's cases: one Markdown page of `tests/flow/` for each capability. A line marked `# error: [rule]`
//! must be found, nothing else may be. Only rules that follow data count, strict ones only where the page names them, and
//! whatever else it names.
//! `FANGLESS_FLOW=name` runs one page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fangless_engine::rule::schema::Profile;
use fangless_engine::rule::{Example, RuleSet, examples};
use fangless_engine::text::LineIndex;
use fangless_engine::{Finding, Workspace};

/// Cases of each kind that a page must have: enough that no single spelling passes by luck.
const LEAST: usize = 6;

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow");
    let only = std::env::var("FANGLESS_FLOW").ok();
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| only.as_deref().is_none_or(|name| path.file_stem().is_some_and(|stem| stem == name)))
        .collect();
    pages.sort();
    assert!(!pages.is_empty(), "no page has the name {only:?}");
    pages
}

fn read(page: &Path) -> Vec<Example> {
    let text = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    examples(&page.display().to_string(), &text, "none").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn data_flows_as_the_pages_say() {
    let rules = Arc::new(RuleSet::builtin());
    let (mut report, mut failures) = (String::new(), 0);
    for page in pages() {
        let examples = read(&page);
        let named: BTreeSet<_> = examples
            .iter()
            .flat_map(|example| &example.files)
            .flat_map(|file| &file.expected)
            .map(|expected| expected.rule.clone())
            .collect();
        let counts = |finding: &Finding| {
            finding.suppressed.is_none()
                && (named.contains(&finding.rule)
                    || rules.rule(&finding.rule).is_some_and(|rule| {
                        !rule.definition.flow.is_empty() && rule.definition.profile != Profile::Strict
                    }))
        };
        for example in &examples {
            for problem in differences(&rules, example, &counts) {
                failures += 1;
                let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let _ = writeln!(report, "{name}:{problem}");
            }
        }
    }
    assert!(failures == 0, "{failures} differences\n{report}");
}

/// Lines of an example where what is found is not what is announced.
fn differences(rules: &Arc<RuleSet>, example: &Example, counts: &dyn Fn(&Finding) -> bool) -> Vec<String> {
    let mut workspace = Workspace::with_profile(Arc::clone(rules), true);
    for file in &example.files {
        workspace.set_file(&format!("/project/{}", file.path), file.text.clone());
    }
    let mut problems = Vec::new();
    for file in &example.files {
        let index = LineIndex::new(&file.text);
        let found: BTreeSet<_> = workspace
            .findings(&format!("/project/{}", file.path))
            .iter()
            .filter(|finding| counts(finding))
            .map(|finding| (index.line_column(finding.range.start).line, finding.rule.clone()))
            .collect();
        let expected: BTreeSet<_> =
            file.expected.iter().map(|expected| (expected.line, expected.rule.clone())).collect();
        let mut tell = |(line, rule): &(u32, smol_str::SmolStr), what: &str| {
            let source = file.text.lines().nth(*line as usize).unwrap_or_default().trim();
            problems.push(format!("{}: {what} {rule}\n    {source}", file.line + line));
        };
        expected.difference(&found).for_each(|one| tell(one, "missed"));
        found.difference(&expected).for_each(|one| tell(one, "false"));
    }
    problems
}

/// A page shows its capability on both sides: what is dangerous, and what only looks so.
#[test]
fn every_page_has_cases_of_both_kinds() {
    let mut short = Vec::new();
    for page in pages() {
        let examples = read(&page);
        let marked: usize =
            examples.iter().flat_map(|example| &example.files).map(|file| file.expected.len()).sum();
        let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        let silent = text.lines().filter(|line| line.trim_end().ends_with("# fine")).count();
        if marked < LEAST || silent < LEAST {
            short.push(format!("{name}: {marked} firing, {silent} silent (`# fine`)"));
        }
    }
    assert!(short.is_empty(), "pages with fewer than {LEAST} cases:\n{}", short.join("\n"));
}
