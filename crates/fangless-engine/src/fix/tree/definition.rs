//! Decorators, suites, comparisons and dictionaries as fixes see them.

use tree_sitter::Node;

use super::{Source, children, enclosing_function, range_of, simple_assignment, without_parentheses};
use crate::text::TextRange;

impl Source<'_> {
    /// The lines that a node has for itself, with the end of the last. None where something else stands on them.
    pub(in crate::fix) fn whole_lines(&self, range: TextRange) -> Option<TextRange> {
        let start = self.line_start(range.start);
        let stop = self.line_stop(range.end);
        let behind = TextRange::new(range.end, stop).slice(self.text).trim_start();
        let alone = TextRange::new(start, range.start).slice(self.text).trim().is_empty();
        let next = self.text[stop as usize..].find('\n').map_or(stop, |at| stop + at as u32 + 1);
        (alone && (behind.is_empty() || behind.starts_with('#'))).then(|| TextRange::new(start, next))
    }
}

/// The decorator whose expression the node is.
pub(in crate::fix) fn decorator_of(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "decorator" => Some(node),
        _ => node.parent().filter(|parent| parent.kind() == "decorator"),
    }
}

/// The last decorator of the definition that this one decorates.
pub(in crate::fix) fn last_decorator(decorator: Node<'_>) -> Option<Node<'_>> {
    children(decorator.parent()?).into_iter().rfind(|child| child.kind() == "decorator")
}

/// Whether a suite holds nothing but the statement.
pub(in crate::fix) fn is_only_one_of_suite(statement: Node<'_>) -> bool {
    statement.parent().is_some_and(|suite| suite.kind() == "block" && children(suite).len() == 1)
}

/// The header on whose line a suite stands, of which this is the first statement, and where its colon ends.
pub(in crate::fix) fn header_of_suite<'t>(
    source: &Source<'_>,
    statement: Node<'t>,
) -> Option<(Node<'t>, u32)> {
    let suite = statement.parent().filter(|suite| suite.kind() == "block")?;
    let colon = suite.prev_sibling().filter(|colon| colon.kind() == ":")?;
    let header = suite.parent()?;
    let start = range_of(header).start;
    let begins_line = TextRange::new(source.line_start(start), start).slice(source.text).trim().is_empty();
    let is_beside = colon.end_position().row == statement.start_position().row;
    let is_first = children(suite).first().is_some_and(|first| first.id() == statement.id());
    (begins_line && is_beside && is_first).then(|| (header, range_of(colon).end))
}

/// The operands of `a == b` or `a != b`, and whether it is the latter.
pub(in crate::fix) fn comparison_of(node: Node<'_>) -> Option<(Node<'_>, Node<'_>, bool)> {
    let [left, right] = children(node)[..] else { return None };
    if node.kind() != "comparison_operator" {
        return None;
    }
    match left.next_sibling()?.kind() {
        "==" => Some((left, right, false)),
        "!=" => Some((left, right, true)),
        _ => None,
    }
}

/// The operands of a comparison of two, and how they are compared.
pub(in crate::fix) fn operator_of(node: Node<'_>) -> Option<(Node<'_>, Node<'_>, &'static str)> {
    let [left, right] = children(node)[..] else { return None };
    if node.kind() != "comparison_operator" {
        return None;
    }
    Some((left, right, left.next_sibling()?.kind()))
}

/// The dictionary display that an expression is, or that the only assignment to it in its function gives it.
pub(in crate::fix) fn display_of<'t>(source: &'t Source<'_>, node: Node<'t>) -> Option<Node<'t>> {
    let node = without_parentheses(node);
    match node.kind() {
        "dictionary" => Some(node),
        "identifier" => {
            let scope = enclosing_function(node).unwrap_or_else(|| source.root());
            let mut found = Vec::new();
            assignments(source, scope, source.text_of(node), &mut found);
            match found[..] {
                [] => super::constant_of(source, node).filter(|value| value.kind() == "dictionary"),
                [only] if only.kind() == "dictionary" && range_of(only).end <= range_of(node).start => {
                    Some(only)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn assignments<'t>(source: &Source<'_>, under: Node<'t>, name: &str, found: &mut Vec<Node<'t>>) {
    if let Some((target, value)) = simple_assignment(under) {
        if source.text_of(target) == name {
            found.push(value);
        }
        return;
    }
    children(under).into_iter().for_each(|child| assignments(source, child, name, found));
}

/// The statement that is all that the handler around a node does.
pub(in crate::fix) fn only_statement_of_handler(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = node;
    while at.kind() != "except_clause" {
        at = at.parent()?;
    }
    let suite = children(at).into_iter().rfind(|child| child.kind() == "block")?;
    let [only] = children(suite)[..] else { return None };
    Some(only)
}

pub(in crate::fix) fn is_continue(statement: Node<'_>) -> bool {
    statement.kind() == "continue_statement"
}

/// The statement of a handler that a node is, or is the expression of, where it binds and leaves nothing: `pass`, a call.
pub(in crate::fix) fn idle_statement(node: Node<'_>) -> Option<Node<'_>> {
    let statement = super::enclosing_statement(node);
    statement.parent()?.parent().filter(|handler| handler.kind() == "except_clause")?;
    let is_idle = match statement.kind() {
        "pass_statement" => true,
        "expression_statement" => {
            matches!(children(statement)[..], [only] if matches!(only.kind(), "call" | "ellipsis" | "string"))
        }
        _ => false,
    };
    is_idle.then_some(statement)
}

pub(in crate::fix) fn is_pass(statement: Node<'_>) -> bool {
    statement.kind() == "pass_statement"
}

/// A module that an import names, and what it gives the file.
pub(in crate::fix) struct ImportedModule<'t, 'a> {
    /// Where its name is written.
    pub(in crate::fix) node: Node<'t>,
    /// The name under which the file has it as a whole.
    pub(in crate::fix) bound: Option<&'a str>,
    /// What is taken from it, where it is not bound itself.
    pub(in crate::fix) names: Vec<&'a str>,
}

/// The statement of import that a node is or stands in.
pub(in crate::fix) fn import_around(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = node;
    loop {
        match at.kind() {
            "import_statement" | "import_from_statement" => return Some(at),
            _ => at = at.parent()?,
        }
    }
}

/// The modules that an import names. None where one is bound by its first part only, as in `import a.b`, for then its
/// name is written wherever it is used.
pub(in crate::fix) fn imported_modules<'t, 'a>(
    source: &Source<'a>,
    node: Node<'t>,
) -> Option<Vec<ImportedModule<'t, 'a>>> {
    let statement = import_around(node)?;
    if statement.kind() == "import_statement" {
        return children(statement)
            .into_iter()
            .map(|one| {
                let alias = one.child_by_field_name("alias").filter(|_| one.kind() == "aliased_import")?;
                let node = one.child_by_field_name("name")?;
                Some(ImportedModule { node, bound: Some(source.text_of(alias)), names: Vec::new() })
            })
            .collect();
    }
    let module = statement.child_by_field_name("module_name")?;
    let mut cursor = statement.walk();
    let names: Vec<Node<'_>> = statement.children_by_field_name("name", &mut cursor).collect();
    let name_of = |one: &Node<'t>| one.child_by_field_name("name").unwrap_or(*one);
    let names: Vec<&'a str> = names.iter().map(|one| source.text_of(name_of(one))).collect();
    (!names.is_empty()).then(|| vec![ImportedModule { node: module, bound: None, names }])
}
