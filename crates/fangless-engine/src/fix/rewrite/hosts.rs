//! A comparison with hosts that are forbidden becomes one with those that are allowed.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Shape, is_atomic, operator_of, shape, without_parentheses};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let (left, right, operator) = operator_of(without_parentheses(source.node(site.target)?))?;
    let host = if shape(left) == Shape::Text {
        // `"localhost" in address`
        let split = draft.reference("urllib.parse.urlsplit")?;
        format!("{split}({}).hostname", source.text_of(right))
    } else if is_atomic(left) {
        source.text_of(left).to_owned()
    } else {
        return None;
    };
    let allowed = match operator {
        "in" | "==" => "not in",
        "not in" | "!=" => "in",
        _ => return None,
    };
    let environment = draft.reference("os.environ")?;
    draft.replace(site.target, format!("{host} {allowed} {environment}[\"ALLOWED_HOSTS\"].split(\",\")"));
    Some(())
}
