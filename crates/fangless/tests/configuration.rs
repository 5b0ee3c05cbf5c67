//! The configuration: which file counts for which Python file, and what is said of a wrong one.

mod support;

use support::{BAD, Project};

fn bad_with(name: &str, text: &str) -> Project {
    Project::new(&[("src/bad.py", BAD.as_bytes()), (name, text.as_bytes())])
}

#[test]
fn both_files_are_read() {
    let pyproject = bad_with("pyproject.toml", "[tool.fangless]\nignore = [\"yaml-unsafe-load\"]\n");
    assert_eq!(pyproject.concise(&[]).code, Some(0));
    let own = bad_with("fangless.toml", "ignore = [\"yaml-unsafe-load\"]\n");
    assert_eq!(own.concise(&[]).code, Some(0));
    own.concise(&["--isolated"]).finds_bad_in(&["src/bad.py"]);
}

#[test]
fn the_nearest_file_wins() {
    let project = bad_with("fangless.toml", "ignore = [\"yaml-unsafe-load\"]\n");
    project.write("src/pyproject.toml", b"[tool.other]\n");
    assert_eq!(project.concise(&[]).code, Some(0), "one without our table is passed by");
    project.write("src/pyproject.toml", b"[tool.fangless]\n");
    project.concise(&[]).finds_bad_in(&["src/bad.py"]);
}

#[test]
fn paths_are_excluded_and_ignored_from_the_folder_of_the_file() {
    let project = bad_with("src/fangless.toml", "exclude = [\"/bad.py\"]\n");
    project.write("src/deep/bad.py", BAD.as_bytes());
    project.concise(&[]).finds_bad_in(&["src/deep/bad.py"]);
    project.concise(&["src/bad.py"]).finds_bad_in(&["src/bad.py"]);
    project.write("src/fangless.toml", b"[per-file-ignores]\n\"deep/**\" = [\"yaml-unsafe-load\"]\n");
    project.concise(&[]).finds_bad_in(&["src/bad.py"]);
}

#[test]
fn a_wrong_key_is_named_with_file_and_line_and_the_rest_is_checked() {
    let output =
        bad_with("pyproject.toml", "[tool.fangless]\nignore = []\nprofil = \"strict\"\n").concise(&[]);
    output.says("error: pyproject.toml line 3, column 1: key `profil`: unknown field `profil`");
    assert!(output.stdout.starts_with("src/bad.py:5:12:"), "{}", output.stdout);
    assert_eq!(output.code, Some(2));
}

#[test]
fn a_wrong_rule_is_named() {
    let output = bad_with("fangless.toml", "select = [\n  \"no-such-rule\",\n]\n").concise(&[]);
    output.says("error: fangless.toml line 2, column 3: key `select`: `no-such-rule` is no rule");
    assert_eq!(output.code, Some(2));
}

#[test]
fn a_broken_file_of_somebody_else_is_no_matter() {
    let output = bad_with("pyproject.toml", "[project\n").concise(&[]);
    output.finds_bad_in(&["src/bad.py"]);
    assert_eq!(output.stderr, "");
}

#[test]
fn a_file_can_be_named() {
    let project = bad_with("other.toml", "ignore = [\"yaml-unsafe-load\"]\n");
    assert_eq!(project.concise(&["--config", "other.toml"]).code, Some(0));
    let output = project.concise(&["--config", "gone.toml"]);
    output.says("error: gone.toml");
    assert_eq!(output.code, Some(2));
}

#[test]
fn what_a_project_lacks_is_said_once_unless_it_is_provided() {
    let app: &[u8] = b"from flask import Flask\n\napp = Flask(__name__)\n";
    let project = Project::new(&[("a.py", app), ("b.py", app)]);
    let lacks = |output: support::Output| {
        let lines = output.stdout.lines().filter(|line| line.contains("[security-headers-absent]"));
        lines.map(|line| line.split(':').next().unwrap_or_default().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lacks(project.concise(&["--profile", "strict"])), ["a.py"]);
    assert!(lacks(project.concise(&["--profile", "strict", "a.py"])).is_empty(), "one file is no project");
    project.write("fangless.toml", b"provided = [\"security-headers\"]\n");
    assert!(lacks(project.concise(&["--profile", "strict"])).is_empty());
    project.write("fangless.toml", b"provided = [\"headers\"]\n");
    project.concise(&[]).says("`headers` is nothing to be provided");
}
