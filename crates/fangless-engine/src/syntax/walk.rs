//! Every expression of a scope, for the checks that look at shapes and not at values. Knows no names' meaning.

use super::ir::{Clause, Expression, ExpressionKind, FormatPart, Statement, StatementKind};

/// Visits the expressions of statements, each before its parts. Nested functions and classes are scopes of their own.
pub fn expressions<'s>(statements: &'s [Statement], visit: &mut impl FnMut(&'s Expression)) {
    for statement in statements {
        for expression in of_statement(statement) {
            walk(expression, visit);
        }
        for block in statement.blocks() {
            expressions(block, visit);
        }
    }
}

fn of_statement(statement: &Statement) -> Vec<&Expression> {
    match &statement.kind {
        StatementKind::Expression(value) | StatementKind::Return(Some(value)) => vec![value],
        StatementKind::Assign { targets, value } => targets.iter().chain([value]).collect(),
        StatementKind::AugmentedAssign { target, value, .. } => vec![target, value],
        StatementKind::AnnotatedAssign { target, value, .. } => {
            std::iter::once(target).chain(value.as_ref()).collect()
        }
        StatementKind::Raise(values) | StatementKind::Delete(values) | StatementKind::Error(values) => {
            values.iter().collect()
        }
        StatementKind::If { test, .. } | StatementKind::While { test, .. } => vec![test],
        StatementKind::For { target, iterable, .. } => vec![target, iterable],
        StatementKind::Try { handlers, .. } => {
            handlers.iter().filter_map(|handler| handler.exception.as_ref()).collect()
        }
        StatementKind::With { items, .. } => {
            items.iter().flat_map(|(value, target)| std::iter::once(value).chain(target.as_ref())).collect()
        }
        StatementKind::Match { subject, cases } => {
            std::iter::once(subject).chain(cases.iter().filter_map(|case| case.guard.as_ref())).collect()
        }
        StatementKind::Assert { test, message } => std::iter::once(test).chain(message.as_ref()).collect(),
        _ => Vec::new(),
    }
}

fn walk<'s>(expression: &'s Expression, visit: &mut impl FnMut(&'s Expression)) {
    visit(expression);
    for part in parts(expression) {
        walk(part, visit);
    }
}

/// The expressions that an expression is made of, in the order of the text but for comprehensions.
pub(crate) fn parts(expression: &Expression) -> Vec<&Expression> {
    match &expression.kind {
        ExpressionKind::Attribute { value, .. }
        | ExpressionKind::Not(value)
        | ExpressionKind::Negative(value)
        | ExpressionKind::Starred(value)
        | ExpressionKind::Await(value)
        | ExpressionKind::Walrus { value, .. }
        | ExpressionKind::Yield(Some(value)) => vec![value],
        ExpressionKind::Subscript { value, index } => vec![value, index],
        ExpressionKind::Slice(bounds) => bounds.iter().flatten().collect(),
        ExpressionKind::Call { function, arguments } => {
            std::iter::once(&**function).chain(arguments.iter().map(|argument| &argument.value)).collect()
        }
        ExpressionKind::Binary { left, right, .. } => vec![left, right],
        ExpressionKind::Logical { values, .. }
        | ExpressionKind::List(values)
        | ExpressionKind::Tuple(values)
        | ExpressionKind::Set(values)
        | ExpressionKind::Unknown(values) => values.iter().collect(),
        ExpressionKind::Compare { left, rest } => {
            std::iter::once(&**left).chain(rest.iter().map(|(_, right)| right)).collect()
        }
        ExpressionKind::Conditional { test, then, orelse } => vec![test, then, orelse],
        ExpressionKind::Dictionary(entries) => {
            entries.iter().flat_map(|(key, value)| key.iter().chain([value])).collect()
        }
        ExpressionKind::Format(pieces) => pieces
            .iter()
            .filter_map(|piece| match piece {
                FormatPart::Value { value, .. } => Some(value),
                FormatPart::Text(_) => None,
            })
            .collect(),
        ExpressionKind::Comprehension { element, value, clauses, .. } => {
            let clauses = clauses.iter().flat_map(|clause| match clause {
                Clause::For { target, iterable } => vec![target, iterable],
                Clause::If(test) => vec![test],
            });
            std::iter::once(&**element).chain(value.as_deref()).chain(clauses).collect()
        }
        _ => Vec::new(),
    }
}
