//! `fangless doctor`: what holds for a file and why.

mod support;

use support::{BAD, Project};

/// The words of a line that begins with this name.
fn said<'a>(output: &'a support::Output, name: &str) -> Vec<&'a str> {
    let lines = output.stdout.lines().map(str::trim);
    lines.filter_map(|line| line.strip_prefix(name)).map(str::trim).collect()
}

#[test]
fn it_names_the_configuration_that_counts_and_those_passed_by() {
    let project = Project::new(&[
        ("src/app/bad.py", BAD.as_bytes()),
        ("src/pyproject.toml", b"[tool.other]\n"),
        ("fangless.toml", b"ignore = [\"CWE-502\"]\n"),
        ("pyproject.toml", b"[tool.fangless]\n"),
    ]);
    let output = project.run(&["doctor", "src/app/bad.py"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(said(&output, "file "), ["fangless.toml (the nearest above it)"]);
    assert_eq!(
        said(&output, "passed by "),
        [
            "src/pyproject.toml (has no [tool.fangless])",
            "pyproject.toml (the fangless.toml beside it counts)"
        ]
    );
    assert_eq!(said(&output, "yaml-unsafe-load "), ["`CWE-502` in `ignore`"]);
    assert_eq!(said(&output, "findings "), ["0, and 0 silenced by comments"]);
}

#[test]
fn it_says_why_each_rule_is_off() {
    let text = "select = [\"yaml-unsafe-load\", \"sql-injection\", \"S324\", \"CWE-78\"]\n\
                [per-file-ignores]\n\"app/**\" = [\"S324\"]\n";
    let project = Project::new(&[("app/bad.py", BAD.as_bytes()), ("fangless.toml", text.as_bytes())]);
    let output = project.run(&["doctor", "app/bad.py"]);
    assert!(output.stdout.lines().any(|line| line == "  yaml-unsafe-load"), "{}", output.stdout);
    assert_eq!(said(&output, "weak-hash "), ["`S324` in `per-file-ignores`"]);
    assert_eq!(said(&output, "flask-debug "), ["not in `select`"]);
    assert_eq!(said(&output, "findings "), ["1, and 0 silenced by comments"]);
    let plain = Project::new(&[("bad.py", BAD.as_bytes())]).run(&["doctor", "bad.py"]);
    assert!(said(&plain, "file ")[0].starts_with("none:"), "{}", plain.stdout);
    assert!(said(&plain, "assert-audit ")[0].starts_with("strict:"), "{}", plain.stdout);
}

#[test]
fn it_says_what_the_server_sees() {
    let text = "import store\nimport requests\nfrom . import gone\n\n\ndef keep(data):\n    \
                return store.load(data), eval(input())  # fangless: ignore why\n";
    let project = Project::new(&[
        ("app.py", text.as_bytes()),
        ("store.py", b"x = 1\n"),
        ("fangless.toml", b"exclude = [\"generated\"]\n"),
        ("generated/bad.py", BAD.as_bytes()),
        ("notes.txt", b"x\n"),
        ("requirements.txt", b"flask\n"),
    ]);
    let output = project.run(&["doctor", "app.py"]);
    assert_eq!(said(&output, "imports ")[0], "store.py");
    assert_eq!(said(&output, "findings "), ["0, and 1 silenced by comments"]);
    let excluded = project.run(&["doctor", "generated/bad.py"]);
    assert_eq!(said(&excluded, "findings "), ["none shown, since the file is excluded (1 without that)"]);
    assert!(said(&project.run(&["doctor", "notes.txt"]), "language ")[0].starts_with("no Python"));
    let manifest = project.run(&["doctor", "requirements.txt"]);
    assert_eq!(said(&manifest, "language "), Vec::<&str>::new());
    assert_eq!(said(&manifest, "findings "), ["1, and 0 silenced by comments"]);
    let folder = project.run(&["doctor"]);
    assert_eq!(said(&folder, "file "), ["fangless.toml (beside it)"]);
    assert!(!folder.stdout.contains("What the server sees"));
}

#[test]
fn a_wrong_configuration_is_an_error_with_its_line() {
    let project = Project::new(&[("bad.py", BAD.as_bytes()), ("fangless.toml", b"\nprofil = 1\n")]);
    let output = project.run(&["doctor", "bad.py"]);
    output.says("error: fangless.toml line 2, column 1: key `profil`");
    assert!(said(&output, "but ")[0].starts_with("it is wrong"), "{}", output.stdout);
    assert_eq!(output.code, Some(2));
    let gone = project.run(&["doctor", "gone.py"]);
    gone.says("gone.py does not exist");
    assert_eq!(gone.code, Some(2));
}
