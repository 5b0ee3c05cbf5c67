//! Abstract values: what an expression may be, and which untrusted input reaches it. No names, no files.

use std::sync::Arc;

use smol_str::SmolStr;

use super::bounds::MAX_PARTS;
use super::taint::{Location, Taint};
use crate::finding::StepKind;

/// A constant that Python code can write down.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    None,
}

impl Constant {
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Integer(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Boolean(value) => *value,
            Self::None => false,
        }
    }

    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::Boolean(_) => "bool",
            Self::None => "NoneType",
        }
    }
}

/// What a value may be.
#[derive(Clone, Debug, Default)]
pub enum Shape {
    #[default]
    Unknown,
    Constant(Constant),
    /// One of several constants.
    Choice(Arc<[Constant]>),
    /// A string of which parts are known.
    Pieces(Arc<[Piece]>),
    /// A module, function or class that is not in the workspace, by qualified name.
    External(SmolStr),
    /// A name imported from a file of the workspace, looked up when it is used: modules that import each other need
    /// not run inside one another.
    Imported {
        module: SmolStr,
        name: SmolStr,
        submodule: Option<SmolStr>,
    },
    /// An instance of an external class.
    Instance(SmolStr),
    /// A compiled regular expression.
    Pattern(Arc<str>),
    /// A method of a value, not yet called.
    Method {
        receiver: Arc<Value>,
        name: SmolStr,
    },
    /// A method of a workspace class, with the object or class it was read from.
    Bound {
        receiver: Arc<Value>,
        function: FunctionReference,
    },
    /// `functools.partial`: a callable with the first of its arguments.
    Partial(Arc<Partial>),
    /// A list, tuple, set: its elements in order; `open` when there may be others.
    Sequence {
        items: Arc<[Value]>,
        open: bool,
    },
    Mapping {
        entries: Arc<[(Constant, Value)]>,
        open: bool,
    },
    /// A `configparser` object: its sections, each a mapping.
    Sections(Arc<[(Constant, Value)]>),
    /// A class that `namedtuple` made: its fields, each with its default.
    RecordClass(Arc<[(SmolStr, Option<Value>)]>),
    /// An object of which nothing but the fields is known: of a named tuple, which has them in order, or of a namespace.
    Record {
        fields: Arc<[(SmolStr, Value)]>,
        is_tuple: bool,
    },
    /// `Annotated[Session, Depends(session)]`, by its place: what it says of a parameter is read where it is used.
    Annotation(Location),
    /// A function of the workspace, by its place.
    Function(FunctionReference),
    /// A function that stands in another one and left it, with what it sees of the variables there.
    Closure {
        function: FunctionReference,
        captured: Captured,
    },
    Class(ClassReference),
    /// An instance of a class of the workspace.
    Object {
        class: ClassReference,
        attributes: Arc<[(SmolStr, Value)]>,
    },
}

