//! A path in a folder that everyone may write to becomes one in a new folder of the program's own.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Source, children, constant_of, is_percent_of, literal_content, literal_prefix, method_call_on, range_of,
};
use crate::text::TextRange;

const SHARED: [&str; 3] = ["/tmp/", "/var/tmp/", "/dev/shm/"];
/// Names in names are followed so far.
const MAX_DEPTH: usize = 8;

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let (literal, rest) = shared_path(source, source.node(site.target)?, MAX_DEPTH)?;
    // A folder below would not be there.
    let name = rest.strip_suffix('/').unwrap_or(&rest);
    let prefix = literal_prefix(source, literal);
    if name.contains('/') || prefix.to_lowercase().contains('b') {
        return None;
    }
    let (_, quote) = literal_content(source, literal)?;
    let join = draft.reference("os.path.join")?;
    let made = draft.reference("tempfile.mkdtemp")?;
    if let Some(whole) = filled_in(source, literal) {
        // What fills the text in is for the name, not for the folder before it.
        let (content, _) = literal_content(source, literal)?;
        let folder = TextRange::new(content.start, content.end - rest.len() as u32);
        draft.delete(folder);
        draft.insert(range_of(whole).start, format!("{join}({made}(), "));
        draft.insert(range_of(whole).end, ")");
        return Some(());
    }
    let last = if rest.ends_with('/') || rest.is_empty() {
        format!("{quote}{quote}")
    } else {
        format!("{prefix}{quote}{name}{quote}")
    };
    draft.replace_node(literal, format!("{join}({made}(), {last})"));
    Some(())
}

/// `literal % values` or `literal.format(values)`.
fn filled_in<'t>(source: &'t Source<'_>, literal: Node<'t>) -> Option<Node<'t>> {
    let formatted = method_call_on(source, literal, "format");
    formatted.or_else(|| literal.parent().filter(|parent| is_percent_of(*parent, literal)))
}

/// The first literal that begins with one of the folders, and what follows.
fn shared_path<'t>(source: &'t Source<'_>, node: Node<'t>, depth: usize) -> Option<(Node<'t>, String)> {
    let depth = depth.checked_sub(1)?;
    if node.kind() == "identifier" {
        return shared_path(source, constant_of(source, node)?, depth);
    }
    if let Some((content, _)) = literal_content(source, node) {
        let text = content.slice(source.text);
        let rest = SHARED.iter().find_map(|folder| text.strip_prefix(folder))?;
        return Some((node, rest.to_owned()));
    }
    children(node).into_iter().find_map(|child| shared_path(source, child, depth))
}
