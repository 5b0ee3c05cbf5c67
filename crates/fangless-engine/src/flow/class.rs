//! Classes of the workspace: what their bodies and their bases give to their objects. Each fact is found out once and
//! kept until something that it was read from changes.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::bounds::{MAX_BASES, MAX_CALL_DEPTH};
use super::evaluator::{Evaluator, Reads};
use super::event::Passed;
use super::function::{changed_receiver, has_decorator};
use super::program::Program;
use super::taint::{TagSet, Taint};
use super::value::{ClassReference, FunctionReference, Partial, Shape, Value};
use crate::syntax::ir::{Argument, Expression, ExpressionKind, Function, Ir, Statement, StatementKind};
use crate::text::{ChunkKind, TextRange};

/// What stands in the body of a class, its member chunks included; nothing inherited.
#[derive(Debug, Default)]
pub(super) struct Members {
    methods: FxHashMap<SmolStr, FunctionReference>,
    /// What binds an attribute: `@name.setter`.
    setters: FxHashMap<SmolStr, FunctionReference>,
    /// Names bound in the body, each with the chunk and the expression that it is bound to.
    attributes: FxHashMap<SmolStr, (u64, Expression)>,
    /// Annotated names in order, with their annotations: the fields of a dataclass.
    fields: Vec<(SmolStr, Expression)>,
    /// Chunks that bind more than methods: a name may come or go there without another chunk.
    chunks: Vec<u64>,
}

/// A class and its ancestors in the order in which Python looks for a name, as far as depth first tells.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    pub(super) classes: Vec<ClassReference>,
    /// Library classes among the ancestors, without those that say nothing of an object.
    pub(super) libraries: Vec<SmolStr>,
    /// Fields of a named tuple that it is made from.
    fields: Vec<SmolStr>,
}

