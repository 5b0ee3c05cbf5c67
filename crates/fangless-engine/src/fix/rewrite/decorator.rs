//! A decorator goes to the other end of its row, next to the function.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{decorator_of, last_decorator, range_of};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let decorator = decorator_of(source.node(site.target)?)?;
    let last = last_decorator(decorator).filter(|last| last.id() != decorator.id())?;
    let lines = source.whole_lines(range_of(decorator))?;
    let behind = source.whole_lines(range_of(last))?.end;
    draft.delete(lines);
    draft.insert(behind, lines.slice(source.text));
    Some(())
}
