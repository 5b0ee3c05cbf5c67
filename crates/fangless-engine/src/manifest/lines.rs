//! What rules find in the lines of files that are not Python, whatever their format: a line that goes on behind a
//! backslash is one, a comment is none. Knows no format beyond that.

use smol_str::SmolStr;

use super::{File, FileKind};
use crate::finding::Edit;
use crate::rule::matching::RuleIndex;
use crate::rule::schema::{EditText, FileMatch};
use crate::secret::looks_like_secret;
use crate::text::TextRange;

/// A line that a rule's match is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundLine {
    pub(crate) rule: usize,
    /// Which of the rule's matches it is, counted over all rules.
    pub(crate) matched: usize,
    pub(crate) range: TextRange,
}

/// The first line of the file that each match finds.
pub(crate) fn find(index: &RuleIndex, path: &str, file: &File) -> Vec<FoundLine> {
    if file.kind == FileKind::Lock {
        return Vec::new();
    }
    let named = index.files.iter().enumerate().filter(|(_, (_, matched))| matched.path.is_found_in(path));
    named
        .filter_map(|(at, (rule, matched))| {
            let range = first_line(matched, &file.text)?;
            Some(FoundLine { rule: *rule, matched: at, range })
        })
        .collect()
}

fn first_line(matched: &FileMatch, text: &str) -> Option<TextRange> {
    let lines = logical_lines(text);
    if let Some(unless) = &matched.unless
        && lines.iter().any(|line| unless.is_found_in(&line.text))
    {
        return None;
    }
    let Some(pattern) = &matched.line else {
        // The file's being there is what matters, with or without anything in it.
        let first = lines.first().map_or(TextRange::new(0, 0), |line| {
            let end = line.text.find(['\n', '\r']).unwrap_or(line.text.len());
            TextRange::new(line.start, line.start + line.text[..end].trim_end().len() as u32)
        });
        return Some(first);
    };
    lines.iter().find_map(|line| {
        let found = pattern.first_in(&line.text)?;
        if matched.secret && !looks_like_secret("", &line.text[found.clone()]) {
            return None;
        }
        Some(TextRange::new(line.start + found.start as u32, line.start + found.end as u32))
    })
}

/// A line without what stands before and behind it; what joined it from several is blank, so that places are kept.
struct Line {
    start: u32,
    text: String,
}

fn logical_lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut start = 0;
    let mut goes_on = false;
    for part in text.split_inclusive('\n') {
        let content = part.trim_end_matches(['\n', '\r']);
        let open = content.ends_with('\\');
        let is_comment = content.trim_start().starts_with('#');
        match lines.last_mut() {
            Some(line) if goes_on => {
                // From the backslash on there is nothing but the line's end.
                line.text.pop();
                let blank = start - line.start as usize - line.text.len();
                line.text.push_str(&" ".repeat(blank));
                line.text.push_str(content);
            }
            _ if is_comment || content.trim().is_empty() => {}
            _ => lines.push(Line { start: start as u32, text: content.to_owned() }),
        }
        goes_on = open && (goes_on || !is_comment);
        start += part.len();
    }
    lines
}

/// The lines for the end of a file. Where they are indented, they go on with what stands there: its last line must be
/// indented too.
pub(super) fn append(lines: &str, text: &str) -> Option<Edit> {
    let is_inside = |line: &str| line.starts_with([' ', '\t']);
    let last = text.lines().rfind(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    if is_inside(lines) && !last.is_some_and(is_inside) {
        return None;
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let is_open = !(text.is_empty() || text.ends_with('\n'));
    let mut added = if is_open { line_end.to_owned() } else { String::new() };
    for line in lines.lines() {
        added.push_str(line);
        added.push_str(line_end);
    }
    let end = text.len() as u32;
    Some(Edit { range: TextRange::new(end, end), text: added })
}

/// Replacements in what is reported.
pub(super) fn edit_text(recipe: &EditText, range: TextRange, text: &str) -> Option<Edit> {
    let before = range.slice(text);
    let after =
        recipe.replace.iter().fold(before.to_owned(), |text, edit| edit.find.replaced_in(&text, &edit.with));
    (after != before).then_some(Edit { range, text: after })
}

/// The path of the file in which a rule that is about the whole project reports, and the place there: of the rule's matches
/// the first that finds any.
pub(crate) fn first_of<'a>(
    rule: usize,
    found: impl Iterator<Item = (&'a SmolStr, &'a FoundLine)>,
) -> Option<(SmolStr, TextRange)> {
    found
        .filter(|(_, line)| line.rule == rule)
        .min_by_key(|(path, line)| (line.matched, path.matches('/').count(), *path))
        .map(|(path, line)| (path.clone(), line.range))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let lines = logical_lines(text);
        for line in &lines {
            let rest = &text[line.start as usize..];
            assert!(rest.len() >= line.text.len(), "{rest:?}");
        }
        lines.into_iter().map(|line| line.text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn lines_are_joined_at_backslashes_and_comments_are_none() {
        assert_eq!(
            texts("# one \\\nFROM a\r\nRUN pip \\\r\n  install \\\n  x\n\n  # two\nlast \\"),
            ["FROM a", "RUN pip install x", "last \\"]
        );
        assert_eq!(texts(""), [""; 0]);
    }

    #[test]
    fn places_are_kept_in_joined_lines() {
        let text = "RUN a \\\r\n  é b\n";
        let line = &logical_lines(text)[0];
        let at = line.text.find('b').unwrap();
        assert_eq!(&text[line.start as usize + at..][..1], "b");
    }

    #[test]
    fn lines_go_behind_what_they_belong_to() {
        let end = |text: &str| append("  - x\n", text).map(|edit| edit.text);
        assert_eq!(end("repos:\n  - a\n"), Some("  - x\n".to_owned()));
        assert_eq!(end("repos:\r\n  - a"), Some("\r\n  - x\r\n".to_owned()));
        assert_eq!(end("repos:\n- a\n"), None);
        assert_eq!(append(".env\n", "").map(|edit| edit.text), Some(".env\n".to_owned()));
    }
}
