//! The analysis engine of Fangless: text in, findings and fixes out. No file system, no network, no clock,
//! no environment, no protocol types.
//!
//! The map, each part knowing only those before it:
//! `text` (offsets, chunks) <- `syntax` (parse, repair, lowering to the IR) <- `model` (libraries as data) <- `flow`
//! (names, scopes and the evaluator) <- `rule` (pages, matching), `checks`, `fix` <- `workspace` (the façade). Beside
//! them `manifest` (what a project installs), which knows `text`, `secret`, `rule` and `checks` only; for `workspace` alone
//! `results` and `callers` keep what the evaluation of each chunk gave.

mod callers;
mod checks;
pub mod config;
pub mod finding;
pub mod fix;
pub mod flow;
pub mod manifest;
pub mod model;
mod results;
pub mod rule;
pub mod secret;
mod stdlib;
mod suppress;
pub mod syntax;
pub mod text;
mod workspace;

pub use finding::{Applicability, Certainty, Edit, Finding, Fix, FlowStep, Severity, StepKind};
pub use rule::{Rule, RuleSet};
pub use workspace::Workspace;
