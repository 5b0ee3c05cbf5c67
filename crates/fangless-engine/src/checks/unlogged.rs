//! A refusal that leaves no trace: CWE-778.

use super::Found;
use super::session::is_login;
use crate::secret::names::words;
use crate::syntax::ir::{Expression, ExpressionKind, Function, Ir, Statement, StatementKind};
use crate::syntax::walk;

/// What is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody is not who they say: 401.
    Login,
    /// Somebody may not do what they want to: 403.
    Right,
}

impl Refusal {
    fn status(self) -> i64 {
        match self {
            Self::Login => 401,
            Self::Right => 403,
        }
    }

    fn exceptions(self) -> &'static [&'static str] {
        match self {
            Self::Login => &["AuthenticationFailed", "NotAuthenticated", "Unauthorized", "HTTPUnauthorized"],
            Self::Right => &["PermissionDenied", "Forbidden", "HTTPForbidden", "PermissionError"],
        }
    }
}

/// The first refusal of each function that tells nobody.
pub(super) fn find(ir: &Ir, refusal: Refusal) -> Vec<Found> {
    let mut found = Vec::new();
    for function in ir.functions.iter().filter(|function| !tells(function)) {
        let by_answer = refusal == Refusal::Login && is_login(function);
        if let Some(statement) = first(&function.body, refusal, by_answer) {
            found.push(Found { name: Some(function.name.clone()), ..Found::from(statement.range) });
        }
    }
    found
}

/// Whether the function calls anything that writes down what happens, or hands it on.
fn tells(function: &Function) -> bool {
    const LEVELS: [&str; 8] =
        ["debug", "info", "warning", "warn", "error", "exception", "critical", "capture_message"];
    let mut tells = false;
    walk::expressions(&function.body, &mut |expression| {
        if let ExpressionKind::Call { function, .. } = &expression.kind
            && let Some(name) = called(function)
        {
            let about = |word: &String| {
                matches!(
                    word.as_str(),
                    "log" | "logger" | "logging" | "audit" | "record" | "track" | "report" | "emit"
                )
            };
            tells |= LEVELS.contains(&name) || words(name).iter().any(about);
        }
    });
    tells
}

fn first(statements: &[Statement], refusal: Refusal, by_answer: bool) -> Option<&Statement> {
    statements.iter().find_map(|statement| {
        if refuses(statement, refusal, by_answer) {
            return Some(statement);
        }
        statement.blocks().into_iter().find_map(|block| first(block, refusal, by_answer))
    })
}

fn refuses(statement: &Statement, refusal: Refusal, by_answer: bool) -> bool {
    match &statement.kind {
        StatementKind::Return(Some(value)) => match &value.kind {
            ExpressionKind::Boolean(false) => by_answer,
            ExpressionKind::Tuple(items) => items.iter().skip(1).any(|item| is_status(item, refusal)),
            _ => is_refusal(value, refusal),
        },
        StatementKind::Raise(values) => values.first().is_some_and(|value| is_refusal(value, refusal)),
        StatementKind::Expression(value) => is_refusal(value, refusal),
        _ => false,
    }
}

/// `abort(403)`, `HTTPException(status_code=403)`, `PermissionDenied()`.
fn is_refusal(expression: &Expression, refusal: Refusal) -> bool {
    match &expression.kind {
        ExpressionKind::Call { function, arguments } => {
            let Some(name) = called(function) else { return false };
            refusal.exceptions().contains(&name)
                || (matches!(
                    name,
                    "abort"
                        | "HTTPException"
                        | "HttpError"
                        | "JSONResponse"
                        | "JsonResponse"
                        | "Response"
                        | "HttpResponse"
                ) && arguments.iter().any(|one| is_status(&one.value, refusal)))
        }
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
            refusal.exceptions().contains(&name.as_str())
        }
        _ => false,
    }
}

/// `403`, `status.HTTP_403_FORBIDDEN`, `HTTPStatus.FORBIDDEN`.
fn is_status(expression: &Expression, refusal: Refusal) -> bool {
    match &expression.kind {
        ExpressionKind::Integer(number) => *number == refusal.status(),
        ExpressionKind::Attribute { name, .. } => match refusal {
            Refusal::Login => name == "UNAUTHORIZED" || name.starts_with("HTTP_401"),
            Refusal::Right => name == "FORBIDDEN" || name.starts_with("HTTP_403"),
        },
        _ => false,
    }
}

fn called(function: &Expression) -> Option<&str> {
    match &function.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => Some(name),
        _ => None,
    }
}
