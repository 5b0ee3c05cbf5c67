//! Notebooks on the command line: findings by cell, in every form, and fixes that touch nothing else.

mod support;

use serde_json::Value;
use support::Project;

/// As Jupyter writes it: an indent of one, a line of code a string.
const NOTEBOOK: &str = r##"{
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": ["# Settings\n", "eval(input())"]
  },
  {
   "cell_type": "code",
   "execution_count": 1,
   "metadata": {},
   "outputs": [{"name": "stdout", "output_type": "stream", "text": ["yaml.load(x)\n"]}],
   "source": [
    "%matplotlib inline\n",
    "import yaml  # caf\u00e9\n",
    "from flask import request"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "metadata": {},
   "outputs": [],
   "source": [
    "!pip install \"x\"\n",
    "settings = yaml.load(open('x'))\n",
    "eval(request.args['\"'])"
   ]
  }
 ],
 "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
 "nbformat": 4,
 "nbformat_minor": 5
}
"##;

fn project() -> Project {
    Project::new(&[("deep/a.ipynb", NOTEBOOK.as_bytes())])
}

#[test]
fn findings_are_told_by_cell() {
    let output = project().concise(&[]);
    let places: Vec<&str> = output.stdout.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["deep/a.ipynb:cell 3:2:12", "deep/a.ipynb:cell 3:3:1"], "{}", output.stdout);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    let text = project().run(&["check"]).stdout;
    assert!(text.contains("deep/a.ipynb:cell 3:2:12"), "{text}");
    // The source of a flow stands in the same cell, and is not shown as a line of the whole.
    assert!(text.contains("3 │ eval(request.args"), "{text}");
    assert!(text.contains("2 │ settings = yaml.safe_load(open('x'))"), "{text}");
}

#[test]
fn programs_are_told_the_cell_and_the_line_of_the_file() {
    let line = NOTEBOOK.lines().position(|line| line.contains("settings = ")).unwrap() as u64 + 1;
    let column = 5 + 1 + "settings = ".len() as u64;
    let of = |format: &str| project().run(&["check", "--exit-zero", "--output-format", format]).stdout;
    let json: Value = serde_json::from_str(&of("json")).unwrap();
    let place = &json["findings"][0]["start"];
    let offset = NOTEBOOK.find("yaml.load(open").unwrap();
    assert_eq!(*place, serde_json::json!({"cell": 3, "line": 2, "column": 12, "offset": offset}));
    let sarif: Value = serde_json::from_str(&of("sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&line.into(), &column.into()));
    assert!(result["message"]["text"].as_str().unwrap().ends_with(" (cell 3, line 2)"), "{result}");
    assert_eq!(result.get("fixes").and_then(Value::as_array).map_or(0, Vec::len), 0);
    let github = of("github");
    assert!(github.contains(&format!(",line={line},endLine={line},col={column},")), "{github}");
    assert!(of("junit").contains(">deep/a.ipynb:cell 3:2:12: "));
}

#[test]
fn a_fix_changes_its_line_and_no_other_byte() {
    let expected = NOTEBOOK.replace("yaml.load(open('x'))", "yaml.safe_load(open('x'))");
    let project = project();
    let diff = project.run(&["fix", "--diff"]);
    let changed: Vec<&str> = diff
        .stdout
        .lines()
        .filter(|line| line.starts_with(['-', '+']) && !line[1..].starts_with(['-', '+']))
        .collect();
    assert_eq!(
        changed,
        ["-    \"settings = yaml.load(open('x'))\\n\",", "+    \"settings = yaml.safe_load(open('x'))\\n\","]
    );
    assert_eq!(project.read("deep/a.ipynb"), NOTEBOOK.as_bytes());
    project.run(&["fix"]);
    assert_eq!(String::from_utf8(project.read("deep/a.ipynb")).unwrap(), expected);
    let from_input =
        project.run_with_input(&["fix", "--stdin-filename", "b.ipynb", "-"], NOTEBOOK.as_bytes());
    assert_eq!(from_input.stdout, expected);
}

#[test]
fn an_import_that_a_fix_needs_is_put_into_the_cell_of_the_imports() {
    let notebook = "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"import random\"]}, {\"cell_type\": \"code\", \
                    \"source\": \"%%time\\ntoken = random.choice('abc')\"}]}";
    let project = Project::new(&[("a.ipynb", notebook.as_bytes())]);
    let output = project.run(&["fix"]);
    let expected = notebook
        .replace("[\"import random\"]", "[\"import random\\n\",\"import secrets\"]")
        .replace("random.choice", "secrets.choice");
    assert_eq!(String::from_utf8(project.read("a.ipynb")).unwrap(), expected, "{}", output.stderr);
}

#[test]
fn secrets_of_a_notebook_are_in_no_difference() {
    let notebook = "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"import yaml\\n\", \
                    \"password = \\\"q8Zr3Wv5tY\\\"; x = yaml.load(y)\"]}]}\n";
    let project = Project::new(&[("a.ipynb", notebook.as_bytes())]);
    let diff = project.run(&["fix", "--diff", "--select", "all"]).stdout;
    assert!(diff.contains("safe_load") && !diff.contains("q8Zr3Wv5tY"), "{diff}");
}

#[test]
fn what_is_no_notebook_in_python_is_skipped_with_the_reason() {
    let r = r#"{"cells": [], "metadata": {"language_info": {"name": "R"}}}"#;
    let project = Project::new(&[("r.ipynb", r.as_bytes()), ("broken.ipynb", b"{\"cells\": [")]);
    let output = project.run(&["check"]);
    output.says("skipped: r.ipynb is a notebook in R, not in Python");
    output.says("skipped: broken.ipynb is no notebook: ");
    let doctor = project.run(&["doctor", "r.ipynb"]);
    assert!(doctor.stdout.contains("none: is a notebook in R"), "{}", doctor.stdout);
    let other = self::project();
    let doctor = other.run(&["doctor", "deep/a.ipynb"]);
    assert!(doctor.stdout.contains("3 cells, 2 of them in Python"), "{}", doctor.stdout);
}
