//! What is no good Python file: a clear message where one is due, everything else still checked, the right exit code.

mod support;

use support::{BAD, Project};

/// Checks a project of a good file with a finding and one that is odd.
fn beside_bad(odd: &[u8]) -> support::Output {
    Project::new(&[("a_odd.py", odd), ("bad.py", BAD.as_bytes())]).concise(&[])
}

#[test]
fn not_utf8() {
    let output = beside_bad(b"x = 1\ny = '\xe9'\n");
    output.says("skipped: a_odd.py is not UTF-8 (the byte at offset 11)");
    output.finds_bad_in(&["bad.py"]);
}

#[test]
fn utf16() {
    let output = beside_bad(b"\xff\xfex\0 \0=\0 \x001\0");
    output.says("skipped: a_odd.py is UTF-16");
    output.finds_bad_in(&["bad.py"]);
}

#[test]
fn latin1_with_its_cookie_is_read() {
    let text = b"# coding: latin-1\nimport yaml\ns = '\xe9'; yaml.load(s, Loader=yaml.Loader)\n";
    let output = Project::new(&[("a.py", text)]).run(&["check", "--output-format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let start = &report["findings"][0]["start"];
    assert_eq!((start["line"].as_u64(), start["column"].as_u64()), (Some(3), Some(10)));
    let offset = start["offset"].as_u64().unwrap() as usize;
    assert!(text[offset..].starts_with(b"yaml.load("), "the offset is that of the file's bytes");
    assert_eq!(output.stderr, "");
}

#[test]
fn an_unknown_encoding_is_named() {
    let output = beside_bad(b"# -*- coding: euc-jp -*-\nx = '\xa4\xa2'\n");
    output.says("declares the encoding `euc-jp`");
    output.finds_bad_in(&["bad.py"]);
}

#[test]
fn a_byte_order_mark_moves_no_column_and_every_offset() {
    let text = [b"\xef\xbb\xbf", b"import yaml; yaml.load(s, Loader=yaml.Loader)\n".as_slice()].concat();
    let output = Project::new(&[("a.py", &text)]).run(&["check", "--output-format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let start = &report["findings"][0]["start"];
    assert_eq!((start["column"].as_u64(), start["offset"].as_u64()), (Some(14), Some(16)));
}

#[test]
fn nul_bytes() {
    let odd = [BAD.as_bytes(), b"x = '\0'\n"].concat();
    let output = beside_bad(&odd);
    output.says("warning: a_odd.py holds NUL bytes");
    output.finds_bad_in(&["a_odd.py", "bad.py"]);
}

#[test]
fn every_line_end_counts() {
    for end in ["\n", "\r\n", "\r"] {
        let output = Project::new(&[("bad.py", BAD.replace('\n', end).as_bytes())]).concise(&[]);
        output.finds_bad_in(&["bad.py"]);
        assert!(output.stdout.starts_with("bad.py:5:12:"), "{end:?}: {}", output.stdout);
    }
}

#[test]
fn a_file_above_the_limit_is_skipped() {
    let project = Project::new(&[("bad.py", BAD.as_bytes())]);
    let large = std::fs::File::create(project.path("a_large.py")).unwrap();
    large.set_len(50 * 1024 * 1024).unwrap();
    let output = project.concise(&[]);
    output.says("skipped: a_large.py is larger than 10 MiB");
    output.finds_bad_in(&["bad.py"]);
}

#[test]
fn when_nothing_can_be_read_that_is_an_error() {
    let output = Project::new(&[("a.py", b"\xff")]).concise(&[]);
    output.says("error: none of the files could be read");
    assert_eq!(output.code, Some(2));
}

#[test]
fn an_empty_file_is_clean() {
    let output = Project::new(&[("a.py", b"")]).run(&["check"]);
    assert_eq!(output.stdout, "Nothing found: 1 file checked.\n");
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_python_2_file_is_read_as_far_as_it_goes() {
    let old =
        format!("print 'hello'\nexec 'x' in {{}}\ntry:\n    pass\nexcept E, e:\n    raise E, 'x'\n\n{BAD}");
    let output = beside_bad(old.as_bytes());
    output.finds_bad_in(&["a_odd.py", "bad.py"]);
}

#[test]
fn deep_nesting() {
    let depth = 10_000;
    let nests = [
        format!("x = {}{}\n", "(".repeat(depth), ")".repeat(depth)),
        format!("x = {}\n", "[".repeat(depth)),
        format!("x = {}1\n", "-".repeat(depth)),
        format!("x = a{}\n", ".b".repeat(depth)),
        format!("x = {}\n", "f(".repeat(depth)),
        format!("x = {}1\n", "1 + ".repeat(depth)),
        // Each level of a condition is gone through more than once: the levels must not multiply.
        format!("def f(x):\n    if {}x{}:\n        pass\n", "(y and (z or ".repeat(60), "))".repeat(60)),
        format!("def f(x):\n    if {}x{}:\n        pass\n", "(y and ".repeat(60), ")".repeat(60)),
    ];
    for odd in nests {
        beside_bad(odd.as_bytes()).finds_bad_in(&["bad.py"]);
    }
}

/// What would take the more time the more there is of it, times itself.
#[test]
fn long_files_of_little_sense() {
    let many = 20_000;
    let kinds = [
        "\\\n".repeat(many),
        " \\\n".repeat(many),
        format!("x = 1\n{}", "# a\n".repeat(5 * many)),
        "\"\n".repeat(many),
        "(\n".repeat(many),
        format!("{}def f(): pass\n", "@a\n".repeat(many)),
        (1..many).map(|number| format!("x{number} = x{} + y; ", number - 1)).collect::<Vec<_>>().concat(),
        format!("class C:\n{}", "    def m(self): pass\n".repeat(many)),
    ];
    for odd in kinds {
        beside_bad(odd.as_bytes()).finds_bad_in(&["bad.py"]);
    }
    let findings = beside_bad("x = \"\u{202e}\"\n".repeat(4_000).as_bytes());
    assert_eq!(findings.stdout.lines().count(), 4_001);
}

#[test]
fn nested_statements() {
    let depth = 500;
    let nest = |line: &str| {
        (0..depth).map(|level| format!("{}{line}\n", " ".repeat(level))).collect::<Vec<_>>().concat()
    };
    let inside = format!("{}pass\n", " ".repeat(depth));
    for line in ["if x:", "for x in y:", "while x:", "with x:", "def f(x):", "class C:", "try:", "match x:"] {
        beside_bad(format!("{}{inside}", nest(line)).as_bytes()).finds_bad_in(&["bad.py"]);
    }
    let branches = (0..10_000).map(|number| format!("elif x == {number}:\n    y = {number}\n"));
    let chain = branches.collect::<Vec<_>>().concat();
    beside_bad(format!("if x:\n    pass\n{chain}").as_bytes()).finds_bad_in(&["bad.py"]);
}

#[test]
fn a_configuration_that_is_not_utf8_is_named_once() {
    let files: [(&str, &[u8]); 2] =
        [("bad.py", BAD.as_bytes()), ("pyproject.toml", b"[tool.fangless]\nselect = [\"\xff\"]\n")];
    let output = Project::new(&files).concise(&[]);
    assert_eq!(output.stderr, "error: pyproject.toml is not UTF-8\n");
    assert_eq!(output.code, Some(2));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn a_directory_loop_is_said_and_left() {
        let project = Project::new(&[("pkg/bad.py", BAD.as_bytes())]);
        symlink(project.path("pkg"), project.path("pkg/again")).unwrap();
        let output = project.concise(&[]);
        output.says("warning: pkg/again leads back to pkg");
        output.finds_bad_in(&["pkg/bad.py"]);
    }

    #[test]
    fn a_file_that_two_names_lead_to_is_checked_once() {
        let project = Project::new(&[("pkg/bad.py", BAD.as_bytes())]);
        symlink(project.path("pkg"), project.path("same")).unwrap();
        project.concise(&[]).finds_bad_in(&["pkg/bad.py"]);
    }

    #[test]
    fn a_broken_link() {
        let project = Project::new(&[("bad.py", BAD.as_bytes())]);
        symlink("nowhere.py", project.path("a_link.py")).unwrap();
        let output = project.concise(&[]);
        output.says("skipped: a_link.py is a link to nothing");
        output.finds_bad_in(&["bad.py"]);
        let named = project.concise(&["a_link.py"]);
        named.says("error: a_link.py is a link to nothing");
        assert_eq!(named.code, Some(2));
    }

    /// Opening a pipe that nobody writes into never ends.
    #[test]
    fn pipes_are_left_closed() {
        let project = Project::new(&[(
            "bad.py",
            b"import helper\nimport yaml\nyaml.load(helper.x, Loader=yaml.Loader)\n",
        )]);
        let pipes = ["a_pipe.py", "helper.py", "requirements.txt", "pyproject.toml"];
        let made = Command::new("mkfifo").args(pipes.map(|name| project.path(name))).status().unwrap();
        assert!(made.success());
        let output = project.concise(&[]);
        output.says("error: pyproject.toml cannot be read: no regular file");
        assert!(output.stdout.starts_with("bad.py:3:1:"), "{}", output.stdout);
        let named = project.concise(&["a_pipe.py", "--isolated"]);
        named.says("skipped: a_pipe.py is no regular file");
        assert_eq!(named.code, Some(2));
        let config = project.concise(&["--config", "a_pipe.py"]);
        config.says("error: a_pipe.py cannot be read: no regular file");
        assert_eq!(config.code, Some(2));
    }

    #[test]
    fn a_working_directory_that_is_gone() {
        let project = Project::new(&[("bad.py", BAD.as_bytes())]);
        let gone = project.path("gone");
        std::fs::create_dir(&gone).unwrap();
        let mut command = Command::new("sh");
        command.current_dir(&gone).args([
            "-c",
            "rmdir ../gone && exec \"$0\" check",
            env!("CARGO_BIN_EXE_fangless"),
        ]);
        let output = command.output().unwrap();
        assert!(
            String::from_utf8_lossy(&output.stderr).starts_with("error: the working directory is gone"),
            "{output:?}"
        );
        assert_eq!(output.status.code(), Some(2));
    }

    /// Root may read everything, so as root the binary is run as somebody else.
    fn run_without_privileges(project: &Project) -> support::Output {
        let set = |path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        set(project.root(), 0o755);
        let is_privileged = std::fs::read_dir(project.path("locked")).is_ok();
        let arguments = ["check", "--output-format", "concise"];
        if !is_privileged {
            return project.run(&arguments);
        }
        let binary = project.path("fangless");
        std::fs::copy(env!("CARGO_BIN_EXE_fangless"), &binary).unwrap();
        set(binary.as_path(), 0o755);
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(binary).args(arguments);
        project.finish(command, b"")
    }

    #[test]
    fn an_unreadable_folder_and_an_unreadable_file() {
        let files: [(&str, &[u8]); 3] =
            [("bad.py", BAD.as_bytes()), ("locked/hidden.py", b"x = 1\n"), ("secret.py", b"x = 1\n")];
        let project = Project::new(&files);
        let set = |path: &str, mode| {
            std::fs::set_permissions(project.path(path), PermissionsExt::from_mode(mode)).unwrap();
        };
        set("locked", 0o000);
        set("secret.py", 0o000);
        let output = run_without_privileges(&project);
        set("locked", 0o755);
        output.says("skipped: locked cannot be read: Permission denied");
        output.says("skipped: secret.py cannot be read: Permission denied");
        output.finds_bad_in(&["bad.py"]);
    }
}
