//! The tree that fixes read: parsing on demand, and the few questions they ask of it. This module and its children
//! are the only part of `fix` that names node kinds; nothing here edits.

mod call;
mod definition;
mod edited;
mod literal;
mod locals;
mod path;
mod scope;
mod string;
mod value;

use std::borrow::Cow;
use std::cell::RefCell;

use tree_sitter::{Node, Parser, Tree};

use crate::text::TextRange;

pub(super) use call::{Argument, ArgumentKind, Call};
pub(super) use definition::{
    comparison_of, decorator_of, display_of, header_of_suite, idle_statement, import_around,
    imported_modules, is_continue, is_only_one_of_suite, is_pass, last_decorator, only_statement_of_handler,
    operator_of,
};
pub(super) use edited::errors_after;
pub(super) use literal::{
    assertion_of, bound_name, constant_of, enclosing_display, evaluated_once, interpolation_of,
    interpolations, is_display, is_logical, is_percent_of, item_assignments, literal_content, literal_prefix,
    membership_of, negation_of,
};
pub(super) use locals::{certain_locals, fields_of_class, pair_around, spread};
pub(super) use path::{path_base, path_parts, path_receiver};
pub(super) use scope::{BindingKind, ImportForm, ImportStatement};
pub(super) use string::{Building, Element, ElementKind, Hole, Pieces, flatten};
pub(super) use value::{is_look_up, is_of_environment, is_text, may_be_none};

/// A file's text and its tree.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// What was parsed: the text, or a copy of the same length in which wreckage far from the target is blanked.
    pub(super) analysed: Cow<'a, str>,
    tree: Tree,
}

/// What an expression is, as far as fixes care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Name,
    Attribute,
    Call,
    Text,
    Integer,
    Constant,
    Parenthesised,
    Tuple,
    List,
    Dictionary,
    Subscript,
    Binary,
    Generator,
    /// `*x`, `**x`, and what else may not be wrapped or moved.
    Other,
}

impl<'a> Source<'a> {
    /// Parses a file for a fix at `target`. None where the target's own statement is broken.
    pub(super) fn parse(text: &'a str, target: TextRange) -> Option<Self> {
        let whole = Source { text, analysed: Cow::Borrowed(text), tree: whole_tree(text)? };
        if whole.is_sound(target) {
            return Some(whole);
        }
        let masked = mask_all_but(text, target);
        let part = Source { text, tree: tree_of(&masked)?, analysed: Cow::Owned(masked) };
        part.is_sound(target).then_some(part)
    }

    pub(super) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    pub(super) fn text_of(&self, node: Node<'_>) -> &'a str {
        range_of(node).slice(self.text)
    }

    /// The smallest named node that covers the range.
    pub(super) fn node(&self, range: TextRange) -> Option<Node<'_>> {
        self.root().named_descendant_for_byte_range(range.start as usize, range.end as usize)
    }

    /// Errors and missing tokens of the tree.
    pub(super) fn error_count(&self) -> usize {
        error_count(self.root())
    }

    /// `\r\n` where the file's first line ends so.
    pub(super) fn line_end(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// Where the line of an offset begins.
    pub(super) fn line_start(&self, offset: u32) -> u32 {
        self.text[..offset as usize].rfind('\n').map_or(0, |at| at as u32 + 1)
    }

    /// Whether nothing but white space stands before an offset on its line.
    pub(super) fn begins_line(&self, offset: u32) -> bool {
        self.text[self.line_start(offset) as usize..offset as usize].trim().is_empty()
    }

    /// Where the line of an offset ends, its line end excluded.
    pub(super) fn line_stop(&self, offset: u32) -> u32 {
        let rest = &self.text[offset as usize..];
        let stop = rest.find('\n').map_or(rest.len(), |at| at - usize::from(rest[..at].ends_with('\r')));
        offset + stop as u32
    }

    /// The white space at the start of an offset's line.
    pub(super) fn indentation(&self, offset: u32) -> &'a str {
        let start = self.line_start(offset) as usize;
        let line = &self.text[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t', '\u{c}']).len()]
    }

    fn is_sound(&self, target: TextRange) -> bool {
        let Some(node) = self.node(target) else { return false };
        let statement = enclosing_statement(node);
        if !statement.has_error() {
            return true;
        }
        // A compound statement may be broken elsewhere in its body: what counts is the part the target stands in.
        let mut part = node;
        while let Some(parent) = part.parent() {
            if parent.id() == statement.id() {
                break;
            }
            part = parent;
        }
        part.id() != statement.id() && !part.has_error() && !part.is_error()
    }
}

pub(super) fn range_of(node: Node<'_>) -> TextRange {
    TextRange::new(node.start_byte() as u32, node.end_byte() as u32)
}

/// The named children, comments left out.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect()
}

