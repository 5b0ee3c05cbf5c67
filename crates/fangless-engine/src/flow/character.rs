//! Which characters a text can hold once a regular expression has let it through, or has taken out what it matches, and
//! what such a text is harmless for. No values, no state.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::taint::TagSet;
use crate::model::schema::Tag;

/// For each kind of sink, characters without which no attack fits into a text. Of a list of several sets the text needs
/// one of each.
const NEEDED: &[(Tag, &[&str])] = &[
    (Tag::Shell, &[";|&$`<>\n"]),
    (Tag::Sql, &["'\"`;"]),
    (Tag::Html, &["<\""]),
    (Tag::Code, &["(\"'["]),
    (Tag::Template, &["{<$"]),
    (Tag::Path, &["/\\", "."]),
    (Tag::Request, &["/:", "."]),
    (Tag::Redirect, &["/:", "."]),
    (Tag::Xpath, &["'\""]),
    (Tag::LdapDn, &[",=+\\\""]),
    (Tag::LdapFilter, &["()*\\"]),
    (Tag::Log, &["\n\r"]),
    (Tag::Header, &["\n\r"]),
    (Tag::Format, &["{%"]),
    (Tag::Regex, &["(*+{"]),
    (Tag::Xml, &["<"]),
];

/// The characters of a text, as ranges.
struct Characters(Vec<(char, char)>);

impl Characters {
    fn has_any(&self, wanted: &str) -> bool {
        wanted.chars().any(|one| self.0.iter().any(|(first, last)| (*first..=*last).contains(&one)))
    }

    /// What a text of these characters is harmless for.
    fn harmless_for(&self) -> TagSet {
        let dangerous =
            NEEDED.iter().filter(|(_, sets)| sets.iter().all(|set| self.has_any(set))).map(|(tag, _)| *tag);
        dangerous.fold(TagSet::ALL, TagSet::without)
    }

    fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Literal(literal) => {
                let text = String::from_utf8_lossy(&literal.0);
                self.0.extend(text.chars().map(|one| (one, one)));
            }
            HirKind::Class(Class::Unicode(class)) => {
                self.0.extend(class.iter().map(|range| (range.start(), range.end())));
            }
            HirKind::Class(Class::Bytes(class)) => {
                self.0.extend(class.iter().map(|range| (char::from(range.start()), char::from(range.end()))));
            }
            HirKind::Repetition(repetition) => self.add(&repetition.sub),
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().for_each(|part| self.add(part));
            }
            HirKind::Empty | HirKind::Look(_) => {}
        }
    }
}

fn parsed(pattern: &str) -> Option<Hir> {
    // Python's end of the text.
    let pattern = pattern.replace("\\Z", "\\z");
    regex_syntax::ParserBuilder::new().utf8(false).build().parse(&pattern).ok()
}

/// What a text is harmless for that the pattern matched as a whole; what it is asked of is the text that matched.
pub(super) fn harmless_match(pattern: &str) -> TagSet {
    let Some(hir) = parsed(pattern) else {
        // Look-around and back references: only what lets anything through is seen.
        let is_lax = [".*", ".+", "[^", "\\S"].iter().any(|part| pattern.contains(part));
        return if is_lax { TagSet::EMPTY } else { TagSet::ALL };
    };
    let mut characters = Characters(Vec::new());
    characters.add(&hir);
    let mut tags = characters.harmless_for();
    if names_host(pattern) {
        tags = tags.union(TagSet::of(&[Tag::Request, Tag::Redirect]));
    }
    tags
}

/// What a part of a text is harmless for, whichever part it is.
pub(super) fn harmless_among(text: &str) -> TagSet {
    Characters(text.chars().map(|one| (one, one)).collect()).harmless_for()
}

/// `^https://example\.com/`: the pattern itself says which host it is.
fn names_host(pattern: &str) -> bool {
    let start = pattern.trim_start_matches(['^', '(']).trim_start_matches("\\A");
    let Some((scheme, rest)) = start.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let is_fixed = !host.is_empty()
        && host.replace("\\.", "").chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    matches!(scheme, "http" | "https" | "https?") && rest.contains('/') && is_fixed
}

/// Whether a match means that the whole text matched.
pub(super) fn is_anchored(pattern: &str, method: &str) -> bool {
    if method == "fullmatch" {
        return true;
    }
    let starts = method == "match" || pattern.starts_with(['^', '(']) || pattern.starts_with("\\A");
    let ends = pattern.ends_with("\\Z")
        || pattern.ends_with("\\z")
        || (pattern.ends_with('$') && !pattern.ends_with("\\$"))
        || pattern.ends_with("$)");
    // `^a|b$`: each half is held at one end only.
    let is_split = parsed(pattern).is_some_and(|hir| matches!(hir.kind(), HirKind::Alternation(_)));
    starts && ends && !is_split
}

