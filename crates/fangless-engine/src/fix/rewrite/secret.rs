//! A literal secret becomes a look-up in the environment.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Call, Shape, Source, bound_name, bound_value, comparison_of, constant_of, enclosing_statement, flatten,
    is_atomic, last_name, range_of, shape, whole_literal, without_parentheses,
};
use crate::secret::names::words;

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = without_parentheses(bound_value(source.node(site.target)?));
    let literal = literal_behind(source, node)?;
    let variable = site
        .name
        .and_then(variable_name)
        .or_else(|| {
            let says_more = |name: &&str| *name != "key" || site.callee.is_none();
            bound_name(source, literal).filter(says_more).and_then(variable_name)
        })
        .or_else(|| variable_name(last_name(source, compared_with(literal)?.0)?))
        .or_else(|| key_of(source, literal, site.callee?))?;
    let environment = draft.reference("os.environ")?;
    let text = source.text_of(literal);
    let opening = text.find(['"', '\''])?;
    let is_bytes = shape(literal) != Shape::Binary && text[..opening].to_ascii_lowercase().contains('b');
    if !is_bytes && !flatten(source, literal)?.holes.is_empty() {
        // Part of the string is put in at run time: the whole of it is no secret to look up.
        return None;
    }
    let quote = &text[opening..=opening];
    let encode = if is_bytes { ".encode()" } else { "" };
    let found = format!("{environment}[{quote}{variable}{quote}]");
    // `os.environ["KEY"] = "…"`: it would be given to itself.
    let statement = source.text_of(enclosing_statement(literal)).replace('\'', "\"");
    if statement.starts_with(&format!("{environment}[\"{variable}\"]")) {
        return None;
    }
    let Some((other, negated)) = compared_with(literal).filter(|_| literal.id() == node.id()) else {
        draft.rewrite_node(literal, format!("{found}{encode}"));
        return Some(());
    };
    // What is secret is compared in a time that does not depend on it; text may hold more than ASCII.
    let equal = draft.reference("hmac.compare_digest")?;
    let not = if negated { "not " } else { "" };
    let (other_text, encode_other) = (source.text_of(other), if is_bytes { "" } else { ".encode()" });
    let other_text = if is_atomic(other) { other_text.to_owned() } else { format!("({other_text})") };
    draft.replace_node(
        literal.parent()?,
        format!("{not}{equal}({other_text}{encode_other}, {found}.encode())"),
    );
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

/// What a literal is compared with, and whether it is to be unequal.
fn compared_with(literal: Node<'_>) -> Option<(Node<'_>, bool)> {
    let (left, right, negated) = comparison_of(literal.parent()?)?;
    Some((if left.id() == literal.id() { right } else { left }, negated))
}

/// `Fernet(b"…")` and `hmac.new(b"…")` take a key.
fn key_of(source: &Source<'_>, literal: Node<'_>, callee: &str) -> Option<String> {
    Call::at(source, range_of(literal))?;
    let mut parts =
        callee.split('.').rev().filter(|part| !matches!(*part, "new" | "encode" | "decode" | "digest"));
    let name = parts.next()?;
    variable_name(&format!("{name}_key"))
}

/// `apiKey`, `api-key`, `self.api_key` and `API_KEY` are all `API_KEY`.
fn variable_name(name: &str) -> Option<String> {
    let words = words(name.rsplit('.').next().unwrap_or(name));
    let name = words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join("_");
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some(name)
}
