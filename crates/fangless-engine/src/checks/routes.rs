//! Routes that change something and ask nobody who they are, in a file where others do: CWE-306.

use rustc_hash::FxHashSet;

use super::Found;
use crate::flow::program::Program;
use crate::secret::names::words;
use crate::syntax::ir::{Expression, ExpressionKind, Function};

/// Words of a path or a name that everybody has to reach before they are known.
const PUBLIC: [&str; 24] = [
    "login",
    "logout",
    "signin",
    "signup",
    "signout",
    "sign",
    "register",
    "registration",
    "token",
    "tokens",
    "refresh",
    "forgot",
    "forgotten",
    "reset",
    "recover",
    "password",
    "webhook",
    "webhooks",
    "callback",
    "hook",
    "health",
    "contact",
    "confirm",
    "oauth",
];

/// Words in the text of a function by which it looks at the visitor itself.
const ASKS: [&str; 12] = [
    "current_user",
    "abort(",
    "401",
    "403",
    "session",
    "verify",
    "check_",
    "require",
    "authorization",
    "is_authenticated",
    "g.user",
    "permission",
];

/// The routes of a chunk that are open while another one of the file is not.
pub(super) fn open(program: &Program, chunk: u64, text: &str, read: &mut FxHashSet<u64>) -> Vec<Found> {
    let Some(info) = program.chunks.get(&chunk) else { return Vec::new() };
    let candidates: Vec<&Function> = info.ir.functions.iter().filter(|function| is_open(function)).collect();
    let lower = text.to_lowercase();
    if candidates.is_empty() || ASKS.iter().any(|word| lower.contains(word)) {
        return Vec::new();
    }
    let mut has_guarded = false;
    for id in program.modules.get(&info.module).into_iter().flatten() {
        read.insert(*id);
        for function in program.chunks.get(id).map_or(&[][..], |other| &other.ir.functions) {
            let asks_before =
                function.decorators.iter().any(|one| name(one).is_some_and(|name| name.contains("before")));
            if asks_before {
                return Vec::new();
            }
            has_guarded |= route(function).is_some() && is_guarded(function);
        }
    }
    if !has_guarded {
        return Vec::new();
    }
    let found = |function: &&Function| Found {
        name: Some(function.name.clone()),
        ..Found::from(function.name_range)
    };
    candidates.iter().map(found).collect()
}

/// A route that changes something, or lies below `/admin`, and that nothing guards.
fn is_open(function: &Function) -> bool {
    let Some((path, arguments)) = route(function) else { return false };
    let public = |text: &str| words(text).iter().any(|word| PUBLIC.contains(&word.as_str()));
    let changes = arguments
        .iter()
        .any(|text| ["POST", "PUT", "PATCH", "DELETE"].contains(&text.to_uppercase().as_str()));
    (changes || path.contains("/admin")) && !public(path) && !public(&function.name) && !is_guarded(function)
}

/// The path of a route, and what it is called by or limited to: `delete`, `[\"POST\"]`.
fn route(function: &Function) -> Option<(&str, Vec<&str>)> {
    function.decorators.iter().find_map(|decorator| {
        let ExpressionKind::Call { function, arguments } = &decorator.kind else { return None };
        let ExpressionKind::Attribute { name, .. } = &function.kind else { return None };
        if !["route", "get", "post", "put", "patch", "delete", "api_route"].contains(&name.as_str()) {
            return None;
        }
        let ExpressionKind::Text(path) = &arguments.first()?.value.kind else { return None };
        let mut found = vec![name.as_str()];
        for argument in arguments {
            match &argument.value.kind {
                // Whatever guards all routes of a router may be named here.
                _ if argument.keyword.as_deref() == Some("dependencies") => return None,
                ExpressionKind::List(items) | ExpressionKind::Tuple(items) | ExpressionKind::Set(items)
                    if argument.keyword.as_deref() == Some("methods") =>
                {
                    found.extend(items.iter().filter_map(|item| match &item.kind {
                        ExpressionKind::Text(text) => Some(&**text),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        path.starts_with('/').then_some((&**path, found))
    })
}

/// Whether a decorator checks the visitor, or a parameter is the visitor.
fn is_guarded(function: &Function) -> bool {
    let by_decorator = function.decorators.iter().filter_map(name).any(is_check);
    let by_parameter = function.parameters.iter().any(|parameter| {
        let annotation = parameter.annotation.as_ref().is_some_and(depends);
        annotation || parameter.default.as_ref().is_some_and(depends)
    });
    by_decorator || by_parameter
}

/// The last part of a decorator's name.
fn name(decorator: &Expression) -> Option<&str> {
    match &decorator.kind {
        ExpressionKind::Call { function, .. } => name(function),
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => Some(name),
        _ => None,
    }
}

fn is_check(name: &str) -> bool {
    let words = words(name);
    let any = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let about = any(&[
        "login",
        "auth",
        "authentication",
        "authorization",
        "jwt",
        "token",
        "permission",
        "permissions",
        "role",
        "roles",
        "admin",
        "staff",
        "superuser",
        "scope",
        "scopes",
        "session",
        "user",
        "key",
        "access",
    ]);
    let asks = any(&[
        "required",
        "require",
        "requires",
        "needs",
        "check",
        "ensure",
        "verify",
        "protected",
        "only",
        "accepted",
        "passes",
    ]);
    (about && asks) || ["authenticated", "protected", "auth", "private"].contains(&name)
}

/// `Depends(current_user)`, also inside `Annotated[…]` or by a name that hides it.
fn depends(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Call { function, .. } => matches!(name(function), Some("Depends" | "Security")),
        ExpressionKind::Subscript { index, .. } => depends(index),
        ExpressionKind::Tuple(items) => items.iter().any(depends),
        ExpressionKind::Name(name) => words(name).iter().any(|word| word == "user" || word == "current"),
        _ => false,
    }
}
