//! Files of requirements and constraints, as pip reads them: continued lines, comments, options, requirements.

use super::contents::{
    Contents, Dependency, Include, Index, Place, Role, Trusted, host_of, is_cleartext, is_local,
};
use super::names::FileKind;
use super::requirement;
use crate::text::{LineIndex, TextRange};

/// A word of a line, with its place in the file.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: u32,
}

impl Word<'_> {
    fn range(&self) -> TextRange {
        TextRange::new(self.start, self.start + self.text.len() as u32)
    }
}

pub(super) fn read(text: &str, kind: FileKind) -> Contents {
    let mut contents = Contents::default();
    let place = match kind {
        FileKind::Constraints => Place::Constraint,
        FileKind::Input => Place::Input,
        _ => Place::Requirement,
    };
    for (start, line) in logical_lines(text) {
        let words = words(&line, start);
        let Some(first) = words.first() else { continue };
        if first.text.starts_with('-') {
            options(&words, place, &mut contents);
        } else {
            requirement_line(&line, start, &words, place, &mut contents);
        }
    }
    contents
}

/// The lines with their starts. What joins continued lines, and comments, are blanks: every byte keeps its place.
fn logical_lines(text: &str) -> Vec<(u32, String)> {
    let index = LineIndex::new(text);
    let mut lines = Vec::new();
    let mut start = 0;
    for number in 0..index.len() as u32 {
        let from = index.line_start(number).unwrap_or_default();
        let end = index.line_start(number + 1).unwrap_or(text.len() as u32);
        let physical = TextRange::new(from, end).slice(text).trim_end_matches(['\n', '\r']);
        let is_comment = physical.trim_start().starts_with('#');
        if physical.ends_with('\\') && !is_comment && end < text.len() as u32 {
            continue;
        }
        lines.push((start, blanked(TextRange::new(start, end).slice(text).bytes().collect())));
        start = end;
    }
    lines
}

fn blanked(mut line: Vec<u8>) -> String {
    for index in 0..line.len() {
        let ends_line = matches!(line.get(index + 1), Some(b'\n' | b'\r') | None);
        if matches!(line[index], b'\n' | b'\r') || (line[index] == b'\\' && ends_line) {
            line[index] = b' ';
        }
    }
    let is_comment =
        |index: &usize| line[*index] == b'#' && (*index == 0 || line[*index - 1].is_ascii_whitespace());
    if let Some(comment) = (0..line.len()).find(is_comment) {
        line[comment..].fill(b' ');
    }
    // Only whole characters were replaced, each byte by a blank.
    String::from_utf8(line).unwrap_or_default()
}

fn words(line: &str, start: u32) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    for part in line.split(|character: char| character.is_ascii_whitespace()) {
        if !part.is_empty() {
            words.push(Word { text: part, start: start + at as u32 });
        }
        at += part.len() + 1;
    }
    words
}

fn requirement_line(line: &str, start: u32, words: &[Word<'_>], place: Place, contents: &mut Contents) {
    let is_option = |word: &&Word<'_>| word.text.starts_with("--");
    let end = words.iter().find(is_option).map_or(start + line.len() as u32, |word| word.start);
    let from = words[0].start;
    let text = TextRange::new(from - start, end - start).slice(line).trim_end();
    let hashed = words.iter().any(|word| word.text.starts_with("--hash"));
    add(text, from, hashed, place, contents);
}

fn add(text: &str, start: u32, hashed: bool, place: Place, contents: &mut Contents) {
    let Some((name, origin)) = requirement::read(text, start) else { return };
    let range = TextRange::new(start, start + text.len() as u32);
    contents.dependencies.push(Dependency { range, name, origin, hashed, place });
}

/// The options that matter here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opt {
    Index(Role),
    TrustedHost,
    Requirement,
    Constraint,
    Editable,
}

const OPTIONS: [(&str, &str, Opt); 8] = [
    ("-i", "--index-url", Opt::Index(Role::Primary)),
    ("", "--pypi-url", Opt::Index(Role::Primary)),
    ("", "--extra-index-url", Opt::Index(Role::Extra)),
    ("-f", "--find-links", Opt::Index(Role::Scoped)),
    ("", "--trusted-host", Opt::TrustedHost),
    ("-r", "--requirement", Opt::Requirement),
    ("-c", "--constraint", Opt::Constraint),
    ("-e", "--editable", Opt::Editable),
];

