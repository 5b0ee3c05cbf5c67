//! Takes items out of a list, a tuple, a set or a dictionary that is written down. What would be left empty stays: an
//! empty list means something else.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Source, bound_value, children, constant_of, is_display, literal_content, range_of, without_parentheses,
};
use crate::rule::pattern::Pattern;
use crate::text::TextRange;

pub(in crate::fix) fn remove(pattern: &Pattern, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = without_parentheses(bound_value(source.node(site.target)?));
    let display = if node.kind() == "identifier" { constant_of(source, node)? } else { node };
    if !is_display(display) {
        return None;
    }
    remove_from(pattern, source, display, true, draft).then_some(())
}

/// Whether something was taken out.
fn remove_from(
    pattern: &Pattern,
    source: &Source<'_>,
    display: Node<'_>,
    is_outermost: bool,
    draft: &mut Draft<'_, '_>,
) -> bool {
    let items = children(display);
    let goes: Vec<bool> = items.iter().map(|item| matches(pattern, source, *item)).collect();
    if !goes.contains(&true) {
        let mut changed = false;
        for item in items {
            let inner = item.child_by_field_name("value").unwrap_or(item);
            changed |= is_display(inner) && remove_from(pattern, source, inner, false, draft);
        }
        return changed;
    }
    let Some(last_kept) = goes.iter().rposition(|goes| !goes) else {
        if is_outermost {
            return false;
        }
        let empty = if display.kind() == "list" { "[]" } else { "()" };
        draft.replace_node(display, empty);
        return true;
    };
    for (at, item) in items.iter().enumerate().filter(|(at, _)| goes[*at]) {
        if at < last_kept {
            draft.delete(TextRange::new(range_of(*item).start, range_of(items[at + 1]).start));
        }
    }
    let kept = range_of(items[last_kept]);
    let one_left = display.kind() == "tuple" && goes.iter().filter(|goes| !**goes).count() == 1;
    if last_kept + 1 < items.len() {
        let tail = TextRange::new(kept.end, range_of(items[items.len() - 1]).end);
        let has_comma = source.text[tail.end as usize..display.end_byte()].contains(',');
        draft.replace(tail, if one_left && !has_comma { "," } else { "" });
    } else if one_left && !source.text[kept.end as usize..display.end_byte()].contains(',') {
        draft.insert(kept.end, ",");
    }
    true
}

fn matches(pattern: &Pattern, source: &Source<'_>, item: Node<'_>) -> bool {
    let named = item.child_by_field_name("key").unwrap_or(item);
    literal_content(source, named).is_some_and(|(content, _)| pattern.is_found_in(content.slice(source.text)))
}
