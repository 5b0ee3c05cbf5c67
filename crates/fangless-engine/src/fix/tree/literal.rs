//! Literals and the names that stand for them, assertions and conditions as fixes see them.

use tree_sitter::Node;

use super::{
    Source, children, enclosing_function, enclosing_statement, range_of, simple_assignment,
    without_parentheses,
};
use crate::text::TextRange;

/// What stands between the quotes of one literal, values put in included, and the quote; the whole of a comment.
pub(in crate::fix) fn literal_content<'t>(
    source: &'t Source<'_>,
    node: Node<'t>,
) -> Option<(TextRange, &'t str)> {
    if node.kind() == "comment" {
        return Some((range_of(node), ""));
    }
    if node.kind() != "string" {
        return None;
    }
    let open = node.child(0)?;
    let close = node.child(node.child_count().checked_sub(1)? as u32)?;
    let quote = source.text_of(close);
    (open.end_byte() <= close.start_byte() && !close.is_missing())
        .then(|| (TextRange::new(open.end_byte() as u32, close.start_byte() as u32), quote))
}

/// `f`, `rb`: what stands before the quotes.
pub(in crate::fix) fn literal_prefix<'t>(source: &'t Source<'_>, literal: Node<'t>) -> &'t str {
    source.text_of(literal).split(['"', '\'']).next().unwrap_or_default()
}

/// The values that are put into an f-string, or into the parts of a text that stand side by side.
pub(in crate::fix) fn interpolations(node: Node<'_>) -> Vec<Node<'_>> {
    match node.kind() {
        "concatenated_string" => children(node).into_iter().flat_map(interpolations).collect(),
        "string" => {
            children(node).into_iter().filter_map(|child| child.child_by_field_name("expression")).collect()
        }
        _ => Vec::new(),
    }
}

/// The braces of an f-string, and what is in them, around a value.
pub(in crate::fix) fn interpolation_of(value: Node<'_>) -> Option<Node<'_>> {
    value.parent().filter(|parent| {
        parent.kind() == "interpolation" && parent.parent().is_some_and(|literal| literal.kind() == "string")
    })
}

/// What a name stands for: the value of the only statement that binds it, in the nearest scope that does.
pub(in crate::fix) fn constant_of<'t>(source: &'t Source<'_>, name: Node<'t>) -> Option<Node<'t>> {
    let text = source.text_of(name);
    for scope in source.scopes(name) {
        let bindings = source.bindings(scope);
        let mut own = bindings.iter().filter(|binding| binding.name == text);
        let Some(binding) = own.next() else { continue };
        if own.next().is_some() {
            return None;
        }
        let (target, value) = simple_assignment(enclosing_statement(source.node(binding.range)?))?;
        return (range_of(target) == binding.range).then_some(value);
    }
    None
}

/// The statements `name["key"] = value` of the function that a name is used in, with the keys.
pub(in crate::fix) fn item_assignments<'t>(
    source: &'t Source<'_>,
    name: Node<'t>,
) -> Vec<(Node<'t>, Node<'t>)> {
    let scope = enclosing_function(name).unwrap_or_else(|| source.root());
    let mut uses = Vec::new();
    super::uses_of(source, scope, source.text_of(name), &mut uses);
    let assigned = |used: Node<'t>| {
        let subscript = used.parent().filter(|parent| parent.kind() == "subscript")?;
        let assignment = subscript.parent().filter(|parent| parent.kind() == "assignment")?;
        let is_target = assignment.child_by_field_name("left")?.id() == subscript.id()
            && subscript.child_by_field_name("value")?.id() == used.id();
        let statement = assignment.parent().filter(|parent| parent.kind() == "expression_statement")?;
        is_target.then_some((statement, subscript.child_by_field_name("subscript")?))
    };
    uses.into_iter().filter_map(assigned).collect()
}

/// A list, a tuple, a set or a dictionary that is written down.
pub(in crate::fix) fn is_display(node: Node<'_>) -> bool {
    matches!(node.kind(), "list" | "tuple" | "set" | "dictionary")
}

