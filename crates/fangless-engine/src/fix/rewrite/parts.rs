//! The values that a text, a path or a dictionary is made of: each goes into a call that makes it harmless.

use smol_str::SmolStr;
use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::built::only_assignment;
use crate::fix::draft::Draft;
use crate::fix::simple::wrap;
use crate::fix::tree::{
    ElementKind, Shape, Source, answer_of, constant_of, display_elements, display_values, enclosing_function,
    flatten, is_number, may_be_none, path_parts, range_of, shape, without_parentheses,
};
use crate::text::TextRange;

/// Values in values are taken apart so far.
const MAX_DEPTH: usize = 6;

/// Keys of a query whose values the database runs.
const SCRIPTS: [&str; 3] = ["$where", "$function", "$accumulator"];

/// Functions that leave one part of a path.
const PARTS_OF_PATHS: [&str; 2] = ["os.path.basename", "werkzeug.utils.secure_filename"];

/// Wraps every value of the reported argument. Of the functions the first counts whose package the file imports, or else
/// the first.
pub(in crate::fix) fn wrap_all(
    functions: &[SmolStr],
    site: &Site<'_>,
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    let source = draft.source;
    let package = |function: &SmolStr| function.split('.').next().unwrap_or_default().to_owned();
    let imported = functions.iter().find(|function| draft.imports(&package(function)));
    let function = imported.or_else(|| functions.first())?;
    let node = answer_of(source.node(site.argument.unwrap_or(site.target))?);
    // A script stays one, whatever its parts are.
    if function == "str" && SCRIPTS.iter().any(|key| source.text_of(node).contains(key)) {
        return None;
    }
    let mut values = Vec::new();
    collect(source, node, &mut values, MAX_DEPTH)?;
    if PARTS_OF_PATHS.contains(&function.as_str())
        && let Some(folder) = folder_of(source, node)
    {
        values.retain(|value| range_of(*value) != folder);
    }
    let mut done = Vec::new();
    for value in values {
        if !done.contains(&range_of(value)) {
            done.push(range_of(value));
            wrap(function, value, draft)?;
            if function == "html.escape" && may_be_none(source, value) {
                // It takes text alone, and what was missing was written as `None`.
                draft.insert(range_of(value).start, "str(");
                draft.insert(range_of(value).end, ")");
            }
        }
    }
    (!done.is_empty()).then_some(())
}

/// The values that are not constant. None where the expression cannot be taken apart with certainty.
pub(super) fn collect<'t>(
    source: &'t Source<'_>,
    node: Node<'t>,
    values: &mut Vec<Node<'t>>,
    depth: usize,
) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let value = without_parentheses(node);
    if is_number(source, value) {
        return Some(());
    }
    if let Some(pieces) = flatten(source, value) {
        let dynamic = pieces.holes.iter().filter(|hole| !hole.is_number && !is_number(source, hole.value));
        values.extend(dynamic.map(|hole| hole.value).filter(|value| !is_constant(source, *value)));
        return Some(());
    }
    if let Some(parts) = path_parts(source, value) {
        return parts.into_iter().try_for_each(|part| collect(source, part, values, depth));
    }
    if is_constant(source, value) {
        return Some(());
    }
    match shape(value) {
        Shape::Dictionary => {
            display_values(value)?.into_iter().try_for_each(|item| collect(source, item, values, depth))
        }
        Shape::List | Shape::Tuple => {
            display_elements(value)?.into_iter().try_for_each(|item| collect(source, item, values, depth))
        }
        Shape::Name => match only_assignment(source, value) {
            Some(assigned) if !matches!(shape(without_parentheses(assigned)), Shape::Name | Shape::Other) => {
                let before = values.len();
                collect(source, assigned, values, depth)?;
                // A value that comes from elsewhere is wrapped where it is used.
                if values[before..]
                    .iter()
                    .any(|found| range_of(*found) == range_of(without_parentheses(assigned)))
                {
                    values.truncate(before);
                    values.push(node);
                }
                Some(())
            }
            _ => {
                let scope = enclosing_function(value).unwrap_or_else(|| source.root());
                let name = source.text_of(value);
                let bindings = source.bindings(scope);
                // More than one binding: it may be put together step by step.
                (bindings.iter().filter(|binding| binding.name == name).count() < 2)
                    .then(|| values.push(node))
            }
        },
        Shape::Call | Shape::Attribute | Shape::Subscript => {
            values.push(node);
            Some(())
        }
        _ => None,
    }
}

/// Whether it is a literal, or the name of one of this file.
fn is_constant(source: &Source<'_>, node: Node<'_>) -> bool {
    let value = without_parentheses(node);
    match shape(value) {
        Shape::Text => flatten(source, value).is_none_or(|pieces| pieces.holes.is_empty()),
        Shape::Integer | Shape::Constant => true,
        Shape::Name => constant_of(source, value)
            .is_some_and(|constant| shape(constant) != Shape::Name && is_constant(source, constant)),
        _ => false,
    }
}

/// The value that a path as text begins with, where a separator follows: the folder, which is not asked for.
fn folder_of(source: &Source<'_>, node: Node<'_>) -> Option<TextRange> {
    let pieces = flatten(source, without_parentheses(node))?;
    match pieces.elements.as_slice() {
        [first, second, ..] => match (first.kind, second.kind) {
            (ElementKind::Hole(hole), ElementKind::Char('/')) => Some(range_of(pieces.holes[hole].value)),
            _ => None,
        },
        _ => None,
    }
}
