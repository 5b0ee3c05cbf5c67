//! Any edits leave the document as a fresh one; a tree parsed upon an older one is the fresh one.

use std::collections::HashMap;

use fangless_engine::syntax::parse::{ParsedChunk, parse, reparse};
use fangless_engine::text::{Document, TextRange, split};
use proptest::prelude::*;
use tree_sitter::Tree;

/// What random texts are made of: whatever begins, ends, continues or breaks a statement.
const PIECES: [&str; 44] = [
    "def f(x):\n",
    "    return x\n",
    "class C:\n",
    "    def m(self):\n",
    "        pass\n",
    "    x = 1\n",
    "x = 1\n",
    "\n",
    "\r\n",
    "\r",
    "\"\"\"",
    "'''",
    "f\"\"\"",
    "\"",
    "'",
    "f'{x}'",
    "f\"{",
    "}\"",
    "(",
    ")",
    "[",
    "}",
    "# c\n",
    "@d\n",
    "@",
    "else:\n",
    "if x:\n",
    "for x in y:\n",
    "try",
    "\\\n",
    "\\",
    "é",
    "日本",
    "\u{feff}",
    "import os\n",
    "    y = (\n",
    "async ",
    "async def g():\n",
    "''' doc",
    "    \"\"\"Doc.\n",
    ":",
    " ",
    "    ",
    "d",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_document_is_a_fresh_one(
        start in text(),
        edits in proptest::collection::vec((0_u32..400, 0_u32..20, text()), 1..6),
    ) {
        let mut document = Document::new(start);
        for (at, length, new) in edits {
            document.mark_clean();
            let before: HashMap<u64, String> = document
                .chunks()
                .iter()
                .enumerate()
                .map(|(at, chunk)| (chunk.id, document.chunk_text(at).to_owned()))
                .collect();
            let ids: Vec<u64> = document.chunks().iter().map(|chunk| chunk.id).collect();
            let change = document.edit(TextRange::new(at, at + length), &new);
            let spans: Vec<_> = document.chunks().iter().map(|chunk| chunk.span.clone()).collect();
            prop_assert_eq!(&spans, &split(document.text()), "{:?}", document.text());
            // What the change says did not change did not, and kept its name.
            let mut expected = ids.clone();
            let new_ids: Vec<u64> =
                document.chunks()[change.new.clone()].iter().map(|chunk| chunk.id).collect();
            expected.splice(change.old.clone(), new_ids);
            let now: Vec<u64> = document.chunks().iter().map(|chunk| chunk.id).collect();
            prop_assert_eq!(&now, &expected);
            for (place, chunk) in document.chunks().iter().enumerate() {
                prop_assert_eq!(chunk.changed, change.new.contains(&place));
                if !chunk.changed {
                    prop_assert_eq!(document.chunk_text(place), before[&chunk.id].as_str());
                }
            }
            for id in &ids {
                prop_assert_eq!(change.removed.contains(id), !now.contains(id));
            }
        }
    }
}

proptest! {
    // Broken texts are parsed many times over.
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_and_leads_back_to_itself(text in text()) {
        for span in split(&text) {
            let chunk = span.range.slice(&text);
            let parsed = parse(chunk, &span.unclosed);
            let mut last = 0;
            for offset in 0..=parsed.text.len() as u32 {
                let original = parsed.repair.to_original(offset);
                prop_assert!(last <= original && original as usize <= chunk.len(), "{chunk:?} {:?}", parsed.text);
                last = original;
            }
            prop_assert_eq!(last as usize, chunk.len(), "the end leads to the end");
        }
    }

    #[test]
    fn a_tree_parsed_upon_an_older_one_is_the_fresh_one(
        start in text(),
        edits in proptest::collection::vec((0_u32..400, 0_u32..20, text()), 1..4),
    ) {
        let mut document = Document::new(start);
        let mut old: Option<ParsedChunk> = None;
        for (at, length, new) in edits {
            // The whole text as one chunk: what matters is the parser, not the cut.
            let again = old.as_ref().map(|old| reparse(document.text(), &[], old));
            let fresh = parse(document.text(), &[]);
            if let Some(again) = again {
                same(&again, &fresh)?;
            }
            old = Some(fresh);
            document.edit(TextRange::new(at, at + length), &new);
        }
    }
}

/// Code that is typed letter by letter, so that most states have a tree without errors before them.
#[test]
fn typing_valid_code_reparses_to_the_fresh_tree() {
    const CODE: &str = "\n@route('/x', methods=['GET'])\nasync def f(a, b=2, *c):\n    with open(a) as g:\n        return [y for y in g if y]\n";
    let around =
        "class C:\n    def m(self):\n        if self.x:\n            print(f'{self.x!r:>{10}}')\n\nx = 1\n";
    let mut old = parse(around, &[]);
    for length in 1..=CODE.len() {
        let text = format!("{around}{}{around}", &CODE[..length]);
        let fresh = parse(&text, &[]);
        let again = reparse(&text, &[], &old);
        same(&again, &fresh).expect("the same tree");
        old = fresh;
    }
}

fn same(one: &ParsedChunk, other: &ParsedChunk) -> Result<(), TestCaseError> {
    prop_assert_eq!(&one.text, &other.text);
    prop_assert_eq!(&one.repair, &other.repair);
    prop_assert_eq!(nodes(&one.tree), nodes(&other.tree), "{:?}", one.text);
    Ok(())
}

fn nodes(tree: &Tree) -> Vec<(&'static str, usize, usize, usize, usize)> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let place = node.start_position();
        found.push((node.kind(), node.start_byte(), node.end_byte(), place.row, place.column));
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}
