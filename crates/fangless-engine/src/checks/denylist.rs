//! An address that is only held against a few forbidden ones before it is fetched: CWE-184.

use crate::secret::names::words;
use crate::syntax::ir::{CompareOperator, Expression, ExpressionKind, Ir};
use crate::syntax::walk;
use crate::text::TextRange;

/// Hosts that lists of forbidden ones begin with.
const FORBIDDEN: [&str; 8] = [
    "localhost",
    "127.0.0.1",
    "0.0.0.0",
    "::1",
    "[::1]",
    "169.254.169.254",
    "metadata.google.internal",
    "100.100.100.200",
];

/// Comparisons with forbidden hosts, in functions that fetch something and look at the host in no other way.
pub(super) fn find(ir: &Ir) -> Vec<TextRange> {
    let mut found = Vec::new();
    for function in &ir.functions {
        let mut looks = Looks::default();
        walk::expressions(&function.body, &mut |expression| looks.at(expression));
        if looks.fetches && !looks.allows {
            found.extend(looks.forbids);
        }
    }
    found
}

#[derive(Default)]
struct Looks {
    forbids: Option<TextRange>,
    /// The host is compared with what is allowed, or what it resolves to is looked at.
    allows: bool,
    fetches: bool,
}

impl Looks {
    fn at(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Compare { left, rest } => {
                let [(operator, right)] = rest.as_slice() else { return };
                let is_membership = matches!(operator, CompareOperator::In | CompareOperator::NotIn);
                let is_equality = matches!(operator, CompareOperator::Equal | CompareOperator::NotEqual);
                // `"localhost" in url` looks for the host anywhere.
                let is_forbidding = (is_membership && (is_forbidden_list(right) || is_forbidden(left)))
                    || (is_equality && is_forbidden(right));
                if is_forbidding {
                    self.forbids.get_or_insert(expression.range);
                } else if (is_membership || is_equality) && names_host(left) {
                    self.allows = true;
                }
            }
            // `address.is_private`, `ip.is_global`
            ExpressionKind::Attribute { name, .. } if name.starts_with("is_") => self.allows = true,
            ExpressionKind::Call { function, .. } => self.call(function),
            _ => {}
        }
    }

    fn call(&mut self, function: &Expression) {
        match &function.kind {
            ExpressionKind::Name(name) => {
                self.fetches |= matches!(name.as_str(), "urlopen" | "urlretrieve");
                self.allows |=
                    words(name).iter().any(|word| matches!(word.as_str(), "allowed" | "public" | "safe"));
            }
            ExpressionKind::Attribute { value, name } => {
                let by_client = names_client(value)
                    && matches!(
                        name.as_str(),
                        "get" | "post" | "put" | "patch" | "delete" | "head" | "request" | "stream" | "fetch"
                    );
                self.fetches |= by_client || matches!(name.as_str(), "urlopen" | "urlretrieve");
                self.allows |= matches!(name.as_str(), "fullmatch" | "match" | "endswith")
                    || words(name).iter().any(|word| matches!(word.as_str(), "allowed" | "public" | "safe"));
            }
            _ => {}
        }
    }
}

fn is_forbidden(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Text(text) if FORBIDDEN.contains(&&**text))
}

fn is_forbidden_list(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::List(items) | ExpressionKind::Tuple(items) | ExpressionKind::Set(items) => {
            items.iter().any(is_forbidden)
        }
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
            let is_about = |wanted: &[&str]| words(name).iter().any(|word| wanted.contains(&word.as_str()));
            is_about(&["blocked", "denied", "forbidden", "banned", "blocklist", "denylist", "blacklist"])
        }
        _ => false,
    }
}

fn names_host(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
            words(name).iter().any(|word| {
                matches!(word.as_str(), "host" | "hostname" | "netloc" | "domain" | "origin" | "server")
            })
        }
        ExpressionKind::Call { function, .. } => match &function.kind {
            // `parsed.hostname.lower()`
            ExpressionKind::Attribute { value, .. } => names_host(value),
            _ => false,
        },
        _ => false,
    }
}

fn names_client(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
            words(name).iter().any(|word| {
                matches!(word.as_str(), "requests" | "httpx" | "session" | "client" | "http" | "urllib3")
            })
        }
        _ => false,
    }
}
