//! Shell commands: as a list of arguments where no shell is needed, or with every value quoted where one is.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::Outcome;
use super::shell_words::{Word, WordPart, end_of_options, split};
use crate::finding::Applicability;
use crate::fix::Site;
use crate::fix::built::{Part, argument_at_fault, interpolated, locate, quote_of};
use crate::fix::draft::Draft;
use crate::fix::simple::{add_arguments, add_keywords, remove_argument, wrap};
use crate::fix::tree::{
    Call, ElementKind, Hole, Pieces, Source, is_number, is_whole_statement, method_call_on, range_of,
    without_parentheses,
};
use crate::text::TextRange;

/// The call runs its program without a shell.
pub(super) fn to_list(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<Outcome> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let callee = site.callee.unwrap_or_else(|| source.text_of(call.function));
    let argument = argument_at_fault(&call, site)?;
    let built = locate(source, argument.value)?;
    let words = split(&built.pieces)?;
    let list = rendered(source, &built.pieces, &words)?;
    if callee == "asyncio.create_subprocess_shell" {
        if built.in_variable {
            return None;
        }
        let function = draft.reference("asyncio.create_subprocess_exec")?;
        draft.replace_node(call.function, function);
        draft.rewrite_node(argument.value, list.join(", "));
        return Some(None);
    }
    draft.rewrite_node(built.expression, format!("[{}]", list.join(", ")));
    match callee {
        "os.system" => {
            if call.arguments.len() != 1 {
                return None;
            }
            let run = draft.reference("subprocess.run")?;
            draft.replace_node(call.function, run);
            add_keywords(&call, &[("check".to_owned(), "False".to_owned())], &[], draft)?;
            if !is_whole_statement(call.node) {
                draft.insert(call.node.end_byte() as u32, ".returncode");
            }
            Some(None)
        }
        "os.popen" => {
            let read = method_call_on(source, call.node, "read").and_then(Call::of)?;
            if call.arguments.len() != 1 || !read.arguments.is_empty() {
                return None;
            }
            let run = draft.reference("subprocess.run")?;
            let pipe = draft.reference("subprocess.PIPE")?;
            draft.replace_node(call.function, run);
            let keywords = [format!("stdout={pipe}"), "text=True".to_owned(), "check=False".to_owned()];
            add_arguments(&call, &keywords, &[], draft);
            draft
                .replace(TextRange::new(call.node.end_byte() as u32, read.node.end_byte() as u32), ".stdout");
            Some(None)
        }
        "subprocess.run"
        | "subprocess.call"
        | "subprocess.check_call"
        | "subprocess.check_output"
        | "subprocess.Popen" => {
            // With another shell, or options from elsewhere, what the list would mean is unknown.
            if call.keyword(source, "executable").is_some() || call.has_double_splat() || call.has_splat() {
                return None;
            }
            let shell = call.keyword(source, "shell")?;
            remove_argument(&call, &shell, &[shell], draft);
            Some(built.pieces.holes.is_empty().then_some(Applicability::Safe))
        }
        _ => None,
    }
}

/// The words as Python source.
fn rendered(source: &Source<'_>, pieces: &Pieces<'_>, words: &[Word]) -> Option<Vec<String>> {
    let quote = quote_of(pieces);
    let stop = end_of_options(words);
    let mut list = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if stop == Some(index) {
            list.push(format!("{quote}--{quote}"));
        }
        if let [WordPart::Hole(hole)] = word.as_slice() {
            list.push(argument_text(source, &pieces.holes[*hole])?);
            continue;
        }
        let parts: Vec<Part> = word
            .iter()
            .map(|part| match part {
                WordPart::Text(text) => Part::Text(text.clone()),
                WordPart::Hole(hole) => {
                    Part::Value(source.text_of(unquoted(source, pieces.holes[*hole].value)).to_owned())
                }
            })
            .collect();
        list.push(interpolated(&parts, quote)?);
    }
    Some(list)
}

/// A value as an argument of its own: it must be a string, and needs no quoting any more.
fn argument_text(source: &Source<'_>, hole: &Hole<'_>) -> Option<String> {
    let value = unquoted(source, hole.value);
    let text = source.text_of(value);
    if text.contains('#') {
        return None;
    }
    let is_number = hole.is_number || (!hole.is_text && is_number(source, value));
    Some(if is_number { format!("str({text})") } else { text.to_owned() })
}

/// `shlex.quote(x)` is for a shell: the list wants `x`.
fn unquoted<'t>(source: &Source<'_>, value: Node<'t>) -> Node<'t> {
    match Call::of(without_parentheses(value)) {
        Some(call) if is_quoting(source, &call) => {
            call.positional(0).map_or(value, |argument| argument.value)
        }
        _ => value,
    }
}

fn is_quoting(source: &Source<'_>, call: &Call<'_>) -> bool {
    matches!(source.text_of(call.function), "shlex.quote" | "pipes.quote" | "quote")
        && call.arguments.len() == 1
}

/// Every value of the command is quoted.
pub(super) fn quote(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let argument = argument_at_fault(&call, site)?;
    let built = locate(source, argument.value)?;
    let elements = &built.pieces.elements;
    let mut quote: Option<(char, usize)> = None;
    let mut done = BTreeSet::new();
    for (index, element) in elements.iter().enumerate() {
        let hole = match (element.kind, quote) {
            (ElementKind::Char(character), Some((open, _))) if character == open => {
                quote = None;
                continue;
            }
            (ElementKind::Char(character @ ('\'' | '"')), None) => {
                quote = Some((character, index));
                continue;
            }
            (ElementKind::Char('\\' | '\u{fffd}'), _) => return None,
            (ElementKind::Char(_), _) => continue,
            (ElementKind::Hole(hole), _) => &built.pieces.holes[hole],
        };
        let value = without_parentheses(hole.value);
        let is_done = Call::of(value).is_some_and(|call| is_quoting(source, &call));
        if is_done || hole.is_number || is_number(source, value) {
            continue;
        }
        if let Some((character, open)) = quote {
            // Quotes in quotes would open what they should close: those around the value go, if they hold it alone.
            let close = elements.get(index + 1)?;
            if open + 1 != index || close.kind != ElementKind::Char(character) {
                return None;
            }
            draft.delete(elements[open].range);
            draft.delete(close.range);
        }
        if done.insert(range_of(hole.value)) {
            wrap("shlex.quote", hole.value, draft)?;
        }
    }
    (!done.is_empty()).then_some(())
}
