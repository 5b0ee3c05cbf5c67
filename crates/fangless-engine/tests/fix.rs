//! Runs the pages in `tests/fix`: each case is a recipe, a text with its target marked, and the text after the fix, or
//! the word that it is refused. How to write one is said in `tests/fix/README.md`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fangless_engine::fix::{Site, apply, build, merge, select_non_overlapping};
use fangless_engine::rule::schema::FixRecipe;
use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Edit, Fix};

/// Pages of structural rewrites hold at least this many cases.
const CASES_A_PAGE: usize = 8;

struct Case {
    title: String,
    recipe: FixRecipe,
    callee: Option<String>,
    name: Option<String>,
    expected: Option<Applicability>,
    windows_line_ends: bool,
    broken: bool,
    before: String,
    /// None: the fix must be refused.
    after: Option<String>,
}

fn pages() -> Vec<(PathBuf, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fix");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("README.md")
        })
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no page in {}", folder.display());
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let cases = text
                .split("\n## ")
                .skip(1)
                .map(|section| case(section).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
                .collect();
            (path, cases)
        })
        .collect()
}

fn case(section: &str) -> Result<Case, String> {
    let title = section.lines().next().unwrap_or("").to_owned();
    let fail = |what: &str| format!("{title}: {what}");
    let block = |fence: &str| {
        let start = section.find(&format!("\n{fence}\n"))? + fence.len() + 2;
        let end = section[start..].find("```")? + start;
        Some(section[start..end].to_owned())
    };
    let header = block("```toml").ok_or_else(|| fail("no recipe"))?;
    let mut recipe: toml::Table = header.parse().map_err(|error| fail(&format!("{error}")))?;
    let site = match recipe.remove("site") {
        Some(toml::Value::Table(site)) => site,
        _ => toml::Table::new(),
    };
    recipe.entry("title").or_insert("the fix".into());
    recipe.entry("applicability").or_insert("suggested".into());
    let text = |key: &str| site.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let flag = |key: &str| site.get(key).and_then(toml::Value::as_bool).unwrap_or(false);
    let after = block("```python after");
    let refused = section.contains("\nRefused");
    if after.is_some() == refused {
        return Err(fail("a case has either a text after the fix or a line that begins with `Refused`"));
    }
    Ok(Case {
        recipe: recipe.try_into().map_err(|error| fail(&format!("{error}")))?,
        callee: text("callee"),
        name: text("name"),
        expected: text("expected").map(|word| match word.as_str() {
            "safe" => Applicability::Safe,
            _ => Applicability::Suggested,
        }),
        windows_line_ends: flag("windows-line-ends"),
        broken: flag("broken"),
        before: block("```python before").ok_or_else(|| fail("no text before"))?,
        after,
        title,
    })
}

/// Takes a pair of markers out of the text and gives the range between them.
fn take_mark(text: &mut String, marks: [char; 2]) -> Option<TextRange> {
    let start = text.find(marks[0])?;
    text.remove(start);
    let end = text.find(marks[1])?;
    text.remove(end);
    Some(TextRange::new(start as u32, end as u32))
}

/// The text without markers, and what the fix makes of it.
fn run(case: &Case) -> (String, Option<Fix>) {
    let mut text =
        if case.windows_line_ends { case.before.replace('\n', "\r\n") } else { case.before.clone() };
    // The inner marks go last, so that removing them moves nothing that was measured.
    let outer = text.find('«').expect("a target is marked");
    let inner = text.find('‹');
    let (target, argument) = if inner.is_some() {
        let mut plain = text.replace(['«', '»'], "");
        let argument = take_mark(&mut plain, ['‹', '›']);
        let mut marked = text.replace(['‹', '›'], "");
        let target = take_mark(&mut marked, ['«', '»']);
        assert_eq!(plain, marked);
        text = plain;
        (target, argument)
    } else {
        let target = take_mark(&mut text, ['«', '»']);
        (target, None)
    };
    let target = target.unwrap_or_else(|| panic!("{}: the target at {outer} does not end", case.title));
    let fix = build(
        &case.recipe,
        &Site {
            text: &text,
            target,
            argument,
            callee: case.callee.as_deref(),
            name: case.name.as_deref(),
            flow: &[],
            path: "/project/app.py",
        },
    );
    (text, fix)
}

#[test]
fn pages_hold() {
    let mut failures = String::new();
    for (path, cases) in pages() {
        assert!(cases.len() >= CASES_A_PAGE, "{} has only {} cases", path.display(), cases.len());
        for case in &cases {
            let page = path.file_name().unwrap().to_string_lossy();
            let (text, fix) = run(case);
            let result = fix.as_ref().map(|fix| apply(&text, &fix.edits));
            let expected = case.after.as_ref().map(|after| {
                if case.windows_line_ends { after.replace('\n', "\r\n") } else { after.clone() }
            });
            if result != expected {
                let shown = result.as_deref().unwrap_or("(refused)\n");
                writeln!(failures, "--- {page}: {}\n{shown}", case.title).unwrap();
            }
            let Some(fix) = fix else { continue };
            if case.expected.is_some_and(|expected| expected != fix.applicability) {
                writeln!(failures, "--- {page}: {} is {:?}", case.title, fix.applicability).unwrap();
            }
            let is_sorted = fix.edits.windows(2).all(|pair| pair[0].range.end < pair[1].range.start);
            if !is_sorted {
                writeln!(failures, "--- {page}: {}: edits touch: {:?}", case.title, fix.edits).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// `CPython` itself reads every text after a fix, where it is installed.
#[test]
fn python_compiles_what_fixes_leave() {
    let mut texts = Vec::new();
    for (path, cases) in pages() {
        for case in cases.iter().filter(|case| !case.broken) {
            let (text, fix) = run(case);
            if let Some(fix) = fix {
                texts.push((format!("{}: {}", path.display(), case.title), apply(&text, &fix.edits)));
            }
        }
    }
    assert!(!texts.is_empty());
    let program = "import json, sys\nfor name, text in json.load(sys.stdin):\n    try:\n        compile(text, name, 'exec')\n    except SyntaxError as error:\n        print(name, error)\n";
    let Ok(mut child) = Command::new("python3")
        .args(["-W", "error", "-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    else {
        eprintln!("python3 is not installed: nothing was compiled");
        return;
    };
    let input = serde_json::to_vec(&texts).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let complaints = String::from_utf8_lossy(&output.stdout);
    assert!(complaints.is_empty(), "\n{complaints}");
}

fn fix(edits: &[(u32, u32, &str)]) -> Fix {
    Fix {
        title: String::new(),
        applicability: Applicability::Safe,
        edits: edits
            .iter()
            .map(|(start, end, text)| Edit { range: TextRange::new(*start, *end), text: (*text).to_owned() })
            .collect(),
    }
}

#[test]
fn fixes_that_share_an_import_are_made_together() {
    let text = "a\nb\n";
    let fixes = [
        fix(&[(0, 0, "import secrets\n"), (0, 1, "x")]),
        fix(&[(0, 0, "import secrets\n"), (2, 3, "y")]),
        fix(&[(0, 1, "z")]),
    ];
    let selected = select_non_overlapping(&fixes);
    assert_eq!(selected.len(), 2);
    assert_eq!(apply(text, &merge(&selected)), "import secrets\nx\ny\n");
}

#[test]
fn insertions_at_one_place_are_left_for_the_next_round() {
    let fixes = [fix(&[(1, 1, "import b\n")]), fix(&[(1, 1, "import a\n")])];
    assert_eq!(select_non_overlapping(&fixes).len(), 1);
}
