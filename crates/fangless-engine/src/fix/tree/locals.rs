//! The variables of a function at a call in it, and the fields of a class of the file.

use tree_sitter::Node;

use super::scope::BindingKind;
use super::{Source, children, enclosing_function, enclosing_statement, range_of, simple_assignment};

/// The variables that are certainly bound where the node is evaluated, in the order in which they were. None where one
/// may be bound or not.
pub(in crate::fix) fn certain_locals<'a>(source: &Source<'a>, at: Node<'_>) -> Option<Vec<&'a str>> {
    let function = enclosing_function(at)?;
    let parameters = range_of(function.child_by_field_name("parameters")?);
    let place = range_of(at);
    let mut names = Vec::new();
    for binding in source.bindings(function) {
        if binding.kind == BindingKind::Import || names.contains(&binding.name) {
            continue;
        }
        let is_parameter = binding.range.start < parameters.end;
        if !is_parameter {
            let statement = enclosing_statement(source.node(binding.range)?);
            let suite = range_of(statement.parent()?);
            let is_before = range_of(statement).end <= place.start;
            let dominates = suite.start <= place.start && place.end <= suite.end;
            if !is_before && binding.range.start >= place.end {
                continue;
            }
            if !is_before || !dominates || simple_assignment(statement).is_none() {
                return None;
            }
        }
        names.push(binding.name);
    }
    Some(names)
}

/// The names that a class of the module binds by assignments in its body; none where the module has no such class.
pub(in crate::fix) fn fields_of_class<'a>(source: &Source<'a>, class: &str) -> Option<Vec<&'a str>> {
    let definition = children(source.root()).into_iter().find(|statement| {
        statement.kind() == "class_definition"
            && statement.child_by_field_name("name").is_some_and(|name| source.text_of(name) == class)
    })?;
    let body = definition.child_by_field_name("body")?;
    let fields = children(body).into_iter().filter_map(|statement| {
        let assignment = children(statement).into_iter().next().filter(|only| only.kind() == "assignment")?;
        let name = assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
        Some(source.text_of(name))
    });
    Some(fields.filter(|name| !name.starts_with('_')).collect())
}

/// The `key: value` of a dictionary, given its value, and its key.
pub(in crate::fix) fn pair_around(value: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let pair = value.parent().filter(|parent| parent.kind() == "pair")?;
    Some((pair, pair.child_by_field_name("key")?))
}

/// What `**x` spreads.
pub(in crate::fix) fn spread(node: Node<'_>) -> Option<Node<'_>> {
    children(node).first().copied().filter(|_| node.kind() == "dictionary_splat")
}
