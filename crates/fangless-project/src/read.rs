//! Reads files into text, in parallel, with a message for each that cannot be read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::messages::{Gravity, Message};
use crate::notebook::Notebook;
use crate::source::{MAX_FILE_BYTES, SourceText, decode};
use crate::walk::is_notebook;

/// A file's text, and what there is to say of it although it was read.
#[derive(Debug)]
pub struct Reading {
    /// Of a notebook, its program.
    pub source: SourceText,
    pub notebook: Option<Notebook>,
    pub warning: Option<Message>,
}

/// Reads a file; the message says why it is skipped.
pub fn read_file(path: &Path, shown: &str) -> Result<Reading, Message> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(shown, &error))?;
    if !metadata.is_file() {
        // To open a pipe would be to wait for whoever writes into it.
        return Err(Message::new(Gravity::Skipped, shown, "is no regular file"));
    }
    let file = File::open(path).map_err(|error| unreadable(shown, &error))?;
    let length = metadata.len();
    if length > MAX_FILE_BYTES {
        return Err(too_large(shown));
    }
    read_from(file, length, path, shown)
}

/// Reads what stands in for the file of this path.
pub fn read_stdin(path: &Path, shown: &str) -> Result<Reading, Message> {
    read_from(io::stdin().lock(), 0, path, shown)
}

fn read_from(input: impl Read, expected: u64, path: &Path, shown: &str) -> Result<Reading, Message> {
    let mut bytes = Vec::with_capacity(expected as usize + 1);
    // A file can grow while it is read, and a pipe tells no length.
    input.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(shown, &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large(shown));
    }
    let has_nul = bytes.contains(&0);
    let skipped = |why: String| Message::new(Gravity::Skipped, shown, why);
    let mut source = decode(bytes).map_err(|error| skipped(error.to_string()))?;
    let mut notebook = None;
    if is_notebook(path) {
        let read = Notebook::read(std::mem::take(&mut source.text));
        let read = read.map_err(|error| skipped(error.to_string()))?;
        source.text = read.program().text();
        notebook = Some(read);
    }
    let warning = has_nul.then(|| {
        Message::new(Gravity::Warning, shown, "holds NUL bytes, which Python refuses; checked all the same")
    });
    Ok(Reading { source, notebook, warning })
}

fn unreadable(shown: &str, error: &io::Error) -> Message {
    Message::new(Gravity::Skipped, shown, format!("cannot be read: {error}"))
}

fn too_large(shown: &str) -> Message {
    let limit = MAX_FILE_BYTES / (1024 * 1024);
    Message::new(Gravity::Skipped, shown, format!("is larger than {limit} MiB"))
}
