//! Calls and their arguments as fixes see them.

use tree_sitter::Node;

use super::{Source, children, range_of};
use crate::rule::schema::ArgumentSelector;
use crate::text::TextRange;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fix) enum ArgumentKind {
    Positional,
    Keyword,
    /// `*args`
    Splat,
    /// `**kwargs`
    DoubleSplat,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::fix) struct Argument<'t> {
    pub(in crate::fix) node: Node<'t>,
    pub(in crate::fix) kind: ArgumentKind,
    pub(in crate::fix) keyword: Option<Node<'t>>,
    pub(in crate::fix) value: Node<'t>,
}

#[derive(Clone, Debug)]
pub(in crate::fix) struct Call<'t> {
    pub(in crate::fix) node: Node<'t>,
    pub(in crate::fix) function: Node<'t>,
    /// The parentheses and what is in them.
    pub(in crate::fix) list: Node<'t>,
    pub(in crate::fix) arguments: Vec<Argument<'t>>,
    /// `f(x for x in y)`: the only argument is a generator that shares the call's parentheses.
    pub(in crate::fix) bare_generator: bool,
}

impl<'t> Call<'t> {
    pub(in crate::fix) fn of(node: Node<'t>) -> Option<Self> {
        if node.kind() != "call" {
            return None;
        }
        let function = node.child_by_field_name("function")?;
        let list = node.child_by_field_name("arguments")?;
        let bare_generator = list.kind() == "generator_expression";
        let arguments =
            if bare_generator { Vec::new() } else { children(list).into_iter().map(argument).collect() };
        Some(Self { node, function, list, arguments, bare_generator })
    }

    /// The call that a range means: the range itself, the call in the statement, or the call an argument stands in.
    pub(in crate::fix) fn at(source: &'t Source<'_>, range: TextRange) -> Option<Self> {
        let mut node = source.node(range)?;
        loop {
            node = match node.kind() {
                "call" => return Self::of(node),
                "expression_statement"
                | "await"
                | "parenthesized_expression"
                | "return_statement"
                | "decorator" => match children(node)[..] {
                    [only] => only,
                    _ => break,
                },
                "assignment" => node.child_by_field_name("right")?,
                _ => break,
            };
        }
        let mut at = source.node(range)?;
        loop {
            let parent = at.parent()?;
            match parent.kind() {
                "call" => return Self::of(parent),
                "argument_list"
                | "keyword_argument"
                | "attribute"
                | "string"
                | "string_content"
                | "concatenated_string"
                | "parenthesized_expression"
                | "binary_operator" => at = parent,
                _ => return None,
            }
        }
    }

    /// The same. Where the range is a call that is itself an argument of the callee that is known, that callee's call is
    /// meant.
    pub(in crate::fix) fn meant(
        source: &'t Source<'_>,
        range: TextRange,
        callee: Option<&str>,
    ) -> Option<Self> {
        let call = Self::at(source, range)?;
        let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
        let is_it =
            |call: &Self| callee.is_some_and(|callee| last(source.text_of(call.function)) == last(callee));
        if range_of(call.node) != range || is_it(&call) {
            return Some(call);
        }
        let mut list = call.node.parent();
        if list.is_some_and(|parent| parent.kind() == "keyword_argument") {
            list = list.and_then(|parent| parent.parent());
        }
        let outer = list.filter(|list| list.kind() == "argument_list").and_then(|list| list.parent());
        Some(outer.and_then(Self::of).filter(is_it).unwrap_or(call))
    }

    pub(in crate::fix) fn argument(
        &self,
        source: &Source<'_>,
        selector: &ArgumentSelector,
    ) -> Option<Argument<'t>> {
        if let Some(keyword) = &selector.keyword
            && let Some(found) = self.keyword(source, keyword)
        {
            return Some(found);
        }
        self.positional(selector.position? as usize)
    }

    pub(in crate::fix) fn keyword(&self, source: &Source<'_>, name: &str) -> Option<Argument<'t>> {
        self.arguments
            .iter()
            .find(|argument| argument.keyword.is_some_and(|keyword| source.text_of(keyword) == name))
            .copied()
    }

    /// The argument at a position; none behind a `*args`, where positions are unknown.
    pub(in crate::fix) fn positional(&self, position: usize) -> Option<Argument<'t>> {
        self.arguments
            .iter()
            .take_while(|argument| argument.kind == ArgumentKind::Positional)
            .nth(position)
            .copied()
    }

    pub(in crate::fix) fn has_double_splat(&self) -> bool {
        self.arguments.iter().any(|argument| argument.kind == ArgumentKind::DoubleSplat)
    }

    pub(in crate::fix) fn has_splat(&self) -> bool {
        self.arguments.iter().any(|argument| argument.kind == ArgumentKind::Splat)
    }

    /// The comma behind an argument.
    pub(in crate::fix) fn comma_after(&self, argument: &Argument<'t>) -> Option<TextRange> {
        let mut next = argument.node.next_sibling();
        while let Some(node) = next {
            match node.kind() {
                "," => return Some(range_of(node)),
                "comment" => next = node.next_sibling(),
                _ => return None,
            }
        }
        None
    }

    /// The comma before an argument, if nothing but white space is between.
    pub(in crate::fix) fn comma_before(&self, argument: &Argument<'t>) -> Option<TextRange> {
        argument.node.prev_sibling().filter(|node| node.kind() == ",").map(range_of)
    }

    /// The last name of the callee: `execute` of `self.cursor.execute`.
    pub(in crate::fix) fn method<'a>(&self, source: &Source<'a>) -> &'a str {
        let named = match self.function.kind() {
            "attribute" => self.function.child_by_field_name("attribute"),
            _ => Some(self.function),
        };
        named.map_or("", |named| source.text_of(named))
    }

    /// The nearest call around this one of which it is an argument.
    pub(in crate::fix) fn outer(&self) -> Option<Self> {
        let list = self.node.parent().filter(|parent| parent.kind() == "argument_list")?;
        Self::of(list.parent()?)
    }
}

fn argument(node: Node<'_>) -> Argument<'_> {
    match node.kind() {
        "keyword_argument" => Argument {
            node,
            kind: ArgumentKind::Keyword,
            keyword: node.child_by_field_name("name"),
            value: node.child_by_field_name("value").unwrap_or(node),
        },
        "list_splat" => Argument { node, kind: ArgumentKind::Splat, keyword: None, value: node },
        "dictionary_splat" => Argument { node, kind: ArgumentKind::DoubleSplat, keyword: None, value: node },
        _ => Argument { node, kind: ArgumentKind::Positional, keyword: None, value: node },
    }
}
