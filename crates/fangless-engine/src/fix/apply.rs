//! Putting edits into a text, and choosing fixes that can be made together.

use crate::finding::{Edit, Fix};

/// The text with the edits made. They are sorted and do not overlap; one that does not fit the text is left out.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut result =
        String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.range.start as usize, edit.range.end as usize);
        let Some(between) = text.get(at..start) else { continue };
        if text.get(start..end).is_none() {
            continue;
        }
        result.push_str(between);
        result.push_str(&edit.text);
        at = end;
    }
    result.push_str(text.get(at..).unwrap_or(""));
    result
}

/// The fixes, in their order, that do not touch what an earlier one changes. An edit that two fixes share (the same
/// import) counts once: it is kept in the first of them and taken out of the later ones.
pub fn select_non_overlapping(fixes: &[Fix]) -> Vec<Fix> {
    let mut taken: Vec<Edit> = Vec::new();
    let mut selected = Vec::new();
    for fix in fixes {
        let own: Vec<Edit> = fix.edits.iter().filter(|edit| !is_shared(edit, &taken)).cloned().collect();
        if own.iter().any(|edit| taken.iter().any(|other| overlap(edit, other))) {
            continue;
        }
        taken.extend(own.iter().cloned());
        selected.push(Fix { edits: own, ..fix.clone() });
    }
    selected
}

/// All edits of the fixes, sorted.
pub fn merge(fixes: &[Fix]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = fixes.iter().flat_map(|fix| fix.edits.iter().cloned()).collect();
    edits.sort();
    edits
}

/// The same import, put at the same place by an earlier fix.
fn is_shared(edit: &Edit, taken: &[Edit]) -> bool {
    let is_import = edit.range.is_empty() && {
        let text = edit.text.trim_start();
        text.starts_with("import ") || text.starts_with("from ")
    };
    is_import && taken.contains(edit)
}

/// Whether two edits cannot be made together: a shared byte, or two insertions at one place, whose order is unknown.
fn overlap(one: &Edit, other: &Edit) -> bool {
    if one.range.is_empty() || other.range.is_empty() {
        return one.range.start <= other.range.end && other.range.start <= one.range.end;
    }
    one.range.start < other.range.end && other.range.start < one.range.end
}