/// The comments in a node, but for those that are meant for tools and for their line.
pub(super) fn comments_in(source: &Source<'_>, node: Node<'_>) -> Vec<TextRange> {
    const FOR_TOOLS: [&str; 7] = ["noqa", "type:", "nosec", "pragma", "pylint:", "fmt:", "fangless:"];
    if node.kind() == "comment" {
        let text = source.text_of(node);
        let said = text.trim_start_matches(['#', ' ']);
        let is_for_tools = FOR_TOOLS.iter().any(|tool| said.starts_with(tool));
        return if is_for_tools { Vec::new() } else { vec![range_of(node)] };
    }
    let mut cursor = node.walk();
    node.named_children(&mut cursor).flat_map(|child| comments_in(source, child)).collect()
}

pub(super) fn shape(node: Node<'_>) -> Shape {
    match node.kind() {
        "identifier" => Shape::Name,
        "attribute" => Shape::Attribute,
        "call" => Shape::Call,
        "string" | "concatenated_string" => Shape::Text,
        "integer" => Shape::Integer,
        "true" | "false" | "none" | "float" | "ellipsis" => Shape::Constant,
        "parenthesized_expression" => Shape::Parenthesised,
        "tuple" => Shape::Tuple,
        "list" => Shape::List,
        "dictionary" => Shape::Dictionary,
        "subscript" => Shape::Subscript,
        "binary_operator" => Shape::Binary,
        "generator_expression" => Shape::Generator,
        _ => Shape::Other,
    }
}

/// Whether an expression binds so tightly that it may stand anywhere without parentheses.
pub(super) fn is_atomic(node: Node<'_>) -> bool {
    !matches!(shape(node), Shape::Binary | Shape::Other)
        || matches!(
            node.kind(),
            "set" | "list_comprehension" | "dictionary_comprehension" | "set_comprehension"
        )
}

/// Whether the text is one Python expression that needs no parentheses around it.
pub(super) fn is_atomic_text(text: &str) -> bool {
    let Some(tree) = tree_of(text) else { return false };
    let [statement] = children(tree.root_node())[..] else { return false };
    !tree.root_node().has_error()
        && statement.kind() == "expression_statement"
        && matches!(children(statement)[..], [only] if is_atomic(only))
}

/// Whether an expression that stands in place of `node` needs parentheses unless it is atomic.
pub(super) fn binds_tightly(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| match parent.kind() {
        "binary_operator"
        | "unary_operator"
        | "attribute"
        | "await"
        | "comparison_operator"
        | "not_operator"
        | "boolean_operator"
        | "list_splat"
        | "dictionary_splat"
        | "conditional_expression" => true,
        "subscript" | "call" => parent.child(0).is_some_and(|first| first.id() == node.id()),
        _ => false,
    })
}

/// An operand that `+` or `-` beside it would tear apart or be torn by.
pub(super) fn binds_tighter_than_sum(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| match parent.kind() {
        "binary_operator" => {
            let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
            let is_right = parent.child_by_field_name("right").is_some_and(|right| right.id() == node.id());
            match operator {
                "+" => false,
                "-" => is_right,
                "|" | "&" | "^" | "<<" | ">>" => false,
                _ => true,
            }
        }
        "unary_operator" | "attribute" | "await" => true,
        "subscript" | "call" => parent.child(0).is_some_and(|first| first.id() == node.id()),
        _ => false,
    })
}

/// The expression inside parentheses.
pub(super) fn without_parentheses(node: Node<'_>) -> Node<'_> {
    match children(node)[..] {
        [inner] if node.kind() == "parenthesized_expression" => without_parentheses(inner),
        _ => node,
    }
}

/// The statement a node stands in: the nearest ancestor, or itself, whose parent is a suite or the module.
pub(super) fn enclosing_statement(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if matches!(parent.kind(), "block" | "module") {
            break;
        }
        at = parent;
    }
    at
}

/// The statement of the module that a node stands in.
pub(super) fn top_level_statement(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if parent.kind() == "module" {
            break;
        }
        at = parent;
    }
    at
}

/// The function whose body holds the node; decorators and defaults belong to the scope around it.
pub(super) fn enclosing_function(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if parent.kind() == "function_definition"
            && parent.child_by_field_name("body").is_some_and(|body| body.id() == at.id())
        {
            return Some(parent);
        }
        at = parent;
    }
    None
}

