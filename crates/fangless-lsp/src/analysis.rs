//! The one seam between the server and the engine: what the worker asks of a workspace. The engine's `Workspace`
//! is the real one; tests put a slow, failing or counting one in its place.

use fangless_engine::config::Sanitizer;
use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding, Fix, Workspace};

/// A set of files and their findings, as `fangless_engine::Workspace` describes it. Paths are absolute, with `/`.
pub trait Analysis {
    fn set_file(&mut self, path: &str, text: String);
    fn edit_file(&mut self, path: &str, edits: &[Edit]);
    fn remove_file(&mut self, path: &str);
    fn text(&self, path: &str) -> Option<String>;
    /// Whether what stands around this range parses as it was typed.
    fn is_whole(&self, path: &str, range: TextRange) -> bool;
    /// Does the work of `findings`, as far as it is this file's own.
    fn evaluate(&mut self, path: &str);
    fn findings(&mut self, path: &str) -> Vec<Finding>;
    /// Those that a part of a file holds, as far as its own chunks tell.
    fn findings_at(&mut self, path: &str, range: TextRange) -> Vec<Finding>;
    fn fixes(&mut self, path: &str, finding: &Finding) -> Vec<Fix>;
    fn wanted(&mut self) -> Vec<String>;
    fn set_missing(&mut self, path: &str);
    /// Does now what would else be done when it is first needed, while somebody types.
    fn prepare(&mut self) {}
    /// The functions that the configurations declare to make data harmless.
    fn set_sanitizers(&mut self, _sanitizers: &[Sanitizer]) {}
}

impl Analysis for Workspace {
    fn prepare(&mut self) {
        Self::prepare(self);
    }

    fn set_sanitizers(&mut self, sanitizers: &[Sanitizer]) {
        Self::set_sanitizers(self, sanitizers);
    }

    fn set_file(&mut self, path: &str, text: String) {
        Self::set_file(self, path, text);
    }

    fn edit_file(&mut self, path: &str, edits: &[Edit]) {
        Self::edit_file(self, path, edits);
    }

    fn remove_file(&mut self, path: &str) {
        Self::remove_file(self, path);
    }

    fn text(&self, path: &str) -> Option<String> {
        Self::text(self, path).map(ToString::to_string)
    }

    fn is_whole(&self, path: &str, range: TextRange) -> bool {
        Self::is_whole(self, path, range)
    }

    fn evaluate(&mut self, path: &str) {
        Self::evaluate(self, path);
    }

    fn findings(&mut self, path: &str) -> Vec<Finding> {
        Self::findings(self, path)
    }

    fn findings_at(&mut self, path: &str, range: TextRange) -> Vec<Finding> {
        Self::findings_at(self, path, range)
    }

    fn fixes(&mut self, path: &str, finding: &Finding) -> Vec<Fix> {
        Self::fixes(self, path, finding)
    }

    fn wanted(&mut self) -> Vec<String> {
        Self::wanted(self).iter().map(ToString::to_string).collect()
    }

    fn set_missing(&mut self, path: &str) {
        Self::set_missing(self, path);
    }
}