/// The list or tuple that an expression is an element of.
pub(in crate::fix) fn enclosing_display(node: Node<'_>) -> Option<Node<'_>> {
    node.parent().filter(|parent| matches!(parent.kind(), "list" | "tuple"))
}

/// The test and the message of an assertion.
pub(in crate::fix) fn assertion_of(statement: Node<'_>) -> Option<(Node<'_>, Option<Node<'_>>)> {
    if statement.kind() != "assert_statement" {
        return None;
    }
    match children(statement)[..] {
        [test] => Some((test, None)),
        [test, message] => Some((test, Some(message))),
        _ => None,
    }
}

/// Source of a condition that holds where this one does not.
pub(in crate::fix) fn negation_of(source: &Source<'_>, test: Node<'_>) -> String {
    let inner = without_parentheses(test);
    match inner.kind() {
        "not_operator" => match inner.child_by_field_name("argument") {
            Some(argument) => source.text_of(argument).to_owned(),
            None => format!("not ({})", source.text_of(inner)),
        },
        "boolean_operator" | "conditional_expression" | "lambda" | "named_expression"
            if inner.id() == test.id() =>
        {
            format!("not ({})", source.text_of(inner))
        }
        _ => format!("not {}", source.text_of(test)),
    }
}

/// `template % values`, of which the template is given.
pub(in crate::fix) fn is_percent_of(node: Node<'_>, template: Node<'_>) -> bool {
    node.kind() == "binary_operator"
        && node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "%")
        && node.child_by_field_name("left").is_some_and(|left| left.id() == template.id())
}

/// `and` or `or`, or `not`.
pub(in crate::fix) fn is_logical(node: Node<'_>) -> bool {
    matches!(node.kind(), "boolean_operator" | "not_operator")
}

/// The operands of `a in b` or `a not in b`, and whether it is the latter.
pub(in crate::fix) fn membership_of(node: Node<'_>) -> Option<(Node<'_>, Node<'_>, bool)> {
    let [left, right] = children(node)[..] else { return None };
    if node.kind() != "comparison_operator" {
        return None;
    }
    match left.next_sibling()?.kind() {
        "in" => Some((left, right, false)),
        "not in" | "not" => Some((left, right, true)),
        _ => None,
    }
}

/// Whether a node is evaluated exactly once, and before anything else that matters, when its statement begins.
pub(in crate::fix) fn evaluated_once(node: Node<'_>, statement: Node<'_>) -> bool {
    let mut at = node;
    while at.id() != statement.id() {
        let Some(parent) = at.parent() else { return false };
        if matches!(
            parent.kind(),
            "lambda"
                | "list_comprehension"
                | "set_comprehension"
                | "dictionary_comprehension"
                | "generator_expression"
                | "conditional_expression"
                | "boolean_operator"
                | "elif_clause"
                | "while_statement"
                | "except_clause"
                | "case_clause"
                | "decorator"
                | "parameters"
        ) {
            return false;
        }
        at = parent;
    }
    !matches!(statement.kind(), "while_statement" | "function_definition" | "class_definition")
}

/// The name to which a statement, a keyword argument or a dictionary gives the value.
pub(in crate::fix) fn bound_name<'a>(source: &Source<'a>, value: Node<'_>) -> Option<&'a str> {
    let parent = value.parent()?;
    match parent.kind() {
        "assignment" => super::last_name(source, parent.child_by_field_name("left")?),
        "keyword_argument" | "default_parameter" | "typed_default_parameter" => {
            parent.child_by_field_name("name").map(|name| source.text_of(name))
        }
        "pair" => {
            let key = parent.child_by_field_name("key").filter(|key| key.kind() == "string")?;
            Some(source.text_of(key).trim_matches(['"', '\'']))
        }
        "parenthesized_expression" => bound_name(source, parent),
        _ => None,
    }
}
