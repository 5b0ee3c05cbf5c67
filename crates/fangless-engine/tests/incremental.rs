//! An edited workspace gives what a fresh one gives, whatever was evaluated before.

use std::sync::Arc;

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding, RuleSet, Workspace};
use proptest::prelude::*;

const PATHS: [&str; 2] = ["/project/app.py", "/project/helper.py"];

fn workspace(texts: [&str; 2]) -> Workspace {
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    for (path, text) in PATHS.iter().zip(texts) {
        workspace.set_file(path, text.to_owned());
    }
    workspace
}

fn findings(workspace: &Workspace) -> Vec<Vec<Finding>> {
    PATHS.iter().map(|path| workspace.findings(path)).collect()
}

/// Replaces the first `old` in a file by `new`.
fn replace(workspace: &mut Workspace, path: &str, old: &str, new: &str) {
    let at = workspace.text(path).and_then(|text| text.find(old)).expect("the case names a part of the text")
        as u32;
    let range = TextRange::new(at, at + old.len() as u32);
    workspace.edit_file(path, &[Edit { range, text: new.to_owned() }]);
}

/// After one edit, the edited workspace is a fresh one; and the edit changed the findings, so that it had to be seen.
fn check(texts: [&str; 2], path: &str, old: &str, new: &str) {
    let mut edited = workspace(texts);
    let before = findings(&edited);
    replace(&mut edited, path, old, new);
    let texts = PATHS.map(|path| edited.text(path).expect("set above").to_owned());
    let fresh = findings(&workspace([&texts[0], &texts[1]]));
    assert_eq!(findings(&edited), fresh, "{old:?} -> {new:?}");
    assert_ne!(before, fresh, "{old:?} -> {new:?} changes nothing");
}

const APP: &str = "import os\nfrom helper import command, Base\n\ntext = command('x')\n\ndef run():\n    os.system(text)\n\n\
                   class Job(Base):\n    def go(self, request):\n        os.system(self.name(request))\n";
const HELPER: &str = "from flask import request\n\ndef command(part):\n    return 'ls'\n\n\
                      class Base:\n    def name(self, part):\n        return 'ls'\n";

#[test]
fn the_body_of_a_function_that_a_module_calls() {
    check([APP, HELPER], PATHS[1], "return 'ls'", "return request.args['x']");
}

#[test]
fn a_method_of_a_base_class_in_another_file() {
    check([APP, HELPER], PATHS[1], "        return 'ls'", "        return request.args['x']");
}

#[test]
fn a_method_that_was_not_there() {
    check(
        [APP, HELPER],
        PATHS[0],
        "class Job(Base):\n",
        "class Job(Base):\n    def name(self, part):\n        return part\n\n",
    );
}

#[test]
fn the_name_of_a_function_in_another_file() {
    let helper = HELPER.replace("return 'ls'\n\nclass", "return request.args['x']\n\nclass");
    check([APP, &helper], PATHS[1], "def command", "def other");
}

#[test]
fn an_import_in_the_middle_of_a_file() {
    let app = APP.replace("command('x')", "input()");
    check(
        [&app, HELPER],
        PATHS[0],
        "text = input()",
        "from helper import command as input\ntext = input('x')",
    );
}

const LINES: [&str; 22] = [
    "import os\n",
    "from helper import value, make\n",
    "from flask import request\n",
    "value = request.args['a']\n",
    "value = 'a'\n",
    "def make(x):\n",
    "    return x\n",
    "    return 'a'\n",
    "    os.system(x)\n",
    "os.system(value)\n",
    "os.system(make(value))\n",
    "class C:\n",
    "    def m(self, x):\n",
    "        os.system(x)\n",
    "        return self.n(x)\n",
    "    def n(self, x):\n",
    "\n",
    "    (\n",
    "\"\"\"\n",
    "if value:\n",
    "    value = make(value)\n",
    "eval(make(value))\n",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&LINES[..]), 0..14).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn any_edits(
        start in (text(), text()),
        edits in proptest::collection::vec((0_usize..2, 0_u32..300, 0_u32..30, text()), 1..8),
    ) {
        let mut edited = workspace([&start.0, &start.1]);
        findings(&edited);
        for (file, at, length, new) in edits {
            let size = edited.text(PATHS[file]).map_or(0, str::len) as u32;
            let at = at % (size + 1);
            edited.edit_file(PATHS[file], &[Edit { range: TextRange::new(at, at + length), text: new }]);
            let texts = PATHS.map(|path| edited.text(path).unwrap_or_default().to_owned());
            prop_assert_eq!(findings(&edited), findings(&workspace([&texts[0], &texts[1]])), "{:?}", texts);
        }
    }
}

