//! A string-building expression as a sequence of characters and holes, each with its place in the file.
//! Understood are literals, f-strings, implicit and `+` concatenation, `%` and `.format`. What cannot be taken apart
//! with certainty (format specifications, splats, `join`) is not understood: `flatten` returns none.

use tree_sitter::Node;

use super::{Call, Source, children, display_elements, display_entries, range_of, without_parentheses};
use crate::text::TextRange;

/// One literal of the expression.
#[derive(Clone, Debug)]
pub(in crate::fix) struct Literal {
    pub(in crate::fix) range: TextRange,
    /// Between the quotes.
    pub(in crate::fix) content: TextRange,
    pub(in crate::fix) prefix: String,
    pub(in crate::fix) quote: String,
    pub(in crate::fix) building: Building,
    /// One of several that stand side by side.
    pub(in crate::fix) is_part: bool,
}

/// How holes come into a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fix) enum Building {
    Plain,
    Interpolated,
    Percent,
    Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fix) enum ElementKind {
    Char(char),
    /// The index of a hole.
    Hole(usize),
}

/// One character, or one hole, and the bytes of the file that stand for it.
#[derive(Clone, Copy, Debug)]
pub(in crate::fix) struct Element {
    pub(in crate::fix) kind: ElementKind,
    pub(in crate::fix) range: TextRange,
    /// The literal it stands in; none for an operand of `+`.
    pub(in crate::fix) literal: Option<usize>,
}

/// A value that is put into the string.
#[derive(Clone, Copy, Debug)]
pub(in crate::fix) struct Hole<'t> {
    pub(in crate::fix) value: Node<'t>,
    /// The value is known to be a string, since only strings can be added to one.
    pub(in crate::fix) is_text: bool,
    /// The value is known to be a number (`%d`).
    pub(in crate::fix) is_number: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::fix) struct Pieces<'t> {
    pub(in crate::fix) literals: Vec<Literal>,
    pub(in crate::fix) elements: Vec<Element>,
    pub(in crate::fix) holes: Vec<Hole<'t>>,
    /// ` % (a, b)` and `.format(a, b)`: what goes when the holes have gone.
    pub(in crate::fix) tails: Vec<TextRange>,
}

/// Takes a string-building expression apart.
pub(in crate::fix) fn flatten<'t>(source: &Source<'_>, node: Node<'t>) -> Option<Pieces<'t>> {
    let mut pieces = Pieces::default();
    add(source, without_parentheses(node), &mut pieces)?;
    (!pieces.literals.is_empty()).then_some(pieces)
}

fn add<'t>(source: &Source<'_>, node: Node<'t>, pieces: &mut Pieces<'t>) -> Option<()> {
    match node.kind() {
        "string" | "concatenated_string" => add_text(source, node, Building::Plain, pieces),
        "binary_operator" => {
            let left = node.child_by_field_name("left")?;
            let right = node.child_by_field_name("right")?;
            match node.child_by_field_name("operator")?.kind() {
                "+" => {
                    add(source, left, pieces)?;
                    add(source, right, pieces)
                }
                "%" if is_text(without_parentheses(left)) => add_percent(source, node, left, right, pieces),
                _ => None,
            }
        }
        "call" => match format_call(source, node) {
            Some((template, call)) => add_format(source, template, &call, pieces),
            None => add_operand(node, pieces),
        },
        "list_splat" => None,
        _ => add_operand(node, pieces),
    }
}

fn is_text(node: Node<'_>) -> bool {
    matches!(node.kind(), "string" | "concatenated_string")
}

fn add_operand<'t>(node: Node<'t>, pieces: &mut Pieces<'t>) -> Option<()> {
    let inner = without_parentheses(node);
    if is_text(inner) && inner.id() != node.id() {
        return None;
    }
    let kind = ElementKind::Hole(pieces.holes.len());
    pieces.elements.push(Element { kind, range: range_of(node), literal: None });
    pieces.holes.push(Hole { value: node, is_text: true, is_number: false });
    Some(())
}

