//! Every bound of the evaluator, in one place. Past a bound it gives up towards no false certainty.

/// Constants a value may be one of.
pub(crate) const MAX_CHOICES: usize = 16;
/// Sources remembered for one value.
pub(crate) const MAX_ORIGINS: usize = 8;
/// Steps of a path.
pub(crate) const MAX_PATH: usize = 16;
/// Elements of a container that are told apart.
pub(crate) const MAX_ELEMENTS: usize = 64;
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
/// Calls remembered for one place in the program, by what was passed.
pub(crate) const MAX_REMEMBERED: usize = 8;
/// Calls evaluated inside calls.
pub(crate) const MAX_CALL_DEPTH: usize = 6;
/// Calls of workspace functions followed while one unit is evaluated; each is a whole body.
pub(crate) const MAX_CALLS: usize = 400;
/// Statements evaluated in the bodies of such calls, after which no further call is followed.
pub(crate) const MAX_FOLLOWED: usize = 600;
