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
            granted_behind(&function.body, &mut found);
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

/// A check that may refuse, a handler that lets its error go by, and the permissive answer behind it.
fn granted_behind(statements: &[Statement], found: &mut Vec<TextRange>) {
    for (at, statement) in statements.iter().enumerate() {
        if let StatementKind::Try { body, handlers, orelse, finally } = &statement.kind
            && finally.is_empty()
            && !refuses_nothing(body, orelse)
            && answers_yes(&statements[at + 1..])
        {
            let silent = handlers.iter().filter(|handler| does_nothing(&handler.body));
            found.extend(silent.filter_map(|handler| handler.body.last()).map(|last| last.range));
        }
        statement.blocks().into_iter().for_each(|block| granted_behind(block, found));
    }
}

/// Whether the check has no way to say no: neither by an answer nor by an error of its own.
fn refuses_nothing(body: &[Statement], orelse: &[Statement]) -> bool {
    let calls = body.iter().any(|statement| {
        matches!(
            &statement.kind,
            StatementKind::Expression(Expression {
                kind: ExpressionKind::Call { .. } | ExpressionKind::Await(_),
                ..
            })
        )
    });
    !(calls || refuses(body) || refuses(orelse))
}

fn refuses(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| {
        let refuses_here = match &statement.kind {
            StatementKind::Return(Some(value)) => matches!(value.kind, ExpressionKind::Boolean(false)),
            StatementKind::Raise(_) => true,
            _ => false,
        };
        refuses_here || statement.blocks().into_iter().any(refuses)
    })
}

/// Whether what follows is the permissive answer, at most after something is written down.
fn answers_yes(statements: &[Statement]) -> bool {
    let mut rest = statements.iter().skip_while(|statement| is_idle(statement));
    matches!(
        rest.next().map(|statement| &statement.kind),
        Some(StatementKind::Return(Some(Expression { kind: ExpressionKind::Boolean(true), .. })))
    )
}

/// Whether a handler changes nothing: it passes, or writes something down.
fn does_nothing(statements: &[Statement]) -> bool {
    statements.iter().all(is_idle)
}

fn is_idle(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Pass => true,
        StatementKind::Expression(value) => match &value.kind {
            ExpressionKind::Ellipsis | ExpressionKind::Text(_) => true,
            ExpressionKind::Call { function, .. } => match &function.kind {
                ExpressionKind::Name(name) => name == "print",
                ExpressionKind::Attribute { value, name } => {
                    let writes = ["debug", "info", "warning", "error", "exception", "critical", "print_exc"];
                    writes.contains(&name.as_str()) && is_log(value)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

fn is_log(receiver: &Expression) -> bool {
    match &receiver.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
            let name = name.to_ascii_lowercase();
            name.contains("log") || name == "traceback"
        }
        _ => false,
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
