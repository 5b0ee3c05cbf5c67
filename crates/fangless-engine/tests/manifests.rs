//! Manifests in a workspace: half-typed files, edits, companions that come and go, secrets, comments that silence.

use std::sync::Arc;

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, RuleSet, Workspace};
use proptest::prelude::*;

const REQUIREMENTS: &str = "# tööls \\\n-i http://user:pw@h:80/simple --trusted-host=h\n-r base.txt\n-c c.txt\r\n\
    flask[async]>=3.0.1,<4 ; python_version < '4' \\\r\n  --hash=sha256:ab\nx @ git+git://h/x@main#egg=x\n\
    -e git+https://h/y.git@v1 # é\nhttps://h/z.whl#sha256=ab\n--extra-index-url \"https://h/é\"\n--require-hashes";

const PROJECT: &str = "[project]\ndependencies = [\n  \"flask>=3.0.1\", # é\n  'x @ git+https://h/x',\n]\n\
    [tool.uv]\nindex-strategy = \"unsafe-best-match\"\nallow-insecure-host = [\"h\"]\n[[tool.poetry.source]]\n\
    url = \"http://h/é\"\npriority = \"supplemental\"\n[tool.poetry.dependencies]\na = { git = \"https://h\" }\nb = \"*\"\n";

fn strict() -> Workspace {
    Workspace::with_profile(Arc::new(RuleSet::builtin()), true)
}

/// Findings and fixes can be asked for, lie in the text, and every fix can be applied.
fn examine(path: &str, text: &str) {
    let mut workspace = strict();
    workspace.set_file(path, text.to_owned());
    for finding in workspace.findings(path) {
        assert!(text.get(finding.range.start as usize..finding.range.end as usize).is_some(), "{finding:?}");
        for fix in workspace.fixes(path, &finding) {
            let edits: Vec<Edit> = fix.edits.into_iter().rev().collect();
            workspace.edit_file(path, &edits);
            workspace.set_file(path, text.to_owned());
        }
    }
}

#[test]
fn every_beginning_and_every_end_of_a_file_is_read() {
    for (path, text) in [("/a/requirements.txt", REQUIREMENTS), ("/a/pyproject.toml", PROJECT)] {
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            examine(path, &text[..at]);
            examine(path, &text[at..]);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "[a-z@=<>~\\[\\]{}\"'#:/;.,\\\\ \r\n\té+-]{0,120}") {
        for path in ["/a/requirements.txt", "/a/pyproject.toml", "/a/constraints.txt"] {
            examine(path, &text);
        }
    }
}

fn rules(workspace: &Workspace, path: &str) -> Vec<String> {
    let active = workspace.findings(path).into_iter().filter(|finding| finding.suppressed.is_none());
    active.map(|finding| finding.rule.to_string()).collect()
}

#[test]
fn findings_follow_the_text_while_it_is_typed() {
    let path = "/a/requirements.txt";
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    workspace.set_file(path, String::new());
    let insert = |workspace: &mut Workspace, text: &str| {
        let end = workspace.text(path).unwrap().len() as u32;
        workspace.edit_file(path, &[Edit { range: TextRange::new(end, end), text: text.to_owned() }]);
        rules(workspace, path)
    };
    assert_eq!(insert(&mut workspace, "flask"), ["requirement-unpinned"]);
    assert_eq!(insert(&mut workspace, "=="), [""; 0]);
    assert_eq!(insert(&mut workspace, "3.0.3\n"), [""; 0]);
    assert_eq!(insert(&mut workspace, "-i http://h/simple\n"), ["insecure-package-index"]);
    workspace.remove_file(path);
    assert!(workspace.text(path).is_none() && workspace.findings(path).is_empty());
}

#[test]
fn companions_are_asked_for_and_count() {
    let path = "/a/b/pyproject.toml";
    let mut workspace = strict();
    workspace.set_file(path, "[project]\ndependencies = [\"flask>=3\"]\n".to_owned());
    workspace.set_file("/a/b/requirements.txt", "-c ../constraints.txt\n-r gone.txt\nflask\n".to_owned());
    let wanted = workspace.wanted();
    assert!(
        wanted.contains(&"/a/uv.lock".into()) && wanted.contains(&"/a/constraints.txt".into()),
        "{wanted:?}"
    );
    assert_eq!(rules(&workspace, path), ["lockfile-absent"]);
    // What the constraints say is not known yet.
    assert_eq!(rules(&workspace, "/a/b/requirements.txt"), [""; 0]);
    workspace.set_file("/a/constraints.txt", "django==5.0\n".to_owned());
    assert_eq!(rules(&workspace, "/a/b/requirements.txt"), ["requirement-unpinned"]);
    workspace.set_file("/a/uv.lock", String::new());
    assert_eq!(rules(&workspace, path), [""; 0]);
    for path in workspace.wanted() {
        workspace.set_missing(&path);
    }
    assert_eq!(workspace.wanted(), [""; 0]);
}

#[test]
fn a_comment_silences_and_a_password_in_an_address_is_found() {
    let path = "/a/requirements.txt";
    let mut workspace = Workspace::new(Arc::new(RuleSet::builtin()));
    let text = "flask  # fangless: ignore[requirement-unpinned] for now\n\
                -i https://deploy:hJ7dkq2Lx0pZ@packages.shop-internal.net/simple\n";
    workspace.set_file(path, text.to_owned());
    assert_eq!(rules(&workspace, path), ["credential-in-url"]);
    let silenced = workspace.findings(path).into_iter().find_map(|finding| finding.suppressed);
    assert_eq!(silenced.and_then(|one| one.reason).as_deref(), Some("for now"));
    assert!(workspace.findings(path).iter().all(|finding| !finding.message.contains("hJ7dkq2Lx0pZ")));
}
