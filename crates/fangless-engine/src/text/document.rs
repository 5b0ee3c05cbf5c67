//! A text and its chunks, kept in step through edits. After any edits the chunks are those that `split` gives.

use rustc_hash::FxHashMap;

use super::TextRange;
use super::split::{ChunkKind, ChunkSpan, split, split_from};

/// A chunk with an identity that survives edits elsewhere, and edits of its own text in place.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub id: u64,
    pub span: ChunkSpan,
    /// The text is not the one of the last `mark_clean`.
    pub changed: bool,
}

/// A text with its chunks.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    chunks: Vec<Chunk>,
    positions: FxHashMap<u64, usize>,
}

/// Identities are unique in the process, so that a chunk of one file is never taken for one of another.
static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

fn next_id() -> u64 {
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl Document {
    pub fn new(text: String) -> Self {
        let chunks =
            split(&text).into_iter().map(|span| Chunk { id: next_id(), span, changed: true }).collect();
        let mut document = Self { text, chunks, positions: FxHashMap::default() };
        document.index();
        document
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    pub fn chunk(&self, at: usize) -> &Chunk {
        &self.chunks[at]
    }

    pub fn chunk_text(&self, at: usize) -> &str {
        self.chunks[at].span.range.slice(&self.text)
    }

    /// Where a chunk begins.
    pub fn start_of(&self, id: u64) -> Option<u32> {
        self.positions.get(&id).map(|at| self.chunks[*at].span.range.start)
    }

    pub fn mark_clean(&mut self) {
        for chunk in &mut self.chunks {
            chunk.changed = false;
        }
    }

    fn index(&mut self) {
        self.positions = self.chunks.iter().enumerate().map(|(at, chunk)| (chunk.id, at)).collect();
    }

    /// Replaces a range. One beyond the text is cut to it; one inside a character is widened to its borders.
    pub fn edit(&mut self, range: TextRange, new: &str) {
        let (start, end) = clamp(&self.text, range);
        self.text.replace_range(start..end, new);
        let grown = i64::try_from(new.len()).unwrap_or(0) - i64::try_from(end - start).unwrap_or(0);
        let (start, end) = (start as u32, end as u32);
        // The first chunk whose cut may depend on the edited text, then back to one that is no member.
        let mut first = self
            .chunks
            .iter()
            .position(|chunk| chunk.span.range.start + chunk.span.lookahead >= start)
            .unwrap_or(self.chunks.len() - 1);
        first = first.saturating_sub(1);
        while first > 0 && self.chunks[first].span.kind == ChunkKind::Member {
            first -= 1;
        }
        let from = self.chunks[first].span.range.start;
        let shift = |offset: u32| u32::try_from(i64::from(offset) + grown).unwrap_or(0);
        // Beginnings of old chunks behind the edit, where they are now. Cutting stops at the first of them it meets
        // again: from there on nothing has changed.
        let later: FxHashMap<u32, usize> = self
            .chunks
            .iter()
            .enumerate()
            .skip(first + 1)
            .filter(|(_, chunk)| chunk.span.range.start > end && chunk.span.kind != ChunkKind::Member)
            .map(|(at, chunk)| (shift(chunk.span.range.start), at))
            .collect();
        let spans = split_from(&self.text, from, |at| later.contains_key(&at));
        let stopped = spans.last().map_or(from, |span| span.range.end);
        let kept_from = later.get(&stopped).copied().unwrap_or(self.chunks.len());
        let old: Vec<Chunk> = self.chunks[first..kept_from].to_vec();
        let in_place = old.len() == spans.len();
        let mut fresh = Vec::with_capacity(spans.len());
        for (at, span) in spans.into_iter().enumerate() {
            // A chunk outside the edited range, of the same length and at the same place, is the same chunk.
            let same = old.iter().find(|chunk| {
                let moved = if chunk.span.range.start >= end {
                    shift(chunk.span.range.start)
                } else {
                    chunk.span.range.start
                };
                moved == span.range.start
                    && chunk.span.range.len() == span.range.len()
                    && chunk.span.kind == span.kind
                    && chunk.span.unclosed == span.unclosed
                    && (chunk.span.range.end <= start || chunk.span.range.start >= end)
                    && !(chunk.span.range.start == start
                        && chunk.span.range.end >= start
                        && chunk.span.range.start >= end
                        && span.range.start < shift(end))
            });
            match same {
                Some(chunk) => fresh.push(Chunk { id: chunk.id, span, changed: chunk.changed }),
                None => {
                    let id = if in_place && old[at].span.kind == span.kind { old[at].id } else { next_id() };
                    fresh.push(Chunk { id, span, changed: true });
                }
            }
        }
        let tail = self.chunks.split_off(kept_from);
        self.chunks.truncate(first);
        self.chunks.extend(fresh);
        self.chunks.extend(tail.into_iter().map(|mut chunk| {
            chunk.span.range = TextRange::new(shift(chunk.span.range.start), shift(chunk.span.range.end));
            chunk
        }));
        // The last chunk's lookahead may end with the text.
        self.index();
    }
}

/// A range on character boundaries inside the text.
fn clamp(text: &str, range: TextRange) -> (usize, usize) {
    let mut start = (range.start as usize).min(text.len());
    let mut end = (range.end as usize).min(text.len()).max(start);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORDS: [&str; 24] = [
        "def f(x):\n",
        "    return x\n",
        "class C:\n",
        "    def m(self):\n",
        "        pass\n",
        "x = 1\n",
        "\n",
        "\"\"\"",
        "'",
        "(",
        ")",
        "# c\n",
        "@d\n",
        "else:\n",
        "if x:\n",
        "\\\n",
        "é",
        "\r\n",
        "f\"{x}\"",
        "import os\n",
        "    y = (\n",
        "]",
        "async ",
        "''' doc",
    ];

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..40)
            .prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
        #[test]
        fn an_edited_document_is_a_fresh_one(
            start in text(),
            edits in proptest::collection::vec((0_u32..400, 0_u32..20, text()), 1..6),
        ) {
            let mut document = Document::new(start);
            for (at, length, new) in edits {
                document.mark_clean();
                let before: FxHashMap<u64, String> =
                    (0..document.chunks.len()).map(|at| (document.chunks[at].id, document.chunk_text(at).to_owned())).collect();
                let at = at % (document.text.len() as u32 + 1);
                document.edit(TextRange::new(at, at + length), &new);
                let spans: Vec<(TextRange, ChunkKind)> =
                    document.chunks.iter().map(|chunk| (chunk.span.range, chunk.span.kind)).collect();
                let fresh: Vec<(TextRange, ChunkKind)> =
                    split(&document.text).into_iter().map(|span| (span.range, span.kind)).collect();
                prop_assert_eq!(&spans, &fresh, "{:?}", document.text);
                for place in 0..document.chunks.len() {
                    let chunk = &document.chunks[place];
                    if !chunk.changed {
                        prop_assert_eq!(document.chunk_text(place), before[&chunk.id].as_str());
                    }
                }
            }
        }
    }
}