/// Values are handed on as they are: most that are compared are one and the same, and need not be looked into.
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &Arc<[T]>, other: &Arc<[T]>) -> bool {
            Arc::ptr_eq(one, other) || one == other
        }
        match (self, other) {
            (Self::Unknown, Self::Unknown) => true,
            (Self::Annotation(one), Self::Annotation(other)) => one == other,
            (Self::Constant(one), Self::Constant(other)) => one == other,
            (Self::Choice(one), Self::Choice(other)) => same(one, other),
            (Self::Pattern(one), Self::Pattern(other)) => one == other,
            (Self::Pieces(one), Self::Pieces(other)) => same(one, other),
            (Self::External(one), Self::External(other)) | (Self::Instance(one), Self::Instance(other)) => {
                one == other
            }
            (
                Self::Imported { module, name, submodule },
                Self::Imported { module: other_module, name: other_name, submodule: other_submodule },
            ) => module == other_module && name == other_name && submodule == other_submodule,
            (
                Self::Method { receiver, name },
                Self::Method { receiver: other_receiver, name: other_name },
            ) => name == other_name && (Arc::ptr_eq(receiver, other_receiver) || receiver == other_receiver),
            (
                Self::Bound { receiver, function },
                Self::Bound { receiver: other_receiver, function: other_function },
            ) => {
                function == other_function
                    && (Arc::ptr_eq(receiver, other_receiver) || receiver == other_receiver)
            }
            (Self::Partial(one), Self::Partial(other)) => Arc::ptr_eq(one, other) || one == other,
            (Self::Sequence { items, open }, Self::Sequence { items: other_items, open: other_open }) => {
                open == other_open && same(items, other_items)
            }
            (Self::Mapping { entries, open }, Self::Mapping { entries: other_entries, open: other_open }) => {
                open == other_open && same(entries, other_entries)
            }
            (Self::Sections(one), Self::Sections(other)) => same(one, other),
            (Self::RecordClass(one), Self::RecordClass(other)) => same(one, other),
            (
                Self::Record { fields, is_tuple },
                Self::Record { fields: other_fields, is_tuple: other_is_tuple },
            ) => is_tuple == other_is_tuple && same(fields, other_fields),
            (Self::Function(one), Self::Function(other)) => one == other,
            (
                Self::Closure { function, captured },
                Self::Closure { function: other, captured: other_captured },
            ) => function == other && same(captured, other_captured),
            (Self::Class(one), Self::Class(other)) => one == other,
            (
                Self::Object { class, attributes },
                Self::Object { class: other_class, attributes: other_attributes },
            ) => class == other_class && same(attributes, other_attributes),
            _ => false,
        }
    }
}

/// Variables that a function keeps of the scope in which it was defined.
pub type Captured = Arc<[(SmolStr, Value)]>;

/// A callable that some arguments were given to already.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    pub function: Value,
    /// Each with its keyword, in order.
    pub passed: Vec<(Option<SmolStr>, Value)>,
}

/// A function: its chunk and its index in the chunk's IR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionReference {
    pub chunk: u64,
    pub index: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassReference {
    pub chunk: u64,
    pub index: usize,
}

/// Part of a partly known string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(Arc<str>),
    Hole(Taint),
}

/// An abstract value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Value {
    pub shape: Shape,
    pub taint: Taint,
}

impl Value {
    pub fn unknown() -> Self {
        Self::default()
    }

    pub fn tainted(taint: Taint) -> Self {
        Self { shape: Shape::Unknown, taint }
    }

    pub fn constant(constant: Constant) -> Self {
        Self { shape: Shape::Constant(constant), taint: Taint::default() }
    }

    pub fn text(text: &str) -> Self {
        Self::constant(Constant::Text(text.into()))
    }

    pub fn boolean(value: bool) -> Self {
        Self::constant(Constant::Boolean(value))
    }

    pub fn external(name: impl Into<SmolStr>) -> Self {
        Self { shape: Shape::External(name.into()), taint: Taint::default() }
    }

    pub fn instance(class: impl Into<SmolStr>) -> Self {
        Self { shape: Shape::Instance(class.into()), taint: Taint::default() }
    }

    pub fn sequence(items: Vec<Self>, open: bool) -> Self {
        Self { shape: Shape::Sequence { items: items.into(), open }, taint: Taint::default() }
    }

