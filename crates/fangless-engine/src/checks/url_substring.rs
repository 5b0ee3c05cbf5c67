//! A host that is looked for in the text of a URL, where the answer is one of trust: CWE-20.

use crate::secret::names::words;
use crate::syntax::ir::{CompareOperator, Expression, ExpressionKind, Function, Ir};
use crate::syntax::walk;
use crate::text::TextRange;

/// Tests for a host that other URLs pass too, in functions that ask whether a URL can be trusted.
pub(super) fn find(ir: &Ir) -> Vec<TextRange> {
    let mut found = Vec::new();
    for function in ir.functions.iter().filter(|function| asks_for_trust(function)) {
        walk::expressions(&function.body, &mut |expression| {
            if is_loose(expression) {
                found.push(expression.range);
            }
        });
    }
    found
}

fn asks_for_trust(function: &Function) -> bool {
    words(&function.name).iter().any(|word| {
        [
            "safe",
            "allow",
            "allowed",
            "trust",
            "trusted",
            "valid",
            "validate",
            "verify",
            "check",
            "permitted",
            "authorized",
            "authorised",
            "whitelisted",
            "internal",
            "origin",
            "redirect",
            "cors",
            "referer",
            "referrer",
        ]
        .contains(&word.as_str())
    })
}

fn is_loose(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Compare { left, rest } => match (&left.kind, rest.as_slice()) {
            (ExpressionKind::Text(host), [(CompareOperator::In | CompareOperator::NotIn, searched)]) => {
                is_host(after_scheme(host).unwrap_or(host)) && names_url(searched)
            }
            _ => false,
        },
        ExpressionKind::Call { function, arguments } => match (&function.kind, arguments.as_slice()) {
            (ExpressionKind::Attribute { value, name }, [only]) if only.keyword.is_none() => {
                let ExpressionKind::Text(text) = &only.value.kind else { return false };
                let is_open = match name.as_str() {
                    // `https://shop.example` begins `https://shop.example.evil.test`.
                    "startswith" => after_scheme(text).is_some_and(is_host),
                    // `shop.example` ends `evilshop.example`.
                    "endswith" => is_host(text),
                    _ => false,
                };
                is_open && names_url(value)
            }
            _ => false,
        },
        _ => false,
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))
}

/// A host with a dot in it, of the domains in which hosts are found; `report.txt` is none.
fn is_host(text: &str) -> bool {
    const DOMAINS: [&str; 32] = [
        "com", "org", "net", "edu", "gov", "io", "dev", "app", "ai", "co", "me", "info", "biz", "cloud",
        "tv", "de", "uk", "eu", "fr", "it", "ch", "nl", "us", "ca", "au", "jp", "br", "in", "example",
        "test", "internal", "local",
    ];
    let Some((name, domain)) = text.rsplit_once('.') else { return false };
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.')
        && DOMAINS.contains(&domain.to_ascii_lowercase().as_str())
}

/// Whether an expression is named as one URL or host, not as a list of them.
fn names_url(expression: &Expression) -> bool {
    let name = match &expression.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => name.as_str(),
        ExpressionKind::Subscript { index, .. } => match &index.kind {
            ExpressionKind::Text(key) => key,
            _ => return false,
        },
        ExpressionKind::Call { function, arguments } => {
            return match (&function.kind, arguments.first()) {
                (ExpressionKind::Attribute { value, name }, _)
                    if matches!(name.as_str(), "lower" | "strip" | "casefold" | "geturl") =>
                {
                    names_url(value)
                }
                (ExpressionKind::Name(name), Some(first)) if name == "str" => names_url(&first.value),
                (ExpressionKind::Attribute { name, .. }, Some(first)) if name == "get" => {
                    matches!(&first.value.kind, ExpressionKind::Text(key) if is_url_name(key))
                }
                _ => false,
            };
        }
        _ => return false,
    };
    is_url_name(name)
}

fn is_url_name(name: &str) -> bool {
    words(name).last().is_some_and(|last| {
        [
            "url", "uri", "link", "href", "referer", "referrer", "origin", "host", "hostname", "netloc",
            "domain",
        ]
        .contains(&last.as_str())
    })
}
