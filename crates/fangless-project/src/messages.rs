//! What is said on stderr beside the report: skipped files, doubts, errors.

use std::fmt;

/// How much a message matters to the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Everything was checked all the same.
    Warning,
    /// One file or folder was not checked.
    Skipped,
    /// The command could not do what it was asked for: exit code 2.
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// Of the file or folder, as it is shown.
    pub path: String,
    pub gravity: Gravity,
    /// Continues the path: "is not UTF-8 …".
    pub text: String,
}

impl Message {
    pub fn new(gravity: Gravity, path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), gravity, text: text.into() }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.gravity {
            Gravity::Warning => "warning",
            Gravity::Skipped => "skipped",
            Gravity::Error => "error",
        };
        write!(formatter, "{word}: {} {}", printable(&self.path), printable(&self.text))
    }
}

/// The text without control characters, which could drive the reader's terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
