//! A literal secret becomes a look-up in the environment.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Call, Shape, Source, bound_name, bound_value, comparison_of, constant_of, flatten, last_name, shape, whole_literal,
    without_parentheses,
};
use crate::secret::names::words;

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = without_parentheses(bound_value(source.node(site.target)?));
    let literal = literal_behind(source, node)?;
    let variable = site
        .name
        .and_then(variable_name)
        .or_else(|| bound_name(source, literal).and_then(variable_name))
        .or_else(|| compared_name(source, literal))
        .or_else(|| key_of(source, literal, site.callee?))?;
    let environment = draft.reference("os.environ")?;
    let text = source.text_of(literal);
    let opening = text.find(['"', '\''])?;
    let is_bytes = text[..opening].to_ascii_lowercase().contains('b');
    if !is_bytes && !flatten(source, literal)?.holes.is_empty() {
        // Part of the string is put in at run time: the whole of it is no secret to look up.
        return None;
    }
    let quote = &text[opening..=opening];
    let encode = if is_bytes { ".encode()" } else { "" };
    draft.replace_node(literal, format!("{environment}[{quote}{variable}{quote}]{encode}"));
    Some(())
}

/// The literal that is meant: the expression itself, a sum of such, or what a constant of this file stands for.
fn literal_behind<'t>(source: &'t Source<'_>, node: Node<'t>) -> Option<Node<'t>> {
    match shape(node) {
        Shape::Name => literal_behind(source, without_parentheses(constant_of(source, node)?)),
        Shape::Binary => Some(node),
        Shape::Call => {
            let call = Call::of(node)?;
            let object = call.function.child_by_field_name("object")?;
            (call.method(source) == "encode").then(|| literal_behind(source, object))?
        }
        _ => whole_literal(node),
    }
}

/// What a literal is compared with says what it is.
fn compared_name(source: &Source<'_>, literal: Node<'_>) -> Option<String> {
    let (left, right, _) = comparison_of(literal.parent()?)?;
    let other = if left.id() == literal.id() { right } else { left };
    variable_name(last_name(source, other)?)
}

/// `Fernet(b"…")` and `hmac.new(b"…")` take a key.
fn key_of(source: &Source<'_>, literal: Node<'_>, callee: &str) -> Option<String> {
    let inner = |node: Node<'_>| Call::at(source, crate::fix::tree::range_of(node)).is_some();
    if !inner(literal) {
        return None;
    }
    let mut parts = callee.split('.').rev().filter(|part| !matches!(*part, "new" | "encode" | "decode" | "digest"));
    let name = parts.next()?;
    let start = name.strip_suffix("Key").unwrap_or(name).to_uppercase();
    variable_name(&format!("{start}_KEY"))
}

/// `apiKey`, `api-key`, `self.api_key` and `API_KEY` are all `API_KEY`.
fn variable_name(name: &str) -> Option<String> {
    let words = words(name.rsplit('.').next().unwrap_or(name));
    let name = words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join("_");
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some(name)
}
