//! Text, offsets and chunks. Knows nothing of Python's grammar beyond what cutting a file into chunks needs.

mod document;
mod line_index;
mod range;
mod split;

pub use document::{Chunk, Document};
pub use line_index::{LineColumn, LineIndex};
pub use range::TextRange;
pub use split::{ChunkKind, ChunkSpan, Unclosed, UnclosedKind, split};
