//! The server, spoken to as a client speaks to it, over a pipe in memory. Nothing here sleeps or measures: tests
//! wait for messages, and a limit that is far off only ends a test that would hang.

mod abuse;
mod actions;
mod client;
mod configuration;
mod diagnostics;
mod disabling;
mod disk;
mod encodings;
mod endings;
mod engine;
mod flicker;
mod isolation;
mod liveness;
mod malformed;
mod model;
mod notebook;
mod ordering;
mod project;
mod real;
mod trace;
mod typing;
mod workspace;
