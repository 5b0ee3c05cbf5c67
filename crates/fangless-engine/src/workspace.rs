//! The façade: files in, findings and fixes out. The one type both shells use.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Edit, Finding, Fix};
use crate::rule::RuleSet;

/// A set of files that may import each other. Paths are absolute, with `/` between the parts.
pub struct Workspace {
    rules: Arc<RuleSet>,
}

impl Workspace {
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self { rules }
    }

    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Adds a file, or replaces its whole text.
    pub fn set_file(&mut self, _path: &str, _text: String) {}

    /// Applies edits one after the other, each to the text the one before it left. Ranges beyond the text are cut
    /// to it; ranges inside a character are widened to its borders.
    pub fn edit_file(&mut self, _path: &str, _edits: &[Edit]) {}

    pub fn remove_file(&mut self, _path: &str) {}

    pub fn text(&self, _path: &str) -> Option<&str> {
        None
    }

    /// The findings of a file, sorted by position, suppressed ones included and marked.
    pub fn findings(&self, _path: &str) -> Vec<Finding> {
        Vec::new()
    }

    /// The edits that remove a finding of the file's present text, the best first.
    pub fn fixes(&self, _path: &str, _finding: &Finding) -> Vec<Fix> {
        Vec::new()
    }

    /// Paths that imports of the present files may mean and that were neither set nor reported missing. The shell
    /// reads those that exist and sets them; it reports the others with `set_missing`.
    pub fn wanted(&self) -> Vec<SmolStr> {
        Vec::new()
    }

    /// No such file: imports that mean it stay unknown, silently.
    pub fn set_missing(&mut self, _path: &str) {}
}
