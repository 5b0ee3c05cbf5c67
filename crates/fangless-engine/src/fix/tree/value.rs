//! What an expression plainly gives: text, or nothing at times. Only what can be seen; not to know is no answer.

use tree_sitter::Node;

use super::{Call, Source, constant_of, literal_prefix, parameter_type, without_parentheses};

/// Names in names are followed so far.
const MAX_DEPTH: usize = 4;
/// What a request, or the process, keeps texts in.
const HOLDERS: [&str; 12] = [
    "headers",
    "args",
    "form",
    "cookies",
    "values",
    "GET",
    "POST",
    "META",
    "COOKIES",
    "query_params",
    "query",
    "environ",
];

/// Whether the value is text wherever it is anything.
pub(in crate::fix) fn is_text(source: &Source<'_>, node: Node<'_>) -> bool {
    gives_text(source, node, MAX_DEPTH)
}

fn gives_text(source: &Source<'_>, node: Node<'_>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let node = without_parentheses(node);
    match node.kind() {
        "string" => !literal_prefix(source, node).to_lowercase().contains('b'),
        "identifier" => {
            parameter_type(source, node, source.text_of(node)) == Some("str")
                || constant_of(source, node).is_some_and(|value| gives_text(source, value, depth))
        }
        "subscript" => node.child_by_field_name("value").is_some_and(|holder| is_holder(source, holder)),
        "call" => {
            let Some(call) = Call::of(node) else { return false };
            let Some(receiver) = call.function.child_by_field_name("object") else {
                return matches!(source.text_of(call.function), "str" | "getenv");
            };
            match call.method(source) {
                "hexdigest" | "decode" | "getenv" => true,
                "get" => is_holder(source, receiver),
                "strip" | "lower" | "upper" | "removeprefix" => gives_text(source, receiver, depth),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether the value is None where something is missing: `holder.get(key)`, or a name for it.
pub(in crate::fix) fn may_be_none(source: &Source<'_>, node: Node<'_>) -> bool {
    let node = without_parentheses(node);
    match node.kind() {
        "call" => is_look_up(source, node),
        "identifier" => constant_of(source, node).is_some_and(|value| is_look_up(source, value)),
        _ => false,
    }
}

/// `holder.get(key)`, without a default.
pub(in crate::fix) fn is_look_up(source: &Source<'_>, node: Node<'_>) -> bool {
    let Some(call) = Call::of(without_parentheses(node)) else { return false };
    matches!(call.method(source), "get" | "getenv") && call.arguments.len() == 1 && !call.bare_generator
}

/// Whether the value was read from the environment of the process.
pub(in crate::fix) fn is_of_environment(source: &Source<'_>, node: Node<'_>) -> bool {
    let node = without_parentheses(node);
    let value = constant_of_name(source, node).unwrap_or(node);
    let text = source.text_of(value);
    text.contains("environ") || text.contains("getenv")
}

fn constant_of_name<'t>(source: &'t Source<'_>, node: Node<'t>) -> Option<Node<'t>> {
    if node.kind() == "identifier" { constant_of(source, node) } else { None }
}

fn is_holder(source: &Source<'_>, node: Node<'_>) -> bool {
    super::last_name(source, node).is_some_and(|name| HOLDERS.contains(&name))
}
