//! Functions of which a project says in its configuration that they make data harmless.

use std::sync::Arc;

use fangless_engine::config::parse_fangless_toml;
use fangless_engine::{RuleSet, Workspace};

const CLEAN: &str = "def html(text):\n    return TABLE.apply(text)\n\nclass Names:\n    def folder(self, text):\n        return text.strip()\n";

const VIEWS: &str = "\
import os
import sqlite3
from flask import Flask, request
from shop.clean import Names, html as safe

app = Flask(__name__)

@app.route(\"/hello\")
def hello():
    return \"<h1>\" + safe(request.args[\"name\"]) + \"</h1>\"

@app.route(\"/order\")
def order():
    name = safe(request.args[\"name\"])
    return {\"rows\": sqlite3.connect(\"a\").execute(\"SELECT a FROM b WHERE c = '\" + name + \"'\").fetchall()}

@app.route(\"/file\")
def file():
    return {\"size\": os.path.getsize(Names().folder(request.args[\"name\"])), \"text\": open(Names().folder(request.args[\"name\"])).read()}
";

fn found(configuration: &str) -> Vec<String> {
    let rules = Arc::new(RuleSet::builtin());
    let config =
        parse_fangless_toml(configuration, &rules.iter().map(|rule| &rule.definition).collect::<Vec<_>>())
            .expect("a configuration without mistakes");
    let mut workspace = Workspace::new(rules);
    workspace.set_file("/project/shop/clean.py", CLEAN.to_owned());
    workspace.set_file("/project/shop/views.py", VIEWS.to_owned());
    let before = workspace.findings("/project/shop/views.py").len();
    workspace.set_sanitizers(&config.sanitizers);
    let after = workspace.findings("/project/shop/views.py");
    assert!(after.len() <= before, "what is declared takes findings away");
    let mut names: Vec<String> = after.into_iter().map(|finding| finding.rule.to_string()).collect();
    names.dedup();
    names
}

#[test]
fn what_is_declared_is_harmless_for_what_it_clears_and_nothing_else() {
    let all = found("");
    for rule in ["reflected-xss", "sql-injection", "path-traversal"] {
        assert!(all.iter().any(|found| found == rule), "{rule} in {all:?}");
    }
    let html = found("sanitizers = [{ callee = \"shop.clean.html\", clears = [\"html\"] }]");
    assert!(!html.contains(&"reflected-xss".to_owned()), "{html:?}");
    assert!(html.contains(&"sql-injection".to_owned()), "{html:?}");
    let folder = found("sanitizers = [{ callee = \"shop.clean.Names.folder\" }]");
    assert!(!folder.contains(&"path-traversal".to_owned()), "{folder:?}");
    let other = found("sanitizers = [{ callee = \"mail.clean.html\" }, { callee = \"shop.clean.folder\" }]");
    assert_eq!(other, all, "functions of other modules and classes are others");
}
