//! Text, offsets and chunks. Knows nothing of Python's grammar beyond what cutting a file into chunks needs.

mod line_index;
mod range;

pub use line_index::{LineColumn, LineIndex};
pub use range::TextRange;
