//! An upload that is stored whatever it is: CWE-434.

use crate::secret::names::words;
use crate::syntax::ir::{Expression, ExpressionKind, Ir};
use crate::syntax::walk;
use crate::text::TextRange;

/// Words in names and texts by which a function looks at what kind of file it was sent.
const KINDS: [&str; 14] = [
    "ext",
    "extension",
    "extensions",
    "suffix",
    "suffixes",
    "splitext",
    "allowed",
    "mime",
    "mimetype",
    "magic",
    "imghdr",
    "filetype",
    "validate",
    "verify",
];

/// The saving of uploads in functions that do not ask what they are.
pub(super) fn find(ir: &Ir) -> Vec<TextRange> {
    let mut found = Vec::new();
    for function in &ir.functions {
        let (mut saved, mut uploads, mut asks) = (Vec::new(), false, false);
        walk::expressions(&function.body, &mut |expression| match &expression.kind {
            ExpressionKind::Call { function, .. } => {
                if let ExpressionKind::Attribute { name, value } = &function.kind {
                    asks |= is_about_kind(name);
                    if name == "save" && !matches!(&value.kind, ExpressionKind::Call { .. }) {
                        saved.push(expression.range);
                    }
                }
            }
            ExpressionKind::Attribute { name, value } => {
                uploads |= (name == "files" || name == "FILES") && is_request(value);
                asks |= is_about_kind(name);
            }
            ExpressionKind::Name(name) => asks |= is_about_kind(name),
            ExpressionKind::Text(text) => asks |= text.starts_with('.') && text.len() <= 6,
            _ => {}
        });
        if uploads && !asks {
            found.extend(saved);
        }
    }
    found
}

fn is_about_kind(name: &str) -> bool {
    words(name).iter().any(|word| KINDS.contains(&word.as_str()))
}

fn is_request(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } if name == "request")
}
