//! The steps that a finding shows: from the source over each assignment, call and return that matters to the sink. Each
//! page case is a `python` block and, behind it, a `path` block: the line and the words of each step.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use fangless_engine::rule::{RuleSet, examples};
use fangless_engine::text::LineIndex;
use fangless_engine::{Finding, Workspace};

#[test]
fn findings_tell_the_path_they_took() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paths.md");
    let text = std::fs::read_to_string(&page).expect("the page is beside the test");
    let cases = examples("paths.md", &text, "app").unwrap_or_else(|error| panic!("{error}"));
    let wanted: Vec<&str> =
        text.split("```path\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(cases.len(), wanted.len(), "each case has its path");
    let rules = Arc::new(RuleSet::builtin());
    let (mut report, mut failures) = (String::new(), 0);
    for (case, wanted) in cases.iter().zip(wanted) {
        let mut workspace = Workspace::new(Arc::clone(&rules));
        for file in &case.files {
            workspace.set_file(&format!("/project/{}", file.path), file.text.clone());
        }
        let mut shown = String::new();
        for file in &case.files {
            for finding in workspace.findings(&format!("/project/{}", file.path)) {
                if !finding.flow.is_empty() {
                    show(&workspace, &file.path, &file.text, &finding, &mut shown);
                }
            }
        }
        if shown != *wanted {
            failures += 1;
            let _ = writeln!(report, "paths.md:{}: shown is\n{shown}", case.line);
        }
    }
    assert!(failures == 0, "{failures} paths differ\n{report}");
}

fn show(workspace: &Workspace, path: &str, text: &str, finding: &Finding, shown: &mut String) {
    let line = LineIndex::new(text).line_column(finding.range.start).line + 1;
    let sources = if finding.other_sources > 0 {
        format!(", {} other sources", finding.other_sources)
    } else {
        String::new()
    };
    let certainty = format!("{:?}", finding.certainty).to_lowercase();
    let _ = writeln!(shown, "{path}:{line} {} ({certainty}{sources})", finding.rule);
    for step in &finding.flow {
        let name = step.path.strip_prefix("/project/").unwrap_or(&step.path);
        let text = workspace.text(&step.path).unwrap_or_default();
        let line = LineIndex::new(text).line_column(step.range.start).line + 1;
        let _ = writeln!(shown, "    {name}:{line} {}", step.note);
    }
}
