//! Fixes: byte edits on the tree, built on demand. A recipe says what to do, a site where; what cannot be done with
//! certainty is not offered. Nothing here decides whether there is a finding.

mod apply;
mod built;
mod draft;
mod import;
mod rewrite;
mod simple;
mod template;
mod tree;

pub use apply::{apply, merge, select_non_overlapping};

use draft::Draft;
use tree::Source;

use crate::finding::{Fix, FlowStep};
use crate::rule::schema::FixRecipe;
use crate::text::TextRange;

/// Where a fix is wanted.
pub struct Site<'a> {
    /// The whole file.
    pub text: &'a str,
    /// The matched expression or statement: a call, an assigned value, a literal.
    pub target: TextRange,
    /// The argument at fault.
    pub argument: Option<TextRange>,
    /// The qualified name of the callee.
    pub callee: Option<&'a str>,
    /// The name a value is bound to.
    pub name: Option<&'a str>,
    pub flow: &'a [FlowStep],
    /// The file's path; steps of the flow in this file have the same.
    pub path: &'a str,
}

/// The edit that a recipe means here; none where it cannot be made with certainty.
pub fn build(recipe: &FixRecipe, site: &Site<'_>) -> Option<Fix> {
    let calls_one_of_them = |callees: &[smol_str::SmolStr], callee: &str| {
        callees.iter().any(|name| match name.strip_prefix("*.") {
            Some(method) => callee.rsplit('.').next() == Some(method),
            None => name == callee,
        })
    };
    if !recipe.callee.is_empty()
        && !site.callee.is_some_and(|callee| calls_one_of_them(&recipe.callee, callee))
    {
        return None;
    }
    let fits = |range: TextRange| site.text.get(range.start as usize..range.end as usize).is_some();
    if !fits(site.target) || !site.argument.is_none_or(fits) {
        return None;
    }
    let reported = site.target.slice(site.text);
    if recipe.source_matches.as_ref().is_some_and(|pattern| !pattern.is_found_in(reported)) {
        return None;
    }
    let source = Source::parse(site.text, site.target)?;
    let at = source.node(site.target)?;
    let mut draft = Draft::new(&source, at);
    let known = match recipe.rewrite {
        None => simple::build(recipe, site, &mut draft).map(|()| None)?,
        Some(rewrite) => rewrite::build(rewrite, site, &mut draft)?,
    };
    draft.finish(&recipe.title, known.unwrap_or(recipe.applicability))
}