fn options(words: &[Word<'_>], place: Place, contents: &mut Contents) {
    for (index, word) in words.iter().enumerate() {
        if word.text == "--require-hashes" {
            contents.requires_hashes = true;
        }
        let Some((option, name_length)) = option_of(word.text) else { continue };
        let attached = word.text[name_length..].trim_start_matches('=');
        let value = if attached.is_empty() {
            match words.get(index + 1) {
                Some(next) if word.text.len() == name_length && !next.text.starts_with('-') => *next,
                _ => continue,
            }
        } else {
            Word { text: attached, start: word.start + (word.text.len() - attached.len()) as u32 }
        };
        let quoted = value.text.trim_matches(['"', '\'']);
        let range = TextRange::new(word.start, value.range().end);
        match option {
            Opt::Index(role) => contents.indexes.push(Index {
                range,
                option: TextRange::new(word.start, word.start + name_length as u32),
                host: host_of(quoted),
                cleartext: is_cleartext(quoted),
                role,
            }),
            Opt::TrustedHost if is_local(&host_of(quoted)) => {}
            Opt::TrustedHost => contents.trusted.push(Trusted { range, host: host_of(quoted) }),
            Opt::Requirement | Opt::Constraint => {
                let constrains = option == Opt::Constraint;
                contents.includes.push(Include { path: quoted.to_owned(), constrains });
            }
            Opt::Editable => add(value.text, value.start, false, place, contents),
        }
    }
}

/// The option that a word begins with, and the length of its name.
fn option_of(word: &str) -> Option<(Opt, usize)> {
    OPTIONS.iter().find_map(|(short, long, option)| {
        let after_long = word.strip_prefix(long);
        if after_long.is_some_and(|rest| rest.is_empty() || rest.starts_with('=')) {
            return Some((*option, long.len()));
        }
        (!short.is_empty() && word.starts_with(short)).then_some((*option, short.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::contents::Origin;
    use super::*;

    fn written(text: &str) -> Vec<&str> {
        let contents = read(text, FileKind::Requirements);
        contents.dependencies.iter().map(|one| one.range.slice(text)).collect()
    }

    #[test]
    fn lines_are_joined_as_pip_does() {
        let text = "# a comment \\\r\nflask==1.0 \\\r\n    --hash=sha256:ab \\\n    --hash=sha256:cd  # two\r\n\
                    django \\\n  >=4  # x\n   # whole\ncelery[redis] ; python_version < '4' # y\nlast\\";
        assert_eq!(
            written(text),
            ["flask==1.0", "django \\\n  >=4", "celery[redis] ; python_version < '4'", "last"]
        );
        let contents = read(text, FileKind::Requirements);
        assert!(contents.dependencies[0].hashed && !contents.dependencies[1].hashed);
    }

    #[test]
    fn a_fragment_is_no_comment() {
        let text = "git+https://h/x.git@main#egg=x # main moves\nhttps://h/y.whl#sha256=ab\n";
        assert_eq!(written(text), ["git+https://h/x.git@main#egg=x", "https://h/y.whl#sha256=ab"]);
    }

    #[test]
    fn options_come_in_all_spellings() {
        let text = "-i http://a/simple\n--index-url=http://b/s --trusted-host \"b\"\n-ihttp://c\n\
                    --extra-index-url 'http://user:pw@d:80/s'\n-r base.txt\n-cconstraints.txt\n--pre\n--no-index\n\
                    -e git+https://h/x.git@main#egg=x\n--require-hashes\n-f ./wheels\n--trusted-host\n";
        let contents = read(text, FileKind::Requirements);
        let indexes: Vec<_> =
            contents.indexes.iter().map(|one| (one.host.as_str(), one.role, one.cleartext)).collect();
        assert_eq!(
            indexes,
            [
                ("a", Role::Primary, true),
                ("b", Role::Primary, true),
                ("c", Role::Primary, true),
                ("d", Role::Extra, true),
                (".", Role::Scoped, false),
            ]
        );
        assert_eq!(contents.trusted.len(), 1);
        assert_eq!(contents.trusted[0].range.slice(text), "--trusted-host \"b\"");
        let includes: Vec<_> =
            contents.includes.iter().map(|one| (one.path.as_str(), one.constrains)).collect();
        assert_eq!(includes, [("base.txt", false), ("constraints.txt", true)]);
        assert!(contents.requires_hashes);
        let origin = Origin::Repository { at_commit: false, cleartext: false };
        assert_eq!(contents.dependencies[0].origin, origin);
        assert_eq!(contents.dependencies[0].name, "x");
    }
}
