//! A key among the parameters of an address goes into the header `Authorization`.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::simple::{add_keywords, remove_argument};
use crate::fix::tree::{Call, display_entries, is_atomic, without_parentheses};

/// Names of parameters that hold a key.
const KEYS: [&str; 8] =
    ["api_key", "apikey", "apiKey", "access_token", "auth_token", "token", "secret", "client_secret"];

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::meant(source, site.target, site.callee)?;
    let parameters = call.keyword(source, "params")?;
    if call.keyword(source, "headers").is_some() {
        return None;
    }
    let display = without_parentheses(parameters.value);
    let entries = display_entries(source, display)?;
    let (keys, kept): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(name, _)| KEYS.contains(&name.as_str()));
    let [(_, key)] = keys[..] else { return None };
    let text = source.text_of(key);
    let text = if is_atomic(key) { text.to_owned() } else { format!("({text})") };
    let mut removed = Vec::new();
    if kept.is_empty() {
        removed.push(parameters);
        remove_argument(&call, &parameters, &removed, draft);
    } else {
        let pairs: Vec<&str> =
            kept.iter().filter_map(|(_, value)| Some(source.text_of(value.parent()?))).collect();
        draft.replace_node(display, format!("{{{}}}", pairs.join(", ")));
    }
    let header = format!("{{\"Authorization\": \"Bearer \" + {text}}}");
    add_keywords(&call, &[("headers".to_owned(), header)], &removed, draft)
}
