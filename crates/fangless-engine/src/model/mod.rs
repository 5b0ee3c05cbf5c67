//! Knowledge about libraries as rows of data (`models/*.toml`): sources, sinks, sanitizers, propagators, types.
//! No rule keeps a private copy of any of it.

mod index;
mod load;
pub mod schema;

pub use index::{Models, Sink};
pub use load::load_builtin;
