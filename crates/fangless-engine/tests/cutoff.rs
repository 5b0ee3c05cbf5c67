//! A function that others call is edited: they are evaluated anew where it does something else than before, and only
//! there; and what is found is always what is found from scratch.

use std::fmt::Write as _;
use std::sync::Arc;

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding, RuleSet, Workspace};
use proptest::prelude::*;

const PATHS: [&str; 2] = ["/project/app.py", "/project/helper.py"];

fn workspace(texts: &[String; 2]) -> Workspace {
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    for (path, text) in PATHS.iter().zip(texts) {
        workspace.set_file(path, text.clone());
    }
    workspace
}

fn findings(workspace: &Workspace) -> Vec<Vec<Finding>> {
    PATHS.iter().map(|path| workspace.findings(path)).collect()
}

/// Makes the text of a file another one, by one edit of what differs.
fn retype(workspace: &mut Workspace, path: &str, new: &str) {
    let old = workspace.text(path).expect("the file was set").to_owned();
    let start = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
    let tail = old[start..].bytes().rev().zip(new[start..].bytes().rev());
    let tail = tail.take_while(|(one, other)| one == other).count();
    let range = TextRange::new(start as u32, (old.len() - tail) as u32);
    workspace.edit_file(path, &[Edit { range, text: new[start..new.len() - tail].to_owned() }]);
}

const CALLERS: u64 = 20;

/// A helper with this body, and views that call it, directly and through another function.
fn called(body: &str) -> String {
    let mut text = format!(
        "import os\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\ndef shared(text):\n{body}\n\n\
         def through(text):\n    return shared(text)\n"
    );
    for number in 0..CALLERS {
        let callee = if number % 2 == 0 { "shared" } else { "through" };
        let _ = write!(
            text,
            "\n@app.route('/{number}')\ndef view_{number}():\n    os.system({callee}(request.args['{number}']))\n"
        );
    }
    text
}

/// How many chunks are evaluated when the helper's body becomes another one, and how many findings there are then.
fn evaluated(before: &str, after: &str) -> (u64, usize) {
    let mut edited = workspace(&[called(before), String::new()]);
    findings(&edited);
    let counted = edited.evaluations();
    retype(&mut edited, PATHS[0], &called(after));
    let found = findings(&edited);
    assert_eq!(found, findings(&workspace(&[called(after), String::new()])), "{after}");
    (edited.evaluations() - counted, found[0].len())
}

#[test]
fn a_statement_that_changes_nothing_for_callers_is_evaluated_alone() {
    for (before, after) in [
        ("    return text", "    note = 1\n    return text"),
        ("    return text", "    note = 'a' + str(len(text))\n    return text"),
        ("    note = 1\n    return text", "    note = 12\n    return text"),
        ("    return text  # a", "    return text  # b"),
        ("    return text", "    note = 1\n\n    return text\n    note = 2"),
        // What is found in it is elsewhere in the text then.
        ("    os.remove(text)\n    return text", "    note = 1\n    os.remove(text)\n    return text"),
        (
            "    note = 1\n    text = [text][0]\n    return text",
            "    note = 123\n    text = [text][0]\n    return text",
        ),
    ] {
        let (count, found) = evaluated(before, after);
        assert_eq!(count, 1, "{before:?} -> {after:?}");
        assert!(found >= CALLERS as usize, "{before:?} -> {after:?}");
    }
}

#[test]
fn what_comes_out_of_it_concerns_everyone() {
    for (before, after, found) in [
        ("    return text", "    text = 'a'\n    return text", 0),
        ("    text = 'a'\n    return text", "    return text", CALLERS as usize),
        ("    return 'a'", "    return 'a' + text", CALLERS as usize),
    ] {
        assert_eq!(evaluated(before, after), (CALLERS + 2, found), "{before:?} -> {after:?}");
    }
}

