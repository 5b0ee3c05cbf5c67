//! A text that is declared to be HTML: the constant part alone is declared so, and the values are filled in by what
//! escapes them.

use crate::fix::Site;
use crate::fix::built::{locate, quote_of};
use crate::fix::draft::Draft;
use crate::fix::simple::is_plain;
use crate::fix::tree::{Call, ElementKind, Pieces, Source};

const FORMAT_HTML: &str = "django.utils.html.format_html";

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    // What else is passed may be meant for the format.
    let [argument] = call.arguments.as_slice() else { return None };
    let built = locate(source, argument.value)?;
    if !is_plain(argument) {
        return None;
    }
    let (template, values) = template(source, &built.pieces)?;
    if built.in_variable {
        // The text is escaped where it is made; what declared it to be HTML has nothing left to do.
        let made = match site.callee? {
            "markupsafe.Markup" => format!("{}({template}).format({values})", source.text_of(call.function)),
            _ => format!("{}({template}, {values})", draft.reference(FORMAT_HTML)?),
        };
        draft.rewrite_node(built.expression, made);
        draft.replace_node(call.node, source.text_of(argument.value));
        return Some(());
    }
    match site.callee? {
        "markupsafe.Markup" => {
            draft.rewrite_node(argument.value, template);
            draft.insert(call.node.end_byte() as u32, format!(".format({values})"));
        }
        FORMAT_HTML => draft.rewrite_node(argument.node, format!("{template}, {values}")),
        _ => {
            let function = draft.reference(FORMAT_HTML)?;
            draft.replace_node(call.function, function);
            draft.rewrite_node(argument.node, format!("{template}, {values}"));
        }
    }
    Some(())
}

/// Source of the constant part, with `{}` for each value, and of the values.
fn template(source: &Source<'_>, pieces: &Pieces<'_>) -> Option<(String, String)> {
    if pieces.holes.is_empty() {
        return None;
    }
    let (mut text, mut values) = (String::new(), Vec::new());
    for element in &pieces.elements {
        match element.kind {
            ElementKind::Hole(hole) => {
                text.push_str("{}");
                values.push(source.text_of(pieces.holes.get(hole)?.value));
            }
            ElementKind::Char('\u{fffd}' | '\u{200b}' | '\r') => return None,
            ElementKind::Char('{') => text.push_str("{{"),
            ElementKind::Char('}') => text.push_str("}}"),
            ElementKind::Char('\\') => text.push_str("\\\\"),
            ElementKind::Char('\n') => text.push_str("\\n"),
            ElementKind::Char('\t') => text.push_str("\\t"),
            ElementKind::Char(other) => text.push(other),
        }
    }
    let preferred = quote_of(pieces);
    let other = if preferred == '"' { '\'' } else { '"' };
    let quote = [preferred, other].into_iter().find(|quote| !text.contains(*quote))?;
    Some((format!("{quote}{text}{quote}"), values.join(", ")))
}
