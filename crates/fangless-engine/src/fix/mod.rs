//! Fixes: byte edits on the tree, built on demand.

use crate::finding::{Fix, FlowStep};
use crate::rule::schema::FixRecipe;
use crate::text::TextRange;

/// Where a fix is wanted.
#[allow(dead_code)]
pub(crate) struct Site<'a> {
    pub(crate) text: &'a str,
    /// The matched expression or statement.
    pub(crate) target: TextRange,
    pub(crate) argument: Option<TextRange>,
    pub(crate) callee: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) flow: &'a [FlowStep],
    pub(crate) path: &'a str,
}

/// The edit that a recipe means here; none where it cannot be made safely.
pub(crate) fn build(_recipe: &FixRecipe, _site: &Site<'_>) -> Option<Fix> {
    None
}
