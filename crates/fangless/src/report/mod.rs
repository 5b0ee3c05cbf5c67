//! Reports: findings as text. Pure functions from reports to a string.

pub(crate) mod concise;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod text;

use std::io::Write as _;

/// Prints, and takes a closed pipe for the reader's wish to stop.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