impl Evaluator<'_> {
    pub(super) fn lineage(&mut self, class: ClassReference) -> Arc<Lineage> {
        let known = self.program.lineages.get(&class);
        if let Some((lineage, reads)) = known.or_else(|| self.unsettled.lineages.get(&class).cloned()) {
            self.reads.note(&reads);
            return lineage;
        }
        let (lineage, reads) = self.apart(|evaluator| Arc::new(evaluator.find_lineage(class)));
        let reads = Arc::new(reads);
        self.reads.note(&reads);
        if self.loads.are_settled() {
            self.program.lineages.remember(class, lineage.clone(), reads);
        } else {
            self.unsettled.lineages.insert(class, (lineage.clone(), reads));
        }
        lineage
    }

    fn find_lineage(&mut self, class: ClassReference) -> Lineage {
        let mut lineage = Lineage::default();
        let mut pending = vec![Shape::Class(class)];
        while let Some(shape) = pending.pop() {
            match shape {
                Shape::Class(class) if !lineage.classes.contains(&class) => {
                    if lineage.classes.len() >= MAX_BASES {
                        break;
                    }
                    lineage.classes.push(class);
                    self.reads.headers.insert(class.chunk);
                    // A method that is not there yet may come: then the file has another chunk.
                    if let Some(info) = self.program.chunks.get(&class.chunk) {
                        self.reads.modules.insert(info.module.clone());
                    }
                    pending.extend(self.bases(class).into_iter().rev().map(|base| base.shape));
                }
                Shape::External(name)
                    if !matches!(
                        name.as_str(),
                        "object" | "abc.ABC" | "typing.Generic" | "typing.Protocol"
                    ) =>
                {
                    lineage.libraries.push(name);
                }
                // `class Pair(namedtuple("Pair", "one other"))`
                Shape::RecordClass(fields) => {
                    lineage.libraries.push("typing.NamedTuple".into());
                    lineage.fields.extend(fields.iter().map(|(name, _)| name.clone()));
                }
                // `declarative_base()`, `db.Model`
                Shape::Instance(name) => lineage.libraries.push(name),
                Shape::Method { receiver, name } => {
                    lineage.libraries.extend(super::library::member_name(&receiver, &name));
                }
                _ => {}
            }
        }
        lineage
    }

    /// The values of a class's bases.
    fn bases(&mut self, class: ClassReference) -> Vec<Value> {
        let program = self.program;
        let Some((_, definition)) = program.class(class) else { return Vec::new() };
        definition
            .bases
            .iter()
            .filter(|base| base.keyword.is_none())
            .map(|base| match &base.value.kind {
                // `Generic[T]`, `Repository[User]`
                ExpressionKind::Subscript { value, .. } => self.value_in(class.chunk, value),
                _ => self.value_in(class.chunk, &base.value),
            })
            .collect()
    }

    /// The value of an expression of a class's header or body, seen from outside.
    fn value_in(&mut self, chunk: u64, expression: &Expression) -> Value {
        let Some(frame) = self.new_frame(chunk).filter(|_| self.frames.len() <= 2 * MAX_CALL_DEPTH) else {
            return Value::unknown();
        };
        self.frames.push(frame);
        let value = self.quietly(|evaluator| evaluator.expression(expression));
        self.frames.pop();
        value
    }

    /// The first library class that a class derives from.
    pub(super) fn external_base(&mut self, class: ClassReference) -> Option<SmolStr> {
        self.lineage(class).libraries.first().cloned()
    }

    pub(super) fn is_enum(&mut self, class: ClassReference) -> bool {
        self.lineage(class).libraries.iter().any(|name| name.starts_with("enum."))
    }

    pub(super) fn is_exception(&mut self, class: ClassReference) -> bool {
        let is_one = |name: &SmolStr| name.ends_with("Error") || name.ends_with("Exception");
        self.lineage(class).libraries.iter().any(is_one)
    }

    fn members(&mut self, class: ClassReference) -> Arc<Members> {
        let members = match self.program.members.get(&class) {
            Some((members, _)) => members,
            None => {
                let (members, reads) = members_of(self.program, class);
                let members = Arc::new(members);
                self.program.members.remember(class, members.clone(), Arc::new(reads));
                members
            }
        };
        self.reads.headers.extend(&members.chunks);
        members
    }

    /// What a class of the workspace knows under a name: in its body, then in its bases.
    pub(super) fn class_attribute(&mut self, class: ClassReference, name: &str) -> Option<Value> {
        let lineage = self.lineage(class);
        lineage.classes.iter().find_map(|owner| self.own_attribute(class, *owner, name))
    }

    fn own_attribute(&mut self, class: ClassReference, owner: ClassReference, name: &str) -> Option<Value> {
        let members = self.members(owner);
        if let Some(method) = members.methods.get(name) {
            self.reads.headers.insert(method.chunk);
            return Some(self.decorated_method(*method));
        }
        let (chunk, bound) = members.attributes.get(name)?;
        let value = self.value_in(*chunk, bound);
        if value.is_constant() && self.is_enum(class) {
            let attributes = Arc::new([("value".into(), value)]);
            return Some(Value { shape: Shape::Object { class, attributes }, taint: Taint::default() });
        }
        Some(self.named_attribute(value, class, name))
    }

    /// What binds an attribute of an object of a class, where that is a function.
    pub(super) fn class_setter(&mut self, class: ClassReference, name: &str) -> Option<FunctionReference> {
        let lineage = self.lineage(class);
        let setter =
            lineage.classes.iter().find_map(|owner| self.members(*owner).setters.get(name).copied())?;
        self.reads.headers.insert(setter.chunk);
        Some(setter)
    }

    /// A method under those of its decorators that are functions of the workspace.
    fn decorated_method(&mut self, method: FunctionReference) -> Value {
        let plain = Value { shape: Shape::Function(method), taint: Taint::default() };
        let program = self.program;
        let Some((_, function)) = program.function(method) else { return plain };
        let is_known = |decorator: &Expression| {
            matches!(&decorator.kind, ExpressionKind::Name(name)
                if matches!(name.as_str(), "property" | "staticmethod" | "classmethod" | "abstractmethod"))
        };
        if function.decorators.iter().all(is_known) || self.frames.len() > 2 * MAX_CALL_DEPTH {
            return plain;
        }
        let Some(frame) = self.new_frame(method.chunk) else { return plain };
        self.frames.push(frame);
        let value = self.quietly(|evaluator| {
            let decorators: Vec<Value> =
                function.decorators.iter().map(|decorator| evaluator.expression(decorator)).collect();
            evaluator.decorated(method, function, &decorators)
        });
        self.frames.pop();
        value
    }

    /// The fields of a dataclass, those of its bases first.
    pub(super) fn field_names(&mut self, class: ClassReference) -> Vec<SmolStr> {
        let lineage = self.lineage(class);
        let mut names: Vec<SmolStr> = lineage.fields.clone();
        for owner in lineage.classes.iter().rev() {
            for (field, _) in &self.members(*owner).fields {
                if !names.contains(field) {
                    names.push(field.clone());
                }
            }
        }
        names
    }

    /// The names that the body of a class and those of its bases bind to something other than a function.
    pub(super) fn attribute_names(&mut self, class: ClassReference) -> Vec<SmolStr> {
        let lineage = self.lineage(class);
        let mut names: Vec<SmolStr> = Vec::new();
        for owner in &lineage.classes {
            names.extend(self.members(*owner).attributes.keys().cloned());
        }
        names.sort();
        names.dedup();
        names
    }

    /// A field of an object that came from outside as a whole, as its annotation describes it.
    pub(super) fn field(&mut self, class: ClassReference, name: &str, taint: &Taint) -> Option<Value> {
        let lineage = self.lineage(class);
        lineage.classes.iter().find_map(|owner| {
            let members = self.members(*owner);
            let (_, annotation) = members.fields.iter().find(|(field, _)| field == name)?;
            let frame = self.new_frame(owner.chunk)?;
            self.frames.push(frame);
            let of_default = match members.attributes.get(name) {
                Some((_, default)) => self.pattern_tags(default),
                None => TagSet::EMPTY,
            };
            let value = self.typed(annotation, taint.cleared(of_default));
            self.frames.pop();
            Some(value)
        })
    }

    /// A function of a class, read from an object or from the class itself.
    pub(super) fn bound(&mut self, value: Value, owner: &Value) -> Value {
        let program = self.program;
        if let (Shape::Closure { .. }, Shape::Object { .. }) = (&value.shape, &owner.shape) {
            let undecorated = value.as_function().and_then(|reference| program.function(reference));
            if undecorated.is_some_and(|(_, function)| has_decorator(function, "staticmethod")) {
                return value;
            }
            let partial = Partial { function: value, passed: vec![(None, owner.clone())] };
            return Value { shape: Shape::Partial(Arc::new(partial)), taint: Taint::default() };
        }
        if let (Shape::Partial(partial), Shape::Object { .. }) = (&value.shape, &owner.shape)
            && let Some(method) = super::callback::method_of_partial(partial, owner)
        {
            return method;
        }
        let Shape::Function(reference) = &value.shape else { return value };
        let Some((_, function)) = program.function(*reference) else { return value };
        let receiver = match &owner.shape {
            Shape::Object { class, .. } if has_decorator(function, "classmethod") => {
                Value { shape: Shape::Class(*class), taint: Taint::default() }
            }
            Shape::Object { .. } if !has_decorator(function, "staticmethod") => owner.clone(),
            Shape::Class(_) if has_decorator(function, "classmethod") => owner.clone(),
            _ => return value,
        };
        let shape = Shape::Bound { receiver: Arc::new(receiver), function: *reference };
        Value { shape, taint: Taint::default() }
    }

    /// What reading an attribute gives where that runs a function.
    pub(super) fn property(&mut self, value: Value, whole: &Expression) -> Value {
        let program = self.program;
        if let Shape::Method { receiver, name } = &value.shape
            && let Shape::Object { class, .. } = &receiver.shape
            && let Some(method) = self.class_attribute(*class, "__getattr__")
            && let Shape::Bound { receiver, function } = self.bound(method, receiver).shape
        {
            let text = Expression { range: whole.range, kind: ExpressionKind::Text(name.as_str().into()) };
            let argument = Argument::of(&text);
            let passed = [Passed { argument: &argument, value: Value::text(name), base: None }];
            return self.call_function(function, Some((*receiver).clone()), &passed, whole).value;
        }
        let Shape::Bound { receiver, function: reference } = &value.shape else { return value };
        match program.function(*reference) {
            Some((_, function)) if is_property(function) => {
                self.call_function(*reference, Some((**receiver).clone()), &[], whole).value
            }
            _ => value,
        }
    }

    /// `super().name`: what the ancestors after the class of the present method have.
    pub(super) fn super_attribute(&mut self, name: &SmolStr) -> Value {
        let Some(class) = self.frame_ref().class else { return Value::unknown() };
        let receiver = self.own_receiver();
        let of = match &receiver.shape {
            Shape::Object { class, .. } | Shape::Class(class) => *class,
            _ => class,
        };
        let lineage = self.lineage(of);
        let after = lineage.classes.iter().position(|one| *one == class).map_or(0, |at| at + 1);
        for owner in &lineage.classes[after..] {
            if let Some(value) = self.own_attribute(of, *owner, name) {
                return self.bound(value, &receiver);
            }
        }
        match lineage.libraries.first() {
            Some(base) => Value::external(format!("{base}.{name}")),
            None => Value::unknown(),
        }
    }

    /// The first parameter of the present method, as its variable holds it now.
    fn own_receiver(&mut self) -> Value {
        match self.own_receiver_name() {
            Some(name) => self.lookup(&name),
            None => Value::unknown(),
        }
    }

    pub(super) fn own_receiver_name(&self) -> Option<SmolStr> {
        let (_, function) = self.program.function(self.frame_ref().function?)?;
        function.parameters.first().map(|parameter| parameter.name.clone())
    }

    /// The class of the lineage in whose body a method stands.
    pub(super) fn defining_class(
        &mut self,
        class: ClassReference,
        reference: FunctionReference,
    ) -> ClassReference {
        let lineage = self.lineage(class);
        let owner = lineage
            .classes
            .iter()
            .find(|owner| self.members(**owner).methods.values().any(|method| *method == reference));
        owner.copied().unwrap_or(class)
    }

    /// `self` of a method that anyone may call: what the constructor leaves in the object, whatever it was called with.
    pub(super) fn self_value(&mut self, class: Option<ClassReference>) -> Value {
        let Some(class) = class else { return Value::unknown() };
        let known = self.program.objects.get(&class);
        if let Some((object, reads)) = known.or_else(|| self.unsettled.objects.get(&class).cloned()) {
            self.reads.note(&reads);
            return object;
        }
        let (object, reads) = self.apart(|evaluator| evaluator.constructed(class));
        let reads = Arc::new(reads);
        self.reads.note(&reads);
        if self.loads.are_settled() {
            self.program.objects.remember(class, object.clone(), reads);
        } else {
            self.unsettled.objects.insert(class, (object.clone(), reads));
        }
        object
    }

    fn constructed(&mut self, class: ClassReference) -> Value {
        let object =
            Value { shape: Shape::Object { class, attributes: Arc::new([]) }, taint: Taint::default() };
        let Some(Value { shape: Shape::Function(reference), .. }) = self.class_attribute(class, "__init__")
        else {
            return object;
        };
        let Some(frame) = self.new_frame(class.chunk) else { return object };
        self.frames.push(frame);
        let whole = Expression { range: TextRange::default(), kind: ExpressionKind::None };
        let outcome =
            self.quietly(|evaluator| evaluator.call_function(reference, Some(object.clone()), &[], &whole));
        let changed = changed_receiver(self, reference, &outcome);
        self.frames.pop();
        changed.unwrap_or(object)
    }
}

