//! Statements: branches, loops, exits, definitions and imports.

use std::sync::Arc;

use smol_str::SmolStr;

use super::evaluator::{Evaluator, Variables, join_states};
use super::event::{BindingEvent, BindingKind};
use super::taint::{Origin, Source, TagSet, Taint};
use super::value::{ClassReference, Constant, FunctionReference, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::Label;
use crate::syntax::ir::{BinaryOperator, Expression, ExpressionKind, ImportedName, Statement, StatementKind};

impl Evaluator<'_> {
    pub(super) fn block(&mut self, statements: &[Statement]) {
        for statement in statements {
            if self.frame_ref().state.is_none() {
                // Dead code binds nothing, but its functions may still be what a reader looks at.
                return;
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        let notes = self.frame_ref().notes;
        self.frame().at = statement.range;
        self.one_statement(statement);
        if self.frame_ref().notes > notes
            && !matches!(statement.kind, StatementKind::Assign { .. } | StatementKind::With { .. })
        {
            self.forget_conditions_since(notes);
        }
    }

    fn one_statement(&mut self, statement: &Statement) {
        if self.following > 0 {
            self.effort.statements_left = self.effort.statements_left.saturating_sub(1);
        }
        match &statement.kind {
            StatementKind::Expression(expression) => {
                self.expression(expression);
                self.after_call(expression);
                // `abort(404)`, `sys.exit()`: calls that end the function as a `raise` does. One inside a larger
                // expression may not be reached.
                if self.frame().ended_by.take() == Some(expression.range) {
                    self.leave_by_raise();
                }
            }
            StatementKind::Assign { targets, value } => {
                let result = self.named(targets, value);
                for target in targets {
                    self.tell_binding(target, &result, value, statement);
                    self.bind(target, result.clone());
                    self.note_alias(target, value, &result);
                    self.note_type(target, &result);
                    self.note_type_of_new(target);
                }
                self.frame().type_next = None;
                self.note_condition(targets, value, &result);
                self.after_call(value);
            }
            StatementKind::AnnotatedAssign { target, annotation, value } => {
                let result = match value {
                    Some(value) => {
                        let result = self.named(std::slice::from_ref(target), value);
                        self.tell_binding(target, &result, value, statement);
                        result
                    }
                    None => self.typed(annotation, Taint::default()),
                };
                self.bind(target, result);
                self.note_type_of_new(target);
                self.frame().type_next = None;
            }
            StatementKind::AugmentedAssign { target, operator, value } => {
                let left = self.expression(target);
                let right = self.expression(value);
                let result = match self.own_change(*operator, &left, &right) {
                    Some(changed) => changed,
                    None => self.binary(*operator, &left, &right),
                };
                match (&left.shape, &target.kind) {
                    // `+=` on a list changes it in place.
                    (Shape::Sequence { .. }, ExpressionKind::Name(_)) => self.rebind(target, result),
                    _ => self.bind(target, result),
                }
            }
            StatementKind::Return(value) => self.return_statement(statement, value.as_ref()),
            StatementKind::Raise(parts) => {
                let mut values =
                    parts.iter().map(|part| self.expression(part)).collect::<Vec<_>>().into_iter();
                let raised = values.next().or_else(|| self.frame_ref().handled.clone());
                if let Some(exception) = raised {
                    self.throw(exception);
                }
                self.leave_by_raise();
            }
            StatementKind::Delete(targets) => {
                for target in targets {
                    self.delete(target);
                }
            }
            StatementKind::If { test, body, orelse } => {
                let condition = self.expression(test);
                let truth = self.truth_of(&condition);
                let before = self.frame_ref().state.clone();
                self.frame().branches += 1;
                let then = if truth == Some(false) {
                    None
                } else {
                    self.assume(test, true);
                    self.block(body);
                    self.frame().state.take()
                };
                let otherwise = if truth == Some(true) {
                    None
                } else {
                    self.frame().state = before;
                    self.assume(test, false);
                    self.block(orelse);
                    self.frame().state.take()
                };
                let frame = self.frame();
                frame.branches -= 1;
                frame.state = join_states(then, otherwise);
            }
            StatementKind::While { test, body, orelse } => self.while_loop(test, body, orelse),
            StatementKind::For { target, iterable, body, orelse } => {
                self.for_loop(target, iterable, body, orelse);
            }
            StatementKind::Try { body, handlers, orelse, finally } => {
                self.try_statement(body, handlers, orelse, finally);
            }
            StatementKind::With { items, body } => {
                for (context, alias) in items {
                    let value = self.expression(context);
                    let entered = self.entered(value, context);
                    if let Some(alias) = alias {
                        self.bind(alias, entered);
                    }
                }
                self.block(body);
            }
            StatementKind::Match { subject, cases } => self.match_statement(subject, cases),
            StatementKind::Function(index) => self.define_function(*index),
            StatementKind::Class(index) => self.define_class(*index),
            StatementKind::Import(names) => {
                for name in names {
                    self.import(name, statement);
                }
            }
            StatementKind::ImportFrom { module, level, names, star } => {
                self.import_from(module, *level, names, *star, statement);
            }
            StatementKind::Assert { test, message } => {
                self.expression(test);
                if let Some(message) = message {
                    self.expression(message);
                }
                self.assume(test, true);
            }
            StatementKind::Break => {
                if let Some(state) = self.frame().state.take() {
                    self.frame().breaks.push(state);
                }
            }
            StatementKind::Continue => {
                if let Some(state) = self.frame().state.take() {
                    self.frame().continues.push(state);
                }
            }
            StatementKind::Error(expressions) => {
                for expression in expressions {
                    self.expression(expression);
                }
            }
            StatementKind::Pass | StatementKind::Global(_) => {}
        }
    }

    fn return_statement(&mut self, statement: &Statement, value: Option<&Expression>) {
        let result = match value {
            Some(value) => self.expression(value),
            None => Value::constant(Constant::None),
        };
        if let (Some(tag), Some(value)) = (self.frame_ref().returns_to, value) {
            self.tell_return(tag, &result, statement, value);
        }
        if let Some(value) = value {
            self.tell_returned(statement, &result, value);
            let before = self.frame_ref().state.clone();
            match result.truth() {
                Some(truth) => {
                    if let Some(state) = before.clone() {
                        self.frame().exits.push((Some(truth), state));
                    }
                }
                None => {
                    for truth in [true, false] {
                        self.frame().state.clone_from(&before);
                        self.assume(value, truth);
                        if let Some(state) = self.frame().state.take() {
                            self.frame().exits.push((Some(truth), state));
                        }
                    }
                }
            }
        } else if let Some(state) = self.frame_ref().state.clone() {
            self.frame().exits.push((Some(false), state));
        }
        let frame = self.frame();
        frame.returned = Some(match frame.returned.take() {
            Some(earlier) => earlier.join(&result),
            None => result,
        });
        frame.state = None;
    }

    /// `def make_token(): return …` binds what is returned to the name of the function.
    fn tell_returned(&mut self, statement: &Statement, value: &Value, expression: &Expression) {
        let program = self.program;
        let function = self.frame_ref().function.and_then(|reference| program.function(reference));
        let Some((_, function)) = function.filter(|_| self.muted == 0) else { return };
        let at = self.location(expression.range);
        let statement = self.location(statement.range);
        self.observer.binding(&BindingEvent {
            at,
            kind: BindingKind::Return,
            name: &function.name,
            qualified: None,
            value,
            expression,
            statement,
            place: None,
        });
    }

    pub(super) fn quietly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.muted += 1;
        let result = work(self);
        self.muted -= 1;
        result
    }

    fn define_function(&mut self, index: usize) {
        let frame = self.frame_ref();
        let reference = FunctionReference { chunk: frame.chunk, index };
        let ir = frame.ir.clone();
        let Some(function) = ir.functions.get(index) else { return };
        let decorators: Vec<Value> =
            function.decorators.iter().map(|decorator| self.expression(decorator)).collect();
        self.tell_decorators(&function.decorators);
        for parameter in &function.parameters {
            if let Some(default) = &parameter.default {
                let value = self.expression(default);
                if self.muted == 0 {
                    let event = BindingEvent {
                        at: self.location(parameter.range),
                        kind: BindingKind::Default,
                        name: &parameter.name,
                        qualified: None,
                        value: &value,
                        expression: default,
                        statement: self.location(parameter.range),
                        place: None,
                    };
                    self.observer.binding(&event);
                }
            }
        }
        let value = self.decorated(reference, function, &decorators);
        self.set(&function.name, value);
        self.frame().nested.push(reference);
    }

    fn define_class(&mut self, index: usize) {
        let frame = self.frame_ref();
        let reference = ClassReference { chunk: frame.chunk, index };
        let ir = frame.ir.clone();
        let Some(class) = ir.classes.get(index) else { return };
        for base in &class.bases {
            self.expression(&base.value);
        }
        for decorator in &class.decorators {
            self.expression(decorator);
        }
        self.tell_decorators(&class.decorators);
        // The body runs in a scope of its own, which only its methods' owner keeps.
        let mut outer = self.frame().state.clone();
        let outer_class = self.frame().class.replace(reference);
        let nested = std::mem::take(&mut self.frame().nested);
        self.block(&class.body);
        // Its methods see the class itself, but not the other names of its body.
        if let Some(outer) = &mut outer {
            outer.set(&class.name, Value { shape: Shape::Class(reference), taint: Taint::default() });
        }
        self.frame().state = outer;
        if self.muted == 0 {
            let closure = Arc::new(self.closure());
            self.run_nested(&closure);
        }
        self.frame().nested = nested;
        self.frame().class = outer_class;
    }

    /// Evaluates the functions that the present body defined, with unknown arguments.
    pub(super) fn run_nested(&mut self, closure: &Arc<Variables>) {
        for reference in std::mem::take(&mut self.frame().nested) {
            self.run_function(reference, closure);
        }
    }

    /// What the functions defined here see of the scopes around them.
    pub(super) fn closure(&self) -> Variables {
        let frame = self.frame_ref();
        let mut variables = frame.closure.as_ref().map(|closure| (**closure).clone()).unwrap_or_default();
        if let Some(state) = &frame.state {
            for (name, value) in state.iter() {
                variables.set(name, value.clone());
            }
        }
        variables
    }

    fn import(&mut self, imported: &ImportedName, statement: &Statement) {
        let at = self.location(statement.range);
        if self.muted == 0 {
            self.observer.import(&imported.name, at);
        }
        match &imported.alias {
            Some(alias) => self.set(alias, Value::external(self.program.models.canonical(&imported.name))),
            None => {
                let first = imported.name.split('.').next().unwrap_or_default();
                self.set(&first.into(), Value::external(first));
            }
        }
    }

    fn import_from(
        &mut self,
        module: &SmolStr,
        level: u32,
        names: &[ImportedName],
        star: bool,
        statement: &Statement,
    ) {
        let at = self.location(statement.range);
        if self.muted == 0 && level == 0 {
            self.observer.import(module, at);
        }
        let from = self.frame_ref().module.clone();
        let found = self.program.find_module(&from, module, level).filter(|path| *path != from);
        if star {
            if let Some(path) = &found {
                self.reads.modules.insert(path.clone());
                if let Some(globals) = self.module_globals(path) {
                    let mut all: Vec<_> = globals.values.iter().collect();
                    all.sort_by(|left, right| left.0.cmp(right.0));
                    for (name, value) in all {
                        self.set(name, value.clone());
                    }
                }
            }
            return;
        }
        for imported in names {
            let local = imported.alias.clone().unwrap_or_else(|| imported.name.clone());
            let dotted = if module.is_empty() {
                imported.name.to_string()
            } else {
                format!("{module}.{}", imported.name)
            };
            let submodule = self.program.find_module(&from, &dotted, level).filter(|path| *path != from);
            let value = match (&found, submodule) {
                (Some(path), submodule) => {
                    let shape =
                        Shape::Imported { module: path.clone(), name: imported.name.clone(), submodule };
                    Value { shape, taint: Taint::default() }
                }
                (None, Some(path)) => Value::external(format!("file:{path}")),
                (None, None) if level > 0 => Value::unknown(),
                (None, None) => Value::external(self.program.models.canonical(&dotted)),
            };
            self.set(&local, value);
        }
    }

    pub(super) fn source_value(&self, label: Label, name: &str, at: super::taint::Location) -> Value {
        let source = Source::Known { label, name: name.into(), at };
        let origin = Origin { source, cleared: TagSet::EMPTY, path: None };
        let note = source_note(label, name);
        Value::tainted(Taint::from(origin.step(at, StepKind::Source, &note)))
    }

    pub(super) fn binary_of(
        &mut self,
        operator: BinaryOperator,
        left: &Expression,
        right: &Expression,
    ) -> Value {
        let left = self.expression(left);
        let right = self.expression(right);
        self.binary(operator, &left, &right)
    }
}

fn source_note(label: Label, name: &str) -> String {
    match label {
        Label::Web | Label::Upload => format!("`{name}` is controlled by the client"),
        Label::Archive => format!("`{name}` stands in the archive"),
        Label::Cli => format!("`{name}` comes from the command line"),
        Label::Environment => format!("`{name}` comes from the environment"),
        Label::Exception => format!("`{name}` holds the details of the exception"),
        Label::Parameter => format!("`{name}` is a parameter"),
        Label::Model => format!("`{name}` is the output of a model"),
        Label::Queue => format!("`{name}` comes from a message"),
        Label::Network => format!("`{name}` comes from the network"),
        Label::Stored => format!("`{name}` was stored before"),
        Label::Secret => format!("`{name}` is secret"),
    }
}
