//! Literals: numbers, strings with their escapes, f-strings.

use std::sync::Arc;

use tree_sitter::Node;

use super::super::ir::{Expression, ExpressionKind, FormatPart};
use super::{Lowering, children};

pub(super) fn integer(text: &str) -> ExpressionKind {
    let digits: String =
        text.chars().filter(|character| *character != '_').collect::<String>().to_ascii_lowercase();
    let parsed = match digits.get(..2) {
        Some("0x") => i64::from_str_radix(&digits[2..], 16),
        Some("0o") => i64::from_str_radix(&digits[2..], 8),
        Some("0b") => i64::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    parsed.map_or(ExpressionKind::Unknown(Vec::new()), ExpressionKind::Integer)
}

pub(super) fn float(text: &str) -> ExpressionKind {
    text.replace('_', "").parse().map_or(ExpressionKind::Unknown(Vec::new()), ExpressionKind::Float)
}

enum Piece {
    Text(String),
    Bytes(Vec<u8>),
    Parts(Vec<FormatPart>),
}

impl<'tree> Lowering<'tree> {
    pub(super) fn string(&mut self, node: Node<'tree>) -> ExpressionKind {
        let literals = if node.kind() == "concatenated_string" { children(node) } else { vec![node] };
        let mut parts: Vec<FormatPart> = Vec::new();
        let mut bytes: Option<Vec<u8>> = None;
        for literal in literals {
            match self.one_string(literal) {
                Piece::Text(text) => push_text(&mut parts, &text),
                Piece::Bytes(more) => bytes.get_or_insert_default().extend(more),
                Piece::Parts(more) => {
                    for part in more {
                        match part {
                            FormatPart::Text(text) => push_text(&mut parts, &text),
                            value @ FormatPart::Value { .. } => parts.push(value),
                        }
                    }
                }
            }
        }
        if let Some(bytes) = bytes {
            return ExpressionKind::Bytes(bytes.into());
        }
        match parts.as_slice() {
            [] => ExpressionKind::Text(Arc::from("")),
            [FormatPart::Text(text)] => ExpressionKind::Text(text.clone()),
            _ => ExpressionKind::Format(parts),
        }
    }

    fn one_string(&mut self, node: Node<'tree>) -> Piece {
        if node.kind() != "string" {
            return Piece::Parts(vec![value_part(self.expression(node))]);
        }
        let start = children(node).first().map_or("", |start| self.text(*start));
        let prefix = start.trim_end_matches(['"', '\'']).to_ascii_lowercase();
        let raw = prefix.contains('r');
        let mut parts = Vec::new();
        for child in children(node) {
            match child.kind() {
                "string_content" => self.string_content(child, raw, prefix.contains('b'), &mut parts),
                "interpolation" => parts.push(self.interpolation(child)),
                _ => {}
            }
        }
        if prefix.contains('f') || prefix.contains('t') {
            return Piece::Parts(parts);
        }
        let text: String = parts
            .iter()
            .map(|part| match part {
                FormatPart::Text(text) => &**text,
                FormatPart::Value { .. } => "",
            })
            .collect();
        if prefix.contains('b') {
            // Escapes up to \xff were decoded to the characters of the same number.
            return Piece::Bytes(
                text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect(),
            );
        }
        Piece::Text(text)
    }

    fn string_content(&mut self, node: Node<'tree>, raw: bool, bytes: bool, parts: &mut Vec<FormatPart>) {
        let text = self.text(node);
        if raw {
            push_text(parts, text);
            return;
        }
        let mut at = 0;
        let start = node.start_byte();
        for child in children(node) {
            let (from, to) = (child.start_byte() - start, child.end_byte() - start);
            push_text(parts, text.get(at..from).unwrap_or(""));
            let inner = self.text(child);
            match child.kind() {
                "escape_sequence" => push_text(parts, &unescape(inner, bytes)),
                "escape_interpolation" => push_text(parts, &inner[..1]),
                _ => push_text(parts, inner),
            }
            at = to;
        }
        push_text(parts, text.get(at..).unwrap_or(""));
    }

    fn interpolation(&mut self, node: Node<'tree>) -> FormatPart {
        let value = self.field(node, "expression");
        let conversion = node
            .child_by_field_name("type_conversion")
            .and_then(|conversion| self.text(conversion).chars().nth(1));
        let mut format = Vec::new();
        if let Some(specifier) = node.child_by_field_name("format_specifier") {
            for child in children(specifier) {
                match child.kind() {
                    "interpolation" | "format_expression" => {
                        format.push(value_part(self.field(child, "expression")));
                    }
                    _ => {}
                }
            }
            if format.is_empty() {
                push_text(&mut format, self.text(specifier).trim_start_matches(':'));
            }
        }
        FormatPart::Value { value, conversion, format }
    }
}

fn value_part(value: Expression) -> FormatPart {
    FormatPart::Value { value, conversion: None, format: Vec::new() }
}

fn push_text(parts: &mut Vec<FormatPart>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(FormatPart::Text(last)) = parts.last_mut() {
        let joined = format!("{last}{text}");
        *last = joined.into();
    } else {
        parts.push(FormatPart::Text(text.into()));
    }
}

fn unescape(sequence: &str, bytes: bool) -> String {
    let body = &sequence[1..];
    let number = |digits: &str, radix| {
        u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).map(String::from).unwrap_or_default()
    };
    match body.chars().next() {
        Some('\n' | '\r') => String::new(),
        Some('n') => "\n".into(),
        Some('t') => "\t".into(),
        Some('r') => "\r".into(),
        Some('0'..='7') => number(body, 8),
        Some('x') => number(&body[1..], 16),
        Some('u' | 'U') if !bytes => number(&body[1..], 16),
        Some('N') => "\u{fffd}".into(),
        Some('a') => "\u{7}".into(),
        Some('b') => "\u{8}".into(),
        Some('f') => "\u{c}".into(),
        Some('v') => "\u{b}".into(),
        Some('\\' | '\'' | '"') => body.into(),
        _ => sequence.into(),
    }
}
