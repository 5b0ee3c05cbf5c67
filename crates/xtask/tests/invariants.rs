//! The invariants of the architecture, and the rules of `CONTRIBUTING.md`, that the compiler cannot hold, held by reading
//! the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// What the engine may not name: I/O, the environment, the clock, async, the protocol.
const FORBIDDEN_IN_ENGINE: [&str; 15] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "SystemTime",
    "Instant",
    "tokio",
    "tower_lsp",
    "lsp_types",
    "ls_types",
    "println!",
    "eprintln!",
    "dbg!",
];

/// The names of the protocol.
const PROTOCOL: [&str; 3] = ["tower_lsp", "lsp_types", "ls_types"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates/xtask lies in crates").to_path_buf()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Whether the line of code names the word, as a word of its own. Comments may speak of what is forbidden.
fn names(line: &str, word: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(word).any(|(at, _)| {
        let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
        !code[..at].ends_with(part_of_a_name) && !code[at + word.len()..].starts_with(part_of_a_name)
    })
}

/// Every line of the files below a folder, or of one file, with its place and without its comment, up to the file's
/// tests. A file of tests beside a module has none.
fn code_lines(path: &Path) -> Vec<(String, String)> {
    let files = if path.is_dir() { rust_files(path) } else { vec![path.to_path_buf()] };
    let mut lines = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("src/workspace/tests.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            lines.push((format!("{}:{}", file.display(), number + 1), code.trim().to_string()));
        }
    }
    lines
}

/// Every place where one of the words is named.
fn places(path: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, code) in code_lines(path) {
        found.extend(words.iter().filter(|word| names(&code, word)).map(|word| format!("{place}: {word}")));
    }
    found
}

/// The imports that reach the same modules by another spelling: `use std::{fs, env}`.
fn grouped_std_imports(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust_files(folder) {
        let text = fs::read_to_string(&file).unwrap();
        for (number, _) in
            text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("use std::{"))
        {
            found.push(format!("{}:{}", file.display(), number + 1));
        }
    }
    found
}

#[test]
fn the_engine_does_no_input_or_output() {
    let engine = crates().join("fangless-engine/src");
    assert_eq!(places(&engine, &FORBIDDEN_IN_ENGINE), Vec::<String>::new());
    // One module a line, so that the words above can be seen.
    assert_eq!(grouped_std_imports(&engine), Vec::<String>::new());
}

#[test]
fn protocol_types_stay_in_the_server() {
    for name in ["fangless-engine", "fangless-project", "fangless"] {
        assert_eq!(places(&crates().join(name).join("src"), &PROTOCOL), Vec::<String>::new());
    }
}

#[test]
fn dependencies_point_one_way() {
    let manifest = |name: &str| fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap();
    assert!(!manifest("fangless-engine").contains("fangless-lsp"));
    assert!(!manifest("fangless-engine").contains("fangless-project"));
    assert!(!manifest("fangless-engine").contains("fangless.workspace"));
    assert!(!manifest("fangless-project").contains("fangless-lsp"));
    assert!(!manifest("fangless-project").contains("fangless.workspace"));
    assert!(!manifest("fangless-lsp").contains("fangless.workspace"));
    // The manifests are the ones that count.
    assert!(manifest("fangless-lsp").contains("fangless-engine.workspace"));
    assert!(manifest("fangless").contains("fangless-lsp.workspace"));
}

/// The parts of the engine that meet a program's text. What they cannot read they leave out; they never fail.
const MEETS_PROGRAMS: [&str; 11] = [
    "text",
    "syntax",
    "flow",
    "checks",
    "fix",
    "manifest",
    "secret",
    "workspace.rs",
    "workspace",
    "results.rs",
    "suppress.rs",
];

