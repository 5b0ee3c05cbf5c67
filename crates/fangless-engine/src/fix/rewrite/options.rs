//! `"--"` before the first value in a list of arguments, so that no value is read as an option.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, Source, display_elements, enclosing_display, literal_content, range_of};

/// Programs to which `--` means nothing, or something else.
const WITHOUT: [&str; 8] = ["convert", "magick", "find", "ffmpeg", "openssl", "java", "dd", "xcopy"];

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let fault = source.node(site.argument?)?;
    let words: Vec<Node<'_>> = match call.arguments.iter().find_map(|one| display_elements(one.value)) {
        Some(words) => words,
        None => match enclosing_display(fault) {
            Some(display) => display_elements(display)?,
            None => call.arguments.iter().filter(|one| one.keyword.is_none()).map(|one| one.value).collect(),
        },
    };
    let text = |word: Node<'_>| literal_content(source, word).map(|(content, _)| content.slice(source.text));
    let program = text(*words.first()?)?;
    if WITHOUT.contains(&program.rsplit('/').next().unwrap_or(program)) {
        return None;
    }
    let first = words.iter().position(|word| is_dynamic(source, *word))?;
    if source.text_of(words[first]).starts_with('*') {
        return None;
    }
    let later_option =
        words[first..].iter().any(|word| text(*word).is_some_and(|text| text.starts_with('-')));
    if first == 0 || later_option || words.iter().any(|word| text(*word) == Some("--")) {
        return None;
    }
    // The value of an option that stands before it is no operand.
    if text(words[first - 1]).is_some_and(|text| text.starts_with('-') && !text.contains('=')) && first > 1 {
        return None;
    }
    draft.insert(range_of(words[first]).start, "\"--\", ");
    Some(())
}

fn is_dynamic(source: &Source<'_>, word: Node<'_>) -> bool {
    literal_content(source, word).is_none_or(|(content, _)| content.slice(source.text).starts_with('{'))
}
