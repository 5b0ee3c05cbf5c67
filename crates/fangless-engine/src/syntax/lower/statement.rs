//! Statements.

use tree_sitter::Node;

use super::super::ir::{
    Argument, Case, Class, Expression, ExpressionKind, Function, Handler, ImportedName, Parameter,
    ParameterKind, Pattern, Statement, StatementKind,
};
use super::{FunctionScope, Lowering, MAX_DEPTH, children};
use smol_str::SmolStr;

impl<'tree> Lowering<'tree> {
    /// The statements directly inside a module, a block or a suite.
    pub(super) fn block(&mut self, node: Node<'tree>) -> Vec<Statement> {
        let mut statements = Vec::new();
        if self.depth > MAX_DEPTH {
            return statements;
        }
        self.depth += 1;
        for child in children(node) {
            self.statement(child, &mut statements);
        }
        self.depth -= 1;
        statements
    }

    fn field_block(&mut self, node: Node<'tree>, field: &str) -> Vec<Statement> {
        node.child_by_field_name(field).map(|block| self.block(block)).unwrap_or_default()
    }

    fn statement(&mut self, node: Node<'tree>, out: &mut Vec<Statement>) {
        let range = self.range(node);
        let kind = match node.kind() {
            "expression_statement" => {
                for child in children(node) {
                    let kind = self.expression_statement(child);
                    out.push(Statement { range, kind });
                }
                return;
            }
            "return_statement" => {
                let kind = StatementKind::Return(self.only_child(node));
                self.perhaps(node, kind)
            }
            "raise_statement" => {
                let kind = StatementKind::Raise(self.child_expressions(node));
                self.perhaps(node, kind)
            }
            "delete_statement" => StatementKind::Delete(self.child_expressions(node)),
            "if_statement" => self.if_statement(node),
            "while_statement" => StatementKind::While {
                test: self.field(node, "condition"),
                body: self.field_block(node, "body"),
                orelse: self.else_block(node),
            },
            "for_statement" => StatementKind::For {
                target: self.field(node, "left"),
                iterable: self.field(node, "right"),
                body: self.field_block(node, "body"),
                orelse: self.else_block(node),
            },
            "try_statement" => self.try_statement(node),
            "with_statement" => self.with_statement(node),
            "match_statement" => self.match_statement(node),
            "function_definition" => StatementKind::Function(self.function(node, Vec::new())),
            "class_definition" => StatementKind::Class(self.class(node, Vec::new())),
            "decorated_definition" => {
                let mut decorators = Vec::new();
                for child in children(node) {
                    if child.kind() == "decorator" {
                        decorators.extend(self.only_child(child));
                    }
                }
                match node.child_by_field_name("definition") {
                    Some(inner) if inner.kind() == "class_definition" => {
                        StatementKind::Class(self.class(inner, decorators))
                    }
                    Some(inner) => StatementKind::Function(self.function(inner, decorators)),
                    None => StatementKind::Error(decorators),
                }
            }
            "import_statement" => StatementKind::Import(self.imported_names(node, None)),
            "import_from_statement" | "future_import_statement" => self.import_from(node),
            "global_statement" | "nonlocal_statement" => {
                let names: Vec<SmolStr> = children(node).into_iter().map(|child| self.name(child)).collect();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.outer_names.extend(names.iter().cloned());
                }
                StatementKind::Global(names)
            }
            "assert_statement" => {
                let mut parts = self.child_expressions(node).into_iter();
                match parts.next() {
                    Some(test) => StatementKind::Assert { test, message: parts.next() },
                    None => StatementKind::Pass,
                }
            }
            "break_statement" => StatementKind::Break,
            "continue_statement" => StatementKind::Continue,
            "pass_statement" | "type_alias_statement" => StatementKind::Pass,
            "print_statement" | "exec_statement" => StatementKind::Error(self.child_expressions(node)),
            "ERROR" => {
                self.error(node, out);
                return;
            }
            "block" | "module" => {
                let inner = self.block(node);
                out.extend(inner);
                return;
            }
            _ => StatementKind::Error(vec![self.expression(node)]),
        };
        out.push(Statement { range, kind });
    }

    /// What ends a block does so when it is whole. While it is being typed, what comes after it may still be run.
    fn perhaps(&self, node: Node<'tree>, kind: StatementKind) -> StatementKind {
        let range = self.range(node);
        if !node.has_error() && !self.parsed.repair.touches(range) {
            return kind;
        }
        StatementKind::If {
            test: Expression { range, kind: ExpressionKind::Unknown(Vec::new()) },
            body: vec![Statement { range, kind }],
            orelse: Vec::new(),
        }
    }

    /// An error node: whole statements in it stay statements, the rest are expressions.
    fn error(&mut self, node: Node<'tree>, out: &mut Vec<Statement>) {
        if self.depth > MAX_DEPTH {
            return;
        }
        self.depth += 1;
        for child in children(node) {
            let kind = child.kind();
            if kind.ends_with("_statement")
                || kind.ends_with("_definition")
                || kind == "ERROR"
                || kind == "block"
            {
                self.statement(child, out);
            } else {
                let range = self.range(child);
                let expression = self.expression(child);
                out.push(Statement { range, kind: StatementKind::Error(vec![expression]) });
            }
        }
        self.depth -= 1;
    }

    fn expression_statement(&mut self, node: Node<'tree>) -> StatementKind {
        match node.kind() {
            "assignment" => self.assignment(node),
            "augmented_assignment" => {
                let operator =
                    node.child_by_field_name("operator").map_or("", |operator| self.text(operator));
                StatementKind::AugmentedAssign {
                    target: self.field(node, "left"),
                    operator: super::expression::binary_operator(operator.trim_end_matches('=')),
                    value: self.field(node, "right"),
                }
            }
            _ => StatementKind::Expression(self.expression(node)),
        }
    }

    fn assignment(&mut self, node: Node<'tree>) -> StatementKind {
        if let Some(annotation) = node.child_by_field_name("type") {
            return StatementKind::AnnotatedAssign {
                target: self.field(node, "left"),
                annotation: self.annotation(annotation),
                value: node.child_by_field_name("right").map(|right| self.expression(right)),
            };
        }
        let mut targets = vec![self.field(node, "left")];
        let mut right = node.child_by_field_name("right");
        while let Some(inner) = right.filter(|right| right.kind() == "assignment") {
            targets.push(self.field(inner, "left"));
            right = inner.child_by_field_name("right");
        }
        match right {
            Some(right) => StatementKind::Assign { targets, value: self.expression(right) },
            None => StatementKind::Error(targets),
        }
    }

    fn annotation(&mut self, node: Node<'tree>) -> Expression {
        let inner = if node.kind() == "type" { node.named_child(0).unwrap_or(node) } else { node };
        self.expression(inner)
    }

    fn if_statement(&mut self, node: Node<'tree>) -> StatementKind {
        let test = self.field(node, "condition");
        let body = self.field_block(node, "consequence");
        // `elif` clauses nest into the `else` of the one before; built from the last to the first.
        let mut cursor = node.walk();
        let alternatives: Vec<_> = node.children_by_field_name("alternative", &mut cursor).collect();
        let mut orelse = Vec::new();
        for alternative in alternatives.into_iter().rev() {
            if alternative.kind() == "elif_clause" {
                let range = self.range(alternative);
                let kind = StatementKind::If {
                    test: self.field(alternative, "condition"),
                    body: self.field_block(alternative, "consequence"),
                    orelse,
                };
                orelse = vec![Statement { range, kind }];
            } else {
                orelse = self.field_block(alternative, "body");
            }
        }
        StatementKind::If { test, body, orelse }
    }

    fn else_block(&mut self, node: Node<'tree>) -> Vec<Statement> {
        node.child_by_field_name("alternative")
            .map(|clause| self.field_block(clause, "body"))
            .unwrap_or_default()
    }

    fn try_statement(&mut self, node: Node<'tree>) -> StatementKind {
        let body = self.field_block(node, "body");
        let (mut handlers, mut orelse, mut finally) = (Vec::new(), Vec::new(), Vec::new());
        for child in children(node) {
            match child.kind() {
                "except_clause" | "except_group_clause" => handlers.push(self.handler(child)),
                "else_clause" => orelse = self.field_block(child, "body"),
                "finally_clause" => {
                    if let Some(block) = children(child).into_iter().find(|inner| inner.kind() == "block") {
                        finally = self.block(block);
                    }
                }
                _ => {}
            }
        }
        StatementKind::Try { body, handlers, orelse, finally }
    }

    fn handler(&mut self, node: Node<'tree>) -> Handler {
        let mut handler = Handler { range: self.range(node), exception: None, name: None, body: Vec::new() };
        for child in children(node) {
            match child.kind() {
                "block" => handler.body = self.block(child),
                "as_pattern" => {
                    handler.exception = child.named_child(0).map(|inner| self.expression(inner));
                    handler.name = child.child_by_field_name("alias").map(|alias| self.name(alias));
                }
                _ if handler.exception.is_none() => handler.exception = Some(self.expression(child)),
                _ => handler.name = Some(self.name(child)),
            }
        }
        handler
    }

    fn with_statement(&mut self, node: Node<'tree>) -> StatementKind {
        let mut items = Vec::new();
        for clause in children(node).into_iter().filter(|child| child.kind() == "with_clause") {
            for item in children(clause) {
                let value = item.child_by_field_name("value").unwrap_or(item);
                if value.kind() == "as_pattern" {
                    let context = value.named_child(0).map(|inner| self.expression(inner));
                    let alias = value
                        .child_by_field_name("alias")
                        .and_then(|alias| alias.named_child(0).or(Some(alias)))
                        .map(|alias| self.expression(alias));
                    items.extend(context.map(|context| (context, alias)));
                } else {
                    items.push((self.expression(value), None));
                }
            }
        }
        StatementKind::With { items, body: self.field_block(node, "body") }
    }

    fn match_statement(&mut self, node: Node<'tree>) -> StatementKind {
        let subject = self.field(node, "subject");
        let mut cases = Vec::new();
        let body = node.child_by_field_name("body").unwrap_or(node);
        for clause in children(body).into_iter().filter(|child| child.kind() == "case_clause") {
            let patterns: Vec<_> =
                children(clause).into_iter().filter(|child| child.kind() == "case_pattern").collect();
            let pattern = match patterns.as_slice() {
                [single] => self.pattern(*single),
                several => {
                    Pattern::Structure(several.iter().flat_map(|one| self.bound_names(*one)).collect())
                }
            };
            let guard = clause
                .child_by_field_name("guard")
                .and_then(|guard| guard.named_child(0))
                .map(|guard| self.expression(guard));
            cases.push(Case { pattern, guard, body: self.field_block(clause, "consequence") });
        }
        StatementKind::Match { subject, cases }
    }

    fn pattern(&mut self, node: Node<'tree>) -> Pattern {
        match node.kind() {
            "case_pattern" => match node.named_child(0) {
                Some(inner) => self.pattern(inner),
                None if self.text(node) == "_" => Pattern::Wildcard,
                None => Pattern::Value(self.expression(node)),
            },
            "_" => Pattern::Wildcard,
            "dotted_name" if node.named_child_count() == 1 => {
                let name = self.name(node);
                if name == "_" { Pattern::Wildcard } else { Pattern::Capture(name) }
            }
            "identifier" => {
                let name = self.name(node);
                if name == "_" { Pattern::Wildcard } else { Pattern::Capture(name) }
            }
            "union_pattern" => Pattern::Or(children(node).into_iter().map(|one| self.pattern(one)).collect()),
            "as_pattern" => {
                let parts = children(node);
                match (parts.first(), parts.last()) {
                    (Some(first), Some(last)) => {
                        let name = self.name(*last);
                        Pattern::As(Box::new(self.pattern(*first)), name)
                    }
                    _ => Pattern::Wildcard,
                }
            }
            "string"
            | "concatenated_string"
            | "integer"
            | "float"
            | "true"
            | "false"
            | "none"
            | "dotted_name"
            | "unary_operator" => Pattern::Value(self.expression(node)),
            "list_pattern" | "tuple_pattern" | "dict_pattern" => self.structure(node),
            "splat_pattern" => Pattern::Star(self.splat_name(node)),
            "class_pattern" => self.class_pattern(node),
            _ => Pattern::Structure(self.bound_names(node)),
        }
    }

    fn structure(&mut self, node: Node<'tree>) -> Pattern {
        let parts = children(node);
        match (node.kind(), parts.as_slice()) {
            // `(pattern)`
            ("tuple_pattern", [single]) if node.child_count() == 3 => self.pattern(*single),
            ("dict_pattern", parts) => {
                let (parts, rest) = match parts.split_last() {
                    Some((last, before)) if last.kind() == "splat_pattern" => {
                        (before, self.splat_name(*last))
                    }
                    _ => (parts, None),
                };
                if parts.len() % 2 != 0 {
                    return Pattern::Structure(self.bound_names(node));
                }
                let entries = parts
                    .chunks_exact(2)
                    .map(|pair| (self.expression(pair[0]), self.pattern(pair[1])))
                    .collect();
                Pattern::Mapping { entries, rest }
            }
            (_, parts) => Pattern::Sequence(parts.iter().map(|part| self.pattern(*part)).collect()),
        }
    }

    fn splat_name(&self, node: Node<'tree>) -> Option<SmolStr> {
        let name = children(node).into_iter().find(|child| child.kind() == "identifier")?;
        Some(self.name(name)).filter(|name| name != "_")
    }

    fn class_pattern(&mut self, node: Node<'tree>) -> Pattern {
        let parts = children(node);
        let Some((class, parts)) = parts.split_first() else { return Pattern::Wildcard };
        let class = self.expression(*class);
        let (mut positional, mut keywords) = (Vec::new(), Vec::new());
        for part in parts {
            let inner = if part.kind() == "case_pattern" { part.named_child(0) } else { Some(*part) };
            match inner.filter(|inner| inner.kind() == "keyword_pattern") {
                Some(keyword) => {
                    let sides = children(keyword);
                    let [name, .., pattern] = sides.as_slice() else {
                        // `Point(x=_)` binds nothing.
                        continue;
                    };
                    let name = self.name(*name);
                    keywords.push((name, self.pattern(*pattern)));
                }
                None => positional.push(self.pattern(*part)),
            }
        }
        Pattern::Class { class, positional, keywords }
    }

    fn bound_names(&self, node: Node<'tree>) -> Vec<SmolStr> {
        let mut names = Vec::new();
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            match node.kind() {
                "identifier" => names.push(self.name(node)),
                "dotted_name" if node.named_child_count() > 1 => {}
                _ => stack.extend(children(node)),
            }
        }
        names
    }

    fn function(&mut self, node: Node<'tree>, decorators: Vec<Expression>) -> usize {
        let parameters =
            node.child_by_field_name("parameters").map(|list| self.parameters(list)).unwrap_or_default();
        let returns = node.child_by_field_name("return_type").map(|annotation| self.annotation(annotation));
        self.scopes.push(FunctionScope::default());
        let body = self.field_block(node, "body");
        let scope = self.leave_scope();
        let name_node = node.child_by_field_name("name").unwrap_or(node);
        self.add_function(Function {
            name: node.child_by_field_name("name").map(|name| self.name(name)).unwrap_or_default(),
            name_range: self.range(name_node),
            range: self.range(node),
            parameters,
            returns,
            body,
            decorators,
            outer_names: scope.outer_names,
            names: scope.names,
            is_generator: scope.is_generator,
            is_nested: !self.scopes.is_empty(),
        })
    }

    pub(super) fn lambda(&mut self, node: Node<'tree>) -> usize {
        let parameters =
            node.child_by_field_name("parameters").map(|list| self.parameters(list)).unwrap_or_default();
        self.scopes.push(FunctionScope::default());
        let body = self.field(node, "body");
        let scope = self.leave_scope();
        let range = self.range(node);
        self.add_function(Function {
            name: SmolStr::default(),
            name_range: range,
            range,
            parameters,
            returns: None,
            body: vec![Statement { range: body.range, kind: StatementKind::Return(Some(body)) }],
            decorators: Vec::new(),
            outer_names: Vec::new(),
            names: scope.names,
            is_generator: false,
            is_nested: !self.scopes.is_empty(),
        })
    }

    fn parameters(&mut self, list: Node<'tree>) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut normal = ParameterKind::Normal;
        for child in children(list) {
            let range = self.range(child);
            let mut parameter =
                Parameter { name: SmolStr::default(), range, kind: normal, annotation: None, default: None };
            match child.kind() {
                "identifier" => parameter.name = self.name(child),
                "keyword_separator" => {
                    normal = ParameterKind::KeywordOnly;
                    continue;
                }
                "positional_separator" => {
                    for earlier in &mut parameters {
                        earlier.kind = ParameterKind::PositionalOnly;
                    }
                    continue;
                }
                "default_parameter" | "typed_default_parameter" => {
                    parameter.name =
                        child.child_by_field_name("name").map(|name| self.name(name)).unwrap_or_default();
                    parameter.annotation =
                        child.child_by_field_name("type").map(|annotation| self.annotation(annotation));
                    parameter.default =
                        child.child_by_field_name("value").map(|value| self.expression(value));
                }
                "typed_parameter" => {
                    parameter.annotation =
                        child.child_by_field_name("type").map(|annotation| self.annotation(annotation));
                    match child.named_child(0) {
                        Some(inner) => {
                            self.splat(inner, &mut parameter);
                        }
                        None => continue,
                    }
                }
                "list_splat_pattern" | "dictionary_splat_pattern" => self.splat(child, &mut parameter),
                _ => continue,
            }
            if parameter.kind == ParameterKind::Arguments {
                normal = ParameterKind::KeywordOnly;
            }
            parameters.push(parameter);
        }
        parameters
    }

    fn splat(&self, node: Node<'tree>, parameter: &mut Parameter) {
        match node.kind() {
            "list_splat_pattern" => parameter.kind = ParameterKind::Arguments,
            "dictionary_splat_pattern" => parameter.kind = ParameterKind::KeywordArguments,
            _ => {}
        }
        let name = if node.kind() == "identifier" { Some(node) } else { node.named_child(0) };
        parameter.name = name.map(|name| self.name(name)).unwrap_or_default();
    }

    fn class(&mut self, node: Node<'tree>, decorators: Vec<Expression>) -> usize {
        let bases: Vec<Argument> =
            node.child_by_field_name("superclasses").map(|list| self.arguments(list)).unwrap_or_default();
        let body = self.field_block(node, "body");
        let name_node = node.child_by_field_name("name").unwrap_or(node);
        self.ir.classes.push(Class {
            name: node.child_by_field_name("name").map(|name| self.name(name)).unwrap_or_default(),
            name_range: self.range(name_node),
            range: self.range(node),
            bases,
            body,
            decorators,
        });
        self.ir.classes.len() - 1
    }

    fn imported_names(&mut self, node: Node<'tree>, skip: Option<Node<'tree>>) -> Vec<ImportedName> {
        let mut names = Vec::new();
        for child in children(node) {
            if skip.is_some_and(|skip| skip.id() == child.id()) {
                continue;
            }
            let range = self.range(child);
            match child.kind() {
                "dotted_name" | "identifier" => {
                    names.push(ImportedName { name: self.dotted(child), alias: None, range });
                }
                "aliased_import" => names.push(ImportedName {
                    name: child.child_by_field_name("name").map(|name| self.dotted(name)).unwrap_or_default(),
                    alias: child.child_by_field_name("alias").map(|alias| self.name(alias)),
                    range,
                }),
                _ => {}
            }
        }
        names
    }

    /// A dotted name without white space.
    fn dotted(&self, node: Node<'tree>) -> SmolStr {
        self.text(node).chars().filter(|character| !character.is_whitespace()).collect()
    }

    fn import_from(&mut self, node: Node<'tree>) -> StatementKind {
        let module_node = node.child_by_field_name("module_name");
        let (module, level) = match module_node {
            Some(relative) if relative.kind() == "relative_import" => {
                let text = self.dotted(relative);
                let level = text.chars().take_while(|character| *character == '.').count() as u32;
                (SmolStr::new(text.trim_start_matches('.')), level)
            }
            Some(name) => (self.dotted(name), 0),
            None => (SmolStr::new_static("__future__"), 0),
        };
        let names = self.imported_names(node, module_node);
        let star = children(node).iter().any(|child| child.kind() == "wildcard_import");
        StatementKind::ImportFrom { module, level, names, star }
    }

    fn only_child(&mut self, node: Node<'tree>) -> Option<Expression> {
        children(node).first().map(|child| self.expression(*child))
    }

    fn child_expressions(&mut self, node: Node<'tree>) -> Vec<Expression> {
        children(node).into_iter().map(|child| self.expression(child)).collect()
    }

    /// The expression in a field; `Unknown` where it is missing.
    pub(super) fn field(&mut self, node: Node<'tree>, field: &str) -> Expression {
        match node.child_by_field_name(field) {
            Some(child) => self.expression(child),
            None => Expression { range: self.range(node), kind: ExpressionKind::Unknown(Vec::new()) },
        }
    }
}
