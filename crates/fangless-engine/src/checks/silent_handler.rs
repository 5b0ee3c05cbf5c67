//! Handlers of every exception that do nothing: CWE-390.

use crate::syntax::ir::{Expression, ExpressionKind, Handler, Ir, Statement, StatementKind};
use crate::text::TextRange;

/// What the handler does instead of anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nothing {
    Pass,
    Continue,
}

/// Handlers of every exception whose body is only that.
pub(super) fn find(ir: &Ir, wanted: Nothing) -> Vec<TextRange> {
    let mut found = Vec::new();
    let scopes = ir.functions.iter().map(|function| &function.body);
    let scopes = scopes.chain(ir.classes.iter().map(|class| &class.body));
    for body in std::iter::once(&ir.body).chain(scopes) {
        visit(body, wanted, &mut found);
    }
    found
}

fn visit(statements: &[Statement], wanted: Nothing, found: &mut Vec<TextRange>) {
    for statement in statements {
        if let StatementKind::Try { handlers, .. } = &statement.kind {
            let silent = handlers.iter().filter(|handler| {
                handler.exception.as_ref().is_none_or(catches_all) && does(handler) == Some(wanted)
            });
            found.extend(silent.map(|handler| handler.range));
        }
        statement.blocks().into_iter().for_each(|block| visit(block, wanted, found));
    }
}

fn catches_all(exception: &Expression) -> bool {
    match &exception.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
            name == "Exception" || name == "BaseException"
        }
        ExpressionKind::Tuple(several) => several.iter().any(catches_all),
        _ => false,
    }
}

fn does(handler: &Handler) -> Option<Nothing> {
    let [only] = handler.body.as_slice() else { return None };
    match &only.kind {
        StatementKind::Pass => Some(Nothing::Pass),
        StatementKind::Expression(Expression { kind: ExpressionKind::Ellipsis, .. }) => Some(Nothing::Pass),
        StatementKind::Continue => Some(Nothing::Continue),
        _ => None,
    }
}