/// The body of a class whose statements hold the node, with no function between.
pub(super) fn is_directly_in_class(node: Node<'_>) -> bool {
    let mut at = node;
    while let Some(parent) = at.parent() {
        match parent.kind() {
            "function_definition" | "lambda" => return false,
            "class_definition" => return true,
            _ => at = parent,
        }
    }
    false
}

/// The suite a statement stands in.
pub(super) fn suite_of(statement: Node<'_>) -> Option<Node<'_>> {
    statement.parent()
}

/// Whether the value of an expression is thrown away.
pub(super) fn is_whole_statement(node: Node<'_>) -> bool {
    let parent = match node.parent() {
        Some(parent) if parent.kind() == "await" => parent.parent(),
        parent => parent,
    };
    parent.is_some_and(|parent| parent.kind() == "expression_statement" && children(parent).len() == 1)
}

/// Whether a statement does nothing but put the expression into an object: `object["key"] = expression`,
/// `object.name = expression`.
pub(super) fn is_put_into(statement: Node<'_>, expression: Node<'_>) -> bool {
    let [only] = children(statement)[..] else { return false };
    only.kind() == "assignment"
        && only
            .child_by_field_name("left")
            .is_some_and(|left| matches!(left.kind(), "subscript" | "attribute"))
        && only.child_by_field_name("right").is_some_and(|right| right.id() == expression.id())
}

/// A method call on the node: `node.name(...)`.
pub(super) fn method_call_on<'t>(source: &Source<'_>, node: Node<'t>, name: &str) -> Option<Node<'t>> {
    let attribute = node.parent().filter(|parent| parent.kind() == "attribute")?;
    let named = attribute.child_by_field_name("attribute")?;
    let call = attribute.parent().filter(|parent| parent.kind() == "call")?;
    (source.text_of(named) == name && call.child_by_field_name("function")?.id() == attribute.id())
        .then_some(call)
}

/// The elements of a tuple or list display; none for any other expression, or where one is starred.
pub(super) fn display_elements(node: Node<'_>) -> Option<Vec<Node<'_>>> {
    if !matches!(node.kind(), "tuple" | "list") {
        return None;
    }
    let elements = children(node);
    elements.iter().all(|element| !element.kind().contains("splat")).then_some(elements)
}

/// The values of a dictionary display with plain string keys.
pub(super) fn display_entries<'t>(source: &Source<'_>, node: Node<'t>) -> Option<Vec<(String, Node<'t>)>> {
    if node.kind() != "dictionary" {
        return None;
    }
    children(node)
        .into_iter()
        .map(|pair| {
            let key = pair.child_by_field_name("key").filter(|key| key.kind() == "string")?;
            let key = source.text_of(key).trim_matches(['"', '\'']).to_owned();
            Some((key, pair.child_by_field_name("value")?))
        })
        .collect()
}

/// Whether evaluating the expression later, twice, or elsewhere could change what happens.
pub(super) fn has_effects(node: Node<'_>) -> bool {
    matches!(node.kind(), "await" | "yield" | "named_expression" | "call")
        || children(node).into_iter().any(has_effects)
}

/// Whether a string literal is among the operands of an expression, arguments and subscripts left out.
pub(super) fn contains_text(node: Node<'_>) -> bool {
    match node.kind() {
        "string" | "concatenated_string" => true,
        "call" | "subscript" | "attribute" => false,
        _ => children(node).into_iter().any(contains_text),
    }
}

/// The part of an expression that says what its value is: a name, an attribute's name, a key.
pub(super) fn named_part(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "identifier" => Some(node),
        "attribute" => node.child_by_field_name("attribute"),
        "subscript" => node.child_by_field_name("subscript"),
        _ => None,
    }
}

/// Whether an expression suspends or binds, so that it may not move to another place.
pub(super) fn is_pinned(node: Node<'_>) -> bool {
    matches!(node.kind(), "await" | "yield" | "named_expression") || children(node).into_iter().any(is_pinned)
}

/// The identifiers that an expression reads, attribute names left out.
pub(super) fn names_read<'a>(source: &Source<'a>, node: Node<'_>, names: &mut Vec<&'a str>) {
    match node.kind() {
        "identifier" => names.push(source.text_of(node)),
        "attribute" => {
            if let Some(object) = node.child_by_field_name("object") {
                names_read(source, object, names);
            }
        }
        "keyword_argument" => {
            if let Some(value) = node.child_by_field_name("value") {
                names_read(source, value, names);
            }
        }
        _ => children(node).into_iter().for_each(|child| names_read(source, child, names)),
    }
}

