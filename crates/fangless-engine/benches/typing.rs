//! How long the engine takes, told as a multiple of the parser's own full parse of the same text in the same run: from
//! scratch, for one key inside a function, and for a key that changes what a function with many callers returns.
//!
//! `cargo bench -p fangless-engine` makes its files itself; `FANGLESS_BENCH_FILE=path` measures one of yours.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, RuleSet, Workspace};

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PATH: &str = "/bench/file.py";
/// Keys typed for one figure; each is typed and taken back.
const KEYS: u32 = 40;
const CALLERS: usize = 20;

fn main() {
    // `cargo bench` says `--bench`; who runs it otherwise only asks whether it runs.
    let is_trial = !std::env::args().any(|argument| argument == "--bench");
    let sizes: &[usize] = if is_trial { &[200] } else { &[1_000, 5_000, 20_000, 50_000] };
    println!("| file | parse | from scratch | one key | a key with {CALLERS} callers |");
    println!("| --- | --- | --- | --- | --- |");
    match std::env::var("FANGLESS_BENCH_FILE") {
        Ok(path) => {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            measure(&text);
        }
        Err(_) => sizes.iter().for_each(|lines| measure(&program(*lines))),
    }
}

fn measure(text: &str) {
    let parse = least(3, || {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar fits the parser");
        assert!(parser.parse(text, None).is_some());
    });
    let rules = Arc::new(RuleSet::builtin());
    let scratch = least(3, || {
        let mut workspace = Workspace::new(Arc::clone(&rules));
        workspace.set_file(PATH, text.to_owned());
        workspace.findings(PATH);
    });
    let mut workspace = Workspace::new(rules);
    workspace.set_file(PATH, text.to_owned());
    workspace.findings(PATH);
    let key = keys(&mut workspace, text, "x = 1  # here");
    let callers = keys(&mut workspace, text, "shared = text  # here");
    let ratio = |time: Duration| time.as_secs_f64() / parse.as_secs_f64();
    println!(
        "| {} lines | {:.1} ms | {:.2} × ({:.1} ms) | {:.4} × ({:.3} ms) | {:.4} × ({:.3} ms) |",
        text.lines().count(),
        parse.as_secs_f64() * 1e3,
        ratio(scratch),
        scratch.as_secs_f64() * 1e3,
        ratio(key),
        key.as_secs_f64() * 1e3,
        ratio(callers),
        callers.as_secs_f64() * 1e3,
    );
}

/// The median time of one key before the mark nearest to the middle of the file; of a text without the mark, before the
/// line in its middle.
fn keys(workspace: &mut Workspace, text: &str, mark: &str) -> Duration {
    let middle = text.len() / 2;
    let found = text.match_indices(mark).map(|(at, _)| at).min_by_key(|at| at.abs_diff(middle));
    let line_end = || text[middle..].find('\n').map_or(middle, |end| middle + end);
    let at = found.map_or_else(line_end, |at| at + mark.find('=').unwrap_or(0) + 2) as u32;
    let mut times = Vec::new();
    for key in 0..KEYS {
        let typed =
            Edit { range: TextRange::new(at, at), text: ["1", "a", "_"][key as usize % 3].to_owned() };
        let back = Edit { range: TextRange::new(at, at + 1), text: String::new() };
        for edit in [typed, back] {
            let start = Instant::now();
            workspace.edit_file(PATH, &[edit]);
            workspace.findings(PATH);
            times.push(start.elapsed());
        }
    }
    times.sort();
    times[times.len() / 2]
}

fn least(rounds: usize, mut work: impl FnMut()) -> Duration {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..rounds).map(|_| time(&mut work)).min().unwrap_or_default()
}

/// A program of about so many lines: views, classes with methods, helpers that call each other, constants, and one
/// function that many call.
fn program(lines: usize) -> String {
    let mut text = String::from(
        "import os\nimport sqlite3\nimport subprocess\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\
         LIMIT = 10\n\ndef shared(text):\n    shared = text  # here\n    return shared.strip()\n",
    );
    let mut number = 0;
    while text.lines().count() < lines {
        let call = if number < CALLERS { "shared(name)" } else { "helper_0(name)" };
        let previous = number.max(1) - 1;
        let _ = write!(
            text,
            r#"
@app.route("/page/{number}")
def view_{number}():
    name = request.args.get("name", "")
    kind = {{"a": "first", "b": "second"}}.get(name, "none")
    x = 1  # here
    total = 0
    for part in name.split(","):
        total += len(part)
        if part.startswith("-"):
            continue
        run_{number}([part, kind, str(total)])
    return {{"name": {call}, "total": total, "limit": LIMIT}}

def run_{number}(arguments):
    command = ["tool-{number}", "--"]
    for argument in arguments:
        command.append(argument)
    return subprocess.run(command, check=False, timeout=LIMIT).returncode

def helper_{number}(value):
    if not value:
        return None
    return helper_{previous}(value[1:]) if len(value) > {number} else value.lower()

class Store{number}:
    table = "table_{number}"

    def __init__(self, path):
        self.path = path
        self.connection = sqlite3.connect(path)
        self.cache = {{}}

    def find(self, name):
        if name in self.cache:
            return self.cache[name]
        query = f"SELECT * FROM {{self.table}} WHERE name = ? LIMIT {{LIMIT}}"
        rows = self.connection.execute(query, (name,)).fetchall()
        self.cache[name] = rows
        return rows

    def export(self, folder):
        target = os.path.join(folder, "export-{number}.txt")
        with open(target, "w", encoding="utf-8") as output:
            for row in self.find("all"):
                output.write(str(row) + "\n")
        return target
"#
        );
        number += 1;
    }
    text
}
