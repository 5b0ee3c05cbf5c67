//! A path that is compared with the beginning of another one as text is asked as a path.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{ArgumentKind, Call, Source};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let path = call.function.child_by_field_name("object")?;
    let [base] = call.arguments.as_slice() else { return None };
    if base.kind != ArgumentKind::Positional || call.method(source) != "startswith" {
        return None;
    }
    let (path, base) = match (made_text_of(source, path), made_text_of(source, base.value)) {
        // Only what is no text needs to be made one.
        (Some(path), Some(base)) => (path.to_owned(), base),
        _ => (
            format!("{}({})", draft.reference("pathlib.Path")?, source.text_of(path)),
            source.text_of(base.value),
        ),
    };
    draft.rewrite_node(call.node, format!("{path}.is_relative_to({base})"));
    Some(())
}

/// The name of which `str(…)` makes a text.
fn made_text_of<'a>(source: &Source<'a>, node: Node<'_>) -> Option<&'a str> {
    let call = Call::of(node).filter(|call| source.text_of(call.function) == "str")?;
    let [only] = call.arguments.as_slice() else { return None };
    let text = source.text_of(only.value);
    let is_name = |part: &str| part.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (only.kind == ArgumentKind::Positional && text.split('.').all(is_name)).then_some(text)
}