/// All nodes of identifiers with this name under a node, attribute and keyword names left out.
pub(super) fn uses_of<'t>(source: &Source<'_>, under: Node<'t>, name: &str, found: &mut Vec<Node<'t>>) {
    match under.kind() {
        "identifier" => {
            if source.text_of(under) == name {
                found.push(under);
            }
        }
        "attribute" => {
            if let Some(object) = under.child_by_field_name("object") {
                uses_of(source, object, name, found);
            }
        }
        "keyword_argument" => {
            if let Some(value) = under.child_by_field_name("value") {
                uses_of(source, value, name, found);
            }
        }
        _ => children(under).into_iter().for_each(|child| uses_of(source, child, name, found)),
    }
}

/// `name = value` as a whole statement: the name's node and the value's.
pub(super) fn simple_assignment(statement: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let [assignment] = children(statement)[..] else { return None };
    if statement.kind() != "expression_statement" || assignment.kind() != "assignment" {
        return None;
    }
    let left = assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
    let right = assignment.child_by_field_name("right").filter(|right| right.kind() != "assignment")?;
    Some((left, right))
}

/// Every `True` that a statement, or a suite in it, returns or assigns.
pub(super) fn granted_literals<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    match node.kind() {
        "function_definition" | "class_definition" | "lambda" => {}
        "return_statement" | "expression_list" => {
            for value in children(node) {
                match value.kind() {
                    "true" => found.push(value),
                    "expression_list" => granted_literals(value, found),
                    _ => {}
                }
            }
        }
        "assignment" => {
            found.extend(node.child_by_field_name("right").filter(|value| value.kind() == "true"));
        }
        "true" => found.push(node),
        "call" | "binary_operator" | "comparison_operator" | "boolean_operator" => {}
        _ => children(node).into_iter().for_each(|child| granted_literals(child, found)),
    }
}

/// The annotation of a parameter of the enclosing function.
pub(super) fn parameter_type<'a>(source: &Source<'a>, at: Node<'_>, name: &str) -> Option<&'a str> {
    let parameters = enclosing_function(at)?.child_by_field_name("parameters")?;
    children(parameters)
        .into_iter()
        .find_map(|parameter| {
            let named = match parameter.kind() {
                "typed_parameter" => parameter.named_child(0)?,
                "typed_default_parameter" => parameter.child_by_field_name("name")?,
                _ => return None,
            };
            (source.text_of(named) == name).then(|| parameter.child_by_field_name("type"))?
        })
        .map(|annotation| source.text_of(annotation))
}

/// The string literal whole: for a part of an implicit concatenation, all of it.
pub(super) fn whole_literal(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = without_parentheses(node);
    while !matches!(at.kind(), "string" | "concatenated_string") {
        at = at
            .parent()
            .filter(|parent| matches!(parent.kind(), "string_content" | "string" | "concatenated_string"))?;
    }
    match at.parent() {
        Some(parent) if parent.kind() == "concatenated_string" => Some(parent),
        _ => Some(at),
    }
}

/// The value that a node which binds a name gives it: assignment, keyword argument, dictionary pair, default.
pub(super) fn bound_value(node: Node<'_>) -> Node<'_> {
    match node.kind() {
        "expression_statement" => match children(node)[..] {
            [only] => bound_value(only),
            _ => node,
        },
        "assignment" => node.child_by_field_name("right").map_or(node, bound_value),
        "keyword_argument" | "pair" | "default_parameter" | "typed_default_parameter" => {
            node.child_by_field_name("value").unwrap_or(node)
        }
        _ => node,
    }
}

/// The quote characters that a text put at this range may not use, because one-line f-strings around it end there.
pub(super) fn quotes_around(source: &Source<'_>, range: TextRange) -> Vec<char> {
    let mut quotes = Vec::new();
    let mut at = source.node(range);
    while let Some(node) = at {
        let holds = (node.start_byte() as u32) < range.start && range.end < node.end_byte() as u32;
        if node.kind() == "interpolation" && holds {
            let start = node.parent().and_then(|string| string.child(0));
            let start = start.map_or("", |start| source.text_of(start));
            quotes.extend(start.chars().last());
        }
        at = node.parent();
    }
    quotes
}

/// Whether the range begins right where an interpolation's expression does.
pub(super) fn begins_interpolation(source: &Source<'_>, range: TextRange) -> bool {
    source.text[..range.start as usize].ends_with('{')
}

/// The tree of a whole file. Recipes are tried one after the other on the same text: the last one is kept.
fn whole_tree(text: &str) -> Option<Tree> {
    thread_local! {
        static LAST: RefCell<Option<(String, Tree)>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if let Some((known, tree)) = last
            && known == text
        {
            return Some(tree.clone());
        }
        let tree = tree_of(text)?;
        *last = Some((text.to_owned(), tree.clone()));
        Some(tree)
    })
}

