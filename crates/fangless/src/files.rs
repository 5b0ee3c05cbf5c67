//! Finding and reading the files to check. What cannot be read is said, and everything else is still checked.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// Larger files are skipped with a message: they are generated, and nobody reads their findings.
pub(crate) const MAX_BYTES: u64 = 10 << 20;

/// A file and its text.
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What was read, and what was not, with the reason.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) files: Vec<SourceFile>,
    pub(crate) messages: Vec<String>,
}

/// Reads the Python files at and under the paths, sorted.
pub(crate) fn read_all(paths: &[PathBuf]) -> anyhow::Result<Read> {
    let mut read = Read::default();
    let mut found: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !path.exists() {
            anyhow::bail!("{}: no such file or folder", path.display());
        }
        if path.is_file() {
            found.push(path.clone());
            continue;
        }
        for entry in WalkBuilder::new(path).follow_links(true).require_git(false).build() {
            match entry {
                Ok(entry)
                    if entry.file_type().is_some_and(|kind| kind.is_file()) && is_python(entry.path()) =>
                {
                    found.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => read.messages.push(format!("{error}; skipped")),
            }
        }
    }
    found.sort();
    found.dedup();
    for path in found {
        match read_file(&path) {
            Ok(text) => read.files.push(SourceFile { path, text }),
            Err(message) => read.messages.push(format!("{}: {message}", path.display())),
        }
    }
    Ok(read)
}

fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py" || extension == "pyi" || extension == "pyw")
}

/// The text of a file; the byte order mark stays in it, so that offsets are those of the file.
pub(crate) fn read_file(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read ({error}); skipped"))?.len();
    if size > MAX_BYTES {
        return Err(format!("larger than {} MB; skipped", MAX_BYTES >> 20));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read ({error}); skipped"))?;
    String::from_utf8(bytes).or_else(|error| {
        let bytes = error.into_bytes();
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).to_lowercase();
        let declared = head.lines().take(2).any(|line| {
            line.starts_with('#')
                && line.contains("coding")
                && (line.contains("latin") || line.contains("8859-1"))
        });
        if declared {
            return Ok(bytes.iter().map(|byte| char::from(*byte)).collect());
        }
        let at = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
        let line = String::from_utf8_lossy(&bytes[..at]).matches('\n').count() + 1;
        Err(format!("line {line}: not UTF-8; save it as UTF-8 or declare its encoding; skipped"))
    })
}
