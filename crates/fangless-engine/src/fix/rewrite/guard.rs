//! A check before the statement in which an untrusted value is used: the value gets a name, unless it has one, and what
//! does not pass is refused.

use tree_sitter::Node;

use super::parts;
use crate::fix::Site;
use crate::fix::draft::{Draft, step};
use crate::fix::template::expand;
use crate::fix::tree::{
    Shape, Source, enclosing_function, enclosing_statement, evaluated_once, is_pinned, names_read, path_base,
    path_receiver, range_of, shape, without_parentheses,
};
use crate::rule::schema::Guard;

/// Values in values are taken apart so far.
const MAX_DEPTH: usize = 6;

pub(in crate::fix) fn build(guard: &Guard, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let mut node = without_parentheses(source.node(site.argument?)?);
    if guard.part {
        let mut values = Vec::new();
        parts::collect(source, node, &mut values, MAX_DEPTH)?;
        let [only] = values[..] else { return None };
        node = without_parentheses(only);
    }
    let about_path = guard.refuse.contains("{base}");
    if about_path {
        // `(folder / name).read_text()`: the path is what is checked, not what is read.
        while let Some(path) = path_receiver(source, node) {
            node = path;
        }
    }
    if matches!(shape(node), Shape::Tuple | Shape::List | Shape::Dictionary | Shape::Generator | Shape::Other)
    {
        return None;
    }
    let statement = enclosing_statement(node);
    if !evaluated_once(node, statement) || is_pinned(node) {
        return None;
    }
    if reads_own_binding(source, node, statement) {
        return None;
    }
    let step = step(source.indentation(range_of(statement).start));
    let mut lines = Vec::new();
    let is_name = shape(node) == Shape::Name;
    let name =
        if is_name { source.text_of(node).to_owned() } else { free_name(source, node, &guard.variable)? };
    let base = if about_path { path_base(source, node)? } else { String::new() };
    if let Some(value) = &guard.value {
        let value = expand(value, site, draft)?.replace("{value}", source.text_of(node));
        lines.push(format!("{name} = {value}"));
    } else if !is_name {
        lines.push(format!("{name} = {}", source.text_of(node)));
    }
    let filled = |text: String| text.replace("{value}", &name).replace("{base}", &base);
    let refuse = filled(expand(&guard.refuse, site, draft)?);
    let otherwise = filled(expand(&guard.otherwise, site, draft)?);
    lines.push(format!("if {refuse}:"));
    lines.push(format!("{step}{otherwise}"));
    if lines.iter().any(|line| line.contains('\n')) {
        return None;
    }
    if !is_name {
        let whole = node.parent().filter(|parent| shape(*parent) == Shape::Parenthesised).unwrap_or(node);
        draft.replace_node(whole, name);
    }
    draft.insert_lines(statement, &lines)
}

/// Whether the statement itself binds what the value is made of, before it is made.
fn reads_own_binding(source: &Source<'_>, node: Node<'_>, statement: Node<'_>) -> bool {
    let mut names = Vec::new();
    names_read(source, node, &mut names);
    let (start, end) = (range_of(statement).start, range_of(node).start);
    source
        .scopes(node)
        .into_iter()
        .flat_map(|scope| source.bindings(scope))
        .any(|binding| (start..end).contains(&binding.range.start) && names.contains(&binding.name))
}

/// The wanted name, if nothing around has it.
fn free_name(source: &Source<'_>, at: Node<'_>, wanted: &str) -> Option<String> {
    let scope = enclosing_function(at).unwrap_or_else(|| source.root());
    let is_free = |name: &str| {
        let mut uses = Vec::new();
        crate::fix::tree::uses_of(source, scope, name, &mut uses);
        uses.is_empty()
    };
    [wanted.to_owned(), format!("checked_{wanted}")].into_iter().find(|name| is_free(name))
}
