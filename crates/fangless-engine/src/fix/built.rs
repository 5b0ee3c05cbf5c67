//! Where the string that a call gets is built: in the call itself, or in the one assignment of a local variable that
//! is used in that call only. And the other way round: source for a string with values in it.

use tree_sitter::Node;

use super::Site;
use super::tree::{
    Argument, Call, Pieces, Shape, Source, enclosing_function, enclosing_statement, flatten, is_pinned,
    names_read, range_of, shape, simple_assignment, suite_of, uses_of, without_parentheses,
};

pub(super) struct BuiltString<'t> {
    /// The expression that builds the string.
    pub(super) expression: Node<'t>,
    pub(super) pieces: Pieces<'t>,
    /// It is assigned to a variable first.
    pub(super) in_variable: bool,
}

/// The argument that the site means: the reported one, or else the first.
pub(super) fn argument_at_fault<'t>(call: &Call<'t>, site: &Site<'_>) -> Option<Argument<'t>> {
    let holds = |argument: &&Argument<'t>| {
        let own = range_of(argument.node);
        site.argument.is_some_and(|range| own.start <= range.start && range.end <= own.end)
    };
    call.arguments.iter().find(holds).copied().or_else(|| call.positional(0))
}

/// Takes apart the string that an argument gives.
pub(super) fn locate<'t>(source: &'t Source<'_>, argument: Node<'t>) -> Option<BuiltString<'t>> {
    let value = without_parentheses(argument);
    if shape(value) != Shape::Name {
        let pieces = flatten(source, value)?;
        return Some(BuiltString { expression: value, pieces, in_variable: false });
    }
    let expression = without_parentheses(only_assignment(source, value)?);
    let pieces = flatten(source, expression)?;
    Some(BuiltString { expression, pieces, in_variable: true })
}

/// The value of a variable that is assigned once, before this use, and used nowhere else.
pub(super) fn only_assignment<'t>(source: &'t Source<'_>, used: Node<'t>) -> Option<Node<'t>> {
    let name = source.text_of(used);
    let scope = enclosing_function(used).unwrap_or_else(|| source.root());
    let bindings = source.bindings(scope);
    let mut own = bindings.iter().filter(|binding| binding.name == name);
    let binding = own.next()?;
    if own.next().is_some() {
        return None;
    }
    let statement = enclosing_statement(source.node(binding.range)?);
    let (target, value) = simple_assignment(statement)?;
    let mut uses = Vec::new();
    uses_of(source, scope, name, &mut uses);
    let suite = range_of(suite_of(statement)?);
    let place = range_of(used);
    let is_before = range_of(statement).end <= place.start;
    let dominates = suite.start <= place.start && place.end <= suite.end;
    (range_of(target) == binding.range && uses.len() == 2 && is_before && dominates).then_some(value)
}

/// Whether the values can be computed at the call instead of where the string is built.
pub(super) fn can_move(source: &Source<'_>, built: &BuiltString<'_>) -> bool {
    if !built.in_variable {
        return true;
    }
    let statement = enclosing_statement(built.expression);
    let scope = enclosing_function(statement).unwrap_or_else(|| source.root());
    let bindings = source.bindings(scope);
    built.pieces.holes.iter().all(|hole| {
        let mut names = Vec::new();
        names_read(source, hole.value, &mut names);
        let is_rebound = bindings
            .iter()
            .any(|binding| binding.range.start >= range_of(statement).end && names.contains(&binding.name));
        !is_rebound && !is_pinned(hole.value)
    })
}

/// A stretch of a string: its text, or the source of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Value(String),
}

/// Source of a string with values in it: `f"%{name}%"`. None where no quote fits.
pub(super) fn interpolated(parts: &[Part], preferred: char) -> Option<String> {
    let other = if preferred == '"' { '\'' } else { '"' };
    let fits = |quote: char| {
        parts.iter().all(|part| match part {
            Part::Text(text) => !text.contains(quote),
            Part::Value(value) => !value.contains([quote, '\\', '\n']),
        })
    };
    let quote = [preferred, other].into_iter().find(|quote| fits(*quote))?;
    let has_values = parts.iter().any(|part| matches!(part, Part::Value(_)));
    let mut result = String::from(if has_values { "f" } else { "" });
    result.push(quote);
    for part in parts {
        match part {
            Part::Text(text) => {
                for character in text.chars() {
                    match character {
                        '\\' => result.push_str("\\\\"),
                        '\n' => result.push_str("\\n"),
                        '\t' => result.push_str("\\t"),
                        '{' if has_values => result.push_str("{{"),
                        '}' if has_values => result.push_str("}}"),
                        '\u{fffd}' | '\u{200b}' | '\r' => return None,
                        other => result.push(other),
                    }
                }
            }
            // `{{` would be a brace, not a value that begins with one.
            Part::Value(value) if value.starts_with('{') => return None,
            Part::Value(value) => {
                result.push('{');
                result.push_str(value);
                result.push('}');
            }
        }
    }
    result.push(quote);
    Some(result)
}

/// The quote character that the author used in this string.
pub(super) fn quote_of(pieces: &Pieces<'_>) -> char {
    pieces.literals.first().and_then(|literal| literal.quote.chars().next()).unwrap_or('"')
}