fn add_text<'t>(
    source: &Source<'_>,
    node: Node<'t>,
    building: Building,
    pieces: &mut Pieces<'t>,
) -> Option<()> {
    if node.kind() == "concatenated_string" {
        return children(node)
            .into_iter()
            .try_for_each(|part| add_literal(source, part, building, true, pieces));
    }
    add_literal(source, node, building, false, pieces)
}

fn add_literal<'t>(
    source: &Source<'_>,
    node: Node<'t>,
    building: Building,
    is_part: bool,
    pieces: &mut Pieces<'t>,
) -> Option<()> {
    let open = node.child(0)?;
    let close = node.child(node.child_count().checked_sub(1)? as u32)?;
    let opening = source.text_of(open);
    let prefix = opening.trim_end_matches(['"', '\'']).to_owned();
    let quote = opening[prefix.len()..].to_owned();
    let lower = prefix.to_ascii_lowercase();
    if lower.contains('b') || lower.contains('t') || close.is_missing() {
        return None;
    }
    let interpolated = lower.contains('f');
    let building = match (interpolated, building) {
        (true, Building::Plain) => Building::Interpolated,
        (true, _) => return None,
        (false, other) => other,
    };
    let raw = lower.contains('r');
    let literal = pieces.literals.len();
    let content = TextRange::new(open.end_byte() as u32, close.start_byte() as u32);
    pieces.literals.push(Literal { range: range_of(node), content, prefix, quote, building, is_part });
    let mut at = content.start;
    let mut cursor = node.walk();
    let interpolations: Vec<Node<'t>> =
        node.named_children(&mut cursor).filter(|child| child.kind() == "interpolation").collect();
    for interpolation in interpolations {
        let range = range_of(interpolation);
        add_characters(source, TextRange::new(at, range.start), literal, raw, building, pieces);
        let plain_conversion = |node: Node<'_>| source.text_of(node) == "!s";
        let value = interpolation.child_by_field_name("expression")?;
        let decorated = interpolation.child_by_field_name("format_specifier").is_some()
            || interpolation
                .child_by_field_name("type_conversion")
                .is_some_and(|node| !plain_conversion(node))
            || source.text[value.end_byte()..range.end as usize].contains('=')
            || value.kind().ends_with("_list");
        if decorated {
            return None;
        }
        let kind = ElementKind::Hole(pieces.holes.len());
        pieces.elements.push(Element { kind, range, literal: Some(literal) });
        pieces.holes.push(Hole { value, is_text: false, is_number: false });
        at = range.end;
    }
    add_characters(source, TextRange::new(at, content.end), literal, raw, building, pieces);
    Some(())
}

/// The characters of a stretch of literal text, escapes resolved as far as SQL and shells care.
fn add_characters(
    source: &Source<'_>,
    range: TextRange,
    literal: usize,
    raw: bool,
    building: Building,
    pieces: &mut Pieces<'_>,
) {
    let text = range.slice(source.text);
    let mut rest = text.char_indices().peekable();
    while let Some((start, character)) = rest.next() {
        let mut kind = character;
        let next = rest.peek().map(|(_, next)| *next);
        if character == '\\' && !raw {
            kind = match next {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(quote @ ('\'' | '"' | '\\')) => quote,
                // A continued line: no character at all, but never a word's border either way it is read.
                Some('\n') => '\u{200b}',
                // Something written by its code: a letter no grammar knows.
                _ => '\u{fffd}',
            };
            rest.next();
        } else if building == Building::Interpolated
            && matches!(character, '{' | '}')
            && next == Some(character)
        {
            rest.next();
        }
        let end = rest.peek().map_or(text.len(), |(next, _)| *next);
        let range = TextRange::new(range.start + start as u32, range.start + end as u32);
        pieces.elements.push(Element { kind: ElementKind::Char(kind), range, literal: Some(literal) });
    }
}

