//! The evaluator: every function body is evaluated once, abstractly. It tells an `Observer` what happens (calls,
//! bindings, sinks reached); it knows no rule.

mod alias;
mod answer;
mod binding;
pub mod bounds;
mod builtin;
mod call;
mod callback;
mod character;
mod class;
mod closure;
mod dictionary;
mod each;
mod evaluator;
pub mod event;
mod exception;
mod expression;
mod fold;
mod function;
pub mod given;
mod guard;
mod handler;
mod iteration;
mod iterators;
mod library;
mod modelled;
mod modules;
mod narrow;
mod option;
mod parameter;
mod pattern;
mod place;
pub mod program;
mod record;
mod remember;
mod route;
mod setting;
mod sink;
mod special;
mod statement;
mod summary;
pub mod taint;
pub mod value;

pub use evaluator::{Account, Evaluated, Reads, evaluate_chunk, evaluate_globals, renewed};
