//! Names and where they are bound: the scopes around a place, the bindings of each, and the import statements.

use tree_sitter::Node;

use super::{Source, children, enclosing_function, range_of, top_level_statement};
use crate::text::TextRange;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fix) enum BindingKind {
    Import,
    /// `name = None`, the usual stand-in for a module that could not be imported.
    NoneStandIn,
    Other,
}

#[derive(Clone, Debug)]
pub(in crate::fix) struct Binding<'a> {
    pub(in crate::fix) name: &'a str,
    pub(in crate::fix) range: TextRange,
    pub(in crate::fix) kind: BindingKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fix) enum ImportForm {
    Plain,
    From,
    Future,
}

/// `import a.b as c` is (`a.b`, `c`); `import a.b` binds `a` and means `a.b` by its full name.
#[derive(Clone, Debug)]
pub(in crate::fix) struct ImportedName<'a> {
    pub(in crate::fix) qualified: String,
    /// How the code writes it: `c`, or `a.b`.
    pub(in crate::fix) written: String,
    /// The identifier that is bound.
    pub(in crate::fix) bound: &'a str,
}

#[derive(Clone, Debug)]
pub(in crate::fix) struct ImportStatement<'a> {
    pub(in crate::fix) range: TextRange,
    pub(in crate::fix) form: ImportForm,
    /// The module as written, dots of a relative import included.
    pub(in crate::fix) module: &'a str,
    pub(in crate::fix) names: Vec<ImportedName<'a>>,
    /// Where a further name of a one-line `from m import a` may be put: behind the last one.
    pub(in crate::fix) extend_at: Option<u32>,
}

impl<'a> Source<'a> {
    /// The scopes around a node, innermost first, the module last.
    pub(in crate::fix) fn scopes<'t>(&'t self, at: Node<'t>) -> Vec<Node<'t>> {
        let mut scopes = Vec::new();
        let mut crossed_function = false;
        let mut child = at;
        while let Some(parent) = child.parent() {
            let in_body = parent.child_by_field_name("body").is_some_and(|body| body.id() == child.id());
            match parent.kind() {
                "function_definition" if in_body => {
                    scopes.push(parent);
                    crossed_function = true;
                }
                "lambda" if in_body => {
                    scopes.push(parent);
                    crossed_function = true;
                }
                "class_definition" if in_body && !crossed_function => scopes.push(parent),
                "list_comprehension"
                | "set_comprehension"
                | "dictionary_comprehension"
                | "generator_expression" => {
                    scopes.push(parent);
                }
                "module" => scopes.push(parent),
                _ => {}
            }
            child = parent;
        }
        if scopes.is_empty() {
            scopes.push(self.root());
        }
        scopes
    }

