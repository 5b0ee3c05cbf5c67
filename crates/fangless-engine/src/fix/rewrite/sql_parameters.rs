//! Takes the values out of a SQL string: finds the stretch that each stands in, puts a placeholder there, and says what
//! the placeholder stands for. Where one value cannot be taken out, none is.

use tree_sitter::Node;

use super::sql::Style;
use super::sql_position::{VALUE, is_value_position, takes_parameters};
use crate::fix::built::{BuiltString, Part, can_move, interpolated, quote_of};
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Building, Call, Element, ElementKind, Hole, Shape, Source, contains_text, named_part, shape,
    without_parentheses,
};
use crate::text::TextRange;

/// What a placeholder stands for.
pub(super) struct Parameter {
    /// Source of the value.
    pub(super) value: String,
    /// A name for it, unlike those of the others.
    pub(super) name: String,
    /// The first and the last of the elements that the placeholder replaces.
    first: usize,
    last: usize,
}

impl Parameter {
    fn covers(&self, element: usize) -> bool {
        (self.first..=self.last).contains(&element)
    }
}

/// Puts placeholders into the statement; gives what they stand for.
pub(super) fn parametrise(
    built: &BuiltString<'_>,
    style: Style,
    draft: &mut Draft<'_, '_>,
) -> Option<Vec<Parameter>> {
    let source = draft.source;
    if built.pieces.holes.is_empty() || !can_move(source, built) {
        return None;
    }
    let parameters = match style {
        Style::Jinja | Style::Mako => template_parameters(source, built)?,
        Style::XPath => xpath_parameters(source, built)?,
        _ => parameters(source, built)?,
    };
    if clashes(built, &parameters, style) {
        return None;
    }
    let mut swallowed = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let placeholder = match style {
            Style::Question => "?".to_owned(),
            Style::Percent => "%s".to_owned(),
            Style::Numbered => format!(":{}", index + 1),
            Style::Dollar => format!("${}", index + 1),
            Style::Named => format!(":{}", parameter.name),
            Style::Jinja => format!("{{{{ {} }}}}", parameter.name),
            Style::Mako => format!("${{{}}}", parameter.name),
            Style::XPath => format!("${}", parameter.name),
        };
        place(built, parameter, &placeholder, &mut swallowed, draft)?;
    }
    for (index, element) in built.pieces.elements.iter().enumerate() {
        if parameters.iter().any(|parameter| parameter.covers(index)) {
            continue;
        }
        // What the building of the string read as an escape is plain text now, and the driver has escapes of its own.
        let wanted = match (element.kind, element.range.slice(source.text)) {
            (ElementKind::Char('%'), _) if style == Style::Percent => "%%",
            (_, "%%") => "%",
            (_, "{{") => "{",
            (_, "}}") => "}",
            _ => continue,
        };
        draft.replace(element.range, wanted);
    }
    for (index, literal) in built.pieces.literals.iter().enumerate() {
        if literal.building == Building::Interpolated && !swallowed.contains(&index) {
            let start = literal.range.start;
            let prefix = TextRange::new(start, start + literal.prefix.len() as u32);
            draft.replace(prefix, literal.prefix.replace(['f', 'F'], ""));
        }
    }
    for tail in &built.pieces.tails {
        draft.give_up(*tail);
    }
    Some(parameters)
}

/// Finds the stretch of every value: the value alone, or the SQL string that it stands in.
fn parameters(source: &Source<'_>, built: &BuiltString<'_>) -> Option<Vec<Parameter>> {
    let elements = &built.pieces.elements;
    let flat: Vec<char> = elements
        .iter()
        .map(|element| match element.kind {
            ElementKind::Char(character) => character,
            ElementKind::Hole(_) => VALUE,
        })
        .collect();
    let whole: String = flat.iter().collect();
    if !takes_parameters(&whole) || whole.contains("--") || whole.contains("/*") {
        return None;
    }
    let mut found: Vec<Parameter> = Vec::new();
    let mut at = 0;
    while at < flat.len() {
        let (last, quoted) = match flat[at] {
            quote @ ('\'' | '"') => {
                let close = at + 1 + flat[at + 1..].iter().position(|character| *character == quote)?;
                if !flat[at..close].contains(&VALUE) {
                    at = close + 1;
                    continue;
                }
                // A doubled or escaped quote in the string: where it ends is no longer plain.
                if flat.get(close + 1) == Some(&quote) || flat[at..close].contains(&'\\') {
                    return None;
                }
                (close, true)
            }
            VALUE => (at, false),
            '`' => return None,
            _ => {
                at += 1;
                continue;
            }
        };
        let before: String = flat[..at].iter().collect();
        let after: String = flat[last + 1..].iter().collect();
        if !is_value_position(&before, &after, quoted) {
            return None;
        }
        let inside = if quoted { &elements[at + 1..last] } else { &elements[at..=last] };
        let (value, hint) = value(source, built, inside, quoted)?;
        found.push(Parameter { name: unique_name(hint, &found), value, first: at, last });
        at = last + 1;
    }
    (!found.is_empty()).then_some(found)
}

