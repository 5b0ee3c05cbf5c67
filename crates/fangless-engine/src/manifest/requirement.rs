//! One requirement as PEP 508 and pip write it: a name with versions, or an address. What cannot be read (half of it
//! is typed) is no requirement.

use std::str::FromStr;
use std::sync::LazyLock;

use pep440_rs::{Operator, VersionSpecifiers};
use regex::Regex;
use smol_str::SmolStr;

use super::contents::{Origin, is_cleartext, normalised};
use crate::text::TextRange;

/// Name, extras in brackets, and what follows.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*")
        .expect("a constant pattern that the tests compile")
});

/// The name and the origin of a requirement that begins at `start` in its file.
pub(super) fn read(text: &str, start: u32) -> Option<(SmolStr, Origin)> {
    let text = text.trim_end();
    if is_address(text) {
        let name = text.split_once("#egg=").or_else(|| text.split_once("&egg="));
        let name = name.map(|(_, name)| name.split(['&', '[']).next().unwrap_or_default());
        return Some((normalised(name.unwrap_or_default()), address(text)));
    }
    if is_path(text) {
        return Some((SmolStr::default(), Origin::Local));
    }
    let head = NAMED.captures(text)?;
    let name = normalised(&head[1]);
    let rest_at = head[0].len();
    let rest = &text[rest_at..];
    if let Some(target) = rest.strip_prefix('@') {
        let target = target.split(" ;").next().unwrap_or_default().trim();
        let origin = if is_address(target) { address(target) } else { Origin::Local };
        return (!target.is_empty()).then_some((name, origin));
    }
    // The marker says where the requirement counts, not what it allows.
    let versions = rest.split(';').next().unwrap_or_default().trim_end();
    let range = TextRange::new(start + rest_at as u32, start + (rest_at + versions.len()) as u32);
    let inner = versions.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(versions);
    Some((name, from_index(inner, range)?))
}

/// What version specifiers of PEP 440 leave open.
pub(super) fn from_index(versions: &str, range: TextRange) -> Option<Origin> {
    if versions.trim().is_empty() {
        return Some(Origin::Any);
    }
    let specifiers = VersionSpecifiers::from_str(versions).ok()?;
    let is_exact = |operator: &Operator| matches!(operator, Operator::Equal | Operator::ExactEqual);
    if specifiers.iter().any(|one| is_exact(one.operator())) {
        return Some(Origin::Pinned);
    }
    let mut lowest = None;
    for one in specifiers.iter() {
        match one.operator() {
            Operator::GreaterThanEqual | Operator::TildeEqual if lowest.is_none() => {
                lowest = Some(one.version());
            }
            Operator::LessThan | Operator::LessThanEqual => {}
            // What is excluded may be the lowest one.
            _ => return Some(Origin::Some { lowest: None }),
        }
    }
    // `>=2` need not mean that there is a version 2.
    let lowest = lowest.filter(|version| version.release().len() > 1);
    Some(Origin::Some { lowest: lowest.map(|version| (range, version.to_string())) })
}

/// Whether a text is the address of a repository or an archive.
pub(super) fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_repository = matches!(scheme.split('+').next(), Some("git" | "hg" | "svn" | "bzr"));
    (is_repository && scheme.contains('+'))
        || (text.contains("://")
            && !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_path(text: &str) -> bool {
    let name = text.split('[').next().unwrap_or(text).trim_end();
    let is_archive =
        [".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2"].iter().any(|ending| name.ends_with(ending));
    text.starts_with('.') || name.contains(['/', '\\']) && !name.contains(['@', ';', ' ']) || is_archive
}

/// What an address leaves open.
pub(super) fn address(text: &str) -> Origin {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let cleartext = is_cleartext(text);
    match scheme.as_str() {
        "file" => Origin::Local,
        "git" => Origin::Repository { at_commit: names_commit(text, &scheme), cleartext },
        scheme if scheme.contains('+') => {
            if scheme.ends_with("+file") {
                return Origin::Local;
            }
            Origin::Repository { at_commit: names_commit(text, scheme), cleartext }
        }
        _ => Origin::Archive { hashed: is_fixed_archive(text), cleartext },
    }
}

/// `…@commit`, behind the host and before the fragment.
fn names_commit(text: &str, scheme: &str) -> bool {
    let address = text.split('#').next().unwrap_or_default();
    let rest = address.get(scheme.len() + 1..).unwrap_or_default();
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        // `git+git@host:path`
        None => rest.split_once(':').map_or("", |(_, path)| path),
    };
    let Some((_, reference)) = path.rsplit_once('@') else { return false };
    is_commit(reference, !scheme.starts_with("git"))
}

