//! The intermediate representation: what the evaluator reads instead of the tree. Ranges are relative to the chunk,
//! so that a chunk's IR and all that is computed from it survive a move. Knows no values and no names' meaning.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::text::TextRange;

/// A lowered chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ir {
    pub body: Vec<Statement>,
    /// Every function of the chunk, nested ones and lambdas included; statements and expressions name them by index.
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
}

impl Ir {
    /// Whether the chunk defines functions and classes of the same names.
    pub fn same_names(&self, other: &Self) -> bool {
        let functions = |ir: &'_ Self| ir.functions.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let classes = |ir: &'_ Self| ir.classes.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        functions(self) == functions(other) && classes(self) == classes(other)
    }

    /// Whether what the rest of the file sees of the chunk is the same: all but the bodies of its functions.
    pub fn same_header(&self, other: &Self) -> bool {
        let same_statement = |one: &Statement, other: &Statement| match (&one.kind, &other.kind) {
            // The range of a definition ends with its body.
            (StatementKind::Function(one), StatementKind::Function(other)) => one == other,
            _ => one == other,
        };
        self.body.len() == other.body.len()
            && self.body.iter().zip(&other.body).all(|(one, other)| same_statement(one, other))
            && self.classes == other.classes
            && self.functions.len() == other.functions.len()
            && self.functions.iter().zip(&other.functions).all(|(one, other)| {
                one.name == other.name
                    && one.parameters == other.parameters
                    && one.decorators == other.decorators
                    && one.returns == other.returns
                    && one.is_generator == other.is_generator
                    && one.is_nested == other.is_nested
            })
    }
}

pub type FunctionIndex = usize;
pub type ClassIndex = usize;

#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Empty for a lambda.
    pub name: SmolStr,
    pub name_range: TextRange,
    pub range: TextRange,
    pub parameters: Vec<Parameter>,
    pub returns: Option<Expression>,
    pub body: Vec<Statement>,
    pub decorators: Vec<Expression>,
    /// Names declared `global` or `nonlocal` in the body.
    pub outer_names: Vec<SmolStr>,
    /// Of a function that stands in another one, every name in it, sorted: what it may see of the variables around it.
    pub names: Vec<SmolStr>,
    pub is_generator: bool,
    /// Stands in another function, whose variables it sees.
    pub is_nested: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    PositionalOnly,
    Normal,
    KeywordOnly,
    Arguments,
    KeywordArguments,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: SmolStr,
    pub range: TextRange,
    pub kind: ParameterKind,
    pub annotation: Option<Expression>,
    pub default: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub name: SmolStr,
    pub name_range: TextRange,
    pub range: TextRange,
    pub bases: Vec<Argument>,
    pub body: Vec<Statement>,
    pub decorators: Vec<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub range: TextRange,
    pub kind: StatementKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    Expression(Expression),
    Assign {
        targets: Vec<Expression>,
        value: Expression,
    },
    AugmentedAssign {
        target: Expression,
        operator: BinaryOperator,
        value: Expression,
    },
    AnnotatedAssign {
        target: Expression,
        annotation: Expression,
        value: Option<Expression>,
    },
    Return(Option<Expression>),
    Raise(Vec<Expression>),
    Delete(Vec<Expression>),
    If {
        test: Expression,
        body: Vec<Statement>,
        orelse: Vec<Statement>,
    },
    While {
        test: Expression,
        body: Vec<Statement>,
        orelse: Vec<Statement>,
    },
    For {
        target: Expression,
        iterable: Expression,
        body: Vec<Statement>,
        orelse: Vec<Statement>,
    },
    Try {
        body: Vec<Statement>,
        handlers: Vec<Handler>,
        orelse: Vec<Statement>,
        finally: Vec<Statement>,
    },
    With {
        items: Vec<(Expression, Option<Expression>)>,
        body: Vec<Statement>,
    },
    Match {
        subject: Expression,
        cases: Vec<Case>,
    },
    Function(FunctionIndex),
    Class(ClassIndex),
    Import(Vec<ImportedName>),
    ImportFrom {
        module: SmolStr,
        level: u32,
        names: Vec<ImportedName>,
        star: bool,
    },
    Global(Vec<SmolStr>),
    Assert {
        test: Expression,
        message: Option<Expression>,
    },
    Pass,
    Break,
    Continue,
    /// Broken code: what could be read in it.
    Error(Vec<Expression>),
}

impl ExpressionKind {
    /// A text, a number, a truth value or `None`, written out.
    pub fn is_plain_constant(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Bytes(_)
                | Self::Integer(_)
                | Self::Float(_)
                | Self::Boolean(_)
                | Self::None
        )
    }
}