/// The findings of a file stand in the order of its text, whatever order its chunks and rules are looked at in.
#[test]
fn findings_are_sorted_and_the_same_every_time() {
    let text = "import pickle, os, yaml\nfrom flask import request\n\n\ndef last(data):\n    return pickle.loads(data)\n\n\n\
                class Store:\n    def one(self):\n        os.system(request.args['x']); eval(request.args['y'])\n\n    \
                def two(self, f):\n        return yaml.load(f)\n\n\nPASSWORD = 'q7!Violet'; eval(input())\n";
    let first = findings(&workspace([text, HELPER]));
    assert!(first[0].len() >= 6, "{:?}", first[0]);
    assert!(first[0].windows(2).all(|two| two[0].range.start <= two[1].range.start), "{:?}", first[0]);
    for _ in 0..4 {
        assert_eq!(findings(&workspace([text, HELPER])), first);
    }
}

/// What a function defines is evaluated at its end, and what a query finds after all else.
#[test]
fn findings_within_a_chunk_are_sorted() {
    let text = "import os, pickle\n\n\ndef outer(data):\n    def inner():\n        os.system(input())\n\n    \
                eval(input())\n    pickle.loads(data)\n    return inner\n";
    let found = &findings(&workspace([text, HELPER]))[0];
    assert!(found.len() >= 3, "{found:?}");
    assert!(found.windows(2).all(|two| two[0].range.start <= two[1].range.start), "{found:?}");
}

/// Many callers bring something untrusted to one place: which of them is told of does not depend on who came first.
#[test]
fn the_order_in_which_files_come_does_not_matter() {
    let helper =
        ("/project/helper.py".to_owned(), "import os\n\n\ndef run(part):\n    os.system(part)\n".to_owned());
    let callers = (0..60).map(|number| {
        let text = format!("from flask import request\nfrom helper import run\n\n\ndef view():\n    run(request.args['{number}'])\n");
        (format!("/project/caller_{}.py", number * 7919 % 60), text)
    });
    let files: Vec<(String, String)> = callers.chain([helper]).collect();
    let found = |files: &mut dyn Iterator<Item = &(String, String)>| {
        let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
        for (path, text) in files {
            workspace.set_file(path, text.clone());
        }
        workspace.findings("/project/helper.py")
    };
    let forward = found(&mut files.iter());
    // All paths are equally long: the first caller by name is the one that is told of.
    assert_eq!(forward[0].flow[0].path, "/project/caller_0.py");
    assert_eq!(found(&mut files.iter().rev()), forward);
    for turned in [7, 23, 41] {
        assert_eq!(found(&mut files.iter().cycle().skip(turned).take(files.len())), forward);
    }
}

/// What was said to be final and changes all the same is found out anew.
#[test]
fn a_change_after_the_last_is_heard() {
    let mut edited = workspace([APP, HELPER]);
    edited.set_final();
    let before = findings(&edited);
    for (path, old, new) in [
        (PATHS[1], "return 'ls'", "return request.args['x']"),
        (PATHS[0], "    os.system(text)\n", "    pass\n"),
        (PATHS[1], "        return 'ls'", "        return request.args['x']"),
    ] {
        replace(&mut edited, path, old, new);
        let texts = PATHS.map(|path| edited.text(path).expect("set above").to_owned());
        assert_eq!(findings(&edited), findings(&workspace([&texts[0], &texts[1]])), "{old:?} -> {new:?}");
        edited.set_final();
    }
    assert_ne!(before, findings(&edited));
}