    pub fn as_constant(&self) -> Option<&Constant> {
        match &self.shape {
            Shape::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Constant(Constant::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether the value is made of constants only, all the way down.
    pub fn is_constant(&self) -> bool {
        match &self.shape {
            Shape::Constant(_) | Shape::Choice(_) => true,
            Shape::Sequence { items, open } => !open && items.iter().all(Self::is_constant),
            Shape::Mapping { entries, open } => !open && entries.iter().all(|(_, value)| value.is_constant()),
            _ => false,
        }
    }

    /// Whether it is true in a condition, where that is certain.
    pub fn truth(&self) -> Option<bool> {
        match &self.shape {
            Shape::Constant(constant) => Some(constant.is_truthy()),
            Shape::Choice(choices) => {
                let first = choices.first()?.is_truthy();
                choices.iter().all(|choice| choice.is_truthy() == first).then_some(first)
            }
            Shape::Sequence { items, open: false } => Some(!items.is_empty()),
            Shape::Mapping { entries, open: false } => Some(!entries.is_empty()),
            Shape::Function(_)
            | Shape::Closure { .. }
            | Shape::Bound { .. }
            | Shape::Partial(_)
            | Shape::Class(_)
            | Shape::RecordClass(_) => Some(true),
            Shape::Record { fields, is_tuple } => Some(!is_tuple || !fields.is_empty()),
            _ => None,
        }
    }

    /// The value one step further on its way. What is in a container goes its own way.
    #[must_use]
    pub fn step(self, at: Location, kind: StepKind, note: &str) -> Self {
        let shape = match self.shape {
            Shape::Pieces(pieces) => Shape::Pieces(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Hole(taint) => Piece::Hole(taint.step(at, kind, note)),
                        Piece::Text(_) => piece.clone(),
                    })
                    .collect(),
            ),
            shape => shape,
        };
        Self { shape, taint: self.taint.step(at, kind, note) }
    }

    /// The taint of the value and of everything in it.
    pub fn deep_taint(&self) -> Taint {
        let mut taint = self.taint.clone();
        self.each_part(&mut |part| taint.add(&part.deep_taint()));
        if let Shape::Pieces(pieces) = &self.shape {
            for piece in pieces.iter() {
                if let Piece::Hole(hole) = piece {
                    taint.add(hole);
                }
            }
        }
        taint
    }

    fn each_part(&self, look: &mut impl FnMut(&Self)) {
        match &self.shape {
            Shape::Sequence { items, .. } => items.iter().for_each(look),
            Shape::Mapping { entries, .. } | Shape::Sections(entries) => {
                entries.iter().for_each(|(_, value)| look(value));
            }
            Shape::Object { attributes: fields, .. } | Shape::Record { fields, .. } => {
                fields.iter().for_each(|(_, value)| look(value));
            }
            Shape::Partial(partial) => partial.passed.iter().for_each(|(_, value)| look(value)),
            _ => {}
        }
    }

    /// The value, with what lies deepest no longer told apart where it has too many parts: an object that holds itself
    /// grows with every round.
    #[must_use]
    pub fn bounded(self) -> Self {
        if self.has_at_most(MAX_PARTS, usize::MAX) {
            return self;
        }
        let depth = (1..=4).rev().find(|depth| self.has_at_most(MAX_PARTS, *depth)).unwrap_or(0);
        self.cut(depth)
    }

    /// Whether it has at most so many parts, as far down as `depth`.
    fn has_at_most(&self, most: usize, depth: usize) -> bool {
        fn count(value: &Value, left: &mut usize, depth: usize) {
            if let Shape::Method { receiver, .. } | Shape::Bound { receiver, .. } = &value.shape {
                count(receiver, left, depth);
            }
            if let Shape::Closure { captured, .. } = &value.shape {
                captured.iter().for_each(|(_, value)| {
                    *left = left.saturating_sub(1);
                    if *left > 0 && depth > 0 {
                        count(value, left, depth - 1);
                    }
                });
            }
            value.each_part(&mut |part| {
                if *left > 0 {
                    *left -= 1;
                    if depth > 0 {
                        count(part, left, depth - 1);
                    }
                }
            });
        }
        let mut left = most;
        count(self, &mut left, depth);
        left > 0
    }

    fn cut(&self, depth: usize) -> Self {
        let inner = |value: &Self| if depth == 0 { Self::unknown() } else { value.cut(depth - 1) };
        let shape = match &self.shape {
            Shape::Sequence { items, open } => {
                Shape::Sequence { items: items.iter().map(inner).collect(), open: *open }
            }
            Shape::Mapping { entries, open } => Shape::Mapping {
                entries: entries.iter().map(|(key, value)| (key.clone(), inner(value))).collect(),
                open: *open,
            },
            Shape::Object { class, attributes } => Shape::Object {
                class: *class,
                attributes: attributes.iter().map(|(name, value)| (name.clone(), inner(value))).collect(),
            },
            Shape::Record { fields, is_tuple } => Shape::Record {
                fields: fields.iter().map(|(name, value)| (name.clone(), inner(value))).collect(),
                is_tuple: *is_tuple,
            },
            Shape::Sections(_)
            | Shape::Partial(_)
            | Shape::Method { .. }
            | Shape::Bound { .. }
            | Shape::Closure { .. } => Shape::Unknown,
            shape => shape.clone(),
        };
        Self { shape, taint: self.taint.clone() }
    }

    /// The function of the workspace that a value is: of a decorated one that which was decorated.
    pub fn as_function(&self) -> Option<FunctionReference> {
        match &self.shape {
            Shape::Function(function) => Some(*function),
            Shape::Closure { function, captured } => {
                Some(captured.iter().find_map(|(_, value)| value.as_function()).unwrap_or(*function))
            }
            _ => None,
        }
    }

    /// The value with each function in it changed that stands in another one; `None` where none is.
    pub(super) fn with_functions(
        &self,
        change: &mut dyn FnMut(FunctionReference) -> Option<Shape>,
    ) -> Option<Self> {
        let shape = match &self.shape {
            Shape::Function(function) => change(*function),
            Shape::Closure { .. } => None,
            shape => shape.with_parts(&mut |part| part.with_functions(change)),
        }?;
        Some(Self { shape, taint: self.taint.clone() })
    }

    /// What the value may be when it is one of two.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let mut taint = self.taint.clone();
        taint.add(&other.taint);
        let shape = match (&self.shape, &other.shape) {
            (left, right) if left == right => left.clone(),
            (Shape::Constant(_) | Shape::Choice(_), Shape::Constant(_) | Shape::Choice(_)) => {
                let mut choices: Vec<Constant> = self.choices().to_vec();
                for choice in other.choices() {
                    if !choices.contains(choice) {
                        choices.push(choice.clone());
                    }
                }
                if choices.len() > super::bounds::MAX_CHOICES {
                    Shape::Unknown
                } else {
                    Shape::Choice(choices.into())
                }
            }
            // `None` beside something is what an optional value looks like: keep what it is when it is there.
            (
                Shape::Constant(Constant::None),
                shape @ (Shape::Instance(_) | Shape::External(_) | Shape::Function(_)),
            )
            | (
                shape @ (Shape::Instance(_) | Shape::External(_) | Shape::Function(_)),
                Shape::Constant(Constant::None),
            ) => shape.clone(),
            (Shape::Sequence { items: left, open: a }, Shape::Sequence { items: right, open: b })
                if left.len() == right.len() =>
            {
                let items: Vec<Self> =
                    left.iter().zip(right.iter()).map(|(left, right)| left.join(right)).collect();
                Shape::Sequence { items: items.into(), open: *a || *b }
            }
            (Shape::Mapping { entries: left, open: a }, Shape::Mapping { entries: right, open: b }) => {
                let mut entries: Vec<(Constant, Self)> = left.to_vec();
                for (key, value) in right.iter() {
                    match entries.iter_mut().find(|(known, _)| known == key) {
                        Some((_, known)) => *known = known.join(value),
                        None => entries.push((key.clone(), value.clone())),
                    }
                }
                Shape::Mapping { entries: entries.into(), open: *a || *b }
            }
            (
                Shape::Object { class, attributes: left },
                Shape::Object { class: other, attributes: right },
            ) if class == other => {
                let mut attributes: Vec<(SmolStr, Self)> = left.to_vec();
                for (name, value) in right.iter() {
                    match attributes.iter_mut().find(|(known, _)| known == name) {
                        Some((_, known)) => *known = known.join(value),
                        None => attributes.push((name.clone(), value.clone())),
                    }
                }
                Shape::Object { class: *class, attributes: attributes.into() }
            }
            (Shape::Record { fields: left, is_tuple: a }, Shape::Record { fields: right, is_tuple: b })
                if a == b && left.iter().map(|(name, _)| name).eq(right.iter().map(|(name, _)| name)) =>
            {
                let fields = left.iter().zip(right.iter());
                let fields = fields.map(|((name, left), (_, right))| (name.clone(), left.join(right)));
                Shape::Record { fields: fields.collect(), is_tuple: *a }
            }
            _ => {
                taint = self.deep_taint();
                taint.add(&other.deep_taint());
                Shape::Unknown
            }
        };
        Self { shape, taint }
    }

