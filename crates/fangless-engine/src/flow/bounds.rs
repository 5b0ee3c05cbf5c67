//! Every bound of the evaluator, in one place. Past a bound it gives up towards no false certainty.

/// Constants a value may be one of.
pub(crate) const MAX_CHOICES: usize = 16;
/// Sources remembered for one value.
pub(crate) const MAX_ORIGINS: usize = 8;
/// Steps of a path.
pub(crate) const MAX_PATH: usize = 16;
/// Elements of a container that are told apart.
pub(crate) const MAX_ELEMENTS: usize = 64;
/// Parts of a value that a variable holds, all the way down; past it the innermost are no longer told apart.
pub(crate) const MAX_PARTS: usize = 512;
/// Known elements for each of which a comprehension is evaluated by itself.
pub(crate) const MAX_UNROLLED: usize = 8;
/// Length in bytes of a constant string that folding may build.
pub(crate) const MAX_TEXT: usize = 4096;
/// Files that an imported name may be handed through.
pub(crate) const MAX_REEXPORTS: usize = 8;
/// Modules that are run inside one another because one needs what the other exports.
pub(crate) const MAX_IMPORT_DEPTH: usize = 48;
/// Rounds in which modules that import each other in a circle are settled.
pub(crate) const ROUNDS: usize = 2;
/// Ancestors of a class that are looked at.
pub(crate) const MAX_BASES: usize = 16;
/// `and` and `or` inside one another in a condition that narrows anything.
pub(crate) const MAX_NESTING: usize = 6;
/// Conditions that have a name and are still known by it.
pub(crate) const MAX_NOTED: usize = 16;
/// Calls of a body whose checks are remembered, for the condition or the statement that they stand in.
pub(crate) const MAX_RECENT: usize = 8;
/// Summaries of functions that are kept; past it all are found out anew.
pub(crate) const MAX_SUMMARIES: usize = 1 << 15;
/// Calls evaluated inside calls.
pub(crate) const MAX_CALL_DEPTH: usize = 6;
/// Statements that a unit, or a summary, looks at in the bodies of the functions it calls, after which no further call is
/// followed. One that is looked at for another caller already counts as well: who asked first must not matter.
pub(crate) const MAX_FOLLOWED: usize = 600;
/// Functions that see functions, of which each keeps what it sees when it leaves its scope.
pub(crate) const MAX_CAPTURE_DEPTH: usize = 3;
/// Untrusted exceptions that are told apart in one body.
pub(crate) const MAX_THROWN: usize = 4;
