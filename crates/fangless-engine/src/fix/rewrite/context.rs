//! Everything that is handed over becomes what is named: the variables for a template, the fields of a model.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, Shape, certain_locals, fields_of_class, shape, spread, without_parentheses};
use crate::rule::schema::NameKind;
use crate::secret::names::is_named;

/// Names that are no value for a page.
const NOT_SHOWN: [&str; 3] = ["self", "cls", "request"];
/// Fields that no client sets, whatever they hold.
const NOT_SET: [&str; 5] = ["id", "pk", "uuid", "owner", "balance"];

/// `locals()` becomes the variables one by one, without those that are named like secrets.
pub(super) fn of_template(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let is_locals = |node| source.text_of(without_parentheses(node)) == "locals()";
    let handed = call
        .arguments
        .iter()
        .find(|argument| spread(argument.node).is_some_and(is_locals) || is_locals(argument.value))?;
    let names: Vec<&str> = certain_locals(source, call.node)?
        .into_iter()
        .filter(|name| !NOT_SHOWN.contains(name) && !name.starts_with('_'))
        .filter(|name| !is_named(name, NameKind::Sensitive) && call.keyword(source, name).is_none())
        .collect();
    if names.is_empty() {
        return None;
    }
    let is_spread = spread(handed.node).is_some();
    let written: Vec<String> = names
        .iter()
        .map(|name| if is_spread { format!("{name}={name}") } else { format!("\"{name}\": {name}") })
        .collect();
    let written = written.join(", ");
    if is_spread {
        draft.replace_node(handed.node, written);
    } else {
        draft.replace_node(handed.value, format!("{{{written}}}"));
    }
    Some(())
}

/// `**data` becomes those of its items that are fields to be set by a client.
pub(super) fn of_model(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let spreads: Vec<_> = call.arguments.iter().filter_map(|one| Some((one, spread(one.node)?))).collect();
    let [(argument, data)] = spreads[..] else { return None };
    // It is read more than once.
    if !matches!(shape(data), Shape::Name | Shape::Attribute) {
        return None;
    }
    let known = fields_of_class(source, source.text_of(call.function)).unwrap_or_default();
    let mut fields: Vec<&str> = known
        .into_iter()
        .filter(|name| !NOT_SET.contains(name) && !name.starts_with("is_") && !name.starts_with("has_"))
        .filter(|name| !is_named(name, NameKind::Role) && !is_named(name, NameKind::Credential))
        .filter(|name| call.keyword(source, name).is_none())
        .collect();
    if fields.is_empty() {
        fields.push("name");
    }
    let data = source.text_of(data);
    let written: Vec<String> = fields.iter().map(|field| format!("{field}={data}[\"{field}\"]")).collect();
    draft.replace_node(argument.node, written.join(", "));
    Some(())
}
