//! Expressions.

use tree_sitter::Node;

use super::super::ir::{
    Argument, ArgumentKind, BinaryOperator, Clause, CompareOperator, ComprehensionKind, Expression,
    ExpressionKind,
};
use super::{Lowering, MAX_DEPTH, children};

pub(super) fn binary_operator(text: &str) -> BinaryOperator {
    match text {
        "+" => BinaryOperator::Add,
        "-" => BinaryOperator::Subtract,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "//" => BinaryOperator::FloorDivide,
        "%" => BinaryOperator::Modulo,
        "**" => BinaryOperator::Power,
        "|" => BinaryOperator::BitOr,
        "&" => BinaryOperator::BitAnd,
        "^" => BinaryOperator::BitXor,
        "<<" => BinaryOperator::ShiftLeft,
        ">>" => BinaryOperator::ShiftRight,
        _ => BinaryOperator::Other,
    }
}

fn compare_operator(text: &str) -> CompareOperator {
    match text {
        "==" => CompareOperator::Equal,
        "!=" | "<>" => CompareOperator::NotEqual,
        "<" => CompareOperator::Less,
        "<=" => CompareOperator::LessEqual,
        ">" => CompareOperator::Greater,
        ">=" => CompareOperator::GreaterEqual,
        "in" => CompareOperator::In,
        "is" => CompareOperator::Is,
        _ if text.starts_with("not") => CompareOperator::NotIn,
        _ => CompareOperator::IsNot,
    }
}

impl<'tree> Lowering<'tree> {
    pub(super) fn expression(&mut self, node: Node<'tree>) -> Expression {
        let range = self.range(node);
        if self.depth > MAX_DEPTH {
            return Expression { range, kind: ExpressionKind::Unknown(Vec::new()) };
        }
        self.depth += 1;
        let kind = self.expression_kind(node);
        self.depth -= 1;
        Expression { range, kind }
    }

    fn boxed(&mut self, node: Node<'tree>, field: &str) -> Box<Expression> {
        Box::new(self.field(node, field))
    }

    fn list(&mut self, node: Node<'tree>) -> Vec<Expression> {
        children(node).into_iter().map(|child| self.expression(child)).collect()
    }

