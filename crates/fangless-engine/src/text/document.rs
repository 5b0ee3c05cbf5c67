//! A text and its chunks, kept in step while it is edited. After any edits the chunks are those of a fresh split.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use super::TextRange;
use super::split::{ChunkSpan, Place, Splitter, split};

/// A chunk with an identity that survives edits elsewhere, and edits of its own text in place.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub id: u64,
    pub span: ChunkSpan,
    /// Its text, or what is unclosed in it, is not what it was at the last `mark_clean`.
    pub changed: bool,
}

/// What an edit did to the list of chunks: those of `old` gave way to those of `new`, the others only moved. A chunk
/// that was edited in place is in both, with the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub old: Range<usize>,
    pub new: Range<usize>,
    /// Ids that no longer exist.
    pub removed: Vec<u64>,
}

/// A text, cut into chunks.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    chunks: Vec<Chunk>,
    positions: FxHashMap<u64, usize>,
    /// Holds all chunks that changed since the last `mark_clean`.
    touched: Range<usize>,
    /// There are others, or they stand in another order, than at the last `mark_clean`.
    is_recut: bool,
}

/// Identities are unique in the process, so that a chunk of one file is never taken for one of another.
static NEXT: AtomicU64 = AtomicU64::new(1);

fn fresh(span: ChunkSpan) -> Chunk {
    Chunk { id: NEXT.fetch_add(1, Ordering::Relaxed), span, changed: true }
}

impl Document {
    pub fn new(text: String) -> Self {
        let chunks: Vec<Chunk> = split(&text).into_iter().map(fresh).collect();
        let touched = 0..chunks.len();
        let mut document = Self { text, chunks, positions: FxHashMap::default(), touched, is_recut: true };
        document.index(0);
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

    /// The chunks that hold a range. A range without length that lies between two is in the second.
    pub fn chunks_at(&self, range: TextRange) -> &[Chunk] {
        let first = self.chunks.partition_point(|chunk| chunk.span.range.end <= range.start);
        let after = self.chunks.partition_point(|chunk| chunk.span.range.start <= range.end);
        let first = first.min(self.chunks.len().saturating_sub(1));
        &self.chunks[first..after.max(first)]
    }

    pub fn chunk_text(&self, at: usize) -> &str {
        self.chunks[at].span.range.slice(&self.text)
    }

    /// The text of a chunk.
    pub fn text_of(&self, id: u64) -> Option<&str> {
        self.positions.get(&id).map(|at| self.chunk_text(*at))
    }

    /// Where a chunk begins.
    pub fn start_of(&self, id: u64) -> Option<u32> {
        self.positions.get(&id).map(|at| self.chunks[*at].span.range.start)
    }

    /// Where the chunks are that changed since the last `mark_clean`.
    pub fn touched(&self) -> Range<usize> {
        self.touched.clone()
    }

    /// Whether there are other chunks than at the last `mark_clean`.
    pub fn is_recut(&self) -> bool {
        self.is_recut
    }

    /// Takes all chunks for seen.
    pub fn mark_clean(&mut self) {
        for chunk in &mut self.chunks[self.touched.clone()] {
            chunk.changed = false;
        }
        self.touched = 0..0;
        self.is_recut = false;
    }

    /// Notes where the chunks from one on stand.
    fn index(&mut self, from: usize) {
        self.positions.extend(self.chunks[from..].iter().zip(from..).map(|(chunk, at)| (chunk.id, at)));
    }

    fn touch(&mut self, change: &Change) {
        let touched = &self.touched;
        self.touched = if touched.is_empty() {
            change.new.clone()
        } else if touched.end > change.old.end {
            touched.start.min(change.new.start)..touched.end - change.old.end + change.new.end
        } else {
            touched.start.min(change.new.start)..change.new.end
        };
        if change.old.len() != change.new.len() || !change.removed.is_empty() {
            self.is_recut = true;
            for id in &change.removed {
                self.positions.remove(id);
            }
            self.index(change.new.start);
        }
    }

    /// Replaces a range. What lies beyond the text is cut off; a border inside a character widens to hold it.
    pub fn edit(&mut self, range: TextRange, new: &str) -> Change {
        let replaced = range.on_characters(&self.text);
        let (start, old_end) = (replaced.start, replaced.end);
        self.text.replace_range(replaced, new);
        let new_end = start + new.len();

        // The first chunk that looked as far as the edit. Those before it cannot have changed.
        let first = self
            .chunks
            .iter()
            .position(|chunk| (chunk.span.range.start + chunk.span.lookahead) as usize >= start)
            .unwrap_or(self.chunks.len());
        let (restart, place) = match self.chunks.get(first) {
            Some(chunk) => (chunk.span.range.start as usize, Place::of(chunk.span.kind)),
            None => (self.chunks.last().map_or(0, |chunk| chunk.span.range.end as usize), Place::Top),
        };
        let mut splitter = Splitter::new(&self.text, restart, place);
        let mut spans = Vec::new();
        // The first old chunk, beyond the edit, that begins where a new one does: from there on nothing changes.
        let mut kept = first;
        loop {
            let Some(span) = splitter.next() else {
                kept = self.chunks.len();
                break;
            };
            spans.push(span);
            let (next, place) = splitter.next_start();
            if next < new_end {
                continue;
            }
            let before_edit = next - new_end + old_end;
            while self.chunks.get(kept).is_some_and(|old| (old.span.range.start as usize) < before_edit) {
                kept += 1;
            }
            if self.chunks.get(kept).is_some_and(|old| {
                old.span.range.start as usize == before_edit && Place::of(old.span.kind) == place
            }) {
                break;
            }
        }
        for chunk in &mut self.chunks[kept..] {
            let range = &mut chunk.span.range;
            let moved = |offset: u32| (offset as usize - old_end + new_end) as u32;
            *range = TextRange::new(moved(range.start), moved(range.end));
        }
        let change = self.replace(first, kept, spans, start);
        self.touch(&change);
        change
    }

    /// Puts `spans` where the chunks `first..kept` were.
    fn replace(&mut self, mut first: usize, kept: usize, spans: Vec<ChunkSpan>, edit_start: usize) -> Change {
        let mut spans = spans.into_iter().peekable();
        // Chunks that only looked as far as the edit and came out the same.
        while let Some(span) = spans.peek()
            && let Some(old) = self.chunks[..kept].get_mut(first)
            && span.range.end as usize <= edit_start
            && span.range == old.span.range
            && span.kind == old.span.kind
            && span.unclosed == old.span.unclosed
        {
            old.span.lookahead = span.lookahead;
            spans.next();
            first += 1;
        }
        let old = first..kept;
        let new = first..first + spans.len();
        if old.len() == new.len() {
            for (chunk, span) in self.chunks[old.clone()].iter_mut().zip(spans) {
                chunk.span = span;
                chunk.changed = true;
            }
            return Change { old, new, removed: Vec::new() };
        }
        let removed = self.chunks.splice(old.clone(), spans.map(fresh)).map(|chunk| chunk.id).collect();
        Change { old, new, removed }
    }
}
