//! Manifests on the command line: found by the walk, reported in every form, mended.

mod support;

use support::Project;

const UNPINNED: &[u8] = b"flask==3.0.3\nrequests>=2.32.1\n";
const CLEARTEXT: &[u8] = b"[[tool.uv.index]]\nurl = \"http://download.pytorch.org/whl\"\n";

#[test]
fn the_walk_finds_manifests() {
    let project = Project::new(&[
        ("requirements.txt", UNPINNED),
        ("sub/pyproject.toml", CLEARTEXT),
        ("sub/notes.txt", UNPINNED),
        ("other/requirements.in", UNPINNED),
    ]);
    let output = project.concise(&[]);
    let places: Vec<&str> = output.stdout.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["requirements.txt:2:1", "sub/pyproject.toml:2:7"], "{}", output.stdout);
    assert!(output.stdout.contains("requirement-unpinned"), "{}", output.stdout);
    assert_eq!(output.code, Some(1));
}

#[test]
fn every_form_reports_them() {
    let project = Project::new(&[("requirements.txt", UNPINNED)]);
    for form in ["text", "concise", "json", "sarif", "github", "junit"] {
        let output = project.run(&["check", "--output-format", form]);
        assert!(output.stdout.contains("requirement-unpinned"), "{form}: {}", output.stdout);
        assert!(output.stdout.contains("requirements.txt"), "{form}: {}", output.stdout);
    }
}

#[test]
fn comments_and_lock_files_silence() {
    let silenced = b"requests>=2.32.1  # fangless: ignore[requirement-unpinned]\n";
    let project = Project::new(&[
        ("a/requirements.txt", silenced),
        ("b/requirements.txt", UNPINNED),
        ("b/uv.lock", b"version = 1\n"),
        ("c/requirements.txt", b"-c limits/constraints.txt\nrequests\n"),
        ("c/limits/constraints.txt", b"requests==2.32.4\n"),
    ]);
    assert_eq!(project.concise(&["a", "b", "c/requirements.txt"]).code, Some(0));
}

#[test]
fn fixes_are_written() {
    let project = Project::new(&[("requirements.txt", UNPINNED), ("pyproject.toml", CLEARTEXT)]);
    project.run(&["fix"]);
    assert_eq!(
        project.read("pyproject.toml"),
        b"[[tool.uv.index]]\nurl = \"https://download.pytorch.org/whl\"\n"
    );
    assert_eq!(project.read("requirements.txt"), UNPINNED);
    project.run(&["fix", "--unsafe-fixes"]);
    assert_eq!(project.read("requirements.txt"), b"flask==3.0.3\nrequests==2.32.1\n");
}

#[test]
fn standard_input_may_be_a_manifest() {
    let project = Project::new(&[]);
    let arguments = ["check", "--output-format", "concise", "--stdin-filename", "requirements.txt", "-"];
    let output = project.run_with_input(&arguments, UNPINNED);
    assert!(output.stdout.starts_with("requirements.txt:2:1"), "{}", output.stdout);
}