/// `$` lets a line feed follow.
pub(super) fn allows_line_feed(pattern: &str, method: &str) -> bool {
    method != "fullmatch" && (pattern.ends_with('$') || pattern.ends_with("$)"))
}

/// What a text is harmless for in which the pattern, one character or several of a kind, is not found.
pub(super) fn harmless_rest(pattern: &str) -> TagSet {
    rest_of(pattern).map_or(TagSet::EMPTY, |rest| rest.harmless_for())
}

/// What a text is harmless for once all that the pattern matches was replaced.
pub(super) fn harmless_replaced(pattern: &str, replacement: &str) -> TagSet {
    let Some(mut rest) = rest_of(pattern).filter(|_| !replacement.contains('\\')) else {
        return TagSet::EMPTY;
    };
    rest.0.extend(replacement.chars().map(|one| (one, one)));
    rest.harmless_for()
}

/// The characters that a pattern of one kind of characters does not match.
fn rest_of(pattern: &str) -> Option<Characters> {
    let hir = parsed(pattern)?;
    let mut kind = hir.kind();
    while let HirKind::Repetition(repetition) = kind {
        // `{3,}` leaves shorter runs.
        if repetition.min > 1 {
            return None;
        }
        kind = repetition.sub.kind();
    }
    let mut class = match kind {
        HirKind::Class(Class::Unicode(class)) => class.clone(),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let mut characters = text.chars();
            let (one, None) = (characters.next()?, characters.next()) else { return None };
            regex_syntax::hir::ClassUnicode::new([regex_syntax::hir::ClassUnicodeRange::new(one, one)])
        }
        _ => return None,
    };
    class.negate();
    Some(Characters(class.iter().map(|range| (range.start(), range.end())).collect()))
}

#[cfg(test)]
mod tests {
    use super::{harmless_match, harmless_replaced, harmless_rest, is_anchored};
    use crate::flow::taint::TagSet;
    use crate::model::schema::Tag;

    #[test]
    fn the_characters_decide() {
        let cases: &[(&str, &[Tag], &[Tag])] = &[
            (r"^[a-z]+$", &[Tag::Shell, Tag::Path, Tag::Html], &[]),
            (r"[\w.-]+", &[Tag::Shell, Tag::Path, Tag::Sql], &[]),
            (r"[\w./-]+", &[Tag::Shell, Tag::Sql], &[Tag::Path, Tag::Redirect]),
            (r"[^;]+", &[], &[Tag::Shell, Tag::Html, Tag::Sql]),
            (r"run (.*)", &[], &[Tag::Shell, Tag::Html]),
            (r"(?:a|b)\Z", &[Tag::Shell], &[]),
            (r"https://example\.com/.*", &[Tag::Redirect], &[Tag::Html]),
            (r"(?=x)[a-z]+", &[Tag::Shell], &[]),
        ];
        for (pattern, harmless, dangerous) in cases {
            let tags = harmless_match(pattern);
            assert!(harmless.iter().all(|tag| tags.contains(*tag)), "{pattern}");
            assert!(!dangerous.iter().any(|tag| tags.contains(*tag)), "{pattern}");
        }
    }

    #[test]
    fn what_is_left_decides() {
        assert_eq!(harmless_replaced(r"[^A-Za-z0-9_]+", ""), TagSet::ALL);
        assert_eq!(harmless_replaced(r"\W", "_"), TagSet::ALL);
        assert!(!harmless_replaced(r"[^a-z]", ";").contains(Tag::Shell));
        assert!(!harmless_replaced("a", "b").contains(Tag::Shell));
        assert!(harmless_replaced("[\r\n]", " ").contains(Tag::Log));
        assert!(!harmless_replaced("<script>", "").contains(Tag::Html));
        assert!(!harmless_replaced(r"[^a-z]{3,}", "").contains(Tag::Shell));
        assert_eq!(harmless_rest(r"[^a-z]"), TagSet::ALL);
        assert_eq!(harmless_rest(r"ab"), TagSet::EMPTY);
    }

    #[test]
    fn both_ends_hold() {
        assert!(is_anchored("[a-z]+", "fullmatch"));
        assert!(is_anchored("[a-z]+$", "match"));
        assert!(is_anchored(r"^[a-z]+\Z", "search"));
        assert!(!is_anchored("[a-z]+$", "search"));
        assert!(!is_anchored("^[a-z]+", "match"));
        assert!(!is_anchored(r"a|b\$", "match"));
        assert!(!is_anchored("^a|b;$", "match"));
    }
}
