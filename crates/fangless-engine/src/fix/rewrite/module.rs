//! An import takes the same names from another package, where nothing but the import has to change.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Source, imported_modules, uses_of};
use crate::rule::schema::RenameModule;

pub(in crate::fix) fn rename(
    recipe: &RenameModule,
    site: &Site<'_>,
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    let source = draft.source;
    let modules = imported_modules(source, source.node(site.target)?)?;
    let is_known = |name: &str| recipe.names.is_empty() || recipe.names.iter().any(|known| known == name);
    let mut renamed = false;
    for module in modules {
        let Some(rest) = source.text_of(module.node).strip_prefix(recipe.from.as_str()) else { continue };
        if !(rest.is_empty() || rest.starts_with('.')) {
            continue;
        }
        let fits = match module.bound {
            Some(bound) => attributes_read(source, bound)?.into_iter().all(is_known),
            None => module.names.iter().all(|name| is_known(name)),
        };
        if !fits {
            return None;
        }
        draft.replace_node(module.node, format!("{}{rest}", recipe.to));
        renamed = true;
    }
    renamed.then_some(())
}

/// The attributes of a module that a file reads through its name. None where the module goes elsewhere as a whole.
fn attributes_read<'s>(source: &'s Source<'_>, bound: &str) -> Option<Vec<&'s str>> {
    let mut uses = Vec::new();
    uses_of(source, source.root(), bound, &mut uses);
    uses.into_iter().filter(|node| !is_in_import(*node)).map(|node| attribute_of(source, node)).collect()
}

fn is_in_import(node: Node<'_>) -> bool {
    crate::fix::tree::import_around(node).is_some()
}

fn attribute_of<'s>(source: &'s Source<'_>, node: Node<'_>) -> Option<&'s str> {
    let parent = node.parent()?;
    let object = parent.child_by_field_name("object").filter(|object| object.id() == node.id());
    object?;
    Some(source.text_of(parent.child_by_field_name("attribute")?))
}
