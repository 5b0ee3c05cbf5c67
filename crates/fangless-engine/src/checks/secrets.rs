//! Secrets that are known by their shape, wherever they stand: in a literal or a comment. Their text goes nowhere.

use smol_str::SmolStr;

use super::Found;
use crate::secret::{private_key, token, url};
use crate::syntax::ir::{Expression, ExpressionKind, Ir, StatementKind};
use crate::text::TextRange;

/// Tokens of known issuers.
pub(super) fn tokens(text: &str) -> Vec<Found> {
    let found = token::find(text).into_iter();
    found
        .map(|token| Found {
            issuer: Some(token.issuer),
            ..named(text, token.range, &format!("{}_TOKEN", token.issuer.replace(' ', "_")))
        })
        .collect()
}

/// Private keys.
pub(super) fn private_keys(text: &str) -> Vec<Found> {
    let found = private_key::find(text).into_iter().map(Found::from);
    found.map(|key| Found { name: Some(SmolStr::new_static("PRIVATE_KEY")), ..key }).collect()
}

/// URLs with a password.
pub(super) fn urls(text: &str) -> Vec<Found> {
    url::find(text).into_iter().map(|range| named(text, range, "SERVICE_URL")).collect()
}

/// URLs with a password in Python, but for those in the text that documents a module, a class or a function.
pub(super) fn urls_outside_documentation(ir: &Ir, text: &str) -> Vec<Found> {
    let scopes = ir.functions.iter().map(|function| &function.body);
    let scopes = scopes.chain(ir.classes.iter().map(|class| &class.body)).chain([&ir.body]);
    let documentation: Vec<TextRange> = scopes
        .filter_map(|body| body.first())
        .filter(|first| {
            matches!(&first.kind, StatementKind::Expression(Expression { kind: ExpressionKind::Text(_), .. }))
        })
        .map(|first| first.range)
        .collect();
    let is_documented = |place: TextRange| {
        documentation.iter().any(|range| range.start <= place.start && place.end <= range.end)
    };
    urls(text).into_iter().filter(|found| !is_documented(found.range)).collect()
}

/// The literal that begins with the range, as other rules report it, and what it is called on its line.
fn named(text: &str, range: TextRange, fallback: &str) -> Found {
    let whole = literal_around(text, range).unwrap_or(range);
    let line = text[..whole.start as usize].rsplit('\n').next().unwrap_or_default();
    let name = line.trim_end().strip_suffix(['=', ':']).and_then(|before| {
        // `name: str = `
        let before = before.split_once(':').map_or(before, |(before, _)| before).trim_end();
        let name = before.trim_matches(['"', '\'']);
        let start =
            name.rfind(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map_or(0, |at| at + 1);
        name.get(start..).filter(|name| !name.is_empty())
    });
    Found {
        range: whole,
        callee: None,
        name: Some(name.map_or_else(|| SmolStr::new(fallback), SmolStr::new)),
        issuer: None,
    }
}

/// The string literal on one line of which the range is the beginning.
fn literal_around(text: &str, range: TextRange) -> Option<TextRange> {
    let quote =
        text[..range.start as usize].chars().next_back().filter(|quote| matches!(quote, '"' | '\''))?;
    let rest = &text[range.end as usize..];
    let close = rest.find([quote, '\n', '\\']).filter(|at| rest[*at..].starts_with(quote))?;
    let before = text[..range.start as usize - 1].bytes().rev();
    let prefix = before.take_while(|byte| b"rRbBuU".contains(byte)).count() as u32;
    Some(TextRange::new(range.start - 1 - prefix, range.end + close as u32 + 1))
}
