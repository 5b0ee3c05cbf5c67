//! A literal secret becomes a look-up in the environment.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{bound_value, flatten, whole_literal};
use crate::secret::names::words;

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let literal = whole_literal(bound_value(source.node(site.target)?))?;
    let variable = variable_name(site.name?)?;
    let environment = draft.reference("os.environ")?;
    let text = source.text_of(literal);
    let opening = text.find(['"', '\''])?;
    let is_bytes = text[..opening].to_ascii_lowercase().contains('b');
    if !is_bytes && !flatten(source, literal)?.holes.is_empty() {
        // Part of the string is put in at run time: the whole of it is no secret to look up.
        return None;
    }
    let quote = &text[opening..=opening];
    let encode = if is_bytes { ".encode()" } else { "" };
    draft.replace_node(literal, format!("{environment}[{quote}{variable}{quote}]{encode}"));
    Some(())
}

/// `apiKey`, `api-key`, `self.api_key` and `API_KEY` are all `API_KEY`.
fn variable_name(name: &str) -> Option<String> {
    let words = words(name.rsplit('.').next().unwrap_or(name));
    let name = words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join("_");
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some(name)
}
