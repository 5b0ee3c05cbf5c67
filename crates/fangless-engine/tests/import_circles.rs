//! Modules that all import each other and use what they import at their top level. A walk that starts anew from each
//! of them, and from each of those, would never end.

use std::fmt::Write as _;
use std::sync::Arc;

use fangless_engine::{RuleSet, Workspace};

const MODULES: usize = 16;

/// Each module calls, at its top level, what every other one offers; the first holds a flow through a helper.
fn files() -> Vec<(String, String)> {
    (0..MODULES)
        .map(|number| {
            let mut text = String::from("import os\nfrom flask import request\n");
            for other in (0..MODULES).filter(|other| *other != number) {
                let _ =
                    writeln!(text, "from m{other} import make{other}\nvalue{other} = make{other}({number})");
            }
            let _ = writeln!(text, "\ndef make{number}(part):\n    return part\n");
            let next = (number + 1) % MODULES;
            let _ = writeln!(text, "def view():\n    os.system(make{next}(request.args['x']))");
            (format!("/project/m{number}.py"), text)
        })
        .collect()
}

fn findings(files: Vec<(String, String)>) -> Vec<String> {
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    for (path, text) in files {
        workspace.set_file(&path, text);
    }
    (0..MODULES)
        .map(|number| format!("{:?}", workspace.findings(&format!("/project/m{number}.py"))))
        .collect()
}

#[test]
fn a_circle_of_imports_ends_and_does_not_depend_on_where_it_is_entered() {
    let forward = findings(files());
    assert!(forward.iter().all(|found| found.contains("command-injection")), "{forward:?}");
    let mut reversed = files();
    reversed.reverse();
    assert_eq!(forward, findings(reversed));
}

/// How often untrusted data reaches a shell in each file, the files asked in the order given.
fn found_in(files: &[(&str, &str)], asked: &[&str]) -> Vec<(String, usize)> {
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    for (path, text) in files {
        workspace.set_file(path, (*text).to_owned());
    }
    let injections = |path: &str| {
        workspace.findings(path).iter().filter(|finding| finding.rule == "command-injection").count()
    };
    let mut found: Vec<_> = asked.iter().map(|path| ((*path).to_owned(), injections(path))).collect();
    found.sort();
    found
}

/// A value goes round through all of them, and comes back under another name to where it began.
#[test]
fn what_goes_round_a_circle_is_found_wherever_one_enters_it() {
    let files = [
        (
            "/p/one.py",
            "import os\nsource = input()\nfrom three import last\nagain = last\nos.system(again)\n",
        ),
        (
            "/p/two.py",
            "import os\nfrom one import source\nnext = source\nfrom one import again\nos.system(next)\n",
        ),
        ("/p/three.py", "import os\nfrom two import next\nlast = next\nos.system(last)\n"),
    ];
    let [one, two, three] = files.map(|(path, _)| path);
    for asked in [[one, two, three], [two, three, one], [three, one, two], [three, two, one]] {
        let all = found_in(&files, &asked);
        assert!(all.iter().all(|(_, count)| *count == 1), "asked in the order {asked:?}: {all:?}");
    }
}