/// Whether a reference always means the same: a hash, the number of a revision, or what is not known here.
pub(super) fn is_commit(reference: &str, numbered: bool) -> bool {
    let is_hash = reference.len() >= 7 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = numbered && !reference.is_empty() && reference.bytes().all(|byte| byte.is_ascii_digit());
    is_hash || is_number || reference.contains("${")
}

/// An archive whose hash is in the address, or that is named after a commit.
fn is_fixed_archive(text: &str) -> bool {
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    let has_hash = ["sha256=", "sha384=", "sha512="].iter().any(|hash| fragment.contains(hash));
    let is_hash = |part: &str| part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    has_hash || address.split(['/', '.']).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        read(text, 0).unwrap_or_else(|| panic!("{text} is a requirement")).1
    }

    #[test]
    fn versions_are_those_of_pep_440() {
        for pinned in
            ["a==1.0", "A.b[c, d] == 1.0 ; python_version < '3.9'", "a (==1.0)", "a===1.0", "a>=1,==1.5"]
        {
            assert_eq!(origin(pinned), Origin::Pinned, "{pinned}");
        }
        for open in ["a>=1.0,<2", "a~=1.4.2", "a==1.*", "a!=1.5", "a<3"] {
            assert!(matches!(origin(open), Origin::Some { .. }), "{open}");
        }
        assert_eq!(origin("a[b]; sys_platform == 'win32'"), Origin::Any);
        assert_eq!(read("Foo__Bar.baz", 0).map(|(name, _)| name).as_deref(), Some("foo-bar-baz"));
        for broken in ["a==", "a>=1,", "a 1.0", "==1.0", "a[", "-x", ""] {
            assert_eq!(read(broken, 0), None, "{broken}");
        }
    }

    #[test]
    fn the_lowest_version_is_known_where_it_is_plain() {
        let lowest = |text: &str| match origin(text) {
            Origin::Some { lowest } => lowest.map(|(range, version)| (range.slice(text).to_owned(), version)),
            _ => None,
        };
        assert_eq!(lowest("a >=1.2,<2 ; x"), Some((">=1.2,<2".into(), "1.2".into())));
        assert_eq!(lowest("a~=1.4.2"), Some(("~=1.4.2".into(), "1.4.2".into())));
        assert_eq!(lowest("a>=2"), None);
        assert_eq!(lowest("a>=1.2,!=1.2"), None);
        assert_eq!(lowest("a<2.0"), None);
    }

    #[test]
    fn addresses_are_fixed_by_commit_or_hash() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let repository = |at_commit, cleartext| Origin::Repository { at_commit, cleartext };
        assert_eq!(origin(&format!("git+https://h/x.git@{commit}#egg=x")), repository(true, false));
        assert_eq!(origin("x @ git+ssh://git@h/x.git@0123abc"), repository(true, false));
        assert_eq!(origin("x @ git+ssh://git@h/x.git"), repository(false, false));
        assert_eq!(origin("git+git@h:o/x.git@main"), repository(false, false));
        assert_eq!(origin("git+http://h/x.git@v1.0"), repository(false, true));
        assert_eq!(origin("svn+https://h/x@2019"), repository(true, false));
        let archive = |hashed, cleartext| Origin::Archive { hashed, cleartext };
        assert_eq!(origin("https://h/x.whl"), archive(false, false));
        assert_eq!(origin("x @ http://h/x.whl#sha256=ab ; x"), archive(true, true));
        assert_eq!(origin(&format!("https://h/x/archive/{commit}.zip")), archive(true, false));
        for local in ["./x", "../x[y]", "x/y", "file:///x", "x-1.0.whl", "x @ file:///y", "."] {
            assert_eq!(origin(local), Origin::Local, "{local}");
        }
    }
}
