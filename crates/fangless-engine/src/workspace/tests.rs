//! What an edit costs: the chunks that it touches are read and parsed anew, and evaluated together with what depends on
//! them; all else is kept as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::PoisonError;

use super::*;
use crate::results::State;

const PATH: &str = "/project/app.py";
const OTHER: &str = "/project/other.py";
/// Functions, and methods of the class behind them.
const MANY: usize = 20;

/// Functions and methods that call nothing, each with a finding; one that is called by one.
fn text() -> String {
    let mut text = String::from("import os\n\n\n");
    for number in 0..MANY {
        let _ = write!(text, "def f{number}():\n    os.system(input())  # f{number}\n\n\n");
    }
    text.push_str("class C:\n");
    for number in 0..MANY {
        let _ = write!(text, "    def m{number}(self):\n        os.system(input())  # m{number}\n\n");
    }
    text.push_str(
        "\ndef called(part):\n    return part\n\n\ndef caller():\n    os.system(called(input()))\n",
    );
    text
}

fn workspace() -> Workspace {
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    workspace.set_file(PATH, text());
    workspace.set_file(OTHER, "import os\n\n\ndef other():\n    os.system(input())\n".to_owned());
    assert_eq!(workspace.findings(PATH).len(), 2 * MANY + 1);
    assert_eq!(workspace.findings(OTHER).len(), 1);
    workspace
}

/// What the workspace keeps of each chunk.
struct Kept {
    /// Changes whenever a chunk is parsed and lowered.
    ir: BTreeMap<u64, (u64, Arc<Ir>)>,
    results: BTreeMap<u64, Arc<ChunkResult>>,
    /// The first line of each chunk.
    heads: BTreeMap<u64, String>,
}

impl Kept {
    fn of(workspace: &Workspace) -> Self {
        let results = workspace.results.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = Self { ir: BTreeMap::new(), results: BTreeMap::new(), heads: BTreeMap::new() };
        for (id, info) in &workspace.program.chunks {
            kept.ir.insert(*id, (info.version, info.ir.clone()));
            let head =
                workspace.chunk_text(*id).unwrap_or_default().trim().lines().next().unwrap_or_default();
            kept.heads.insert(*id, head.to_owned());
            if let State::Holds(result) = results.state(&info.module, *id) {
                kept.results.insert(*id, result);
            }
        }
        kept
    }

    /// The heads of the chunks that were parsed anew since `before`.
    fn parsed_since(&self, before: &Self) -> BTreeSet<&str> {
        let is_kept = |id: &u64, (version, ir): &(u64, Arc<Ir>)| {
            before.ir.get(id).is_some_and(|(then, old)| then == version && Arc::ptr_eq(old, ir))
        };
        let new = self.ir.iter().filter(|(id, ir)| !is_kept(id, ir));
        new.map(|(id, _)| self.heads[id].as_str()).collect()
    }

    /// The heads of the chunks that were evaluated anew since `before`.
    fn evaluated_since(&self, before: &Self) -> BTreeSet<&str> {
        let is_kept = |id: &u64, result: &Arc<ChunkResult>| {
            before.results.get(id).is_some_and(|old| Arc::ptr_eq(old, result))
        };
        let new = self.results.iter().filter(|(id, result)| !is_kept(id, result));
        new.map(|(id, _)| self.heads[id].as_str()).collect()
    }
}

/// Edits the file and asks for its findings: which chunks were parsed, and which evaluated.
fn costs(workspace: &mut Workspace, old: &str, new: &str) -> [Vec<String>; 2] {
    let before = Kept::of(workspace);
    assert_eq!(before.results.len(), before.ir.len(), "everything is known before the edit");
    let start = workspace.text(PATH).and_then(|text| text.find(old)).expect("the text holds it") as u32;
    let range = TextRange::new(start, start + old.len() as u32);
    workspace.edit_file(PATH, &[Edit { range, text: new.to_owned() }]);
    for path in [PATH, OTHER] {
        workspace.findings(path);
    }
    let after = Kept::of(workspace);
    let owned = |heads: BTreeSet<&str>| heads.into_iter().map(str::to_owned).collect();
    [owned(after.parsed_since(&before)), owned(after.evaluated_since(&before))]
}

#[test]
fn an_edit_in_a_body_costs_that_body() {
    let mut workspace = workspace();
    let one = || [vec!["def f7():".to_owned()], vec!["def f7():".to_owned()]];
    assert_eq!(costs(&mut workspace, "os.system(input())  # f7", "os.system('ls')  # f7"), one());
    // Moves all that follows.
    assert_eq!(costs(&mut workspace, "  # f7", "\n    # f7"), one());
}

#[test]
fn an_edit_in_a_method_costs_that_method() {
    let costs = costs(&mut workspace(), "os.system(input())  # m7", "os.system('ls')  # m7");
    assert_eq!(costs, [["def m7(self):"], ["def m7(self):"]].map(|heads| heads.map(str::to_owned).to_vec()));
}

#[test]
fn what_is_left_open_in_a_body_costs_that_body() {
    for open in ["os.system((input()", "os.system('", "os.system(\"\"\"", "x = [", "if x"] {
        let costs = costs(&mut workspace(), "os.system(input())  # f7", open);
        assert_eq!(costs[0], ["def f7():"], "{open}");
        assert_eq!(costs[1], ["def f7():"], "{open}");
    }
}

#[test]
fn who_calls_what_was_edited_is_evaluated_and_not_parsed() {
    let [parsed, evaluated] = costs(&mut workspace(), "return part", "return 'ls'");
    assert_eq!(parsed, ["def called(part):"]);
    assert_eq!(evaluated, ["def called(part):", "def caller():"]);
}
