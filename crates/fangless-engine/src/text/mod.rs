//! Text, offsets and chunks. Knows nothing of Python's grammar beyond what cutting a file into chunks needs.

mod document;
mod format_string;
mod lead;
mod line_index;
mod literal;
mod range;
mod scan;
mod split;
pub(crate) mod unfinished;

pub use document::{Change, Chunk, Document};
pub use line_index::{LineColumn, LineIndex};
pub(crate) use literal::comments;
pub use range::TextRange;
pub use scan::{Unclosed, UnclosedKind};
pub use split::{ChunkKind, ChunkSpan, split};