#[test]
fn nothing_in_the_engine_fails_for_a_programs_text() {
    let engine = crates().join("fangless-engine/src");
    let lines = MEETS_PROGRAMS.iter().flat_map(|part| code_lines(&engine.join(part)));
    let found: Vec<String> = lines
        .filter(|(_, code)| {
            code.match_indices("Result<").any(|(at, _)| !code[..at].ends_with(char::is_alphanumeric))
        })
        .map(|(place, code)| format!("{place}: {code}"))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

/// Each part of the engine, and the parts that it may name. Of `rule` those above it may name the shape of a condition.
const LAYERS: [(&str, &[&str]); 10] = [
    ("stdlib.rs", &[]),
    ("text", &[]),
    ("syntax", &["text"]),
    ("secret", &["text", "syntax", "rule::schema"]),
    ("model", &["rule::schema"]),
    ("flow", &["stdlib", "text", "syntax", "secret", "model", "finding", "rule::schema"]),
    ("rule", &["text", "syntax", "secret", "model", "finding", "flow"]),
    ("checks", &["text", "syntax", "secret", "model", "finding", "flow", "rule"]),
    ("fix", &["stdlib", "text", "secret", "finding", "rule"]),
    ("manifest", &["text", "secret", "finding", "rule", "checks"]),
];

#[test]
fn the_parts_of_the_engine_name_only_those_before_them() {
    let engine = crates().join("fangless-engine/src");
    let mut found = Vec::new();
    for (layer, allowed) in LAYERS {
        for (place, code) in code_lines(&engine.join(layer)) {
            for (at, _) in code.match_indices("crate::") {
                let named = &code[at + "crate::".len()..];
                let is_it = |part: &&str| {
                    named
                        .strip_prefix(*part)
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                };
                if !is_it(&layer) && !allowed.iter().any(is_it) {
                    found.push(format!("{place}: {code}"));
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_grammar_is_named_by_those_who_read_trees_only() {
    let engine = crates().join("fangless-engine/src");
    let mut found = Vec::new();
    for layer in LAYERS.map(|(layer, _)| layer).into_iter().filter(|layer| !["syntax", "fix"].contains(layer))
    {
        found.extend(places(&engine.join(layer), &["tree_sitter", "tree_sitter_python"]));
    }
    found.retain(|place| !place.contains("rule/query.rs"));
    assert_eq!(found, Vec::<String>::new());
    for name in ["fangless-project", "fangless-lsp", "fangless"] {
        let shell = crates().join(name).join("src");
        assert_eq!(places(&shell, &["tree_sitter", "tree_sitter_python"]), Vec::<String>::new());
    }
}

#[test]
fn every_crate_is_held_to_the_lints_and_versions_of_the_workspace() {
    let root = fs::read_to_string(crates().join("../Cargo.toml")).unwrap();
    assert!(root.contains("unsafe_code = \"forbid\""));
    for entry in fs::read_dir(crates()).unwrap() {
        let path = entry.unwrap().path().join("Cargo.toml");
        let manifest = fs::read_to_string(&path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{}", path.display());
        let has_version = |line: &&str| {
            line.contains("version = \"") || line.contains(" = \"^") || {
                line.split_once(" = \"")
                    .is_some_and(|(_, value)| value.starts_with(|c: char| c.is_ascii_digit()))
            }
        };
        assert_eq!(manifest.lines().find(has_version), None, "{}", path.display());
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent = |file: &PathBuf| !fs::read_to_string(file).unwrap().starts_with("//! ");
    let files = rust_files(&crates())
        .into_iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "target"));
    assert_eq!(files.filter(silent).collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

/// What ends the program, or the thread. An `expect` says why it cannot happen; broken rule pages are a mistake of the
/// build, and say so.
#[test]
fn nothing_panics_outside_tests() {
    const MAY: [&str; 2] = ["fangless-engine/src/rule/mod.rs", "fangless/src/report/sample.rs"];
    let mut found = Vec::new();
    for name in ["fangless-engine", "fangless-project", "fangless-lsp", "fangless"] {
        for (place, code) in code_lines(&crates().join(name).join("src")) {
            let ends =
                [".unwrap()", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", ".expect(\"\")"];
            if ends.iter().any(|word| code.contains(word)) && !MAY.iter().any(|file| place.contains(file)) {
                found.push(format!("{place}: {code}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn tests_do_not_sleep_and_ask_no_clock() {
    let mut found = Vec::new();
    for entry in fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path().join("tests");
        if folder.is_dir() && !folder.starts_with(crates().join("xtask")) {
            found.extend(places(&folder, &["sleep", "Instant", "SystemTime"]));
            // A process that lasts is no waiting.
            found.retain(|place| !place.contains("endings.rs"));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// The map and the table of invariants name what is there.
#[test]
fn the_architecture_names_files_that_exist() {
    let page = fs::read_to_string(crates().join("../docs/architecture.md")).unwrap();
    let homes = [
        "..",
        ".",
        "fangless-engine",
        "fangless-engine/src",
        "fangless-engine/src/flow",
        "fangless-lsp",
        "fangless",
    ];
    let exists = |name: &str| homes.iter().any(|home| crates().join(home).join(name).exists());
    let is_path = |name: &&str| {
        let is_source = Path::new(name).extension().is_some_and(|extension| extension == "rs");
        !name.contains(' ') && (name.ends_with('/') || is_source || name.contains("tests/"))
    };
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_path).collect();
    assert!(named.len() > 20, "the page names what holds its invariants: {named:?}");
    let missing: Vec<&str> = named.into_iter().filter(|name| !exists(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn the_search_sees_code_and_not_comments() {
    assert!(names("use std::fs;", "std::fs"));
    assert!(names("    let now = Instant::now();", "Instant"));
    assert!(!names("// no std::fs here", "std::fs"));
    assert!(!names("let instant = Instantiated::new();", "Instant"));
    assert!(!names("use std::fs_extra;", "std::fs"));
}