/// In a template a value may stand anywhere.
fn template_parameters(source: &Source<'_>, built: &BuiltString<'_>) -> Option<Vec<Parameter>> {
    let mut found: Vec<Parameter> = Vec::new();
    for (at, element) in built.pieces.elements.iter().enumerate() {
        if let ElementKind::Hole(hole) = element.kind {
            let value = built.pieces.holes[hole].value;
            if source.text_of(value).contains(['#', '\\']) {
                return None;
            }
            let name = unique_name(name_of(source, value), &found);
            found.push(Parameter { name, value: source.text_of(value).to_owned(), first: at, last: at });
        }
    }
    Some(found)
}

/// In `XPath` a variable stands for a whole literal, or for what something is compared with.
fn xpath_parameters(source: &Source<'_>, built: &BuiltString<'_>) -> Option<Vec<Parameter>> {
    let elements = &built.pieces.elements;
    let character = |at: usize| match elements.get(at).map(|element| element.kind) {
        Some(ElementKind::Char(character)) => Some(character),
        _ => None,
    };
    let mut found: Vec<Parameter> = Vec::new();
    for (at, element) in elements.iter().enumerate() {
        let ElementKind::Hole(hole) = element.kind else { continue };
        let value = built.pieces.holes[hole].value;
        let before = character(at.checked_sub(1)?);
        let (first, last) = match before {
            Some('\'' | '"') if before == character(at + 1) => (at - 1, at + 1),
            Some('=') if matches!(character(at + 1), Some(']' | ' ' | ')')) => (at, at),
            _ => return None,
        };
        if source.text_of(value).contains(['#', '\\']) {
            return None;
        }
        let name = unique_name(name_of(source, value), &found);
        found.push(Parameter { name, value: source.text_of(value).to_owned(), first, last });
    }
    Some(found)
}

