//! Edits of manifests by name.

use smol_str::SmolStr;

use super::File;
use super::check::{Found, Subject};
use super::contents::{Index, Origin, Role, host_of};
use super::names::FileKind;
use crate::finding::{Applicability, Edit};
use crate::rule::schema::{FixRecipe, ManifestEdit};
use crate::text::TextRange;

/// The index that pip asks where none is named.
const PUBLIC_INDEX: &str = "pypi.org";

/// The edits of a fix, and what is known of it in place of the recipe's promise.
pub(super) fn build(
    action: ManifestEdit,
    recipe: &FixRecipe,
    found: &Found<'_>,
    file: &File,
) -> Option<(Vec<Edit>, Option<Applicability>)> {
    let text = &file.text;
    let subject = &found.subject;
    match (action, subject) {
        (ManifestEdit::UseHttps, Subject::Index(_) | Subject::Dependency(_)) => {
            use_https(subject.range(), text, &recipe.hosts)
        }
        (ManifestEdit::Remove, Subject::Trusted(one)) if one.range.slice(text) == "false" => {
            Some((vec![Edit { range: one.range, text: "true".to_owned() }], None))
        }
        (ManifestEdit::Remove, Subject::Trusted(one)) => {
            let range = match file.kind {
                FileKind::Pyproject => list_item(one.range, text)?,
                _ => option(one.range, text),
            };
            Some((vec![Edit { range, text: String::new() }], None))
        }
        (ManifestEdit::MeantName, Subject::Dependency(one)) if !one.hashed => {
            let written = one.range.slice(text);
            let start = written.find(|character: char| character.is_ascii_alphanumeric())?;
            let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
            let length =
                written[start..].find(|character| !is_name(character)).unwrap_or(written.len() - start);
            let start = one.range.start + start as u32;
            let range = TextRange::new(start, start + length as u32);
            Some((vec![Edit { range, text: found.meant.clone()? }], None))
        }
        (ManifestEdit::OneIndex, Subject::Index(one)) => Some((one_index(one, file)?, None)),
        (ManifestEdit::PinLowest, Subject::Dependency(one)) => match &one.origin {
            Origin::Some { lowest: Some((range, version)) } => {
                Some((vec![Edit { range: *range, text: format!("=={version}") }], None))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The extra index is the only one, unless there is another one that is not the public one.
fn one_index(index: &Index, file: &File) -> Option<Vec<Edit>> {
    match index.role {
        Role::Strategy => Some(vec![Edit { range: index.range, text: "\"first-index\"".to_owned() }]),
        Role::Extra if file.kind != FileKind::Pyproject => {
            let mut edits = vec![Edit { range: index.option, text: "--index-url".to_owned() }];
            for other in file.contents.indexes.iter().filter(|other| other.range != index.range) {
                match other.role {
                    Role::Primary if other.host == PUBLIC_INDEX => {
                        edits.push(Edit { range: option(other.range, &file.text), text: String::new() });
                    }
                    Role::Primary | Role::Extra => return None,
                    Role::Strategy | Role::Scoped => {}
                }
            }
            edits.sort();
            let apart = edits.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
            apart.then_some(edits)
        }
        _ => None,
    }
}

fn use_https(range: TextRange, text: &str, hosts: &[SmolStr]) -> Option<(Vec<Edit>, Option<Applicability>)> {
    let written = range.slice(text);
    let colon = written.find("://")?;
    let scheme_start =
        written[..colon].rfind(|character: char| !character.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    if !matches!(&written[scheme_start..colon], "http" | "HTTP" | "git") {
        return None;
    }
    let address = written[scheme_start..].trim_end_matches(['"', '\'']);
    let authority = address[colon - scheme_start + 3..].split('/').next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    // The port of the one protocol is not that of the other.
    if host_and_port.rsplit(']').next().unwrap_or_default().contains(':') {
        return None;
    }
    let place = TextRange::new(range.start + scheme_start as u32, range.start + colon as u32);
    let is_known = hosts.iter().any(|host| *host == host_of(address));
    let edit = Edit { range: place, text: "https".to_owned() };
    Some((vec![edit], is_known.then_some(Applicability::Safe)))
}

/// An option with its line, where it stands there alone.
fn option(range: TextRange, text: &str) -> TextRange {
    let start = text[..range.start as usize].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let rest = &text[range.end as usize..];
    let stop = range.end as usize + rest.find(['\n', '\r']).unwrap_or(rest.len());
    let before = &text[start..range.start as usize];
    let behind = &text[range.end as usize..stop];
    if before.trim().is_empty() && behind.trim().is_empty() {
        let line_end = if text[stop..].starts_with("\r\n") { 2 } else { usize::from(stop < text.len()) };
        return TextRange::new(start as u32, (stop + line_end) as u32);
    }
    if before.trim().is_empty() {
        let blanks = behind.len() - behind.trim_start().len();
        return TextRange::new(range.start, range.end + blanks as u32);
    }
    let blanks = before.len() - before.trim_end().len();
    TextRange::new(range.start - blanks as u32, range.end)
}

/// An item of a list with the comma that goes with it.
fn list_item(range: TextRange, text: &str) -> Option<TextRange> {
    let behind = &text[range.end as usize..];
    let comma = behind.len() - behind.trim_start().len();
    if behind[comma..].starts_with(',') {
        let after = &behind[comma + 1..];
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        return Some(TextRange::new(range.start, range.end + (comma + 1 + blanks) as u32));
    }
    if !behind[comma..].starts_with(']') {
        return None;
    }
    let before = text[..range.start as usize].trim_end();
    let start = if before.ends_with(',') { before.len() - 1 } else { range.start as usize };
    Some(TextRange::new(start as u32, range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_index_gives_way_to_the_other_one() {
        let text =
            format!("-i https://{PUBLIC_INDEX}/simple\n--extra-index-url=https://packages.example.com/a\n");
        let mut file = File::new(FileKind::Requirements, text);
        let edits = file.contents.indexes.iter().find(|one| one.role == Role::Extra);
        let mut edits = edits.and_then(|extra| one_index(extra, &file)).unwrap();
        edits.reverse();
        file.edit(&edits);
        assert_eq!(file.text, "--index-url=https://packages.example.com/a\n");
    }

    #[test]
    fn another_index_of_ones_own_is_left_to_people() {
        let text = "-i https://a.example.com/simple\n--extra-index-url=https://b.example.com/simple\n";
        let file = File::new(FileKind::Requirements, text.to_owned());
        let extra = file.contents.indexes.iter().find(|one| one.role == Role::Extra).unwrap();
        assert_eq!(one_index(extra, &file), None);
    }
}
