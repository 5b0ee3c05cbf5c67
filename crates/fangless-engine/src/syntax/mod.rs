//! Syntax: parsing a chunk, repairing a broken one, lowering to the IR.

pub mod ir;
pub mod lower;
pub mod parse;
mod repair;
mod rows;
pub mod walk;
