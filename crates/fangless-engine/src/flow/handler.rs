//! Functions as their framework or anyone may call them, and which framework that is.

use std::sync::Arc;

use smol_str::SmolStr;

use super::evaluator::{Evaluator, Variables};
use super::function::has_decorator;
use super::library;
use super::parameter::Handled;
use super::taint::Location;
use super::value::{FunctionReference, Shape, Value};
use crate::model::schema::{HandlerRow, Tag};
use crate::syntax::ir::{Expression, ExpressionKind, Function, Statement, StatementKind};

impl Evaluator<'_> {
    /// Evaluates a function with unknown arguments, as its framework or anyone may call it.
    pub(super) fn run_function(&mut self, reference: FunctionReference, closure: &Arc<Variables>) {
        let program = self.program;
        let Some((info, function)) = program.function(reference) else { return };
        let handler = self.handler_of(function);
        let class = self.frame_ref().class;
        let Some(mut frame) = self.new_frame(reference.chunk) else { return };
        frame.function = Some(reference);
        frame.class = class;
        frame.closure = Some(closure.clone());
        frame.returns_to = handler.as_ref().and_then(|handler| handler.returns);
        let mut variables = Variables::default();
        let in_method = class.is_some()
            && !has_decorator(function, "staticmethod")
            && self.frame_ref().function.is_none();
        for (index, parameter) in function.parameters.iter().enumerate() {
            let at = Location { chunk: reference.chunk, range: parameter.range };
            let value = if in_method && index == 0 {
                self.self_value(class)
            } else {
                let position = index - usize::from(in_method);
                let handled = Handled { function, handler: handler.as_ref(), in_class: class };
                self.parameter_value(&handled, parameter, position, at)
            };
            variables.set(&parameter.name, value);
        }
        frame.state = Some(variables);
        let ir = info.ir.clone();
        self.frames.push(frame);
        if let Some(function) = ir.functions.get(reference.index) {
            self.block(&function.body);
        }
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
                    if handler.returns.is_none() && self.says_html(&handler, decorator) {
                        handler.returns = Some(Tag::Html);
                    }
                    return Some(handler);
                }
            }
        }
        let class = self.frame_ref().class;
        let bases = class.map(|class| self.lineage(class).libraries.clone()).unwrap_or_default();
        let by_class = models.handlers().iter().find(|handler| {
            let by_base = bases.iter().any(|base| handler.base.contains(base))
                && (handler.method.is_empty() || handler.method.contains(&function.name));
            by_base || handler.function.contains(&function.name)
        });
        match by_class {
            Some(handler) => Some(handler.clone()),
            None if class.is_none() => self.view_by_its_answer(function).cloned(),
            None => None,
        }
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