fn is_property(function: &Function) -> bool {
    function.decorators.iter().any(|decorator| {
        let (ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. }) = &decorator.kind else {
            return false;
        };
        matches!(name.as_str(), "property" | "cached_property" | "abstractproperty" | "hybrid_property")
    })
}

/// `@name.setter`: the name keeps meaning what reads it.
fn accessor(function: &Function) -> Option<&str> {
    function.decorators.iter().find_map(|decorator| match &decorator.kind {
        ExpressionKind::Attribute { name, .. } if matches!(name.as_str(), "setter" | "deleter") => {
            Some(name.as_str())
        }
        _ => None,
    })
}

fn members_of(program: &Program, class: ClassReference) -> (Members, Reads) {
    let mut members = Members::default();
    let mut reads = Reads::default();
    if let Some(info) = program.chunks.get(&class.chunk) {
        reads.modules.insert(info.module.clone());
    }
    for (chunk, ir, body) in class_body(program, class) {
        reads.headers.insert(chunk);
        let statements = match body {
            Body::Whole => ir.body.as_slice(),
            Body::Class(index) => ir.classes.get(index).map_or(&[][..], |class| &class.body),
        };
        if !statements.iter().all(|statement| matches!(statement.kind, StatementKind::Function(_))) {
            members.chunks.push(chunk);
        }
        for statement in statements {
            members.read(chunk, &ir, statement);
        }
    }
    (members, reads)
}

