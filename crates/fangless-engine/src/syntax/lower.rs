//! From tree to IR. The only place, with `parse`, `repair` and `fix`, that names the grammar's node kinds. Never
//! fails: what it does not know becomes `Unknown` or `Error`, with its readable parts kept.

mod expression;
mod literal;
mod statement;

use smol_str::SmolStr;
use tree_sitter::Node;

use super::ir::{Function, Ir};
use super::parse::ParsedChunk;
use crate::text::TextRange;

/// Deeper nesting than this is cut off: recursion on the input's depth would end in a stack overflow.
const MAX_DEPTH: u32 = 200;

/// Lowers a parsed chunk; ranges are those of the original text, before any repair.
pub fn lower(parsed: &ParsedChunk) -> Ir {
    let mut lowering = Lowering { parsed, ir: Ir::default(), depth: 0, scopes: Vec::new() };
    let body = lowering.block(parsed.tree.root_node());
    lowering.ir.body = body;
    lowering.ir
}

struct Lowering<'tree> {
    parsed: &'tree ParsedChunk,
    ir: Ir,
    depth: u32,
    /// What is learnt of the functions being lowered, innermost last.
    scopes: Vec<FunctionScope>,
}

#[derive(Default)]
struct FunctionScope {
    outer_names: Vec<SmolStr>,
    names: Vec<SmolStr>,
    is_generator: bool,
}

impl<'tree> Lowering<'tree> {
    fn text(&self, node: Node<'tree>) -> &'tree str {
        self.parsed.text.get(node.byte_range()).unwrap_or("")
    }

    fn name(&self, node: Node<'tree>) -> SmolStr {
        SmolStr::new(self.text(node))
    }

    fn range(&self, node: Node<'tree>) -> TextRange {
        let repair = &self.parsed.repair;
        TextRange::new(
            repair.to_original(node.start_byte() as u32),
            repair.to_original(node.end_byte() as u32),
        )
    }

    /// Notes a name in the functions under way that stand in another one.
    fn note_name(&mut self, name: &SmolStr) {
        if self.scopes.len() > 1
            && let Some(scope) = self.scopes.last_mut()
            && !scope.names.contains(name)
        {
            scope.names.push(name.clone());
        }
    }

    /// Ends a function; what stands in it sees what is around it through it.
    fn leave_scope(&mut self) -> FunctionScope {
        let mut scope = self.scopes.pop().unwrap_or_default();
        scope.names.sort();
        for name in &scope.names {
            self.note_name(name);
        }
        scope
    }

    fn add_function(&mut self, function: Function) -> usize {
        self.ir.functions.push(function);
        self.ir.functions.len() - 1
    }
}

/// The named children that are no comments.
fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.is_extra()).collect()
}
