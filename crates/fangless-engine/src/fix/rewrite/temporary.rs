//! A path in a folder that everyone may write to, or a name that was only made up there, becomes one in a new folder of the
//! program's own.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Call, Shape, Source, children, constant_of, is_atomic, is_percent_of, literal_content, literal_prefix,
    method_call_on, range_of, shape,
};
use crate::text::TextRange;

const SHARED: [&str; 3] = ["/tmp/", "/var/tmp/", "/dev/shm/"];
/// Names in names are followed so far.
const MAX_DEPTH: usize = 8;

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    if site.callee == Some("tempfile.mktemp") {
        return name_alone(site, draft);
    }
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

/// `tempfile.mktemp` gives the name of a file that is not there: so does a name in a new folder.
fn name_alone(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    if call.has_splat() || call.has_double_splat() {
        return None;
    }
    let part = |position: usize, keyword: &str| {
        let argument = call.keyword(source, keyword).or_else(|| call.positional(position));
        argument.map(|argument| argument.value).filter(|value| source.text_of(*value) != "None")
    };
    let (suffix, prefix, folder) = (part(0, "suffix"), part(1, "prefix"), part(2, "dir"));
    let mut parts: Vec<String> = Vec::new();
    let mut literal = (String::new(), '"');
    for (place, value) in [prefix, None, suffix].into_iter().enumerate() {
        let Some(value) = value else {
            // What stands between the two, where neither says enough.
            if place == 1 {
                literal.0.push_str("file");
            }
            continue;
        };
        match literal_content(source, value) {
            Some((content, quote)) if literal_prefix(source, value).is_empty() && quote.len() == 1 => {
                literal = (literal.0 + content.slice(source.text), quote.chars().next()?);
            }
            Some(_) if literal_prefix(source, value).contains(['b', 'B']) => return None,
            _ => {
                let text = source.text_of(value);
                if !literal.0.is_empty() {
                    parts.push(format!("\"{}\"", std::mem::take(&mut literal.0)));
                }
                parts.push(if is_atomic(value) || shape(value) == Shape::Binary {
                    text.to_owned()
                } else {
                    format!("({text})")
                });
            }
        }
    }
    if !literal.0.is_empty() {
        parts.push(format!("{1}{0}{1}", literal.0, literal.1));
    }
    let join = draft.reference("os.path.join")?;
    let made = draft.reference("tempfile.mkdtemp")?;
    let folder = folder.map_or(String::new(), |folder| format!("dir={}", source.text_of(folder)));
    draft.rewrite_node(call.node, format!("{join}({made}({folder}), {})", parts.join(" + ")));
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
