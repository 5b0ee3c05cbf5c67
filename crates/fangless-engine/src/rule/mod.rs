//! Rules: what a page may say, loading pages, the index from callee to rules, matching.

mod backtracking;
pub(crate) mod condition;
mod load;
pub(crate) mod matching;
mod page;
pub mod pattern;
pub(crate) mod query;
pub mod schema;
mod settings;

use smol_str::SmolStr;

pub use page::{Example, ExampleFile, Expected, PageError};
use schema::RuleDefinition;

/// A rule page: its definition and its text.
#[derive(Clone, Debug)]
pub struct Rule {
    pub definition: RuleDefinition,
    /// The folder of the page: what kind of weakness it is about.
    pub topic: SmolStr,
    /// The Markdown after the front matter, examples included.
    pub page: String,
    /// The path of the page, for messages about it.
    pub path: String,
    /// The line of the page (from one) at which `page` begins.
    body_line: u32,
}

impl Rule {
    /// The page's examples, read anew at each call: only tests and documentation need them.
    pub fn examples(&self) -> Result<Vec<Example>, PageError> {
        page::examples(&self.page, self.body_line, &self.definition.name).map_err(|fault| PageError {
            path: self.path.clone(),
            line: fault.line,
            key: None,
            message: fault.message,
        })
    }
}

/// The examples of a page without front matter, such as the cases of the evaluator's tests. Markers without a rule
/// name are about the rule `of`.
pub fn examples(path: &str, text: &str, of: &str) -> Result<Vec<Example>, PageError> {
    page::examples(text, 1, of).map_err(|fault| PageError {
        path: path.into(),
        line: fault.line,
        key: None,
        message: fault.message,
    })
}

/// All rules, sorted by name.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// The rules that are built into the binary. Panics when a built-in page is broken, which the tests exclude.
    pub fn builtin() -> Self {
        match load::load(&load::builtin_pages(), false) {
            Ok(rules) => rules,
            Err(errors) => panic!("built-in rule pages are broken:\n{}", lines(&errors)),
        }
    }

    /// The built-in rules, their examples checked as those of a project's own pages are.
    pub fn builtin_checked() -> Result<Self, Vec<PageError>> {
        load::load(&load::builtin_pages(), true)
    }

    /// The rules of pages given as path and text; all errors of all pages at once.
    pub fn load(pages: &[(&str, &str)]) -> Result<Self, Vec<PageError>> {
        load::load(pages, true)
    }

    pub fn rule(&self, name: &str) -> Option<&Rule> {
        let at = self.rules.binary_search_by(|rule| rule.definition.name.as_str().cmp(name)).ok()?;
        Some(&self.rules[at])
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }
}

fn lines(errors: &[PageError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
