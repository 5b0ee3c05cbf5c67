//! Knowledge about libraries as rows of data (`models/*.toml`): sources, sinks, sanitizers, propagators, types.
//! No rule keeps a private copy of any of it.

pub mod schema;
