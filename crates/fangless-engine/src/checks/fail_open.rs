//! An error handler that grants what was asked: CWE-636.

use smol_str::SmolStr;

use crate::secret::names::words;
use crate::syntax::ir::{Expression, ExpressionKind, Function, Ir, Statement, StatementKind};
use crate::text::TextRange;

/// Returns, inside a handler, of the permissive answer to a question of access.
pub(super) fn find(ir: &Ir) -> Vec<TextRange> {
    let mut found = Vec::new();
    for function in &ir.functions {
        if asks_for_access(function) {
            let mut returned = Vec::new();
            returned_names(&function.body, &mut returned);
            visit(&function.body, false, &returned, &mut found);
            granted_before(&function.body, &returned, &mut found);
        }
    }
    found
}

/// Functions whose name asks whether something may be done. `is_` and `has_` alone ask all sorts of things
/// (`is_dir`, `has_attribute`), so they need a word of access beside them.
fn asks_for_access(function: &Function) -> bool {
    let words = words(&function.name);
    let Some(first) = words.first() else { return false };
    let access = words.iter().any(|word| {
        [
            "permission",
            "permissions",
            "permitted",
            "access",
            "allowed",
            "admin",
            "auth",
            "authorized",
            "authenticated",
            "authorised",
            "privilege",
            "login",
            "token",
            "signature",
            "password",
            "role",
            "owner",
            "superuser",
            "staff",
            "user",
            "credentials",
            "session",
        ]
        .contains(&word.as_str())
            || word.starts_with("authori")
            || word.starts_with("authenti")
            || word.starts_with("permi")
    });
    match first.as_str() {
        "authorize" | "authorise" | "authenticate" | "permit" | "allow" | "may" | "can" => true,
        "check" | "is" | "has" | "verify" | "validate" | "user" => access,
        _ => false,
    }
}

/// Names that the function returns somewhere.
fn returned_names(statements: &[Statement], names: &mut Vec<SmolStr>) {
    for statement in statements {
        if let StatementKind::Return(Some(Expression { kind: ExpressionKind::Name(name), .. })) =
            &statement.kind
        {
            names.push(name.clone());
        }
        statement.blocks().into_iter().for_each(|block| returned_names(block, names));
    }
}

/// An answer that is permissive before what may fail, and that a handler leaves as it is.
fn granted_before(statements: &[Statement], returned: &[SmolStr], found: &mut Vec<TextRange>) {
    let mut granted: Vec<(&SmolStr, TextRange)> = Vec::new();
    for statement in statements {
        if let StatementKind::Assign { targets, value } = &statement.kind
            && let [Expression { kind: ExpressionKind::Name(name), .. }] = targets.as_slice()
        {
            granted.retain(|(known, _)| *known != name);
            if returned.contains(name) && matches!(value.kind, ExpressionKind::Boolean(true)) {
                granted.push((name, statement.range));
            }
        }
        if let StatementKind::Try { body, handlers, .. } = &statement.kind {
            let stays = |name: &SmolStr| {
                assigns(body, name)
                    && handlers.iter().any(|handler| !assigns(&handler.body, name) && goes_on(&handler.body))
            };
            found.extend(granted.iter().filter(|(name, _)| stays(name)).map(|(_, range)| *range));
        }
        statement.blocks().into_iter().for_each(|block| granted_before(block, returned, found));
    }
}

fn assigns(statements: &[Statement], wanted: &SmolStr) -> bool {
    let is_it = |target: &Expression| matches!(&target.kind, ExpressionKind::Name(name) if name == wanted);
    statements.iter().any(|statement| {
        matches!(&statement.kind, StatementKind::Assign { targets, .. } if targets.iter().any(is_it))
            || statement.blocks().into_iter().any(|block| assigns(block, wanted))
    })
}

/// Whether what follows the block is run too.
fn goes_on(statements: &[Statement]) -> bool {
    !statements.iter().any(|statement| {
        matches!(
            statement.kind,
            StatementKind::Return(_)
                | StatementKind::Raise(_)
                | StatementKind::Break
                | StatementKind::Continue
        )
    })
}

fn visit(statements: &[Statement], in_handler: bool, returned: &[SmolStr], found: &mut Vec<TextRange>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Return(Some(value)) if in_handler => {
                if matches!(value.kind, ExpressionKind::Boolean(true)) {
                    found.push(statement.range);
                }
            }
            StatementKind::Assign { targets, value } if in_handler => {
                let is_answer = targets.iter().any(
                    |target| matches!(&target.kind, ExpressionKind::Name(name) if returned.contains(name)),
                );
                if is_answer && matches!(value.kind, ExpressionKind::Boolean(true)) {
                    found.push(statement.range);
                }
            }
            StatementKind::Try { body, handlers, orelse, finally } => {
                visit(body, in_handler, returned, found);
                for handler in handlers {
                    visit(&handler.body, true, returned, found);
                }
                visit(orelse, in_handler, returned, found);
                visit(finally, in_handler, returned, found);
            }
            _ => statement.blocks().into_iter().for_each(|block| visit(block, in_handler, returned, found)),
        }
    }
}