    /// Every binding that a scope makes itself.
    pub(in crate::fix) fn bindings(&self, scope: Node<'_>) -> Vec<Binding<'a>> {
        let mut found = Vec::new();
        match scope.kind() {
            "function_definition" | "lambda" => {
                if let Some(parameters) = scope.child_by_field_name("parameters") {
                    for parameter in children(parameters) {
                        self.bind_parameter(parameter, &mut found);
                    }
                }
                if let Some(body) = scope.child_by_field_name("body") {
                    self.collect(body, &mut found);
                }
            }
            "class_definition" => {
                if let Some(body) = scope.child_by_field_name("body") {
                    self.collect(body, &mut found);
                }
            }
            "module" => {
                self.collect(scope, &mut found);
                self.collect_globals(scope, &mut found);
            }
            _ => {
                for clause in children(scope) {
                    if let Some(left) = clause.child_by_field_name("left") {
                        self.bind_target(left, BindingKind::Other, &mut found);
                    }
                }
            }
        }
        found
    }

    /// What functions bind by `global` is the module's.
    fn collect_globals(&self, node: Node<'_>, found: &mut Vec<Binding<'a>>) {
        for child in children(node) {
            if node.kind() == "global_statement" && child.kind() == "identifier" {
                self.bind(child, BindingKind::Other, found);
            }
            self.collect_globals(child, found);
        }
    }

    fn bind_parameter(&self, parameter: Node<'_>, found: &mut Vec<Binding<'a>>) {
        match parameter.kind() {
            "identifier" => self.bind(parameter, BindingKind::Other, found),
            "default_parameter" | "typed_default_parameter" => {
                if let Some(name) = parameter.child_by_field_name("name") {
                    self.bind_parameter(name, found);
                }
            }
            "typed_parameter" => {
                if let Some(name) = parameter.named_child(0) {
                    self.bind_parameter(name, found);
                }
            }
            _ => children(parameter).into_iter().for_each(|child| self.bind_parameter(child, found)),
        }
    }

    fn bind(&self, name: Node<'_>, kind: BindingKind, found: &mut Vec<Binding<'a>>) {
        found.push(Binding { name: self.text_of(name), range: range_of(name), kind });
    }

    fn bind_target(&self, target: Node<'_>, kind: BindingKind, found: &mut Vec<Binding<'a>>) {
        match target.kind() {
            "identifier" => self.bind(target, kind, found),
            "attribute" | "subscript" => {}
            _ => children(target)
                .into_iter()
                .for_each(|child| self.bind_target(child, BindingKind::Other, found)),
        }
    }

    fn collect(&self, node: Node<'_>, found: &mut Vec<Binding<'a>>) {
        match node.kind() {
            "function_definition" | "class_definition" => {
                if let Some(name) = node.child_by_field_name("name") {
                    self.bind(name, BindingKind::Other, found);
                }
                return;
            }
            "lambda"
            | "list_comprehension"
            | "set_comprehension"
            | "dictionary_comprehension"
            | "generator_expression" => return,
            "assignment" => {
                let is_none = node.child_by_field_name("right").is_some_and(|right| right.kind() == "none");
                let kind = if is_none { BindingKind::NoneStandIn } else { BindingKind::Other };
                if let Some(left) = node.child_by_field_name("left") {
                    self.bind_target(left, kind, found);
                }
            }
            "augmented_assignment" | "for_statement" => {
                if let Some(left) = node.child_by_field_name("left") {
                    self.bind_target(left, BindingKind::Other, found);
                }
            }
            "named_expression" => {
                if let Some(name) = node.child_by_field_name("name") {
                    self.bind_target(name, BindingKind::Other, found);
                }
            }
            "as_pattern" => {
                if let Some(alias) = node.child_by_field_name("alias") {
                    self.bind_target(alias, BindingKind::Other, found);
                } else if let Some(alias) =
                    node.named_child(node.named_child_count().saturating_sub(1) as u32)
                {
                    self.bind_target(alias, BindingKind::Other, found);
                }
            }
            "as_pattern_target" | "case_pattern" | "splat_pattern" | "global_statement"
            | "nonlocal_statement" | "delete_statement" => {
                for child in children(node) {
                    match child.kind() {
                        "identifier" => self.bind(child, BindingKind::Other, found),
                        "dotted_name" if child.named_child_count() == 1 => {
                            self.bind(child, BindingKind::Other, found);
                        }
                        _ => {}
                    }
                }
            }
            "import_statement" | "import_from_statement" => {
                if let Some(statement) = self.import_statement(node) {
                    let range = range_of(node);
                    found.extend(statement.names.into_iter().map(|name| Binding {
                        name: name.bound,
                        range,
                        kind: BindingKind::Import,
                    }));
                }
                return;
            }
            _ => {}
        }
        children(node).into_iter().for_each(|child| self.collect(child, found));
    }

    /// An import statement; none for a node that is something else.
    pub(in crate::fix) fn import_statement(&self, node: Node<'_>) -> Option<ImportStatement<'a>> {
        let range = range_of(node);
        let form = match node.kind() {
            "import_statement" => ImportForm::Plain,
            "import_from_statement" => ImportForm::From,
            "future_import_statement" => {
                return Some(ImportStatement {
                    range,
                    form: ImportForm::Future,
                    module: "__future__",
                    names: Vec::new(),
                    extend_at: None,
                });
            }
            _ => return None,
        };
        let module_node = node.child_by_field_name("module_name");
        let module = module_node.map_or("", |module| self.text_of(module));
        let mut cursor = node.walk();
        let named: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
        let names: Vec<ImportedName<'a>> = named
            .iter()
            .filter_map(|name| {
                let (path, alias) = match name.kind() {
                    "aliased_import" => {
                        (name.child_by_field_name("name")?, name.child_by_field_name("alias"))
                    }
                    _ => (*name, None),
                };
                let path = self.text_of(path);
                let alias = alias.map(|alias| self.text_of(alias));
                Some(if form == ImportForm::Plain {
                    ImportedName {
                        qualified: path.to_owned(),
                        written: alias.unwrap_or(path).to_owned(),
                        bound: alias.unwrap_or_else(|| path.split('.').next().unwrap_or(path)),
                    }
                } else {
                    let bound = alias.unwrap_or(path);
                    ImportedName { qualified: format!("{module}.{path}"), written: bound.to_owned(), bound }
                })
            })
            .collect();
        let module = if form == ImportForm::Plain {
            named
                .first()
                .map_or("", |first| self.text_of(first.child_by_field_name("name").unwrap_or(*first)))
        } else {
            module
        };
        let text = range.slice(self.text);
        let one_line = form == ImportForm::From && !text.contains(['\n', '(', '\\', '*']);
        let extend_at = named.last().filter(|_| one_line).map(|last| last.end_byte() as u32);
        Some(ImportStatement { range, form, module, names, extend_at })
    }

    /// The imports that every run of the module makes: statements of the module, and of `try` bodies in it.
    pub(in crate::fix) fn module_imports(&self) -> Vec<ImportStatement<'a>> {
        let mut found = Vec::new();
        for statement in children(self.root()) {
            if statement.kind() == "try_statement" {
                if let Some(body) = statement.child_by_field_name("body") {
                    found.extend(
                        children(body)
                            .into_iter()
                            .filter_map(|inner| self.import_statement(inner))
                            .map(|statement| ImportStatement { extend_at: None, ..statement }),
                    );
                }
            } else {
                found.extend(self.import_statement(statement));
            }
        }
        found
    }

    /// The imports that a function makes before a place in it, in its own suite.
    pub(in crate::fix) fn local_imports(&self, at: Node<'_>) -> Vec<ImportStatement<'a>> {
        let mut found = Vec::new();
        let mut function = enclosing_function(at);
        while let Some(node) = function {
            if let Some(body) = node.child_by_field_name("body") {
                found.extend(
                    children(body)
                        .into_iter()
                        .filter(|statement| statement.end_byte() <= at.start_byte())
                        .filter_map(|statement| self.import_statement(statement)),
                );
            }
            function = enclosing_function(node);
        }
        found
    }

    /// The import statements among the module's own statements that end before the target's statement, in order.
    pub(in crate::fix) fn import_block(&self, at: Node<'_>) -> Vec<ImportStatement<'a>> {
        let limit = top_level_statement(at).start_byte();
        children(self.root())
            .into_iter()
            .take_while(|statement| statement.start_byte() < limit)
            .filter_map(|statement| self.import_statement(statement))
            .collect()
    }

    /// The end of the module's docstring, if it has one.
    pub(in crate::fix) fn docstring_end(&self) -> Option<u32> {
        let first = children(self.root()).first().copied()?;
        let [only] = children(first)[..] else { return None };
        matches!(only.kind(), "string" | "concatenated_string").then(|| first.end_byte() as u32)
    }

    /// The first statement of the module that ends after an offset: where it starts, and whether it is a definition.
    pub(in crate::fix) fn statement_after(&self, offset: u32) -> Option<(u32, bool)> {
        children(self.root()).into_iter().find(|statement| statement.start_byte() as u32 >= offset).map(
            |statement| {
                let is_definition = matches!(
                    statement.kind(),
                    "function_definition" | "class_definition" | "decorated_definition"
                );
                (statement.start_byte() as u32, is_definition)
            },
        )
    }

    /// The end of the last of the module's statements that begins on the line where `offset` is, and so on for the
    /// line on which that one ends: behind it a new line may be put.
    pub(in crate::fix) fn end_of_logical_line(&self, offset: u32) -> u32 {
        let mut end = offset;
        for statement in children(self.root()) {
            let starts = statement.start_byte() as u32;
            if starts >= offset && starts <= self.line_stop(end) {
                end = end.max(statement.end_byte() as u32);
            }
        }
        self.line_stop(end)
    }
}
