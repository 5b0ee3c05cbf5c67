//! Long rows of lines that hold nothing, taken from the parser: from each line of comment, and from each that holds only
//! the backslash that continues it, it looks at all that follow. Keeps all offsets.

use crate::text::comments;

/// Shorter rows cost nothing.
const MANY: usize = 64;

/// A copy of the text with blanks for what long rows are made of; nothing where there are none.
pub(super) fn blanked(text: &str) -> Option<String> {
    let continued = without_continued(text);
    let text = continued.as_deref().unwrap_or(text);
    without_comments(text).or(continued)
}

fn without_comments(text: &str) -> Option<String> {
    // Most texts are done after one look at how their lines begin.
    let mut row = 0;
    let is_long = text.as_bytes().split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        let line = line.trim_ascii_start();
        row = if line.starts_with(b"#") {
            row + 1
        } else if line.is_empty() {
            row
        } else {
            0
        };
        row > MANY
    });
    if !is_long {
        return None;
    }
    let comments = comments(text);
    let lines: Vec<_> = comments
        .iter()
        .map(|range| range.start as usize..range.end as usize)
        .filter(|range| text[..range.start].trim_end_matches([' ', '\t', '\u{c}']).ends_with(['\n', '\r']))
        .collect();
    let mut copy = text.as_bytes().to_vec();
    let mut from = 0;
    for at in 1..=lines.len() {
        let goes_on = lines.get(at).is_some_and(|next| text[lines[at - 1].end..next.start].trim().is_empty());
        if goes_on {
            continue;
        }
        if at - from > MANY {
            lines[from..at].iter().for_each(|line| copy[line.clone()].fill(b' '));
        }
        from = at;
    }
    // Whole comments were replaced.
    String::from_utf8(copy).ok()
}

fn without_continued(text: &str) -> Option<String> {
    let mut copy = String::new();
    let (mut at, mut kept) = (0, 0);
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        let (mut lines, mut last) = (0, start);
        at = start;
        while let Some(length) = continued_line(&text.as_bytes()[at..]) {
            lines += 1;
            last = at;
            at += length;
        }
        if lines > MANY {
            // The last one stays: it says that the line before it goes on.
            copy.push_str(&text[kept..start]);
            copy.extend(std::iter::repeat_n(' ', last - start));
            kept = last;
        }
        at = at.max(start + 1);
    }
    (kept > 0).then(|| copy + &text[kept..])
}

/// The length of a line that holds nothing but the backslash that continues it.
fn continued_line(bytes: &[u8]) -> Option<usize> {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0x0c)).count();
    match &bytes[blanks..] {
        [b'\\', b'\n', ..] => Some(blanks + 2),
        [b'\\', b'\r', b'\n', ..] => Some(blanks + 3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_rows_are_blanks_and_all_else_stays() {
        let row = "    # é'\n".repeat(MANY + 1);
        let text = format!("x = '''\n{row}'''\ny = 1  # one\n{row}\n# two\nz = '#'\n");
        let blanked = blanked(&text).expect("a long row");
        assert_eq!(blanked.len(), text.len());
        assert!(blanked.starts_with(&format!("x = '''\n{row}'''\ny = 1  # one\n     ")), "{blanked}");
        assert!(blanked.ends_with(" \n\n     \nz = '#'\n"), "{blanked}");
        assert_eq!(super::blanked(&format!("x = 1\n{}y = 2\n", "# a\n".repeat(MANY))), None);
    }

    #[test]
    fn what_is_continued_for_long_goes_on() {
        let text = format!("x = 1 + {}    2\n", "\\\n".repeat(MANY + 1));
        let blanked = blanked(&text).expect("a long row");
        assert_eq!(blanked, format!("x = 1 + {}\\\n    2\n", " ".repeat(2 * MANY)));
    }
}