    /// The constants that it may be; none where it may be anything else.
    pub(crate) fn choices(&self) -> &[Constant] {
        match &self.shape {
            Shape::Constant(constant) => std::slice::from_ref(constant),
            Shape::Choice(choices) => choices,
            _ => &[],
        }
    }
}

impl Shape {
    /// The shape with its parts changed; `None` where none is.
    pub(super) fn with_parts(&self, change: &mut dyn FnMut(&Value) -> Option<Value>) -> Option<Self> {
        match self {
            Self::Sequence { items, open } => {
                changed_parts(items, change).map(|items| Self::Sequence { items, open: *open })
            }
            Self::Mapping { entries, open } => {
                changed_named(entries, change).map(|entries| Self::Mapping { entries, open: *open })
            }
            Self::Sections(entries) => changed_named(entries, change).map(Self::Sections),
            Self::Object { class, attributes } => {
                changed_named(attributes, change).map(|attributes| Self::Object { class: *class, attributes })
            }
            Self::Record { fields, is_tuple } => {
                changed_named(fields, change).map(|fields| Self::Record { fields, is_tuple: *is_tuple })
            }
            Self::Closure { function, captured } => changed_named(captured, change)
                .map(|captured| Self::Closure { function: *function, captured }),
            Self::Method { receiver, name } => change(receiver)
                .map(|receiver| Self::Method { receiver: Arc::new(receiver), name: name.clone() }),
            Self::Bound { receiver, function } => change(receiver)
                .map(|receiver| Self::Bound { receiver: Arc::new(receiver), function: *function }),
            Self::Partial(partial) => {
                let function = change(&partial.function);
                let passed = changed_named(&partial.passed, change);
                (function.is_some() || passed.is_some()).then(|| {
                    Self::Partial(Arc::new(Partial {
                        function: function.unwrap_or_else(|| partial.function.clone()),
                        passed: passed.map_or_else(|| partial.passed.clone(), |passed| passed.to_vec()),
                    }))
                })
            }
            _ => None,
        }
    }
}

fn changed_named<N: Clone>(
    parts: &[(N, Value)],
    change: &mut dyn FnMut(&Value) -> Option<Value>,
) -> Option<Arc<[(N, Value)]>> {
    changed_parts(parts, |(name, value)| Some((name.clone(), change(value)?)))
}

/// The parts with some of them changed; `None` where none is.
pub(super) fn changed_parts<T: Clone>(
    parts: &[T],
    mut change: impl FnMut(&T) -> Option<T>,
) -> Option<Arc<[T]>> {
    let mut all: Option<Vec<T>> = None;
    for (at, part) in parts.iter().enumerate() {
        match (change(part), &mut all) {
            (Some(changed), Some(all)) => all.push(changed),
            (Some(changed), None) => {
                let mut before = parts[..at].to_vec();
                before.push(changed);
                all = Some(before);
            }
            (None, Some(all)) => all.push(part.clone()),
            (None, None) => {}
        }
    }
    all.map(Arc::from)
}
