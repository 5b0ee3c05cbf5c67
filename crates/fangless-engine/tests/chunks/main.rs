//! Chunks: pieces parse as the whole does, edits leave what a fresh split gives, and a half-typed line harms nothing
//! but itself.

mod calls;
mod corpus;
mod edits;
mod split;
mod typing;