impl Members {
    fn read(&mut self, chunk: u64, ir: &Ir, statement: &Statement) {
        match &statement.kind {
            StatementKind::Function(index) => {
                let Some(function) = ir.functions.get(*index) else { return };
                let reference = FunctionReference { chunk, index: *index };
                match accessor(function) {
                    None => drop(self.methods.insert(function.name.clone(), reference)),
                    Some("setter") => drop(self.setters.insert(function.name.clone(), reference)),
                    Some(_) => {}
                }
            }
            StatementKind::Assign { targets, value } => {
                for target in targets {
                    if let ExpressionKind::Name(name) = &target.kind {
                        if is_field(value) && !self.fields.iter().any(|(field, _)| field == name) {
                            self.fields.push((name.clone(), value.clone()));
                        }
                        self.attributes.insert(name.clone(), (chunk, value.clone()));
                    }
                }
            }
            StatementKind::AnnotatedAssign { target, annotation, value } => {
                let ExpressionKind::Name(name) = &target.kind else { return };
                if !self.fields.iter().any(|(field, _)| field == name) {
                    self.fields.push((name.clone(), annotation.clone()));
                }
                if let Some(value) = value {
                    self.attributes.insert(name.clone(), (chunk, value.clone()));
                }
            }
            _ => {}
        }
    }
}

