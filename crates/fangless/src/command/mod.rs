//! The subcommands, one file each. They alone print; each returns the exit code.

pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod rules;
pub(crate) mod server;

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;

use crate::messages::{Gravity, Message};

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Clean = 0,
    Found = 1,
    Error = 2,
}

fn working_directory() -> anyhow::Result<PathBuf> {
    env::current_dir().context("the working directory is gone, or may not be entered")
}

/// Writes to stdout. A reader that has gone (`| head`) is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn print_messages(messages: &[Message]) {
    let mut output = io::stderr().lock();
    for message in messages {
        // There is nobody left to tell.
        let _ = writeln!(output, "{message}");
    }
}

fn has_error(messages: &[Message]) -> bool {
    messages.iter().any(|message| message.gravity == Gravity::Error)
}
