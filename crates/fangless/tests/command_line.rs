//! The commands and their options, on the built binary.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use support::{BAD, Project};

const SECURE: &[u8] = b"import yaml\n\n\ndef read(stream):\n    return yaml.safe_load(stream)\n";

#[test]
fn exit_codes_are_0_1_and_2() {
    let project = Project::new(&[("bad.py", BAD.as_bytes()), ("good.py", SECURE)]);
    assert_eq!(project.run(&["check", "good.py"]).code, Some(0));
    assert_eq!(project.run(&["check", "bad.py"]).code, Some(1));
    assert_eq!(project.run(&["check", "--exit-zero", "bad.py"]).code, Some(0));
    assert_eq!(project.run(&["check", "--no-such-option"]).code, Some(2));
}

#[test]
fn a_path_that_does_not_exist_is_an_error_and_the_others_are_checked() {
    let output = Project::new(&[("bad.py", BAD.as_bytes())]).concise(&["bad.py", "gone.py"]);
    output.says("error: gone.py does not exist");
    assert!(output.stdout.starts_with("bad.py:5:12:"), "{}", output.stdout);
    assert_eq!(output.code, Some(2));
}

#[test]
fn a_folder_without_python_is_said() {
    let output = Project::new(&[("notes.txt", b"")]).concise(&[]);
    output.says("warning: no Python files below the given paths");
    assert_eq!(output.code, Some(0));
}

#[test]
fn what_git_ignores_and_what_no_one_wrote_is_left_out() {
    let bad = BAD.as_bytes();
    let files: [(&str, &[u8]); 8] = [
        (".git/config", b""),
        (".gitignore", b"generated/\n"),
        ("generated/a.py", bad),
        (".venv/lib/b.py", bad),
        ("environment/pyvenv.cfg", b""),
        ("environment/c.py", bad),
        ("script.pyw", bad),
        ("stub.pyi", bad),
    ];
    let project = Project::new(&files);
    project.concise(&[]).finds_bad_in(&["script.pyw", "stub.pyi"]);
    // What is named itself is checked, whatever ignores it.
    project.concise(&["generated/a.py"]).finds_bad_in(&["generated/a.py"]);
}

#[test]
fn standard_input_has_a_name() {
    let project = Project::new(&[]);
    let check = ["check", "--output-format", "concise", "-"];
    project.run_with_input(&check, BAD.as_bytes()).finds_bad_in(&["<stdin>"]);
    let named = [&check[..], &["--stdin-filename", "app/views.py"]].concat();
    project.run_with_input(&named, BAD.as_bytes()).finds_bad_in(&["app/views.py"]);
    project.run_with_input(&check, b"\xff").says("skipped: <stdin> is not UTF-8");
}

#[test]
fn rules_are_selected_and_ignored() {
    let project = Project::new(&[("bad.py", BAD.as_bytes())]);
    for selector in ["yaml-unsafe-load", "CWE-502", "S506", "B506"] {
        project.concise(&["--select", selector]).finds_bad_in(&["bad.py"]);
        assert_eq!(project.concise(&["--ignore", selector]).code, Some(0), "{selector}");
    }
    assert_eq!(project.concise(&["--select", "sql-injection"]).code, Some(0));
    let unknown = project.concise(&["--select", "yaml-unsave-load"]);
    unknown.says("`yaml-unsave-load` is no rule");
    assert_eq!(unknown.code, Some(2));
}

