//! Paths that are put together by `/`, `os.path.join`, `joinpath` or as text, as fixes see them.

use tree_sitter::Node;

use super::{
    ArgumentKind, Call, ElementKind, Shape, Source, constant_of, flatten, shape, without_parentheses,
};

/// What is put behind the beginning of a path: by `/`, `os.path.join` or `joinpath`, also where a method of the path is
/// called. None where the expression puts no path together.
pub(in crate::fix) fn path_parts<'t>(source: &Source<'_>, node: Node<'t>) -> Option<Vec<Node<'t>>> {
    let node = without_parentheses(node);
    match node.kind() {
        "binary_operator" if node.child_by_field_name("operator")?.kind() == "/" => {
            let left = node.child_by_field_name("left")?;
            let mut parts = path_parts(source, left).unwrap_or_default();
            parts.push(node.child_by_field_name("right")?);
            Some(parts)
        }
        "call" => {
            let call = Call::of(node)?;
            let positional =
                call.arguments.iter().map(|argument| (argument.kind, argument.value)).collect::<Vec<_>>();
            if positional.iter().any(|(kind, _)| *kind != ArgumentKind::Positional) {
                return None;
            }
            let values = positional.into_iter().map(|(_, value)| value);
            match source.text_of(call.function) {
                "os.path.join" | "path.join" => return Some(values.skip(1).collect()),
                _ => {}
            }
            let receiver = call.function.child_by_field_name("object")?;
            if call.method(source) == "joinpath" {
                let mut parts = path_parts(source, receiver).unwrap_or_default();
                parts.extend(values);
                return Some(parts);
            }
            path_parts(source, receiver)
        }
        _ => None,
    }
}

/// What a path that is put together begins with.
fn path_start<'t>(source: &Source<'_>, node: Node<'t>) -> Option<Node<'t>> {
    let node = without_parentheses(node);
    match node.kind() {
        "binary_operator" if node.child_by_field_name("operator")?.kind() == "/" => {
            let left = node.child_by_field_name("left")?;
            path_start(source, left).or(Some(left))
        }
        "call" => {
            let call = Call::of(node)?;
            match source.text_of(call.function) {
                "os.path.join" | "path.join" => call.positional(0).map(|first| first.value),
                _ => {
                    let receiver = call.function.child_by_field_name("object")?;
                    let is_join = call.method(source) == "joinpath";
                    path_start(source, receiver).or_else(|| is_join.then_some(receiver))
                }
            }
        }
        _ => None,
    }
}

/// The path on which a method is called that puts no path together itself.
pub(in crate::fix) fn path_receiver<'t>(source: &Source<'_>, node: Node<'t>) -> Option<Node<'t>> {
    let call = Call::of(node)?;
    let receiver = call.function.child_by_field_name("object")?;
    let joins = call.method(source) == "joinpath" || source.text_of(call.function).ends_with("path.join");
    (!joins && path_start(source, receiver).is_some()).then(|| without_parentheses(receiver))
}

/// Source of the folder that a path begins in.
pub(in crate::fix) fn path_base(source: &Source<'_>, node: Node<'_>) -> Option<String> {
    if let Some(start) = path_start(source, node) {
        return Some(source.text_of(start).to_owned());
    }
    if shape(node) == Shape::Name {
        return path_base(source, constant_of(source, node)?);
    }
    let pieces = flatten(source, node).filter(|pieces| !pieces.holes.is_empty())?;
    let mut text = String::new();
    for element in &pieces.elements {
        match element.kind {
            ElementKind::Char(character) => text.push(character),
            ElementKind::Hole(0) => break,
            ElementKind::Hole(_) => return None,
        }
    }
    let folder = text.strip_suffix('/')?;
    (!folder.is_empty() && !folder.contains(['"', '\\', '\u{fffd}'])).then(|| format!("\"{folder}\""))
}
