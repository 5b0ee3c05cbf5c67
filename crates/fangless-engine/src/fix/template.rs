//! Templates of recipes: Python source with `${qualified.name}` for what must be imported, and `{target}`,
//! `{argument}`, `{name}`, `{receiver}` (what a method is called on) and `{1:string}` (an argument) for source text.

use super::Site;
use super::draft::Draft;
use super::tree::Call;
use crate::rule::schema::ArgumentSelector;

/// Fills a template in. None where it names what the site does not have, or what cannot be imported here.
pub(super) fn expand(template: &str, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<String> {
    let template = template.trim_end_matches('\n');
    if is_dotted(template)
        && let Some(reference) = draft.reference(template)
    {
        return Some(reference);
    }
    let mut result = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['$', '{']) {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("${") {
            let end = inner.find('}')?;
            result.push_str(&draft.reference(&inner[..end])?);
            rest = &inner[end + 1..];
        } else if let Some(after) = rest.strip_prefix("{target}") {
            result.push_str(site.target.slice(site.text));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{argument}") {
            result.push_str(site.argument?.slice(site.text));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{name}") {
            result.push_str(site.name?);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{receiver}") {
            let function = Call::meant(draft.source, site.target, site.callee)?.function;
            result.push_str(draft.source.text_of(function.child_by_field_name("object")?));
            rest = after;
        } else if let Some((selector, after)) = selector(rest) {
            let call = Call::meant(draft.source, site.target, site.callee)?;
            result.push_str(draft.source.text_of(call.argument(draft.source, &selector)?.value));
            rest = after;
        } else {
            result.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    result.push_str(rest);
    Some(result)
}

/// `{1:string}` at the beginning of the text: which argument is meant, and what follows.
fn selector(text: &str) -> Option<(ArgumentSelector, &str)> {
    let (inner, after) = text.strip_prefix('{')?.split_once('}')?;
    if !inner.starts_with(|first: char| first.is_ascii_digit() || first == ':') || inner.contains(' ') {
        return None;
    }
    Some((ArgumentSelector::try_from(inner.to_owned()).ok()?, after))
}

/// `module.name`, and nothing else: a reference, even where the page forgot to write it as one.
fn is_dotted(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|character: char| character.is_alphabetic() || character == '_')
            && part.chars().all(|character| character.is_alphanumeric() || character == '_')
    };
    text.contains('.')
        && text.split('.').all(is_name)
        && !text.starts_with("self.")
        && !text.starts_with("cls.")
}
