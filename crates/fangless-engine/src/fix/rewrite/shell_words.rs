//! A shell command as words, where it needs no shell: plain words, quoted words, and values.

use crate::fix::tree::{ElementKind, Pieces};

/// One part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WordPart {
    Text(String),
    Hole(usize),
}

pub(super) type Word = Vec<WordPart>;

/// What only a shell does.
const BUILT_IN: [&str; 27] = [
    "cd", "export", "source", ".", "eval", "exec", "set", "unset", "alias", "unalias", "umask", "ulimit",
    "exit", "trap", "type", "command", "wait", "read", "local", "declare", "return", "if", "for", "while",
    "case", "function", "time",
];

/// Splits a command into its words; none where it needs a shell, or where a value is the program itself.
pub(super) fn split(pieces: &Pieces<'_>) -> Option<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    for element in &pieces.elements {
        let character = match element.kind {
            ElementKind::Hole(index) => {
                word.get_or_insert_default().push(WordPart::Hole(index));
                continue;
            }
            ElementKind::Char(character) => character,
        };
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            // In double quotes these still mean something.
            (Some('"'), '$' | '`' | '\\' | '!') | (Some(_), '\u{fffd}' | '\u{200b}') => return None,
            (Some(_), _) => push(word.get_or_insert_default(), character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (
                None,
                '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '\\' | '*' | '?' | '[' | ']' | '{'
                | '}' | '\n' | '\r' | '!' | '\u{fffd}' | '\u{200b}',
            ) => return None,
            (None, '~' | '#') if word.is_none() => return None,
            (None, _) => push(word.get_or_insert_default(), character),
        }
    }
    if quote.is_some() {
        return None;
    }
    words.extend(word);
    match words.first()?.as_slice() {
        [WordPart::Text(program)] if !program.contains('=') && !BUILT_IN.contains(&program.as_str()) => {
            Some(words)
        }
        _ => None,
    }
}

fn push(word: &mut Word, character: char) {
    match word.last_mut() {
        Some(WordPart::Text(text)) => text.push(character),
        _ => word.push(WordPart::Text(character.into())),
    }
}

/// Where a `--` goes, so that a value cannot be an option: before the first value, for programs known to take it, if
/// no option comes later and the word before is no option with a value of its own.
pub(super) fn end_of_options(words: &[Word]) -> Option<usize> {
    const PROGRAMS: [&str; 11] =
        ["ls", "rm", "cat", "cp", "mv", "mkdir", "rmdir", "touch", "wc", "du", "stat"];
    const FLAGS_WITHOUT_VALUE: &str = "larRfpvihA1s";
    let text = |word: &Word| match word.as_slice() {
        [WordPart::Text(text)] => Some(text.clone()),
        _ => None,
    };
    let begins_option =
        |word: &Word| matches!(word.first(), Some(WordPart::Text(text)) if text.starts_with('-'));
    let is_known = text(words.first()?).is_some_and(|program| PROGRAMS.contains(&program.as_str()));
    let first = words.iter().position(|word| matches!(word.first(), Some(WordPart::Hole(_))))?;
    let has_marker = words.iter().any(|word| text(word).as_deref() == Some("--"));
    if !is_known || has_marker || words[first..].iter().any(begins_option) {
        return None;
    }
    let before = text(&words[first - 1])?;
    let takes_value = before
        .strip_prefix('-')
        .is_some_and(|letters| !letters.chars().all(|letter| FLAGS_WITHOUT_VALUE.contains(letter)));
    (!takes_value).then_some(first)
}
