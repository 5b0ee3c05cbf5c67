//! Knowledge about libraries as rows of data (`models/*.toml`): sources, sinks, sanitizers, propagators, types.
//! No rule keeps a private copy of any of it.

pub mod index;
pub mod load;
pub mod schema;
pub mod tag;

pub use index::{Models, Sink};
pub use tag::TagSet;