/// `name = attr.ib()`
fn is_field(value: &Expression) -> bool {
    let ExpressionKind::Call { function, .. } = &value.kind else { return false };
    super::evaluator::spelled_name(function)
        .is_some_and(|name| matches!(name.as_str(), "attr.ib" | "attr.field" | "attrs.field"))
}

/// Which statements of a chunk belong to a class body.
enum Body {
    Whole,
    Class(usize),
}

/// The chunks that a class body stands in: its own, and those of its members.
fn class_body(program: &Program, reference: ClassReference) -> Vec<(u64, Arc<Ir>, Body)> {
    let Some(chunk) = program.chunks.get(&reference.chunk) else { return Vec::new() };
    let mut parts = vec![(reference.chunk, chunk.ir.clone(), Body::Class(reference.index))];
    let is_top = chunk.kind == ChunkKind::Class
        && chunk.ir.body.iter().any(
            |statement| matches!(statement.kind, StatementKind::Class(index) if index == reference.index),
        );
    if is_top && let Some(order) = program.modules.get(&chunk.module) {
        for id in order.iter().skip_while(|id| **id != reference.chunk).skip(1) {
            match program.chunks.get(id) {
                Some(member) if member.kind == ChunkKind::Member => {
                    parts.push((*id, member.ir.clone(), Body::Whole));
                }
                _ => break,
            }
        }
    }
    parts
}