    fn expression_kind(&mut self, node: Node<'tree>) -> ExpressionKind {
        match node.kind() {
            "identifier" | "keyword_identifier" => {
                let name = self.name(node);
                self.note_name(&name);
                ExpressionKind::Name(name)
            }
            "dotted_name" => self.dotted_name(node),
            "string" | "concatenated_string" => self.string(node),
            "integer" => super::literal::integer(self.text(node)),
            "float" => super::literal::float(self.text(node)),
            "true" => ExpressionKind::Boolean(true),
            "false" => ExpressionKind::Boolean(false),
            "none" => ExpressionKind::None,
            "ellipsis" => ExpressionKind::Ellipsis,
            "attribute" => ExpressionKind::Attribute {
                value: self.boxed(node, "object"),
                name: node.child_by_field_name("attribute").map(|name| self.name(name)).unwrap_or_default(),
            },
            "subscript" => self.subscript(node),
            "slice" => ExpressionKind::Slice(self.slice_parts(node)),
            "call" => self.call(node),
            "binary_operator" => self.binary(node),
            "unary_operator" => {
                let operand = self.boxed(node, "argument");
                match (
                    node.child_by_field_name("operator").map_or("", |operator| self.text(operator)),
                    &operand.kind,
                ) {
                    ("-", ExpressionKind::Integer(number)) => ExpressionKind::Integer(-*number),
                    ("-", ExpressionKind::Float(number)) => ExpressionKind::Float(-*number),
                    ("-", _) => ExpressionKind::Negative(operand),
                    _ => ExpressionKind::Unknown(vec![*operand]),
                }
            }
            "not_operator" => ExpressionKind::Not(self.boxed(node, "argument")),
            "boolean_operator" => {
                let is_and =
                    node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "and");
                ExpressionKind::Logical {
                    is_and,
                    values: vec![self.field(node, "left"), self.field(node, "right")],
                }
            }
            "comparison_operator" => self.comparison(node),
            "conditional_expression" => {
                let mut parts = self.list(node).into_iter();
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(then), Some(test), Some(orelse)) => ExpressionKind::Conditional {
                        test: Box::new(test),
                        then: Box::new(then),
                        orelse: Box::new(orelse),
                    },
                    (first, second, _) => ExpressionKind::Unknown(first.into_iter().chain(second).collect()),
                }
            }
            "list" | "list_pattern" => ExpressionKind::List(self.list(node)),
            "tuple" | "expression_list" | "pattern_list" | "tuple_pattern" => {
                ExpressionKind::Tuple(self.list(node))
            }
            "set" => ExpressionKind::Set(self.list(node)),
            "dictionary" => self.dictionary(node),
            "list_splat" | "list_splat_pattern" => match node.named_child(0) {
                Some(inner) => ExpressionKind::Starred(Box::new(self.expression(inner))),
                None => ExpressionKind::Unknown(Vec::new()),
            },
            "parenthesized_expression"
            | "parenthesized_list_splat"
            | "as_pattern_target"
            | "type"
            | "format_expression" => match children(node).first() {
                Some(inner) => self.expression(*inner).kind,
                None => ExpressionKind::Unknown(Vec::new()),
            },
            "generator_expression" => self.comprehension(node, ComprehensionKind::Generator),
            "list_comprehension" => self.comprehension(node, ComprehensionKind::List),
            "set_comprehension" => self.comprehension(node, ComprehensionKind::Set),
            "dictionary_comprehension" => self.comprehension(node, ComprehensionKind::Dictionary),
            "lambda" => ExpressionKind::Lambda(self.lambda(node)),
            "await" => match node.named_child(0) {
                Some(inner) => ExpressionKind::Await(Box::new(self.expression(inner))),
                None => ExpressionKind::Unknown(Vec::new()),
            },
            "yield" => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.is_generator = true;
                }
                let inner = children(node).first().map(|inner| self.expression(*inner));
                // `yield from` gives the elements.
                let is_from = (0..node.child_count() as u32)
                    .any(|at| node.child(at).is_some_and(|child| child.kind() == "from"));
                ExpressionKind::Yield(inner.map(|inner| {
                    if is_from {
                        let range = inner.range;
                        Box::new(Expression { range, kind: ExpressionKind::Starred(Box::new(inner)) })
                    } else {
                        Box::new(inner)
                    }
                }))
            }
            "named_expression" => ExpressionKind::Walrus {
                name: node.child_by_field_name("name").map(|name| self.name(name)).unwrap_or_default(),
                value: self.boxed(node, "value"),
            },
            "union_type" | "generic_type" | "member_type" | "type_parameter" => self.type_expression(node),
            _ => ExpressionKind::Unknown(self.list(node)),
        }
    }

    fn type_expression(&mut self, node: Node<'tree>) -> ExpressionKind {
        let parts = self.list(node);
        if node.kind() == "generic_type" {
            let mut parts = parts.into_iter();
            if let (Some(value), Some(index)) = (parts.next(), parts.next()) {
                return ExpressionKind::Subscript { value: Box::new(value), index: Box::new(index) };
            }
            return ExpressionKind::Unknown(Vec::new());
        }
        if node.kind() == "type_parameter" {
            return match parts.len() {
                1 => parts.into_iter().next().map_or(ExpressionKind::Unknown(Vec::new()), |only| only.kind),
                _ => ExpressionKind::Tuple(parts),
            };
        }
        ExpressionKind::Unknown(parts)
    }

    fn dotted_name(&mut self, node: Node<'tree>) -> ExpressionKind {
        let mut parts = children(node).into_iter();
        let Some(first) = parts.next() else { return ExpressionKind::Unknown(Vec::new()) };
        let mut expression = self.expression(first);
        for part in parts {
            let range = crate::text::TextRange::new(expression.range.start, self.range(part).end);
            let kind = ExpressionKind::Attribute { value: Box::new(expression), name: self.name(part) };
            expression = Expression { range, kind };
        }
        expression.kind
    }

    fn subscript(&mut self, node: Node<'tree>) -> ExpressionKind {
        let value = self.boxed(node, "value");
        let mut cursor = node.walk();
        let indexes: Vec<_> = node.children_by_field_name("subscript", &mut cursor).collect();
        let mut lowered: Vec<_> = indexes.into_iter().map(|index| self.expression(index)).collect();
        let index = match lowered.len() {
            1 => lowered.remove(0),
            _ => Expression { range: self.range(node), kind: ExpressionKind::Tuple(lowered) },
        };
        ExpressionKind::Subscript { value, index: Box::new(index) }
    }

    /// Lower, upper and step of a slice, by the colons between them.
    fn slice_parts(&mut self, node: Node<'tree>) -> Vec<Option<Expression>> {
        let mut parts = vec![None];
        let mut cursor = node.walk();
        let all: Vec<_> = node.children(&mut cursor).collect();
        for child in all {
            if child.kind() == ":" {
                parts.push(None);
            } else if child.is_named() && !child.is_extra() {
                let expression = self.expression(child);
                if let Some(last) = parts.last_mut() {
                    *last = Some(expression);
                }
            }
        }
        parts.resize_with(3, || None);
        parts
    }

    fn call(&mut self, node: Node<'tree>) -> ExpressionKind {
        let function = self.boxed(node, "function");
        let arguments = match node.child_by_field_name("arguments") {
            Some(list) if list.kind() == "generator_expression" => {
                let value = self.expression(list);
                vec![Argument { range: value.range, keyword: None, kind: ArgumentKind::Positional, value }]
            }
            Some(list) => self.arguments(list),
            None => Vec::new(),
        };
        ExpressionKind::Call { function, arguments }
    }

    pub(super) fn arguments(&mut self, list: Node<'tree>) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for child in children(list) {
            let range = self.range(child);
            let (keyword, kind, value) = match child.kind() {
                "keyword_argument" => {
                    let name = child.child_by_field_name("name").map(|name| self.name(name));
                    (name, ArgumentKind::Positional, self.field(child, "value"))
                }
                "list_splat" => {
                    let Some(inner) = child.named_child(0) else { continue };
                    (None, ArgumentKind::Starred, self.expression(inner))
                }
                "dictionary_splat" => {
                    let Some(inner) = child.named_child(0) else { continue };
                    (None, ArgumentKind::DoubleStarred, self.expression(inner))
                }
                _ => (None, ArgumentKind::Positional, self.expression(child)),
            };
            arguments.push(Argument { range, keyword, kind, value });
        }
        arguments
    }

    /// Left-leaning chains (`a + b + c …`) are walked in a loop: their depth is their length.
    fn binary(&mut self, node: Node<'tree>) -> ExpressionKind {
        let mut spine = vec![node];
        let mut left = node.child_by_field_name("left");
        while let Some(inner) = left.filter(|left| left.kind() == "binary_operator" && spine.len() < 150) {
            spine.push(inner);
            left = inner.child_by_field_name("left");
        }
        let mut expression = match left {
            Some(left) => self.expression(left),
            None => return ExpressionKind::Unknown(Vec::new()),
        };
        for node in spine.into_iter().rev() {
            let operator = node.child_by_field_name("operator").map_or("", |operator| self.text(operator));
            let kind = ExpressionKind::Binary {
                operator: binary_operator(operator),
                left: Box::new(expression),
                right: self.boxed(node, "right"),
            };
            expression = Expression { range: self.range(node), kind };
        }
        expression.kind
    }

    fn comparison(&mut self, node: Node<'tree>) -> ExpressionKind {
        let mut cursor = node.walk();
        let operators: Vec<_> = node.children_by_field_name("operators", &mut cursor).collect();
        let mut operands = self.list(node).into_iter();
        let Some(left) = operands.next() else { return ExpressionKind::Unknown(Vec::new()) };
        let rest: Vec<_> =
            operators.iter().map(|operator| compare_operator(self.text(*operator))).zip(operands).collect();
        ExpressionKind::Compare { left: Box::new(left), rest }
    }

    fn dictionary(&mut self, node: Node<'tree>) -> ExpressionKind {
        let mut entries = Vec::new();
        for child in children(node) {
            match child.kind() {
                "pair" => entries.push((Some(self.field(child, "key")), self.field(child, "value"))),
                "dictionary_splat" => {
                    if let Some(inner) = child.named_child(0) {
                        entries.push((None, self.expression(inner)));
                    }
                }
                _ => {
                    let value = self.expression(child);
                    entries.push((Some(value.clone()), value));
                }
            }
        }
        ExpressionKind::Dictionary(entries)
    }

    fn comprehension(&mut self, node: Node<'tree>, kind: ComprehensionKind) -> ExpressionKind {
        let body = node.child_by_field_name("body");
        let (element, value) = match body {
            Some(pair) if pair.kind() == "pair" => (self.field(pair, "key"), Some(self.boxed(pair, "value"))),
            Some(body) => (self.expression(body), None),
            None => return ExpressionKind::Unknown(self.list(node)),
        };
        let mut clauses = Vec::new();
        for child in children(node) {
            match child.kind() {
                "for_in_clause" => clauses.push(Clause::For {
                    target: self.field(child, "left"),
                    iterable: self.field(child, "right"),
                }),
                "if_clause" => {
                    if let Some(test) = child.named_child(0) {
                        clauses.push(Clause::If(self.expression(test)));
                    }
                }
                _ => {}
            }
        }
        ExpressionKind::Comprehension { kind, element: Box::new(element), value, clauses }
    }
}