impl Statement {
    /// The blocks of a compound statement that belong to the same scope, in the order of the text.
    pub fn blocks(&self) -> Vec<&[Statement]> {
        match &self.kind {
            StatementKind::If { body, orelse, .. }
            | StatementKind::While { body, orelse, .. }
            | StatementKind::For { body, orelse, .. } => vec![body, orelse],
            StatementKind::Try { body, handlers, orelse, finally } => {
                let handlers = handlers.iter().map(|handler| handler.body.as_slice());
                std::iter::once(body.as_slice()).chain(handlers).chain([orelse.as_slice(), finally]).collect()
            }
            StatementKind::With { body, .. } => vec![body],
            StatementKind::Match { cases, .. } => cases.iter().map(|case| case.body.as_slice()).collect(),
            _ => Vec::new(),
        }
    }
}

/// `import name as alias`, or one name of a `from` import.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedName {
    pub name: SmolStr,
    pub alias: Option<SmolStr>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    pub range: TextRange,
    pub exception: Option<Expression>,
    pub name: Option<SmolStr>,
    pub body: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub pattern: Pattern,
    pub guard: Option<Expression>,
    pub body: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// A literal or a dotted name.
    Value(Expression),
    Wildcard,
    Capture(SmolStr),
    Or(Vec<Pattern>),
    As(Box<Pattern>, SmolStr),
    /// `[first, *rest]`
    Sequence(Vec<Pattern>),
    /// `*rest` in a sequence; without a name where nothing is bound.
    Star(Option<SmolStr>),
    /// `{"key": pattern, **rest}`
    Mapping {
        entries: Vec<(Expression, Pattern)>,
        rest: Option<SmolStr>,
    },
    /// `Point(first, y=second)`
    Class {
        class: Expression,
        positional: Vec<Pattern>,
        keywords: Vec<(SmolStr, Pattern)>,
    },
    /// Anything else with structure: the names that it binds.
    Structure(Vec<SmolStr>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub range: TextRange,
    pub kind: ExpressionKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    None,
    Ellipsis,
    Name(SmolStr),
    Attribute {
        value: Box<Expression>,
        name: SmolStr,
    },
    Subscript {
        value: Box<Expression>,
        index: Box<Expression>,
    },
    Slice(Vec<Option<Expression>>),
    Call {
        function: Box<Expression>,
        arguments: Vec<Argument>,
    },
    Binary {
        operator: BinaryOperator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Logical {
        is_and: bool,
        values: Vec<Expression>,
    },
    Compare {
        left: Box<Expression>,
        rest: Vec<(CompareOperator, Expression)>,
    },
    Conditional {
        test: Box<Expression>,
        then: Box<Expression>,
        orelse: Box<Expression>,
    },
    List(Vec<Expression>),
    Tuple(Vec<Expression>),
    Set(Vec<Expression>),
    /// A key of `None` is `**value`.
    Dictionary(Vec<(Option<Expression>, Expression)>),
    Starred(Box<Expression>),
    /// An f-string, or an implicit concatenation with one in it.
    Format(Vec<FormatPart>),
    Lambda(FunctionIndex),
    Comprehension {
        kind: ComprehensionKind,
        element: Box<Expression>,
        value: Option<Box<Expression>>,
        clauses: Vec<Clause>,
    },
    Await(Box<Expression>),
    Yield(Option<Box<Expression>>),
    Walrus {
        name: SmolStr,
        value: Box<Expression>,
    },
    /// Broken or unmodelled: its parts are still evaluated.
    Unknown(Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    List,
    Set,
    Dictionary,
    Generator,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    For { target: Expression, iterable: Expression },
    If(Expression),
}

#[derive(Clone, Debug, PartialEq)]
pub enum FormatPart {
    Text(Arc<str>),
    Value { value: Expression, conversion: Option<char>, format: Vec<FormatPart> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    Positional,
    Starred,
    DoubleStarred,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The whole argument, keyword included.
    pub range: TextRange,
    pub keyword: Option<SmolStr>,
    pub kind: ArgumentKind,
    pub value: Expression,
}

impl Argument {
    /// An expression as the argument of a call that the program does not write out: of a method that Python calls, or of
    /// a function that is handed on.
    #[must_use]
    pub fn of(value: &Expression) -> Self {
        Self { range: value.range, keyword: None, kind: ArgumentKind::Positional, value: value.clone() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    BitOr,
    BitAnd,
    BitXor,
    ShiftLeft,
    ShiftRight,
    /// `@`.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOperator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Is,
    IsNot,
}
