//! The split of valid files.

use fangless_engine::text::split;

use crate::{calls, corpus};

#[test]
fn valid_files_have_nothing_unclosed_and_parse_in_pieces_as_in_one() {
    let (mut files, mut parsed, mut wrong) = (0, 0, Vec::new());
    for (name, text) in corpus::all() {
        if name.contains("/bad") || name.contains("badsyntax") {
            continue;
        }
        files += 1;
        let spans = split(&text);
        let mut end = 0;
        for span in &spans {
            assert_eq!(span.range.start, end, "{name}: no gap before a chunk");
            assert!(span.range.end > end, "{name}: no empty chunk");
            end = span.range.end;
        }
        assert_eq!(end as usize, text.len(), "{name}: the chunks cover the file");
        let (whole, tree) = calls::of_whole(&text);
        for span in spans.iter().filter(|span| !span.unclosed.is_empty()) {
            let line = text[..span.range.start as usize].lines().count() + 1;
            wrong.push(format!("{name}:{line}: {:?}", span.unclosed));
        }
        // Some files hold what the grammar does not know.
        if tree.root_node().has_error() {
            continue;
        }
        parsed += 1;
        let pieces = calls::of_chunks(&text);
        if whole != pieces {
            let differs = whole.iter().zip(&pieces).find(|(one, other)| one != other);
            wrong.push(format!("{name}: {} calls, {} in pieces: {differs:?}", whole.len(), pieces.len()));
        }
    }
    println!("{files} files, {parsed} of them without an error in one piece");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
