//! What is found elsewhere while a statement is being typed: what was found there before. A name that is half typed has
//! no meaning, and with it whatever depends on it would come and go with every key.
//!
//! A statement is being typed from the first edit of its lines on until these parse again and do not end in what may go
//! on, a word or a call; until another place is edited; or until the file is saved. Its own findings are those of every key.

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding};
use ropey::Rope;

use crate::position::line_end;

/// A statement that is being typed.
pub(crate) struct Typing {
    path: String,
    /// The lines of the statement, as far as they were touched.
    place: TextRange,
    /// What was found elsewhere before it was touched, led along with the text.
    before: Vec<Finding>,
    /// Where the last edit ends, if it put in or took out nothing but a part of a word, or a bracket that closes.
    caret: Option<u32>,
}

impl Typing {
    /// What a text's first edits begin. Nothing where they are no typing: they are in several places.
    pub(crate) fn begin(path: &str, findings: &[Finding], edits: &[Edit]) -> Option<Self> {
        let place = edits.first()?.range;
        let typing = Self { path: path.to_string(), place, before: findings.to_vec(), caret: None };
        typing.follow(edits)
    }

    /// The same after more edits; nothing where one of them is somewhere else.
    pub(crate) fn follow(mut self, edits: &[Edit]) -> Option<Self> {
        for edit in edits {
            if !edit.range.touches(self.place) {
                return None;
            }
            let start = self.place.start.min(edit.range.start);
            self.place = TextRange::new(start, moved(self.place.end.max(edit.range.end), edit));
            self.before.retain_mut(|finding| lead_along(finding, &self.path, edit));
            let caret = edit.range.start + edit.text.len() as u32;
            self.caret = edit.text.bytes().all(|byte| is_word(byte) || is_closing(byte)).then_some(caret);
        }
        Some(self)
    }

    /// The whole lines that are being typed.
    pub(crate) fn widen(&mut self, rope: &Rope) -> TextRange {
        let line = |at: u32| rope.byte_to_line((at as usize).min(rope.len_bytes()));
        let start = rope.line_to_byte(line(self.place.start)) as u32;
        let end = rope.char_to_byte(line_end(rope, line(self.place.end))) as u32;
        self.place = TextRange::new(start, end);
        self.place
    }

    /// Whether something is being typed that may go on: a word, or at the end of a line a call or an item, whose
    /// `.resolve()` is still to come.
    pub(crate) fn may_go_on(&self, rope: &Rope) -> bool {
        let caret = self.caret.map(|caret| (caret as usize).min(rope.len_bytes()));
        let Some((caret, before)) = caret.and_then(|caret| Some((caret, caret.checked_sub(1)?))) else {
            return false;
        };
        let ends_line = || rope.get_byte(caret).is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
        is_word(rope.byte(before)) || is_closing(rope.byte(before)) && ends_line()
    }

    /// What is to be shown of a text in which `found` is found.
    pub(crate) fn shown(&self, found: Vec<Finding>) -> Vec<Finding> {
        let here = |finding: &Finding| finding.range.touches(self.place);
        let elsewhere = self.before.iter().filter(|finding| !here(finding)).cloned();
        let mut shown: Vec<Finding> = found.into_iter().filter(here).chain(elsewhere).collect();
        shown.sort();
        shown
    }
}

/// Moves a finding as an edit moves the text; `false` where the edit changes the finding's own text.
fn lead_along(finding: &mut Finding, path: &str, edit: &Edit) -> bool {
    if edit.range.start < finding.range.end && finding.range.start < edit.range.end {
        return false;
    }
    let lead =
        |range: &mut TextRange| *range = TextRange::new(moved(range.start, edit), moved(range.end, edit));
    // What is put in at the end of a finding is not part of it.
    if finding.range.end > edit.range.start {
        lead(&mut finding.range);
    }
    finding.flow.iter_mut().filter(|step| step.path == path).for_each(|step| lead(&mut step.range));
    true
}

