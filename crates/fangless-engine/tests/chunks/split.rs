//! The split of valid files.

use fangless_engine::text::{ChunkKind, ChunkSpan, TextRange, split};

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

#[test]
fn line_ends_make_no_difference() {
    for (name, text) in corpus::samples() {
        let pieces = calls::of_chunks(&text);
        // The same length, so the same places.
        let carriage = text.replace('\n', "\r");
        assert_eq!(calls::of_chunks(&carriage), pieces, "{name} with lone carriage returns");
        let both = text.replace('\n', "\r\n");
        let (whole, tree) = calls::of_whole(&both);
        assert!(!tree.root_node().has_error(), "{name} is valid");
        assert_eq!(calls::of_chunks(&both), whole, "{name} with carriage returns and line feeds");
        let kinds = |text: &str| -> Vec<_> {
            split(text).into_iter().map(|span| (span.kind, span.unclosed)).collect()
        };
        assert_eq!(kinds(&carriage), kinds(&text), "{name} with lone carriage returns");
        assert_eq!(kinds(&both), kinds(&text), "{name} with carriage returns and line feeds");
    }
}

/// The first line of each chunk, with its kind.
fn heads(text: &str) -> Vec<(ChunkKind, &str)> {
    let head =
        |span: &ChunkSpan| span.range.slice(text).lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    split(text).iter().map(|span| (span.kind, head(span))).collect()
}

#[test]
fn chunks_begin_where_definitions_and_runs_do() {
    use ChunkKind::{Class, Function, Member, Statements};
    let text = r"# comment
import a
import b

x = 1
@d
@e
class C:
    y = 1
    @p
    def m(self):
        z()
    k = 2
    l = 3
    async def n(self): pass
else_ = 1
def f():
    def g(): pass
if x:
    y

else:
    z
";
    assert_eq!(
        heads(text),
        [
            (Statements, "# comment"),
            (Statements, "x = 1"),
            (Class, "@d"),
            (Member, "    @p"),
            (Member, "    k = 2"),
            (Member, "    async def n(self): pass"),
            (Statements, "else_ = 1"),
            (Function, "def f():"),
            (Statements, "if x:"),
        ]
    );
}

#[test]
fn a_definition_is_not_drawn_into_what_is_left_open_before_it() {
    let definitions = r#"def f():
    """
    Doc.
    """
    return run('''x''', "y")


class C:
    '''Doc.'''
    def m(self): pass
"#;
    for open in [
        "x = (",
        "x = [1,",
        "x = {'a':",
        "x = '",
        "x = \"a",
        "x = \"\"\"",
        "x = '''",
        "f\"{x",
        "x = f'''{x",
        "x = \\",
        "def g(a",
        "class D(",
        "@d(",
        "with open('x",
        "for k in",
        "if x",
        "x.",
        "f(a, [b, {c: \"d",
    ] {
        let text = format!("{open}\n{definitions}");
        let spans = split(&text);
        assert!(!spans[0].unclosed.is_empty(), "{open}");
        // A decorator belongs to what follows it.
        let skipped = usize::from(open.starts_with('@'));
        let expected = &heads(definitions)[skipped..];
        let found = heads(&text);
        assert_eq!(&found[found.len() - expected.len()..], expected, "{open}");
    }
}

#[test]
fn text_without_statements_is_one_chunk_or_none() {
    assert_eq!(split(""), []);
    for text in ["\n", "  ", "# only\n\n", "\u{feff}", "\\", "\r", "\0"] {
        let spans = split(text);
        assert_eq!(spans.len(), 1, "{text:?}");
        assert_eq!(spans[0].range, TextRange::new(0, text.len() as u32));
    }
}
