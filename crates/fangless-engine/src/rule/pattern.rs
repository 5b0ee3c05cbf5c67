//! Regular expressions of pages and models: read with them, compiled once, when first used.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use regex::Regex;
use serde::Deserialize;

/// A regular expression. Clones share what was compiled.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, compiled: Arc::default() }
    }
}

impl Pattern {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text with everything that it finds replaced; `$1` stands for a group.
    pub fn replaced_in(&self, text: &str, with: &str) -> String {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        compiled
            .as_ref()
            .map_or_else(|| text.to_owned(), |pattern| pattern.replace_all(text, with).into_owned())
    }

    /// Where it is found first: its first group, or all of it where it has none.
    pub fn first_in(&self, text: &str) -> Option<Range<usize>> {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        let found = compiled.as_ref()?.captures(text)?;
        found.get(1).or_else(|| found.get(0)).map(|part| part.range())
    }

    /// Whether it is found in the text. One that does not compile never is; loading a page reports it.
    pub fn is_found_in(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        compiled.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}