#[test]
fn suppressed_findings_count_nowhere_but_in_sarif() {
    let text = BAD.replace("yaml.Loader)\n", "yaml.Loader)  # fangless: ignore[yaml-unsafe-load] own file\n");
    let project = Project::new(&[("a.py", text.as_bytes())]);
    assert_eq!(project.concise(&[]).stdout, "");
    let output = project.run(&["check", "--output-format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["suppressions"][0]["justification"], "own file");
    assert_eq!(output.code, Some(0));
}

#[test]
fn colours_are_for_terminals() {
    let project = Project::new(&[("bad.py", BAD.as_bytes())]);
    assert!(!project.run(&["check"]).stdout.contains('\u{1b}'));
    assert!(project.run(&["check", "--color", "always"]).stdout.contains('\u{1b}'));
}

#[test]
fn statistics_count_by_rule() {
    let project = Project::new(&[("a.py", BAD.as_bytes()), ("b.py", BAD.as_bytes())]);
    let output = project.run(&["check", "--statistics"]);
    assert_eq!(output.stdout, "2  high      yaml-unsafe-load\n");
    assert_eq!(output.code, Some(1));
}

#[test]
fn the_steps_of_a_flow_name_the_files_they_stand_in() {
    let web =
        b"from flask import Flask, request\nimport shop\n\napp = Flask(__name__)\n\n\n@app.route('/')\n\
        def show():\n    shop.run(request.args['name'])\n    return ''\n";
    let shop = b"import os\n\n\ndef run(name):\n    os.system('ls ' + name)\n";
    let project = Project::new(&[("shop.py", shop), ("web.py", web)]);
    let output = project.run(&["check", "--output-format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let finding = report["findings"].as_array().unwrap().iter().find(|f| f["certainty"] == "certain");
    let flow = finding.unwrap_or_else(|| panic!("{}", output.stdout))["flow"].as_array().unwrap();
    assert_eq!(flow[0]["path"], "web.py");
    assert_eq!(flow[0]["start"]["line"], 9);
}

#[test]
fn safe_fixes_are_applied_and_bytes_around_them_stay() {
    let text = b"\xef\xbb\xbfimport hashlib\r\nimport tempfile\r\nx = '\xc3\xa9'\r\n";
    let project = Project::new(&[("clean.py", text)]);
    assert_eq!(project.run(&["fix"]).code, Some(0));
    assert_eq!(project.read("clean.py"), text);
}

#[test]
fn suggested_fixes_need_their_option_and_a_diff_changes_nothing() {
    let project = Project::new(&[("bad.py", BAD.as_bytes())]);
    let diff = project.run(&["fix", "--unsafe-fixes", "--diff"]);
    assert!(
        diff.stdout.contains("\n-    return yaml.load(stream, Loader=yaml.Loader)\n+"),
        "{}",
        diff.stdout
    );
    assert_eq!((diff.code, project.read("bad.py")), (Some(1), BAD.as_bytes().to_vec()));
    let fixed = project.run(&["fix", "--unsafe-fixes"]);
    fixed.says("1 finding fixed in 1 file, 0 left.");
    assert_eq!(fixed.code, Some(0));
    assert_eq!(project.run(&["check"]).code, Some(0));
}

#[test]
fn fixed_standard_input_goes_to_standard_output() {
    let output = Project::new(&[]).run_with_input(&["fix", "--unsafe-fixes", "-"], BAD.as_bytes());
    assert!(
        output.stdout.starts_with("import yaml\n") && !output.stdout.contains("yaml.Loader"),
        "{}",
        output.stdout
    );
}

#[test]
fn pages_are_shown_and_near_names_offered() {
    let project = Project::new(&[]);
    let page = project.run(&["explain", "yaml-unsafe-load"]);
    assert!(page.stdout.contains("CWE-502"), "{}", page.stdout);
    assert_eq!(page.code, Some(0));
    let unknown = project.run(&["explain", "yaml-unsave-load"]);
    unknown.says("did you mean `yaml-unsafe-load`");
    assert_eq!(unknown.code, Some(2));
}

#[test]
fn all_rules_are_listed() {
    let project = Project::new(&[]);
    let json = project.run(&["rules", "--output-format", "json"]);
    let rules: Vec<serde_json::Value> = serde_json::from_str(&json.stdout).unwrap();
    let text = project.run(&["rules"]);
    assert_eq!(text.stdout.lines().count(), rules.len());
    assert!(rules.iter().any(|rule| rule["name"] == "sql-injection" && rule["cwe"][0] == "CWE-89"));
}

#[test]
fn the_server_speaks_the_protocol_and_nothing_else_on_standard_output() {
    let project = Project::new(&[]);
    let mut server = Command::new(env!("CARGO_BIN_EXE_fangless"))
        .args(["server", "--log-file", "log.txt"])
        .env("FANGLESS_LOG", "trace")
        .current_dir(project.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    let mut send = |body: &str| write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();

    send(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#);
    assert!(answer(&mut output)["result"]["capabilities"].is_object());
    send(r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#);
    send(r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#);
    while answer(&mut output)["id"] != 2 {}
    send(r#"{"jsonrpc":"2.0","method":"exit"}"#);

    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let ended = server.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), rest.as_str(), ended.stderr.as_slice()), (Some(0), "", b"".as_slice()));
    assert!(!project.read("log.txt").is_empty());
}

/// The next message. Panics on anything that is none.
fn answer(output: &mut impl BufRead) -> serde_json::Value {
    let mut length = None;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            header => {
                let digits = header.strip_prefix("Content-Length: ");
                length = digits.map(|digits| digits.parse().unwrap()).or(length);
            }
        }
    }
    let mut body = vec![0; length.unwrap()];
    output.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn completions_name_the_commands() {
    assert!(Project::new(&[]).run(&["completions", "bash"]).stdout.contains("explain"));
}
