//! Functions whose name says that only their own file calls them: what all the calls there pass is all that they get.

use super::evaluator::Evaluator;
use super::function::has_decorator;
use super::taint::{Origin, Source};
use super::value::FunctionReference;
use crate::syntax::ir::{
    Argument, ArgumentKind, Clause, Expression, ExpressionKind, FormatPart, Function, Ir, Statement,
    StatementKind,
};

/// The uses of a name in a file.
#[derive(Default)]
struct Uses<'i> {
    calls: Vec<&'i [Argument]>,
    /// It is handed on: someone else may call it.
    is_handed_on: bool,
}

impl Evaluator<'_> {
    /// Whether an untrusted parameter is one that every caller passes a constant for.
    pub(super) fn is_passed_constants(&mut self, origin: &Origin) -> bool {
        let Source::Parameter { .. } = &origin.source else { return false };
        let Some(place) = origin.first_place() else { return false };
        let program = self.program;
        let found = self.frames.iter().filter_map(|frame| frame.function).find_map(|reference| {
            let (_, function) = program.function(reference)?;
            let at = function.parameters.iter().position(|one| one.range == place.range)?;
            (reference.chunk == place.chunk).then_some((reference, at))
        });
        let Some((reference, at)) = found else { return false };
        let Some((_, function)) = program.function(reference) else { return false };
        is_private(&function.name) && self.all_pass_constants(reference, function, at)
    }

    fn all_pass_constants(&mut self, reference: FunctionReference, function: &Function, at: usize) -> bool {
        let program = self.program;
        let Some(info) = program.chunks.get(&reference.chunk) else { return false };
        let module = info.module.clone();
        let Some(order) = program.modules.get(&module).cloned() else { return false };
        // A call may come or go in any part of the file.
        self.reads.modules.insert(module.clone());
        self.reads.chunks.extend(&order);
        let mut uses = Uses::default();
        for chunk in order.iter().filter_map(|chunk| program.chunks.get(chunk)) {
            uses.of_ir(&chunk.ir, &function.name);
        }
        if uses.is_handed_on || uses.calls.is_empty() {
            return false;
        }
        let parameter = &function.parameters[at];
        let is_method = function.parameters.first().is_some_and(|first| matches!(&*first.name, "self" | "cls"))
            && !has_decorator(function, "staticmethod");
        let position = at.checked_sub(usize::from(is_method));
        uses.calls.into_iter().all(|arguments| {
            if arguments.iter().any(|argument| argument.kind != ArgumentKind::Positional) {
                return false;
            }
            let named = arguments.iter().find(|argument| argument.keyword.as_ref() == Some(&parameter.name));
            let mut placed = arguments.iter().filter(|argument| argument.keyword.is_none());
            match named.or_else(|| position.and_then(|position| placed.nth(position))) {
                Some(argument) => self.is_written_constant(&module, &argument.value),
                None => parameter.default.as_ref().is_some_and(|default| self.is_written_constant(&module, default)),
            }
        })
    }

    /// A constant as it stands in the text; of names those that are written as constants are.
    fn is_written_constant(&mut self, module: &smol_str::SmolStr, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Text(_)
            | ExpressionKind::Bytes(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Boolean(_)
            | ExpressionKind::None => true,
            ExpressionKind::List(items) | ExpressionKind::Tuple(items) => {
                items.iter().all(|item| self.is_written_constant(module, item))
            }
            ExpressionKind::Binary { left, right, .. } => {
                self.is_written_constant(module, left) && self.is_written_constant(module, right)
            }
            ExpressionKind::Conditional { then, orelse, .. } => {
                self.is_written_constant(module, then) && self.is_written_constant(module, orelse)
            }
            ExpressionKind::Format(parts) => parts.iter().all(|part| match part {
                FormatPart::Text(_) => true,
                FormatPart::Value { value, .. } => self.is_written_constant(module, value),
            }),
            ExpressionKind::Name(name) => {
                !name.chars().any(char::is_lowercase)
                    && self.global(module, name).is_some_and(|value| value.is_constant())
            }
            _ => false,
        }
    }
}

/// `_run`, but not `__init__`.
fn is_private(name: &str) -> bool {
    name.starts_with('_') && !name.ends_with("__") && name.trim_matches('_').len() > 1
}

impl<'i> Uses<'i> {
    fn of_ir(&mut self, ir: &'i Ir, name: &str) {
        self.of_block(&ir.body, name);
        for function in &ir.functions {
            self.of_block(&function.body, name);
            let defaults = function.parameters.iter().filter_map(|parameter| parameter.default.as_ref());
            defaults.chain(&function.decorators).for_each(|one| self.of(one, name));
        }
        for class in &ir.classes {
            self.of_block(&class.body, name);
            class.bases.iter().for_each(|base| self.of(&base.value, name));
            class.decorators.iter().for_each(|one| self.of(one, name));
        }
    }

