//! Functions as their framework or anyone may call them: with parameters of which only the annotation is known.

use std::sync::Arc;

use smol_str::SmolStr;

use super::evaluator::{Evaluator, Variables};
use super::function::has_decorator;
use super::library;
use super::taint::{Location, Origin, Source, TagSet, Taint};
use super::value::{FunctionReference, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::{HandlerRow, Tag};
use crate::syntax::ir::{Expression, ExpressionKind, Function, Parameter};

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
                self.parameter_value(function, parameter, position, handler.as_ref(), at)
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

    fn parameter_value(
        &mut self,
        function: &Function,
        parameter: &Parameter,
        position: usize,
        handler: Option<&HandlerRow>,
        at: Location,
    ) -> Value {
        let is_provided = self.is_provided(parameter);
        if let Some(handler) = handler {
            if let Some(class) = handler.parameter.get(&position.to_string()).and_then(toml::Value::as_str) {
                return Value::instance(class);
            }
            if let Some(label) = handler.label.filter(|_| !is_provided) {
                let value = self.source_value(label, &parameter.name, at);
                return match &parameter.annotation {
                    // An object of the framework brings its own sources with it.
                    Some(annotation) => match self.typed(annotation, value.taint) {
                        Value { shape: Shape::Instance(class), .. }
                            if !self.program.models.derives_from(&class, "str") =>
                        {
                            Value::instance(class)
                        }
                        value => value,
                    },
                    None if self.route_converts(function, &parameter.name) => Value::unknown(),
                    None => value,
                };
            }
        }
        if is_provided {
            return match &parameter.annotation {
                Some(annotation) => self.typed(annotation, Taint::default()),
                None => Value::unknown(),
            };
        }
        let source = Source::Parameter { index: position, name: parameter.name.clone() };
        let origin = Origin { source, cleared: TagSet::EMPTY, path: None };
        let note = format!("`{}` is a parameter", parameter.name);
        let taint = Taint::from(origin.step(at, StepKind::Source, &note));
        match &parameter.annotation {
            Some(annotation) => self.typed(annotation, taint),
            None => match &parameter.default {
                Some(Expression {
                    kind: ExpressionKind::Integer(_) | ExpressionKind::Float(_) | ExpressionKind::Boolean(_),
                    ..
                }) => Value::unknown(),
                // A view that no decorator marks is known by what it is called with.
                _ => match self.program.models.first_parameter(&parameter.name).filter(|_| position == 0) {
                    Some(class) => Value { shape: Shape::Instance(class.clone()), taint },
                    None => Value::tainted(taint),
                },
            },
        }
    }

    /// `/user/<int:id>`: the route lets only a number through.
    fn route_converts(&mut self, function: &Function, name: &str) -> bool {
        function.decorators.iter().any(|decorator| {
            let ExpressionKind::Call { arguments, .. } = &decorator.kind else { return false };
            arguments.iter().any(|argument| match &argument.value.kind {
                ExpressionKind::Text(path) => {
                    ["int", "float", "uuid"].iter().any(|kind| path.contains(&format!("<{kind}:{name}>")))
                }
                _ => false,
            })
        })
    }

    /// A value that its annotation describes: of a library class, or free of taint where no attack fits the type.
    pub(super) fn typed(&mut self, annotation: &Expression, taint: Taint) -> Value {
        let inner = match &annotation.kind {
            ExpressionKind::Subscript { value, index } => {
                let name = self.quietly(|evaluator| evaluator.expression(value));
                match &name.shape {
                    Shape::External(name) if name.ends_with("Optional") || name.ends_with("Annotated") => {
                        match &index.kind {
                            ExpressionKind::Tuple(items) => items.first().unwrap_or(index),
                            _ => index,
                        }
                    }
                    Shape::External(name) if name.ends_with("Literal") => return harmless(),
                    _ => return Value::tainted(taint),
                }
            }
            ExpressionKind::Binary { left, .. } => left,
            _ => annotation,
        };
        let value = self.quietly(|evaluator| evaluator.expression(inner));
        match &value.shape {
            Shape::External(name) => match name.as_str() {
                kind @ ("int" | "float" | "bool" | "uuid.UUID" | "datetime.date" | "datetime.datetime"
                | "decimal.Decimal") => self.made_by(kind, self.location(annotation.range), harmless()),
                "str" | "bytes" | "dict" | "list" | "object" | "typing.Any" => Value::tainted(taint),
                class if class.contains('.') => Value { shape: Shape::Instance(class.into()), taint },
                _ => Value::tainted(taint),
            },
            Shape::Class(class) if self.is_enum(*class) => harmless(),
            Shape::Class(class) => {
                let shape = Shape::Object { class: *class, attributes: Arc::new([]) };
                Value { shape, taint }
            }
            _ => Value::tainted(taint),
        }
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
        models
            .handlers()
            .iter()
            .find(|handler| {
                let by_base = bases.iter().any(|base| handler.base.contains(base))
                    && (handler.method.is_empty() || handler.method.contains(&function.name));
                by_base || handler.function.contains(&function.name)
            })
            .cloned()
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

    /// `db = Depends(get_db)`, `db: Annotated[Session, Depends(get_db)]`: given by the program, not by the client.
    fn is_provided(&mut self, parameter: &Parameter) -> bool {
        let annotated = parameter.annotation.as_ref().and_then(|annotation| match &annotation.kind {
            ExpressionKind::Subscript { index, .. } => match &index.kind {
                ExpressionKind::Tuple(items) => items.get(1..),
                _ => None,
            },
            _ => None,
        });
        let candidates = parameter.default.iter().chain(annotated.unwrap_or_default());
        for candidate in candidates {
            let ExpressionKind::Call { function, .. } = &candidate.kind else { continue };
            let callee = self.quietly(|evaluator| evaluator.callee(function));
            if matches!(&callee.shape, Shape::External(name) if self.program.models.provides(name)) {
                return true;
            }
        }
        false
    }
}

/// A value that no attack fits into, whatever it is.
fn harmless() -> Value {
    Value::tainted(Taint::default().vouched(TagSet::ALL))
}
