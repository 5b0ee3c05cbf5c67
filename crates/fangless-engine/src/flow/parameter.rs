//! What the parameters of a function hold when its framework, or anyone, calls it: what the route lets through, what
//! the annotation says, what the program itself provides.

use std::sync::Arc;

use super::bounds::MAX_CALL_DEPTH;
use super::character;
use super::evaluator::{Evaluator, Frame};
use super::event::Passed;
use super::route;
use super::taint::{Location, Origin, Source, TagSet, Taint};
use super::value::{ClassReference, FunctionReference, Shape, Value};
use crate::finding::StepKind;
use crate::model::Models;
use crate::model::schema::{HandlerRow, Label, Tag};
use crate::syntax::ir::{
    Argument, ArgumentKind, BinaryOperator, Expression, ExpressionKind, Function, Parameter, ParameterKind,
    Statement, StatementKind,
};

/// A function with the framework that calls it.
#[derive(Clone, Copy)]
pub(super) struct Handled<'h> {
    pub(super) function: &'h Function,
    pub(super) handler: Option<&'h HandlerRow>,
    /// The class that it is a method of.
    pub(super) in_class: Option<ClassReference>,
    /// The path under which a call registers it.
    pub(super) route: Option<&'h str>,
}

impl Evaluator<'_> {
    pub(super) fn parameter_value(
        &mut self,
        handled: &Handled<'_>,
        parameter: &Parameter,
        position: usize,
        at: Location,
    ) -> Value {
        let annotation = parameter.annotation.as_ref();
        if let Some((frame, written)) = annotation.and_then(|annotation| self.written_annotation(annotation))
        {
            self.frames.push(frame);
            let parameter = Parameter { annotation: Some(written), ..parameter.clone() };
            let value = self.parameter_value(handled, &parameter, position, at);
            self.frames.pop();
            return value;
        }
        let provided = self.provided(handled, parameter, at);
        if let Some(value) = provided {
            return value;
        }
        let asked_for = self.marked(parameter, Models::asks_client).is_some();
        let label = handled.handler.and_then(|handler| handler.label).or(asked_for.then_some(Label::Web));
        if let Some(handler) = handled.handler {
            if let Some(value) = self.declared(handled, handler, parameter, position, at) {
                return value;
            }
            if handler.trusted {
                return match &parameter.annotation {
                    Some(annotation) => self.typed(annotation, Taint::default()),
                    None => Value::unknown(),
                };
            }
            let class = handler.parameter.get(&position.to_string()).and_then(toml::Value::as_str);
            if let Some(class) = class {
                return Value::instance(class);
            }
        }
        if let Some(label) = label.filter(|_| !self.is_number_of_unknown_route(handled, parameter)) {
            let mut value = self.source_value(label, &parameter.name, at);
            if parameter.kind == ParameterKind::KeywordArguments {
                // The names are those of the route.
                value.taint = value.taint.cleared(TagSet::of(&[Tag::MassAssignment]));
            }
            // A path gives texts and numbers; who is handed an object is no view, or a decorator looked it up.
            let of_path = handled.handler.is_some_and(|handler| !handler.returning.is_empty());
            if let Some(annotation) = &parameter.annotation
                && (of_path && self.is_object(annotation) || self.is_stored(annotation))
            {
                return self.typed(annotation, Taint::default());
            }
            if let Some(default) = &parameter.default {
                value.taint = value.taint.cleared(self.pattern_tags(default));
            }
            return match &parameter.annotation {
                // An object of the framework brings its own sources with it.
                Some(annotation) => match self.typed(annotation, value.taint) {
                    Value { shape: Shape::Instance(class), .. }
                        if self.program.models.knows_package(&class)
                            && !self.program.models.derives_from(&class, "str") =>
                    {
                        Value::instance(class)
                    }
                    value => value,
                },
                None if self.is_converted(handled, parameter) => harmless(),
                None => value,
            };
        }
        if self.overrides_sink(handled) {
            return match &parameter.annotation {
                Some(annotation) => self.typed(annotation, Taint::default()),
                None => Value::unknown(),
            };
        }
        let source = Source::Parameter { index: position, name: parameter.name.clone() };
        // What a private function is passed the same class or module passes: of its shape nobody outside decides.
        let is_private = handled.function.name.starts_with('_') && !handled.function.name.ends_with("__");
        let cleared = if is_private { TagSet::of(&[Tag::Nosql]) } else { TagSet::EMPTY };
        let origin = Origin { source, cleared, path: None };
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

    /// `execute` of a class that derives from a driver's cursor is to its callers what the driver's own is: what they
    /// build for it is told where they build it.
    fn overrides_sink(&mut self, handled: &Handled<'_>) -> bool {
        let base = handled.in_class.and_then(|class| self.external_base(class));
        base.is_some_and(|base| {
            let method = format!("{base}.{}", handled.function.name);
            !self.program.models.sinks(&self.program.models.canonical(&method)).is_empty()
        })
    }

    /// `/user/<int:id>`, `@click.option("--count", type=int)`: only a number comes through.
    fn is_converted(&mut self, handled: &Handled<'_>, parameter: &Parameter) -> bool {
        if handled.route.is_some_and(|path| route::converts(path, &parameter.name)) {
            return true;
        }
        handled.function.decorators.iter().any(|decorator| {
            let ExpressionKind::Call { arguments, .. } = &decorator.kind else { return false };
            let texts = arguments.iter().filter_map(|argument| match &argument.value.kind {
                ExpressionKind::Text(text) => Some(text),
                _ => None,
            });
            let mut is_option = false;
            for text in texts {
                if route::converts(text, &parameter.name) {
                    return true;
                }
                is_option |= route::is_option(text, &parameter.name);
            }
            is_option && arguments.iter().any(|argument| self.is_harmless_kind(argument))
        })
    }

    /// `type=int`, `is_flag=True`
    fn is_harmless_kind(&mut self, argument: &Argument) -> bool {
        match argument.keyword.as_deref() {
            Some("is_flag" | "count") => argument.value.kind == ExpressionKind::Boolean(true),
            Some("type") => {
                let value = self.quietly(|evaluator| evaluator.expression(&argument.value));
                matches!(&value.shape, Shape::External(name) | Shape::Instance(name)
                    if self.program.models.sanitizer(name) == Some(TagSet::ALL))
            }
            _ => false,
        }
    }

    /// The route of a view that is wired up elsewhere may let only a number through where one is asked for.
    fn is_number_of_unknown_route(&self, handled: &Handled<'_>, parameter: &Parameter) -> bool {
        handled.handler.is_some_and(|handler| !handler.returning.is_empty())
            && (parameter.name == "pk" || parameter.name.ends_with("id"))
    }

    /// A parameter that the class itself describes: `form_class = SearchForm`, the fields of a serializer.
    fn declared(
        &mut self,
        handled: &Handled<'_>,
        handler: &HandlerRow,
        parameter: &Parameter,
        position: usize,
        at: Location,
    ) -> Option<Value> {
        let name = handler.declared.get(&position.to_string()).and_then(toml::Value::as_str)?;
        let class = handled.in_class?;
        match self.class_attribute(class, name).map(|value| value.shape) {
            Some(Shape::Class(class)) => Some(Value {
                shape: Shape::Object { class, attributes: Arc::new([]) },
                taint: Taint::default(),
            }),
            _ => {
                let owner = Value {
                    shape: Shape::Object { class, attributes: Arc::new([]) },
                    taint: Taint::default(),
                };
                let mut value = self.source_value(handler.label?, &parameter.name, at);
                if let Some(base) = self.external_base(class) {
                    let clears = self.program.models.source_clears(&format!("{base}.{name}"));
                    value.taint = value.taint.cleared(clears);
                }
                Some(self.with_fields(&owner, name, value))
            }
        }
    }

    /// What a form or a serializer hands out: of the fields that its class declares, those of a harmless kind are
    /// harmless.
    pub(super) fn with_fields(&mut self, owner: &Value, name: &str, value: Value) -> Value {
        let Shape::Object { class, .. } = &owner.shape else { return value };
        if value.taint.is_empty() || value.shape != Shape::Unknown {
            return value;
        }
        let Some(base) = self.external_base(*class) else { return value };
        if !self.program.models.has_fields(&format!("{base}.{name}")) {
            return value;
        }
        let mut entries = Vec::new();
        for field in self.attribute_names(*class) {
            let kind = self.class_attribute(*class, &field);
            if let Some(Shape::Instance(kind)) = kind.map(|value| value.shape)
                && self.program.models.sanitizer(&kind) == Some(TagSet::ALL)
            {
                entries.push((super::value::Constant::Text(field.as_str().into()), harmless()));
            }
        }
        Value { shape: Shape::Mapping { entries: entries.into(), open: true }, taint: value.taint }
    }

    /// A value that its annotation describes: of a library class, or free of taint where no attack fits the type.
    pub(super) fn typed(&mut self, annotation: &Expression, taint: Taint) -> Value {
        match &annotation.kind {
            ExpressionKind::Subscript { value, index } => {
                let outer = self.quietly(|evaluator| evaluator.expression(value));
                let Shape::External(outer) = &outer.shape else { return Value::tainted(taint) };
                let items = match &index.kind {
                    ExpressionKind::Tuple(items) => items.as_slice(),
                    _ => std::slice::from_ref(&**index),
                };
                match outer.rsplit('.').next().unwrap_or_default() {
                    "Optional" | "Annotated" | "Mapped" | "Required" | "NotRequired" => match items {
                        [inner, markers @ ..] => {
                            let tags = markers
                                .iter()
                                .fold(TagSet::EMPTY, |tags, marker| tags.union(self.pattern_tags(marker)));
                            self.typed(inner, taint.cleared(tags))
                        }
                        [] => Value::tainted(taint),
                    },
                    "Union" => self.any_of(items.iter().collect(), &taint),
                    "Literal" => harmless(),
                    "list" | "List" | "set" | "Set" | "frozenset" | "FrozenSet" | "Sequence" | "Iterable"
                    | "Collection" | "deque" => match items.first() {
                        Some(inner) => Value::sequence(vec![self.typed(inner, taint)], true),
                        None => Value::tainted(taint),
                    },
                    _ => Value::tainted(taint),
                }
            }
            // `constr(pattern="^[a-z]+$")`
            ExpressionKind::Call { .. } => {
                let tags = self.pattern_tags(annotation);
                Value::tainted(taint.cleared(tags))
            }
            ExpressionKind::Binary { operator: BinaryOperator::BitOr, .. } => {
                let mut parts = Vec::new();
                alternatives(annotation, &mut parts);
                self.any_of(parts, &taint)
            }
            _ => self.typed_by_name(annotation, taint),
        }
    }

    /// Whether an annotation names a class of which no text is.
    fn is_object(&mut self, annotation: &Expression) -> bool {
        let value = self.quietly(|evaluator| evaluator.expression(annotation));
        match &value.shape {
            Shape::Class(_) => true,
            Shape::External(name) => {
                name.contains('.')
                    && !name.starts_with("typing.")
                    && !self.program.models.derives_from(name, "str")
            }
            _ => false,
        }
    }

    /// What a text is harmless for that a validator let through: `Query(pattern="^[a-z]+$")`.
    pub(super) fn pattern_tags(&mut self, marker: &Expression) -> TagSet {
        let ExpressionKind::Call { arguments, .. } = &marker.kind else { return TagSet::EMPTY };
        let is_pattern = |argument: &&Argument| {
            argument.keyword.as_ref().is_some_and(|keyword| self.program.models.is_pattern(keyword))
        };
        let Some(pattern) = arguments.iter().find(is_pattern) else { return TagSet::EMPTY };
        let value = self.quietly(|evaluator| evaluator.expression(&pattern.value));
        match value.as_text() {
            Some(pattern) if character::is_anchored(pattern, "search") => character::harmless_match(pattern),
            _ => TagSet::EMPTY,
        }
    }

    /// Whether an annotation names a class whose objects a database keeps: no message carries one.
    fn is_stored(&mut self, annotation: &Expression) -> bool {
        let value = self.quietly(|evaluator| evaluator.expression(annotation));
        let Shape::Class(class) = value.shape else { return false };
        self.external_base(class)
            .is_some_and(|base| self.program.models.derives_from(&base, "django.db.models.Model"))
    }

    /// `int | str | None`
    fn any_of(&mut self, parts: Vec<&Expression>, taint: &Taint) -> Value {
        parts
            .into_iter()
            .filter(|part| part.kind != ExpressionKind::None)
            .map(|part| self.typed(part, taint.clone()))
            .reduce(|joined, value| joined.join(&value))
            .unwrap_or_default()
    }

    fn typed_by_name(&mut self, annotation: &Expression, taint: Taint) -> Value {
        let value = self.quietly(|evaluator| evaluator.expression(annotation));
        let models = self.program.models;
        match &value.shape {
            Shape::Annotation(_) => match self.written_annotation(annotation) {
                Some((frame, written)) => {
                    self.frames.push(frame);
                    let value = self.typed(&written, taint);
                    self.frames.pop();
                    value
                }
                None => Value::tainted(taint),
            },
            // The framework has checked the type: no operator of a query fits into a text. Python itself checks nothing.
            Shape::External(name) if name == "str" => {
                let is_checked =
                    taint.origins().iter().all(|origin| matches!(origin.source, Source::Known { .. }));
                let tags = if is_checked { TagSet::of(&[Tag::Nosql]) } else { TagSet::EMPTY };
                Value::tainted(taint.cleared(tags))
            }
            Shape::External(name) if models.sanitizer(name) == Some(TagSet::ALL) => {
                self.made_by(name, self.location(annotation.range), harmless())
            }
            Shape::External(name) => match name.as_str() {
                "bytes" | "dict" | "list" | "object" | "typing.Any" => Value::tainted(taint),
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

    /// `service: Service`, where `Service = Annotated[…]` stands elsewhere: that annotation, and a frame to read it in.
    fn written_annotation(&mut self, annotation: &Expression) -> Option<(Frame, Expression)> {
        if !matches!(annotation.kind, ExpressionKind::Name(_) | ExpressionKind::Attribute { .. }) {
            return None;
        }
        let value = self.quietly(|evaluator| evaluator.expression(annotation));
        let Shape::Annotation(place) = value.shape else { return None };
        self.reads.chunks.insert(place.chunk);
        let program = self.program;
        let written = bound_at(&program.chunks.get(&place.chunk)?.ir.body, place)?;
        Some((self.new_frame(place.chunk)?, written.clone()))
    }

    /// A call of one of some functions that stands as a parameter's default or in its annotation.
    fn marked<'p>(
        &mut self,
        parameter: &'p Parameter,
        is_wanted: impl Fn(&Models, &str) -> bool,
    ) -> Option<&'p Expression> {
        let annotated = parameter.annotation.as_ref().and_then(|annotation| match &annotation.kind {
            ExpressionKind::Subscript { index, .. } => match &index.kind {
                ExpressionKind::Tuple(items) => items.get(1..),
                _ => None,
            },
            _ => None,
        });
        parameter.default.iter().chain(annotated.unwrap_or_default()).find(|candidate| {
            let ExpressionKind::Call { function, .. } = &candidate.kind else { return false };
            let callee = self.quietly(|evaluator| evaluator.callee(function));
            matches!(&callee.shape, Shape::External(name) if is_wanted(self.program.models, name))
        })
    }

    /// `db = Depends(get_db)`, `db: Annotated[Session, Depends(get_db)]`: given by the program, not by the client; but
    /// the program may make it from what the client sends.
    fn provided(&mut self, handled: &Handled<'_>, parameter: &Parameter, at: Location) -> Option<Value> {
        let call = self.marked(parameter, Models::provides)?;
        let ExpressionKind::Call { arguments, .. } = &call.kind else { return None };
        let provider = match (arguments.first(), &parameter.annotation) {
            (Some(argument), _) => self.quietly(|evaluator| evaluator.expression(&argument.value)),
            (None, Some(annotation)) => self.quietly(|evaluator| evaluator.expression(annotation)),
            (None, None) => Value::unknown(),
        };
        let made = match handled.handler {
            Some(_) => self.made_for_client(&provider, call),
            None => None,
        };
        if let Some(value) = made.filter(|value| !value.deep_taint().is_empty()) {
            return Some(value.step(at, StepKind::Assignment, &format!("`{}`", parameter.name)));
        }
        Some(match &parameter.annotation {
            Some(annotation) => self.typed(annotation, Taint::default()),
            None => Value::unknown(),
        })
    }

    /// The result of a function that the framework calls with what the client sent, as its parameters ask for it.
    fn made_for_client(&mut self, provider: &Value, whole: &Expression) -> Option<Value> {
        if self.frames.len() > MAX_CALL_DEPTH {
            return None;
        }
        let program = self.program;
        match &provider.shape {
            Shape::Function(reference) | Shape::Closure { function: reference, .. } => {
                let reference = provider.as_function().unwrap_or(*reference);
                self.called_for_client(reference, None, whole)
            }
            Shape::Object { class, .. } => match self.class_attribute(*class, "__call__")?.shape {
                Shape::Function(reference) => self.called_for_client(reference, Some(provider), whole),
                _ => None,
            },
            Shape::Class(class) => {
                let initializer = self.class_attribute(*class, "__init__").map(|value| value.shape);
                let Some(Shape::Function(reference)) = initializer else {
                    // Its fields are parameters.
                    let at = self.location(whole.range);
                    let (_, definition) = program.class(*class)?;
                    let taint = self.source_value(Label::Web, &definition.name, at).taint;
                    let shape = Shape::Object { class: *class, attributes: Arc::new([]) };
                    return Some(Value { shape, taint });
                };
                let arguments = self.arguments_for_client(reference, 1)?;
                let passed: Vec<Passed<'_>> = arguments.iter().map(passed).collect();
                Some(self.construct(*class, &passed, whole))
            }
            _ => None,
        }
    }

    fn called_for_client(
        &mut self,
        reference: FunctionReference,
        receiver: Option<&Value>,
        whole: &Expression,
    ) -> Option<Value> {
        let arguments = self.arguments_for_client(reference, usize::from(receiver.is_some()))?;
        let passed: Vec<Passed<'_>> = arguments.iter().map(passed).collect();
        let value = self.call_function(reference, receiver.cloned(), &passed, whole).value.clone();
        let (_, function) = self.program.function(reference)?;
        // What is provided is what the generator yields.
        Some(if function.is_generator { self.element_of(&value) } else { value })
    }

    /// The arguments, by keyword, behind the first few.
    fn arguments_for_client(
        &mut self,
        reference: FunctionReference,
        skip: usize,
    ) -> Option<Vec<(Argument, Value)>> {
        let program = self.program;
        let (_, function) = program.function(reference)?;
        let frame = self.new_frame(reference.chunk)?;
        self.reads.headers.insert(reference.chunk);
        let row = program.models.client_calls();
        let handled = Handled { function, handler: Some(row), in_class: None, route: None };
        self.frames.push(frame);
        let mut arguments = Vec::new();
        for (position, parameter) in function.parameters.iter().skip(skip).enumerate() {
            if matches!(parameter.kind, ParameterKind::Arguments | ParameterKind::KeywordArguments) {
                continue;
            }
            let at = Location { chunk: reference.chunk, range: parameter.range };
            let value = self.parameter_value(&handled, parameter, position, at);
            let nothing = Expression { range: parameter.range, kind: ExpressionKind::Ellipsis };
            let argument = Argument {
                range: parameter.range,
                keyword: Some(parameter.name.clone()),
                kind: ArgumentKind::Positional,
                value: nothing,
            };
            arguments.push((argument, value));
        }
        self.frames.pop();
        Some(arguments)
    }
}

fn passed((argument, value): &(Argument, Value)) -> Passed<'_> {
    Passed { argument, value: value.clone(), base: None }
}

/// A value that no attack fits into, whatever it is.
pub(super) fn harmless() -> Value {
    Value::tainted(Taint::default().vouched(TagSet::ALL))
}

/// What a statement of a module binds at a place.
fn bound_at(block: &[Statement], place: Location) -> Option<&Expression> {
    block.iter().find_map(|statement| match &statement.kind {
        StatementKind::Assign { value, .. } | StatementKind::AnnotatedAssign { value: Some(value), .. }
            if value.range == place.range =>
        {
            Some(value)
        }
        _ => statement.blocks().into_iter().find_map(|block| bound_at(block, place)),
    })
}

/// The parts of `int | str | None`.
fn alternatives<'e>(annotation: &'e Expression, parts: &mut Vec<&'e Expression>) {
    match &annotation.kind {
        ExpressionKind::Binary { operator: BinaryOperator::BitOr, left, right } => {
            alternatives(left, parts);
            alternatives(right, parts);
        }
        _ => parts.push(annotation),
    }
}
