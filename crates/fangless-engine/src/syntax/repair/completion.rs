//! What a half-typed text lacks, put where the scanner says it belongs: quotes, brackets, colons, operands.

use super::{Patch, line_of};
use crate::text::unfinished::{last_word, needs_operand};
use crate::text::{Unclosed, UnclosedKind};

/// What is missing, put where it belongs.
pub(super) fn completion(text: &str, unclosed: &[Unclosed]) -> Vec<Patch> {
    let mut items: Vec<&Unclosed> = unclosed.iter().collect();
    items.sort_by_key(|item| item.complete_at);
    let mut patches: Vec<Patch> = Vec::new();
    for group in items.chunk_by(|one, other| one.complete_at == other.complete_at) {
        let at = group[0].complete_at as usize;
        let line = line_of(text, at);
        let mut insert = String::new();
        let in_brackets = group.iter().any(|item| matches!(item.kind, UnclosedKind::Bracket(_)));
        let is_string =
            |item: &&Unclosed| matches!(item.kind, UnclosedKind::Quote(_) | UnclosedKind::TripleQuote(_));
        if !group.iter().any(is_string) {
            insert.push_str(missing_operand(between(text, line.start, at), in_brackets));
        }
        for item in group {
            match item.kind {
                UnclosedKind::Quote(quote) => {
                    let content = between(text, item.offset as usize + 1, at);
                    let escaped = content.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
                    if escaped {
                        insert.push('\\');
                    }
                    insert.push_str(&missing_braces(text, item.offset as usize, content));
                    insert.push(quote);
                }
                UnclosedKind::TripleQuote(quote) => {
                    let content = between(text, item.offset as usize + 3, at);
                    if content.ends_with([quote, '\\']) {
                        insert.push(' ');
                    }
                    insert.push_str(&missing_braces(text, item.offset as usize, content));
                    insert.extend([quote; 3]);
                }
                UnclosedKind::Bracket('(') => insert.push(')'),
                UnclosedKind::Bracket('[') => insert.push(']'),
                UnclosedKind::Bracket(_) => insert.push('}'),
                UnclosedKind::Operand => {}
                UnclosedKind::Colon => {
                    let end = colon(between(text, item.offset as usize, at), &insert);
                    insert.push_str(end);
                }
            }
        }
        // A backslash that nothing follows.
        let backslash = between(text, at, line.end).trim() == "\\";
        patches.push(Patch { range: at..if backslash { line.end } else { at }, text: insert });
    }
    patches
}

/// Part of a text; empty where there is none, as between overlapping quotes.
fn between(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or("")
}

/// The name that a line wants before it can be closed.
fn missing_operand(line: &str, in_brackets: bool) -> &'static str {
    let code = line.trim_end();
    if needs_operand(code) {
        return match last_word(code).0 {
            "for" => " _ in _",
            "lambda" => " : _",
            "def" | "class" => " _",
            "import" | "from" if code.trim_start() == "from" => " _ import _",
            _ => " _",
        };
    }
    // A slice, a pair, an annotation.
    if code.ends_with(':') {
        return " _";
    }
    if in_brackets {
        if let Some(comprehension) = code.rfind(" for ")
            && !code[comprehension..].contains(" in ")
        {
            return " in _";
        }
        return "";
    }
    if code.rfind(" if ") > code.rfind(" else ") {
        return " else _";
    }
    let statement = code.trim_start();
    if statement.starts_with("from ") && !statement.contains(" import") {
        return " import _";
    }
    ""
}

/// What turns the head of a compound statement into a whole one. `inserted` closes what is open in it.
fn colon(head: &str, inserted: &str) -> &'static str {
    let code = head.trim_end();
    if code == "async" {
        return " def _():";
    }
    let code = code.strip_prefix("async ").map_or(code, str::trim_start);
    let bare = inserted.is_empty();
    let word = code.split(|character: char| !character.is_alphanumeric()).next().unwrap_or("");
    match word {
        "def" if bare && !code.contains('(') => "():",
        "def" if inserted == " _" => "():",
        "for" if bare && !code.contains(" in ") => " in _:",
        "if" | "elif" | "while" | "with" if bare && code == word => " _:",
        _ => ":",
    }
}

/// The braces that an unfinished f-string lacks.
fn missing_braces(text: &str, quote: usize, content: &str) -> String {
    let format = between(text, 0, quote).bytes().rev().take(2).any(|byte| matches!(byte, b'f' | b'F'));
    if !format {
        return String::new();
    }
    let plain = content.replace("{{", "").replace("}}", "");
    let open = plain.matches('{').count().saturating_sub(plain.matches('}').count());
    let operand =
        if open > 0 && (plain.ends_with('{') || needs_operand(plain.trim_end())) { "_" } else { "" };
    format!("{operand}{}", "}".repeat(open))
}
