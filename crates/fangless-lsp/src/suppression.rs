//! The edit that silences one finding by a comment on its line. The reason is a person's to give: a client that can ask
//! for it does; in any other the comment says that it is still to be written, and counts as one without a reason.

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding};
use ropey::Rope;

use crate::position::line_end;

/// What a silencing comment begins with.
const MARKER: &str = "fangless: ignore[";
/// What stands for the reason until somebody writes it.
const REASON: &str = " TODO: say why";

/// A silencing comment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Comment {
    /// A new one, to which a blank and the reason are still to be added.
    New(Edit),
    /// One that is there and gets one more rule; its reason stays.
    Longer(Edit),
}

impl Comment {
    /// The edit where nobody can be asked for a reason.
    pub(crate) fn without_asking(self) -> Edit {
        match self {
            Self::New(edit) => Edit { text: edit.text + REASON, ..edit },
            Self::Longer(edit) => edit,
        }
    }
}

/// The comment at the end of the finding's first line, or of its last where the first cannot carry one. An ignore
/// that is there already gets one more rule.
pub(crate) fn comment(rope: &Rope, finding: &Finding) -> Option<Comment> {
    let line_of = |offset: u32| rope.byte_to_line((offset as usize).min(rope.len_bytes()));
    let (first, last) = (line_of(finding.range.start), line_of(finding.range.end));
    let tail = finding.range.end as usize;
    on_line(rope, finding, first, rope.line_to_byte(first))
        .or_else(|| (last > first).then(|| on_line(rope, finding, last, tail)).flatten())
}

/// The comment on one line; nothing where the line cannot carry one. What stands before `from` is not looked at.
fn on_line(rope: &Rope, finding: &Finding, number: usize, from: usize) -> Option<Comment> {
    let from_char = rope.byte_to_char(from.min(rope.len_bytes()));
    let line = rope.slice(from_char..line_end(rope, number).max(from_char)).to_string();
    let line_start = rope.char_to_byte(from_char);
    if let Some(list) = line.find(MARKER).map(|at| at + MARKER.len()) {
        let close = list + line[list..].find(']')?;
        let comma = if line[list..close].trim().is_empty() { "" } else { ", " };
        return Some(Comment::Longer(insertion(line_start + close, format!("{comma}{}", finding.rule))));
    }
    // A continued line ends with its backslash, and a text in three quotes may end lines below.
    let open_text = |quotes: &str| line.matches(quotes).count() % 2 == 1;
    if line.ends_with('\\') || open_text("\"\"\"") || open_text("'''") {
        return None;
    }
    let text = line.trim_end();
    Some(Comment::New(insertion(line_start + text.len(), format!("  # {MARKER}{}]", finding.rule))))
}

fn insertion(at: usize, text: String) -> Edit {
    Edit { range: TextRange::new(at as u32, at as u32), text }
}

#[cfg(test)]
mod tests {
    use fangless_engine::{Certainty, Severity};

    use super::*;

    /// The text after the finding at `range` was silenced.
    fn silenced(text: &str, found: &str) -> Option<String> {
        let start = text.find(found).unwrap();
        let finding = Finding {
            range: TextRange::new(start as u32, (start + found.len()) as u32),
            rule: "rule".into(),
            severity: Severity::High,
            certainty: Certainty::Certain,
            message: String::new(),
            flow: vec![],
            other_sources: 0,
            suppressed: None,
        };
        let edit = comment(&Rope::from_str(text), &finding)?.without_asking();
        let mut result = text.to_string();
        result.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        Some(result)
    }

    #[test]
    fn the_first_line_where_it_can() {
        assert_eq!(
            silenced("f(\n  a)\nb", "f(\n  a)").unwrap(),
            "f(  # fangless: ignore[rule] TODO: say why\n  a)\nb"
        );
        assert_eq!(
            silenced("x\r\nf()\r\n", "f()").unwrap(),
            "x\r\nf()  # fangless: ignore[rule] TODO: say why\r\n"
        );
    }

    #[test]
    fn else_the_last_one() {
        let call = "f('''a\nb''')";
        assert_eq!(silenced(call, call).unwrap(), format!("{call}  # fangless: ignore[rule] TODO: say why"));
        let joined = "a + \\\n  b";
        assert_eq!(
            silenced(joined, joined).unwrap(),
            format!("{joined}  # fangless: ignore[rule] TODO: say why")
        );
        let unfinished = "f('''a\nb''', '''\n''')";
        assert_eq!(silenced(unfinished, "f('''a\nb'''"), None);
    }

    #[test]
    fn a_list_that_is_there_grows() {
        assert_eq!(
            silenced("f()  # fangless: ignore[a] b", "f()").unwrap(),
            "f()  # fangless: ignore[a, rule] b"
        );
        assert_eq!(silenced("f()  # fangless: ignore[]", "f()").unwrap(), "f()  # fangless: ignore[rule]");
    }
}
