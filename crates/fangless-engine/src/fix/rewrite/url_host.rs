//! A host that is looked for in the text of an address is compared with the address's host.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Call, binds_tightly, has_effects, last_name, literal_content, membership_of, without_parentheses,
};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = without_parentheses(source.node(site.target)?);
    if let Some((host, searched, negated)) = membership_of(node) {
        let (content, _) = literal_content(source, host)?;
        let text = content.slice(source.text);
        let name = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        if name.contains('/') {
            return None;
        }
        let operator = if negated { "!=" } else { "==" };
        let searched_text = source.text_of(searched);
        let is_host = last_name(source, searched).is_some_and(|name| name.to_lowercase().contains("host"));
        let found = if is_host {
            searched_text.to_owned()
        } else {
            format!("{}({searched_text}).hostname", draft.reference("urllib.parse.urlsplit")?)
        };
        draft.replace(site.target, format!("{found} {operator} \"{name}\""));
        return Some(());
    }
    let call = Call::of(node)?;
    let [argument] = call.arguments[..] else { return None };
    let (content, quote) = literal_content(source, argument.value)?;
    match call.method(source) {
        "startswith" => draft.insert(content.end, "/"),
        "endswith" => {
            let receiver = call.function.child_by_field_name("object")?;
            draft.insert(content.start, ".");
            if !has_effects(receiver) {
                // The host itself passed too.
                let (open, close) = if binds_tightly(node) || in_logic(node) { ("(", ")") } else { ("", "") };
                let same = format!(
                    "{open}{} == {quote}{}{quote} or ",
                    source.text_of(receiver),
                    content.slice(source.text)
                );
                draft.insert(node.start_byte() as u32, same);
                draft.insert(node.end_byte() as u32, close);
            }
        }
        _ => return None,
    }
    Some(())
}

fn in_logic(node: tree_sitter::Node<'_>) -> bool {
    node.parent().is_some_and(|parent| crate::fix::tree::is_logical(parent))
}
