//! Rules: what a page may say, loading pages, the index from callee to rules, matching.

pub(crate) mod condition;
pub(crate) mod matching;
pub mod schema;

use schema::RuleDefinition;

/// A rule page: its definition and its text.
#[derive(Clone, Debug)]
pub struct Rule {
    pub definition: RuleDefinition,
    /// The Markdown after the front matter, examples included.
    pub page: String,
}

/// All rules, sorted by name.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// The rules that are built into the binary.
    pub fn builtin() -> Self {
        Self::default()
    }

    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.definition.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }
}
