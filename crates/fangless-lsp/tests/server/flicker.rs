//! Findings do not flicker: real files are typed character by character, and between two keys every finding outside of
//! the statement that is being typed must stay, or go for good.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities};
use crate::model::{self, Unit};

const LEAST_KEYSTROKES: usize = 2_000;

fn corpus() -> Vec<PathBuf> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects/demo");
    let typed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/typed");
    let mut files = Vec::new();
    for folder in [demo.clone(), demo.join("bookshop"), typed] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Half a file cannot be typed to its end.
            if path.extension().is_some_and(|extension| extension == "py") && !path.ends_with("half_typed.py")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The statements of a whole text, as ranges of bytes with their line ends: lines that brackets, strings or backslashes
/// join are one.
fn statements(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut found, mut start, mut at, mut depth) = (Vec::new(), 0, 0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            quote @ (b'"' | b'\'') => {
                let triple = bytes[at..].starts_with(&[quote; 3]);
                let width = if triple { 3 } else { 1 };
                at += width;
                while at < bytes.len() && !bytes[at..].starts_with(&[quote; 3][..width]) {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += width;
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'\\' => at += 1,
            b'\n' if depth == 0 => {
                found.push((start, at + 1));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < text.len() {
        found.push((start, text.len()));
    }
    found
}

/// A finding as a person knows it again: its rule, its line, and the how manieth of these it is.
type Known = (String, String, usize);

fn known(diagnostics: &Value, text: &str, typed: std::ops::Range<usize>) -> BTreeSet<Known> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for diagnostic in diagnostics.as_array().unwrap() {
        let line = diagnostic["range"]["start"]["line"].as_u64().unwrap() as usize;
        if typed.contains(&line) {
            continue;
        }
        let place = (diagnostic["code"].as_str().unwrap().to_string(), lines[line].trim().to_string());
        let count = counts.entry(place.clone()).or_default();
        all.insert((place.0, place.1, *count));
        *count += 1;
    }
    all
}

/// What was seen so far while one text is typed.
#[derive(Default)]
struct Watch {
    present: BTreeSet<Known>,
    /// With the text that stood in the statement when it went.
    gone: BTreeMap<Known, String>,
    /// Those that came with this statement, with the text that stood in it then.
    came: BTreeMap<Known, String>,
    flickers: Vec<Flicker>,
}

/// A finding that was gone for a while, or was there for a while.
#[derive(Debug)]
#[allow(dead_code)] // For who reads the failure.
struct Flicker {
    file: String,
    finding: Known,
    first: String,
    then: String,
}

fn check(flickers: &[Flicker], keystrokes: usize) {
    assert!(keystrokes >= LEAST_KEYSTROKES, "{keystrokes}");
    assert!(flickers.is_empty(), "in {keystrokes} keys: {flickers:#?}");
}

impl Watch {
    /// The next statement is typed.
    fn go_on(&mut self) {
        self.came.clear();
    }

    fn see(&mut self, now: BTreeSet<Known>, file: &str, typed: &str) {
        let flicker = |finding: &Known, first: String| Flicker {
            file: file.to_string(),
            finding: finding.clone(),
            first,
            then: typed.to_string(),
        };
        for new in now.difference(&self.present) {
            let flickers = self.gone.remove(new).map(|then| flicker(new, then));
            self.flickers.extend(flickers);
            self.came.insert(new.clone(), typed.to_string());
        }
        for lost in self.present.difference(&now) {
            let flickers = self.came.remove(lost).map(|then| flicker(lost, then));
            self.flickers.extend(flickers);
            self.gone.insert(lost.clone(), typed.to_string());
        }
        self.present = now;
    }
}

struct Typist {
    client: Client,
    uri: String,
    text: String,
    version: i64,
    keystrokes: usize,
}

impl Typist {
    async fn start(uri: String, text: String) -> Self {
        let mut client = Client::connect_real();
        client.initialize(pull_capabilities()).await;
        client.open(&uri, &text).await;
        Self { client, uri, text, version: 1, keystrokes: 0 }
    }

    async fn edit(&mut self, start: usize, end: usize, new: &str) -> Value {
        let position = |at| model::position(&self.text, at, Unit::Utf16);
        let range = json!({"start": position(start), "end": position(end)});
        self.version += 1;
        self.client.change(&self.uri, self.version, json!([{"range": range, "text": new}])).await;
        self.text.replace_range(start..end, new);
        let params = json!({"textDocument": {"uri": self.uri}});
        self.client.request("textDocument/diagnostic", params).await.unwrap()["items"].clone()
    }

    /// Types `new` at a place, key by key.
    async fn write(&mut self, at: usize, new: &str, file: &str, watch: &mut Watch) {
        let first = self.text[..at].matches('\n').count();
        for (offset, character) in new.char_indices() {
            let diagnostics = self.edit(at + offset, at + offset, character.encode_utf8(&mut [0; 4])).await;
            self.keystrokes += 1;
            let typed = &new[..offset + character.len_utf8()];
            let last = first + typed.trim_end_matches('\n').matches('\n').count();
            watch.see(known(&diagnostics, &self.text, first..last + 1), file, typed);
        }
    }
}

#[tokio::test]
async fn files_typed_from_the_first_key_to_the_last() {
    let mut keystrokes = 0;
    let mut flickers = Vec::new();
    for path in corpus() {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut typist = Typist::start(format!("file://{}", path.display()), String::new()).await;
        let mut watch = Watch::default();
        for (start, end) in statements(&text) {
            watch.go_on();
            typist.write(start, &text[start..end], &file, &mut watch).await;
        }
        assert_eq!(typist.text, text);
        keystrokes += typist.keystrokes;
        flickers.append(&mut watch.flickers);
    }
    check(&flickers, keystrokes);
}

#[tokio::test]
async fn every_statement_of_whole_files_typed_anew() {
    let mut keystrokes = 0;
    let mut flickers = Vec::new();
    for path in corpus() {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut typist = Typist::start(format!("file://{}", path.display()), text.clone()).await;
        for (start, end) in statements(&text) {
            let statement = &text[start..end];
            let body = start + (statement.len() - statement.trim_start().len());
            let end = start + statement.trim_end().len();
            if body >= end {
                continue;
            }
            // The line and its indentation are there already, as an editor leaves them.
            let without = typist.edit(body, end, "").await;
            let mut watch = Watch::default();
            let line = text[..body].matches('\n').count();
            watch.see(known(&without, &typist.text, line..line + 1), &file, "");
            watch.go_on();
            typist.write(body, &text[body..end], &file, &mut watch).await;
            flickers.append(&mut watch.flickers);
        }
        assert_eq!(typist.text, text);
        keystrokes += typist.keystrokes;
    }
    check(&flickers, keystrokes);
}

#[test]
fn statements_are_split_where_python_splits_them() {
    let text = "a = (1,\n  2)\nb = '''x\ny'''  # (\nc = '#(' \\\n  + d\n\ne";
    let parts: Vec<&str> = statements(text).into_iter().map(|(start, end)| &text[start..end]).collect();
    assert_eq!(parts, ["a = (1,\n  2)\n", "b = '''x\ny'''  # (\n", "c = '#(' \\\n  + d\n", "\n", "e"]);
}