/// `"..." % values`: every `%s` and `%d` becomes a hole.
fn add_percent<'t>(
    source: &Source<'_>,
    whole: Node<'t>,
    template: Node<'t>,
    values: Node<'t>,
    pieces: &mut Pieces<'t>,
) -> Option<()> {
    let first_element = pieces.elements.len();
    add_text(source, without_parentheses(template), Building::Percent, pieces)?;
    let literals = pieces.elements.split_off(first_element);
    let named = display_entries(source, values);
    let listed = match values.kind() {
        "tuple" => display_elements(values)?,
        "dictionary" => Vec::new(),
        _ => vec![values],
    };
    let mut listed = listed.into_iter();
    let mut at = 0;
    while at < literals.len() {
        let element = literals[at];
        let character = |offset: usize| match literals.get(at + offset).map(|element| element.kind) {
            Some(ElementKind::Char(character)) => Some(character),
            _ => None,
        };
        if character(0) != Some('%') {
            pieces.elements.push(element);
            at += 1;
            continue;
        }
        let mut length = 2;
        let value = match character(1)? {
            '%' => {
                let range = TextRange::new(element.range.start, literals[at + 1].range.end);
                pieces.elements.push(Element { range, ..element });
                at += 2;
                continue;
            }
            's' | 'd' | 'i' => listed.next()?,
            '(' => {
                let mut name = String::new();
                while character(length)? != ')' {
                    name.push(character(length)?);
                    length += 1;
                }
                length += 2;
                named.as_ref()?.iter().find(|(key, _)| *key == name)?.1
            }
            _ => return None,
        };
        let conversion = character(length - 1)?;
        if !matches!(conversion, 's' | 'd' | 'i') {
            return None;
        }
        let range = TextRange::new(element.range.start, literals[at + length - 1].range.end);
        pieces.elements.push(Element {
            kind: ElementKind::Hole(pieces.holes.len()),
            range,
            literal: element.literal,
        });
        pieces.holes.push(Hole { value, is_text: false, is_number: conversion != 's' });
        at += length;
    }
    if listed.next().is_some() {
        return None;
    }
    pieces.tails.push(TextRange::new(template.end_byte() as u32, whole.end_byte() as u32));
    Some(())
}

fn format_call<'t>(source: &Source<'_>, node: Node<'t>) -> Option<(Node<'t>, Call<'t>)> {
    let call = Call::of(node)?;
    let object = call.function.child_by_field_name("object")?;
    (call.method(source) == "format" && is_text(without_parentheses(object))).then_some((object, call))
}

/// `"...".format(...)`: every `{}`, `{0}` and `{name}` becomes a hole.
fn add_format<'t>(
    source: &Source<'_>,
    template: Node<'t>,
    call: &Call<'t>,
    pieces: &mut Pieces<'t>,
) -> Option<()> {
    if call.has_splat() || call.has_double_splat() || call.bare_generator {
        return None;
    }
    let first_element = pieces.elements.len();
    add_text(source, without_parentheses(template), Building::Format, pieces)?;
    let literals = pieces.elements.split_off(first_element);
    let mut next_position = 0;
    let mut at = 0;
    while at < literals.len() {
        let element = literals[at];
        let character = |index: usize| match literals.get(index).map(|element| element.kind) {
            Some(ElementKind::Char(character)) => Some(character),
            _ => None,
        };
        match character(at)? {
            brace @ ('{' | '}') if character(at + 1) == Some(brace) => {
                let range = TextRange::new(element.range.start, literals[at + 1].range.end);
                pieces.elements.push(Element { range, ..element });
                at += 2;
            }
            '{' => {
                let mut name = String::new();
                let mut end = at + 1;
                while character(end)? != '}' {
                    name.push(character(end)?);
                    end += 1;
                }
                let value = if name.is_empty() {
                    next_position += 1;
                    call.positional(next_position - 1)?
                } else if let Ok(position) = name.parse() {
                    call.positional(position)?
                } else {
                    // `{a.b}`, `{a:d}` and `{a!r}` are no keyword's name and so find nothing.
                    call.keyword(source, &name)?
                };
                let kind = ElementKind::Hole(pieces.holes.len());
                let range = TextRange::new(element.range.start, literals[end].range.end);
                pieces.elements.push(Element { kind, range, literal: element.literal });
                pieces.holes.push(Hole { value: value.value, is_text: false, is_number: false });
                at = end + 1;
            }
            '}' => return None,
            _ => {
                pieces.elements.push(element);
                at += 1;
            }
        }
    }
    pieces.tails.push(TextRange::new(template.end_byte() as u32, call.node.end_byte() as u32));
    Some(())
}