/// The value that a placeholder stands for, as source, and a name for it.
fn value(
    source: &Source<'_>,
    built: &BuiltString<'_>,
    inside: &[Element],
    quoted: bool,
) -> Option<(String, Option<String>)> {
    let holes = &built.pieces.holes;
    if let [Element { kind: ElementKind::Hole(only), .. }] = inside {
        let hole = &holes[*only];
        check_value(source, hole)?;
        let value = if quoted { hole.value } else { without_conversion(source, hole.value) };
        return Some((source.text_of(value).to_owned(), name_of(source, value)));
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut name = None;
    for element in inside {
        match element.kind {
            ElementKind::Char(character) => match parts.last_mut() {
                Some(Part::Text(text)) => text.push(character),
                _ => parts.push(Part::Text(character.into())),
            },
            ElementKind::Hole(index) => {
                check_value(source, &holes[index])?;
                let value = holes[index].value;
                name = name.or_else(|| name_of(source, value));
                parts.push(Part::Value(source.text_of(value).to_owned()));
            }
        }
    }
    Some((interpolated(&parts, quote_of(&built.pieces))?, name))
}

/// Refuses values that are SQL themselves, or that were escaped by hand: as parameters they would be wrong.
fn check_value(source: &Source<'_>, hole: &Hole<'_>) -> Option<()> {
    const MAKES_SQL: [&str; 10] =
        ["join", "replace", "format", "repr", "quote", "escape", "literal", "sanit", "mogrify", "tuple"];
    let value = without_parentheses(hole.value);
    if matches!(shape(value), Shape::Binary | Shape::Other) && contains_text(value) {
        return None;
    }
    if let Some(call) = Call::of(value) {
        let method = call.method(source).to_lowercase();
        if MAKES_SQL.iter().any(|word| method.contains(word)) {
            return None;
        }
    }
    (!source.text_of(value).contains(['#', '\\'])).then_some(())
}

/// `str(x)` was there for the string's sake only: the driver wants `x`.
fn without_conversion<'t>(source: &Source<'_>, value: Node<'t>) -> Node<'t> {
    match Call::of(value) {
        Some(call) if source.text_of(call.function) == "str" && call.arguments.len() == 1 => {
            call.positional(0).map_or(value, |argument| argument.value)
        }
        _ => value,
    }
}

fn name_of(source: &Source<'_>, value: Node<'_>) -> Option<String> {
    let named = match Call::of(value) {
        Some(call) => call.positional(0)?.value,
        None => named_part(value)?,
    };
    let name = source.text_of(named).trim_matches(['"', '\'']);
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then(|| name.to_owned())
}

fn unique_name(hint: Option<String>, taken: &[Parameter]) -> String {
    let base = hint.unwrap_or_else(|| "value".to_owned());
    let is_free = |name: &String| taken.iter().all(|parameter| parameter.name != *name);
    if is_free(&base) {
        return base;
    }
    (2..=taken.len() + 1).map(|number| format!("{base}_{number}")).find(is_free).unwrap_or(base)
}

/// Whether the driver would take some of the text for placeholders of its own.
fn clashes(built: &BuiltString<'_>, parameters: &[Parameter], style: Style) -> bool {
    let flat: Vec<char> = built
        .pieces
        .elements
        .iter()
        .enumerate()
        .map(|(index, element)| match element.kind {
            ElementKind::Char(character) if !parameters.iter().any(|parameter| parameter.covers(index)) => {
                character
            }
            _ => ' ',
        })
        .collect();
    let follows =
        |mark: char, fits: fn(char) -> bool| flat.windows(2).any(|pair| pair[0] == mark && fits(pair[1]));
    match style {
        Style::Question => flat.contains(&'?'),
        Style::Percent => false,
        Style::Numbered | Style::Named => follows(':', |next| next.is_alphanumeric() || next == '_'),
        Style::Dollar => follows('$', |next| next.is_ascii_digit()),
        // A name of the author's own might be one of the new ones.
        Style::Jinja => follows('{', |next| matches!(next, '{' | '%')),
        Style::Mako => follows('$', |next| next == '{'),
        Style::XPath => flat.contains(&'$'),
    }
}

/// Puts the placeholder where the value was. One that reaches over several literals makes one of them.
fn place(
    built: &BuiltString<'_>,
    parameter: &Parameter,
    placeholder: &str,
    swallowed: &mut Vec<usize>,
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    let elements = &built.pieces.elements;
    let literals = &built.pieces.literals;
    let (opening, start) = match elements[parameter.first].literal {
        Some(literal) => (literal, elements[parameter.first].range.start),
        None => {
            let literal = elements[parameter.first.checked_sub(1)?].literal?;
            (literal, literals[literal].content.end)
        }
    };
    let end = elements[parameter.last].range.end;
    let (closing, end) = match (elements[parameter.last].literal, elements.get(parameter.last + 1)) {
        (Some(literal), _) => (Some(literal), end),
        (None, Some(next)) => (Some(next.literal?), literals[next.literal?].content.start),
        (None, None) => (None, end),
    };
    let range = TextRange::new(start, end);
    let one = &literals[opening];
    match closing {
        Some(closing) if closing == opening => draft.replace(range, placeholder),
        Some(closing) => {
            let other = &literals[closing];
            let is_raw = |prefix: &str| prefix.contains(['r', 'R']);
            let is_template = |building| matches!(building, Building::Percent | Building::Format);
            let has_comment = range.slice(draft.source.text).contains('#');
            if one.quote != other.quote
                || is_raw(&one.prefix) != is_raw(&other.prefix)
                || is_template(one.building)
                || is_template(other.building)
                || has_comment
                || one.is_part != other.is_part
            {
                return None;
            }
            swallowed.extend(opening + 1..=closing);
            draft.replace(range, placeholder);
        }
        None => draft.replace(range, format!("{placeholder}{}", one.quote)),
    }
    Some(())
}