/// What a body of a function may consist of; `#` stands for the number of a function.
const LINES: [&str; 24] = [
    "x = f#(x)",
    "return f#(x)",
    "return x",
    "os.system(x)",
    "x = request.args['a']",
    "x = 'a'",
    "x = [x, 'b']",
    "x = C(x).m#(x)",
    "x = g#(x)",
    "x.append(f#(x))",
    "if x:\n        return f#(x)",
    "if not f#(x):\n        raise ValueError(x)",
    "for i in range(3):\n        x = f#(i)",
    "y = lambda z: f#(z)\n    x = y(x)",
    "def inner(z):\n        return f#(z)\n    x = inner(x)",
    "x = shlex.quote(x)",
    "os.system(f#(x))",
    "yield x",
    "return x == 'a'",
    "x = f#(x=x)",
    "if x not in ('a', 'b'):\n        return None",
    "n = 1",
    "(",
    "return C('a').a",
];

#[derive(Clone, Debug)]
struct Model {
    functions: Vec<Vec<(usize, usize)>>,
}

const APP_FUNCTIONS: usize = 5;
const METHODS: usize = 2;
const HELPER_FUNCTIONS: usize = 3;

impl Model {
    fn body(&self, at: usize) -> String {
        let line = |(line, number): &(usize, usize)| {
            let text = LINES[*line];
            let count = if text.contains("m#") {
                METHODS
            } else if text.contains("g#") {
                HELPER_FUNCTIONS
            } else {
                APP_FUNCTIONS
            };
            text.replace('#', &(number % count).to_string())
        };
        let body: Vec<String> = self.functions[at].iter().map(line).collect();
        if body.is_empty() { "pass".to_owned() } else { body.join("\n    ") }
    }

    fn texts(&self) -> [String; 2] {
        let mut app = String::from(
            "import os, shlex\nfrom flask import request\nfrom helper import *\n\nstart = 'a'\n\n",
        );
        for at in 0..APP_FUNCTIONS {
            let _ = write!(app, "def f{at}(x, y=None):\n    {}\n\n", self.body(at));
        }
        app.push_str("class C:\n    def __init__(self, x):\n        self.a = x\n\n");
        for at in 0..METHODS {
            let body = self.body(APP_FUNCTIONS + at).replace('\n', "\n    ");
            let _ = write!(app, "    def m{at}(self, x):\n        self.a = x\n        {body}\n\n");
        }
        app.push_str("os.system(f0(start))\n");
        let mut helper =
            String::from("import os, shlex\nfrom flask import request\nfrom app import f0, f1, C\n\n");
        for at in 0..HELPER_FUNCTIONS {
            let _ = write!(helper, "def g{at}(x):\n    {}\n\n", self.body(APP_FUNCTIONS + METHODS + at));
        }
        [app, helper]
    }
}

fn line() -> impl Strategy<Value = (usize, usize)> {
    (0..LINES.len(), 0..APP_FUNCTIONS)
}

fn model() -> impl Strategy<Value = Model> {
    let functions = APP_FUNCTIONS + METHODS + HELPER_FUNCTIONS;
    proptest::collection::vec(proptest::collection::vec(line(), 0..4), functions)
        .prop_map(|functions| Model { functions })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn edits_in_functions_that_others_call(
        start in model(),
        edits in proptest::collection::vec((any::<usize>(), any::<usize>(), 0_usize..3, line()), 10..24),
    ) {
        let mut model = start;
        let mut edited = workspace(&model.texts());
        findings(&edited);
        for (step, (function, place, kind, line)) in edits.into_iter().enumerate() {
            let at = function % model.functions.len();
            let body = &mut model.functions[at];
            let place = place % (body.len() + 1);
            match kind {
                0 => body.insert(place, line),
                1 if place < body.len() => drop(body.remove(place)),
                _ if place < body.len() => body[place] = line,
                _ => body.push(line),
            }
            let texts = model.texts();
            for (path, text) in PATHS.iter().zip(&texts) {
                retype(&mut edited, path, text);
            }
            // What nobody asked for in between is asked for later.
            if step % 3 != 1 {
                prop_assert_eq!(findings(&edited), findings(&workspace(&texts)), "{}\n{}", texts[0], texts[1]);
            }
        }
        let texts = model.texts();
        prop_assert_eq!(findings(&edited), findings(&workspace(&texts)), "{}\n{}", texts[0], texts[1]);
    }
}