/// Where an offset is after an edit; one within what was replaced is at the end of what came instead.
fn moved(offset: u32, edit: &Edit) -> u32 {
    if offset < edit.range.start {
        return offset;
    }
    offset.max(edit.range.end) - edit.range.len() + edit.text.len() as u32
}

/// Whether a byte can be part of a name.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

const fn is_closing(byte: u8) -> bool {
    matches!(byte, b')' | b']')
}

#[cfg(test)]
mod tests {
    use fangless_engine::{Certainty, FlowStep, Severity, StepKind};

    use super::*;

    const TEXT: &str = "source\nmiddle\nsink\n";

    fn finding(text: &str, what: &str) -> Finding {
        let range = |what: &str| {
            let start = text.find(what).unwrap() as u32;
            TextRange::new(start, start + what.len() as u32)
        };
        let flow = text.contains("source").then(|| FlowStep {
            path: "/a.py".into(),
            range: range("source"),
            kind: StepKind::Source,
            note: String::new(),
        });
        Finding {
            range: range(what),
            rule: "rule".into(),
            severity: Severity::High,
            certainty: Certainty::Certain,
            message: String::new(),
            flow: flow.into_iter().collect(),
            other_sources: 0,
            suppressed: None,
        }
    }

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { range: TextRange::new(start, end), text: text.to_string() }
    }

    fn after(text: &str, edits: &[Edit]) -> Rope {
        let mut text = text.to_string();
        for edit in edits {
            text.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
        Rope::from_str(&text)
    }

    #[test]
    fn what_was_found_elsewhere_moves_with_its_text_and_what_is_found_here_is_new() {
        let edits = [edit(7, 13, ""), edit(7, 7, "x"), edit(8, 8, "\n  yy")];
        let rope = after(TEXT, &edits);
        let found = [finding(TEXT, "sink"), finding(TEXT, "middle")];
        let mut typing = Typing::begin("/a.py", &found, &edits).unwrap();
        typing.widen(&rope);
        let text = rope.to_string();
        assert_eq!(typing.shown(vec![]), [finding(&text, "sink")]);
        assert_eq!(typing.shown(vec![finding(&text, "yy")]), [finding(&text, "yy"), finding(&text, "sink")]);
        // An edit that reaches into it takes it away, and leaves what stands before alone.
        let edits = [edit(11, 16, "")];
        let found = [finding(TEXT, "source"), finding(TEXT, "sink")];
        let mut typing = Typing::begin("/a.py", &found, &edits).unwrap();
        typing.widen(&after(TEXT, &edits));
        assert_eq!(typing.shown(vec![]), [finding(TEXT, "source")]);
    }

    #[test]
    fn an_edit_elsewhere_is_no_typing() {
        let typing = Typing::begin("/a.py", &[], &[edit(7, 7, "x")]).unwrap();
        assert!(Typing::begin("/a.py", &[], &[edit(7, 7, "x"), edit(0, 0, "x")]).is_none());
        assert!(typing.follow(&[edit(12, 12, "x")]).is_none());
    }

    #[test]
    fn a_word_goes_on_until_something_else_is_typed() {
        for (typed, expected) in [("log", true), ("1", true), ("\u{e9}", true), (")", false), ("a.b", false)]
        {
            let edits = [edit(7, 7, typed)];
            let typing = Typing::begin("/a.py", &[], &edits).unwrap();
            assert_eq!(typing.may_go_on(&after(TEXT, &edits)), expected, "{typed}");
        }
        // A call that a method may be called of, where nothing follows yet.
        let call = Typing::begin("/a.py", &[], &[edit(6, 6, ")")]).unwrap();
        assert!(call.may_go_on(&after(TEXT, &[edit(6, 6, ")")])));
        // Taking out the last letters of a word, and the whole word.
        for (start, expected) in [(9, true), (7, false)] {
            let edits = [edit(start, 13, "")];
            let typing = Typing::begin("/a.py", &[], &edits).unwrap();
            assert_eq!(typing.may_go_on(&after(TEXT, &edits)), expected, "{start}");
        }
    }
}