fn tree_of(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    parser.parse(text, None)
}

fn error_count(node: Node<'_>) -> usize {
    if !node.has_error() && !node.is_missing() {
        return 0;
    }
    let mut cursor = node.walk();
    let below: usize = node.children(&mut cursor).map(error_count).sum();
    below + usize::from(node.is_error() || node.is_missing())
}

/// A copy of the text in which only imports and the definition around the target are left; the rest is blanked, byte
/// by byte, so that offsets stay what they are.
fn mask_all_but(text: &str, target: TextRange) -> String {
    let target_start = target.start as usize;
    let opens = |line: &str| {
        line.starts_with("def ")
            || line.starts_with("class ")
            || line.starts_with("async def ")
            || line.starts_with('@')
    };
    let mut lines = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        lines.push((offset, line));
        offset += line.len();
    }
    let own = lines.iter().rposition(|(start, _)| *start <= target_start).unwrap_or(0);
    let indented = |line: &str| line.starts_with([' ', '\t', ')', ']', '}']) || line.trim().is_empty();
    let first = if indented(lines.get(own).map_or("", |(_, line)| line)) || opens(lines[own].1) {
        let head = lines[..=own].iter().rposition(|(_, line)| opens(line)).unwrap_or(own);
        // Decorators above the definition belong to it.
        (0..head).rev().take_while(|index| lines[*index].1.starts_with('@')).last().unwrap_or(head)
    } else {
        own
    };
    let last = (own + 1..lines.len()).find(|index| {
        let is_decorated = lines[*index - 1].1.starts_with('@');
        lines[*index].0 >= target.end as usize && !indented(lines[*index].1) && !is_decorated
    });
    let last = last.unwrap_or(lines.len());
    let mut masked = String::with_capacity(text.len());
    for (index, (_, line)) in lines.iter().enumerate() {
        let is_import = (line.starts_with("import ") || line.starts_with("from ")) && !line.contains('(');
        if (first..last).contains(&index) || is_import {
            masked.push_str(line);
        } else {
            masked.extend(
                line.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { byte as char } else { ' ' }),
            );
        }
    }
    masked
}

/// Whether the value is plainly a number, which cannot be a command's argument as it is, and is no danger to a shell.
pub(super) fn is_number(source: &Source<'_>, value: Node<'_>) -> bool {
    match shape(value) {
        Shape::Integer => true,
        Shape::Name => parameter_type(source, value, source.text_of(value))
            .is_some_and(|annotation| matches!(annotation, "int" | "float")),
        Shape::Call => Call::of(value).is_some_and(|call| {
            matches!(source.text_of(call.function), "int" | "float" | "len" | "os.getpid")
        }),
        _ => false,
    }
}

/// The values of a dictionary; none where it takes some from elsewhere.
pub(super) fn display_values(node: Node<'_>) -> Option<Vec<Node<'_>>> {
    children(node).into_iter().map(|pair| pair.child_by_field_name("value")).collect()
}

/// The last name of `a.b`, `a["b"]` or `b`.
pub(super) fn last_name<'a>(source: &Source<'a>, node: Node<'_>) -> Option<&'a str> {
    match node.kind() {
        "identifier" => Some(source.text_of(node)),
        "attribute" => node.child_by_field_name("attribute").map(|name| source.text_of(name)),
        "subscript" => {
            let key = node.child_by_field_name("subscript")?;
            (key.kind() == "string").then(|| source.text_of(key).trim_matches(['"', '\'']))
        }
        _ => None,
    }
}

/// Whether a node stands in an `except` of its own function.
pub(super) fn is_in_handler(node: Node<'_>) -> bool {
    let mut at = node;
    while let Some(parent) = at.parent() {
        match parent.kind() {
            "except_clause" | "except_group_clause" => return true,
            "function_definition" | "lambda" | "class_definition" => return false,
            _ => at = parent,
        }
    }
    false
}

/// What a view answers: the first of `body, status, headers`.
pub(super) fn answer_of(node: Node<'_>) -> Node<'_> {
    let node = if node.kind() == "return_statement" {
        children(node).first().copied().unwrap_or(node)
    } else {
        node
    };
    match node.kind() {
        "expression_list" | "tuple" => children(node).first().copied().unwrap_or(node),
        _ => node,
    }
}
