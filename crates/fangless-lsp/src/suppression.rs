//! The edit that silences one finding by a comment on its line.

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding};
use ropey::Rope;

use crate::position::line_end;

/// What a silencing comment begins with.
const MARKER: &str = "fangless: ignore[";

/// The comment at the end of the finding's first line; an ignore that is there already gets one more rule. Nothing
/// where the line cannot carry a comment.
pub(crate) fn comment(rope: &Rope, finding: &Finding) -> Option<Edit> {
    let line_number = rope.byte_to_line((finding.range.start as usize).min(rope.len_bytes()));
    let start = rope.line_to_char(line_number);
    let end = line_end(rope, line_number);
    let line = rope.slice(start..end).to_string();
    let line_start = rope.char_to_byte(start);
    if let Some(list) = line.find(MARKER).map(|at| at + MARKER.len()) {
        let close = list + line[list..].find(']')?;
        let comma = if line[list..close].trim().is_empty() { "" } else { ", " };
        return Some(insertion(line_start + close, format!("{comma}{}", finding.rule)));
    }
    // A continued line ends with its backslash, and a text in three quotes may end lines below.
    let open_text = |quotes: &str| line.matches(quotes).count() % 2 == 1;
    if line.ends_with('\\') || open_text("\"\"\"") || open_text("'''") {
        return None;
    }
    let text = line.trim_end();
    Some(insertion(line_start + text.len(), format!("  # {MARKER}{}]", finding.rule)))
}

fn insertion(at: usize, text: String) -> Edit {
    Edit { range: TextRange::new(at as u32, at as u32), text }
}
