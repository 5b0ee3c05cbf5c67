//! The invariants of the architecture that the compiler cannot hold, held by reading the sources: the engine does no
//! I/O and knows no protocol; protocol types stay in `fangless-lsp`.

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

/// Every place in the folder's files where one of the words is named, up to the file's test module.
fn places(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust_files(folder) {
        let text = fs::read_to_string(&file).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            for word in words.iter().filter(|word| names(line, word)) {
                found.push(format!("{}:{}: {word}", file.display(), number + 1));
            }
        }
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

#[test]
fn the_search_sees_code_and_not_comments() {
    assert!(names("use std::fs;", "std::fs"));
    assert!(names("    let now = Instant::now();", "Instant"));
    assert!(!names("// no std::fs here", "std::fs"));
    assert!(!names("let instant = Instantiated::new();", "Instant"));
    assert!(!names("use std::fs_extra;", "std::fs"));
}
