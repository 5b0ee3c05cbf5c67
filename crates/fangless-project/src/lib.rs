//! A project on disk, as both shells see it: its Python files and notebooks, their texts, and the configuration that holds for each.
//! Reads files and writes none; what a text means is the engine's.

pub mod discovery;
pub mod messages;
pub mod notebook;
pub mod paths;
pub mod read;
pub mod source;
pub mod walk;