    fn of_block(&mut self, block: &'i [Statement], name: &str) {
        for statement in block {
            self.of_statement(statement, name);
            for inner in statement.blocks() {
                self.of_block(inner, name);
            }
        }
    }

    fn of_statement(&mut self, statement: &'i Statement, name: &str) {
        match &statement.kind {
            StatementKind::Expression(value) => self.of(value, name),
            StatementKind::Assign { targets, value } => {
                targets.iter().chain([value]).for_each(|one| self.of(one, name));
            }
            StatementKind::AugmentedAssign { target, value, .. } => {
                self.of(target, name);
                self.of(value, name);
            }
            StatementKind::AnnotatedAssign { value, .. } | StatementKind::Return(value) => {
                value.iter().for_each(|one| self.of(one, name));
            }
            StatementKind::Raise(parts) | StatementKind::Delete(parts) | StatementKind::Error(parts) => {
                parts.iter().for_each(|one| self.of(one, name));
            }
            StatementKind::If { test, .. } | StatementKind::While { test, .. } => self.of(test, name),
            StatementKind::For { iterable, .. } => self.of(iterable, name),
            StatementKind::With { items, .. } => items.iter().for_each(|(context, _)| self.of(context, name)),
            StatementKind::Match { subject, cases } => {
                self.of(subject, name);
                cases.iter().filter_map(|case| case.guard.as_ref()).for_each(|one| self.of(one, name));
            }
            StatementKind::Assert { test, message } => {
                self.of(test, name);
                message.iter().for_each(|one| self.of(one, name));
            }
            StatementKind::Try { .. }
            | StatementKind::Function(_)
            | StatementKind::Class(_)
            | StatementKind::Import(_)
            | StatementKind::ImportFrom { .. }
            | StatementKind::Global(_)
            | StatementKind::Pass
            | StatementKind::Break
            | StatementKind::Continue => {}
        }
    }

    fn of(&mut self, expression: &'i Expression, name: &str) {
        match &expression.kind {
            ExpressionKind::Name(known) => self.is_handed_on |= known == name,
            ExpressionKind::Attribute { value, name: known } => {
                self.is_handed_on |= known == name;
                self.of(value, name);
            }
            ExpressionKind::Call { function, arguments } => {
                match &function.kind {
                    ExpressionKind::Name(known) if known == name => self.calls.push(arguments),
                    ExpressionKind::Attribute { value, name: known } if known == name => {
                        self.calls.push(arguments);
                        self.of(value, name);
                    }
                    _ => self.of(function, name),
                }
                arguments.iter().for_each(|argument| self.of(&argument.value, name));
            }
            ExpressionKind::Subscript { value, index } => {
                self.of(value, name);
                self.of(index, name);
            }
            ExpressionKind::Slice(parts) => parts.iter().flatten().for_each(|one| self.of(one, name)),
            ExpressionKind::Binary { left, right, .. } => {
                self.of(left, name);
                self.of(right, name);
            }
            ExpressionKind::Not(inner)
            | ExpressionKind::Negative(inner)
            | ExpressionKind::Starred(inner)
            | ExpressionKind::Await(inner)
            | ExpressionKind::Walrus { value: inner, .. } => self.of(inner, name),
            ExpressionKind::Logical { values: parts, .. }
            | ExpressionKind::List(parts)
            | ExpressionKind::Tuple(parts)
            | ExpressionKind::Set(parts)
            | ExpressionKind::Unknown(parts) => parts.iter().for_each(|one| self.of(one, name)),
            ExpressionKind::Compare { left, rest } => {
                self.of(left, name);
                rest.iter().for_each(|(_, right)| self.of(right, name));
            }
            ExpressionKind::Conditional { test, then, orelse } => {
                [test, then, orelse].into_iter().for_each(|one| self.of(one, name));
            }
            ExpressionKind::Dictionary(entries) => {
                for (key, value) in entries {
                    key.iter().for_each(|one| self.of(one, name));
                    self.of(value, name);
                }
            }
            ExpressionKind::Format(parts) => self.of_format(parts, name),
            ExpressionKind::Comprehension { element, value, clauses, .. } => {
                self.of(element, name);
                value.iter().for_each(|one| self.of(one, name));
                for clause in clauses {
                    match clause {
                        Clause::For { iterable, .. } => self.of(iterable, name),
                        Clause::If(test) => self.of(test, name),
                    }
                }
            }
            ExpressionKind::Yield(inner) => inner.iter().for_each(|one| self.of(one, name)),
            // The body of a lambda stands among the functions.
            ExpressionKind::Lambda(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::Bytes(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Boolean(_)
            | ExpressionKind::None
            | ExpressionKind::Ellipsis => {}
        }
    }

    fn of_format(&mut self, parts: &'i [FormatPart], name: &str) {
        for part in parts {
            if let FormatPart::Value { value, format, .. } = part {
                self.of(value, name);
                self.of_format(format, name);
            }
        }
    }
}
