//! Pages of a project's own: a rule that is a query, from the page to the finding.

use std::sync::Arc;

use fangless_engine::{RuleSet, Workspace};

fn page(pattern: &str) -> String {
    format!(
        "+++\nname = \"no-star-import\"\ntitle = \"t\"\nseverity = \"low\"\ncwe = [1]\nowasp = []\nsince = \"0.1.0\"\n\
         message = \"everything is imported\"\n[[query]]\npattern = '''{pattern}'''\nwords = [\"import\"]\n+++\n\
         ```python\nfrom os import *  # error\n```\n```python\nfrom os import path\n```\n"
    )
}

const STAR: &str = "(import_from_statement module_name: (dotted_name) @module (wildcard_import) (#eq? @module \"os\")) @match";

#[test]
fn a_query_finds_what_it_matches_also_beside_broken_code() {
    let page = page(STAR);
    let rules = RuleSet::load(&[("security/no-star-import.md", &page)]).expect("a page without mistakes");
    let mut workspace = Workspace::new(Arc::new(rules));
    let text = "import sys\nfrom sys import *\n\ndef half(x\n\nfrom os import *\n";
    workspace.set_file("/project/a.py", text.to_owned());
    let found: Vec<&str> =
        workspace.findings("/project/a.py").iter().map(|finding| finding.range.slice(text)).collect();
    assert_eq!(found, ["from os import *"]);
}

#[test]
fn a_query_that_means_nothing_is_an_error_of_its_page() {
    let errors = |pattern: &str| {
        let page = page(pattern);
        let errors =
            RuleSet::load(&[("security/no-star-import.md", &page)]).map(|_| ()).expect_err("a mistake");
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let unknown = errors("(no_such_node) @match");
    assert!(unknown.starts_with("security/no-star-import.md:10: `pattern`: "), "{unknown}");
    assert!(errors("(call)").contains("captures nothing"));
    assert!(errors("((call) @match (#tainted? @match))").contains("`#tainted?` is not known"));
}
