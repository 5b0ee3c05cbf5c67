//! Functions as their framework or anyone may call them, and which framework that is.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::evaluator::{Evaluator, Variables};
use super::event::{Passed, select};
use super::function::has_decorator;
use super::library;
use super::parameter::Handled;
use super::taint::Location;
use super::value::{ClassReference, FunctionReference, Shape, Value};
use crate::model::schema::{HandlerRow, Tag};
use crate::syntax::ir::{Expression, ExpressionKind, Function, Statement, StatementKind};

impl Evaluator<'_> {
    /// Evaluates a function with unknown arguments, as its framework or anyone may call it.
    pub(super) fn run_function(&mut self, reference: FunctionReference, closure: &Arc<Variables>) {
        let program = self.program;
        let Some((_, function)) = program.function(reference) else { return };
        let handler = self.handler_of(function);
        let class = self.frame_ref().class;
        let in_method = class.is_some()
            && !has_decorator(function, "staticmethod")
            && self.frame_ref().function.is_none();
        let receiver = in_method.then(|| self.self_value(class));
        self.run_handled(reference, closure, class, receiver, handler.as_ref(), None);
    }

    /// Evaluates a function that a call hands to a framework: `app.add_url_rule("/", view_func=home)`.
    pub(super) fn run_registered(&mut self, row: &HandlerRow, passed: &[Passed<'_>]) {
        if self.muted > 0 || self.effort.is_spent() {
            return;
        }
        let Some(function) = row.registered.as_ref().and_then(|selector| select(selector, passed)) else {
            return;
        };
        let route = passed.iter().find_map(|one| one.value.as_text());
        match &function.value.shape {
            Shape::Function(reference) => self.run_one_registered(row, *reference, None, route),
            Shape::Bound { receiver, function } => {
                self.run_one_registered(row, *function, Some((**receiver).clone()), route);
            }
            // All public methods of an object are called from outside.
            Shape::Object { class, .. } => {
                let object = function.value.clone();
                for name in self.attribute_names(*class).into_iter().filter(|name| !name.starts_with('_')) {
                    let method = self.class_attribute(*class, &name);
                    if let Some(Shape::Bound { function, .. }) =
                        method.map(|method| self.bound(method, &object).shape)
                    {
                        self.run_one_registered(row, function, Some(object.clone()), route);
                    }
                }
            }
            _ => {}
        }
    }

    fn run_one_registered(
        &mut self,
        row: &HandlerRow,
        reference: FunctionReference,
        receiver: Option<Value>,
        route: Option<&str>,
    ) {
        if self.frames.iter().any(|frame| frame.function == Some(reference)) {
            return;
        }
        let class = match receiver.as_ref().map(|receiver| &receiver.shape) {
            Some(Shape::Object { class, .. }) => Some(*class),
            _ => None,
        };
        let is_here = self.frame_ref().chunk == reference.chunk;
        let closure = Arc::new(if is_here { self.closure() } else { Variables::default() });
        self.reads.chunks.insert(reference.chunk);
        let height = self.effort.descend();
        self.following += 1;
        self.run_handled(reference, &closure, class, receiver, Some(row), route);
        self.following -= 1;
        self.effort.ascend(height);
    }

    fn run_handled(
        &mut self,
        reference: FunctionReference,
        closure: &Arc<Variables>,
        class: Option<ClassReference>,
        receiver: Option<Value>,
        handler: Option<&HandlerRow>,
        route: Option<&str>,
    ) {
        let program = self.program;
        let Some((info, function)) = program.function(reference) else { return };
        let Some(mut frame) = self.new_frame(reference.chunk) else { return };
        frame.function = Some(reference);
        frame.class = class;
        frame.closure = Some(closure.clone());
        frame.returns_to = handler.and_then(|handler| handler.returns);
        let handled = Handled { function, handler, in_class: class, route };
        let skip = usize::from(receiver.is_some());
        // The annotations are read where the function stands.
        let is_elsewhere = self.frame_ref().chunk != reference.chunk;
        if is_elsewhere && let Some(frame) = self.new_frame(reference.chunk) {
            self.frames.push(frame);
        }
        let mut variables = Variables::default();
        for (index, parameter) in function.parameters.iter().enumerate() {
            let at = Location { chunk: reference.chunk, range: parameter.range };
            let value = match &receiver {
                Some(receiver) if index == 0 => receiver.clone(),
                _ => self.parameter_value(&handled, parameter, index - skip, at),
            };
            variables.set(&parameter.name, value);
        }
        if is_elsewhere {
            self.frames.pop();
        }
        frame.state = Some(variables);
        let ir = info.ir.clone();
        self.frames.push(frame);
        if let Some(function) = ir.functions.get(reference.index) {
            self.block(&function.body);
        }
        self.tell_held();
        // Functions defined inside see the variables as they are where the body ends; a body that always returns
        // leaves those of its last way out.
        if self.frame_ref().state.is_none() {
            let last = self.frame_ref().exits.last().map(|(_, state)| state.clone());
            self.frame().state = last;
        }
        if self.muted == 0 && !self.frame_ref().nested.is_empty() {
            let closure = Arc::new(self.closure());
            self.run_nested(&closure);
        }
        self.frames.pop();
    }

    /// The qualified name of a decorator, and its last part, where they are known.
    pub(super) fn decorator_name(&mut self, decorator: &Expression) -> (Option<SmolStr>, Option<SmolStr>) {
        let callee = match &decorator.kind {
            ExpressionKind::Call { function, .. } => &**function,
            _ => decorator,
        };
        let value = self.quietly(|evaluator| evaluator.callee(callee));
        match &value.shape {
            Shape::External(name) => (Some(name.clone()), name.rsplit('.').next().map(SmolStr::new)),
            Shape::Method { receiver, name } => (library::member_name(receiver, name), Some(name.clone())),
            _ => (None, None),
        }
    }

    /// The framework that calls a function, by its decorators, its name or its class.
    fn handler_of(&mut self, function: &Function) -> Option<HandlerRow> {
        let models = self.program.models;
        for decorator in &function.decorators {
            let (qualified, method) = self.decorator_name(decorator);
            for handler in models.handlers() {
                let matches = handler.decorator.iter().any(|wanted| match wanted.strip_prefix("*.") {
                    Some(name) => method.as_deref() == Some(name) && qualified.is_none(),
                    None => qualified.as_ref() == Some(wanted),
                });
                if matches {
                    let mut handler = handler.clone();
                    if handler.returns != Some(Tag::Html) && self.says_html(&handler, decorator) {
                        handler.returns = Some(Tag::Html);
                    }
                    return Some(handler);
                }
            }
        }
        let class = self.frame_ref().class;
        let bases = class.map(|class| self.lineage(class).libraries.clone()).unwrap_or_default();
        let by_base = models.handlers().iter().find(|handler| {
            bases.iter().any(|base| handler.base.contains(base))
                && (handler.method.is_empty() || is_named(&handler.method, &function.name))
        });
        let ancestors = class.map(|class| self.ancestor_names(class)).unwrap_or_default();
        let imported = self.imported_packages();
        let by_name = || {
            models.handlers().iter().find(|handler| {
                if handler.package.as_ref().is_some_and(|package| !imported.contains(package)) {
                    return false;
                }
                let is_of_kind = match &handler.base_ends {
                    Some(end) => ancestors.iter().any(|name| name.ends_with(end.as_str())),
                    None => class.is_none(),
                };
                is_named(&handler.function, &function.name)
                    || is_of_kind && has_signature(handler, function, usize::from(class.is_some()))
            })
        };
        if let Some(handler) = by_base.or_else(by_name) {
            return Some(handler.clone());
        }
        if class.is_none() { self.view_by_its_answer(function).cloned() } else { None }
    }

    /// The packages of which the file under evaluation imports something.
    fn imported_packages(&mut self) -> FxHashSet<SmolStr> {
        let module = self.frame_ref().module.clone();
        self.reads.modules.insert(module.clone());
        let Some(globals) = self.module_globals(&module) else { return FxHashSet::default() };
        let names = globals.values.values().filter_map(|value| match &value.shape {
            Shape::External(name) => name.split('.').next(),
            _ => None,
        });
        names.map(SmolStr::new).collect()
    }

    /// The names of a class and of its ancestors: what was generated may or may not stand in the workspace.
    fn ancestor_names(&mut self, class: ClassReference) -> Vec<SmolStr> {
        let lineage = self.lineage(class);
        let program = self.program;
        let classes = lineage.classes.iter().filter_map(|class| program.class(*class));
        classes.map(|(_, class)| class.name.clone()).chain(lineage.libraries.iter().cloned()).collect()
    }

    /// A view that is wired up in another file: it takes a request and gives a response of the framework.
    fn view_by_its_answer(&mut self, function: &Function) -> Option<&'static HandlerRow> {
        let models = self.program.models;
        models.first_parameter(&function.parameters.first()?.name)?;
        let mut answers = Vec::new();
        find_answers(&function.body, &mut answers);
        answers.into_iter().find_map(|callee| {
            let value = self.quietly(|evaluator| evaluator.callee(callee));
            let name = match &value.shape {
                Shape::External(name) => name.clone(),
                Shape::Class(class) => self.external_base(*class)?,
                _ => return None,
            };
            models
                .handlers()
                .iter()
                .find(|row| row.returning.iter().any(|known| models.derives_from(&name, known)))
        })
    }

    /// `@app.get("/", response_class=HTMLResponse)`
    fn says_html(&mut self, handler: &HandlerRow, decorator: &Expression) -> bool {
        let ExpressionKind::Call { arguments, .. } = &decorator.kind else { return false };
        arguments.iter().any(|argument| {
            let classes = argument.keyword.as_ref().and_then(|keyword| handler.html_when.get(keyword));
            classes.is_some_and(|classes| {
                let value = self.quietly(|evaluator| evaluator.expression(&argument.value));
                matches!(&value.shape, Shape::External(name) if classes.contains(name))
            })
        })
    }
}

/// What the calls call whose results a body returns.
fn find_answers<'b>(body: &'b [Statement], found: &mut Vec<&'b Expression>) {
    for statement in body {
        if let StatementKind::Return(Some(Expression {
            kind: ExpressionKind::Call { function, .. }, ..
        })) = &statement.kind
        {
            found.push(function);
        }
        for block in statement.blocks() {
            find_answers(block, found);
        }
    }
}

/// Whether a name is one of these; `resolve_*` is every name that begins so.
fn is_named(names: &[SmolStr], name: &str) -> bool {
    names.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => known == name,
    })
}

/// Whether the first parameters of a function are named as a protocol names them.
fn has_signature(handler: &HandlerRow, function: &Function, skip: usize) -> bool {
    let parameters = function.parameters.get(skip..).unwrap_or_default();
    !handler.signature.is_empty()
        && handler.signature.len() <= parameters.len()
        && handler.signature.iter().zip(parameters).all(|(name, parameter)| *name == parameter.name)
}
