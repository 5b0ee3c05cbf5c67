//! From the paths of the command line to the files to check below them, Python, notebooks and manifests: `.gitignore` is
//! heeded, links are followed, each file comes once. Reads folders, never files.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::messages::{Gravity, Message};
use crate::paths::{absolute, shown, with_slashes};

/// Folders that hold no source of the project, whatever `.gitignore` says of them.
const NEVER_ENTERED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".jj",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    ".eggs",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
    "__pycache__",
    "__pypackages__",
    "node_modules",
    "site-packages",
    "build",
    "dist",
];

/// A file to check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub path: PathBuf,
    /// Named on the command line itself, so that no exclusion of the configuration applies.
    pub is_argument: bool,
}

#[derive(Debug, Default)]
pub struct Walk {
    /// Sorted by path.
    pub files: Vec<Found>,
    pub messages: Vec<Message>,
}

pub fn walk(arguments: &[PathBuf], working_directory: &Path) -> Walk {
    let mut result = Walk::default();
    let mut folders = Vec::new();
    for argument in arguments {
        let path = absolute(argument, working_directory);
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => folders.push(path),
            Ok(_) => result.files.push(Found { path, is_argument: true }),
            Err(error) => {
                let text = match error.kind() {
                    io::ErrorKind::NotFound if path.is_symlink() => "is a link to nothing".to_string(),
                    io::ErrorKind::NotFound => "does not exist".to_string(),
                    _ => format!("cannot be read: {error}"),
                };
                result.messages.push(Message::new(Gravity::Error, argument.to_string_lossy(), text));
            }
        }
    }
    let mut may_repeat = arguments.len() > 1;
    if let Some((first, others)) = folders.split_first() {
        let mut builder = WalkBuilder::new(first);
        for folder in others {
            builder.add(folder);
        }
        may_repeat |= walk_folders(&mut builder, working_directory, &mut result);
    }
    // What was named on the command line comes before what was met, and stays when both are one file.
    result.files.sort_by(|a, b| b.is_argument.cmp(&a.is_argument).then_with(|| a.path.cmp(&b.path)));
    if may_repeat {
        let mut seen = HashSet::new();
        result
            .files
            .retain(|found| seen.insert(found.path.canonicalize().unwrap_or_else(|_| found.path.clone())));
    }
    result.files.sort_by(|a, b| a.path.cmp(&b.path));
    result.messages.sort();
    result
}

/// Adds what lies below the folders. Answers whether a link was followed, through which a file can be met twice.
fn walk_folders(builder: &mut WalkBuilder, working_directory: &Path, result: &mut Walk) -> bool {
    let links = AtomicBool::new(false);
    let met = Mutex::new(Vec::new());
    builder.follow_links(true).hidden(false).filter_entry(is_entered).build_parallel().run(|| {
        Box::new(|entry| {
            let item = match entry {
                Ok(entry) => {
                    if entry.path_is_symlink() {
                        links.store(true, Ordering::Relaxed);
                    }
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    (is_file && is_checked(entry.path()))
                        .then(|| Ok(Found { path: entry.into_path(), is_argument: false }))
                }
                Err(error) => message(&error, working_directory).map(Err),
            };
            if let (Some(item), Ok(mut met)) = (item, met.lock()) {
                met.push(item);
            }
            WalkState::Continue
        })
    });
    for item in met.into_inner().unwrap_or_default() {
        match item {
            Ok(found) => result.files.push(found),
            Err(message) => result.messages.push(message),
        }
    }
    links.into_inner()
}

fn is_entered(entry: &DirEntry) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    // A folder that was named on the command line is entered whatever its name.
    if !is_folder || entry.depth() == 0 {
        return true;
    }
    let is_named = entry.file_name().to_str().is_some_and(|name| NEVER_ENTERED.contains(&name));
    !is_named && !entry.path().join("pyvenv.cfg").exists()
}

/// Whether the file is Python by its name.
pub fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["py", "pyi", "pyw"].iter().any(|known| extension == *known))
}

/// Whether the file is a notebook by its name.
pub fn is_notebook(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ipynb")
}

/// Whether the file is one that is checked, by its name.
pub fn is_checked(path: &Path) -> bool {
    is_python(path) || is_notebook(path) || is_manifest(path)
}

fn is_manifest(path: &Path) -> bool {
    fangless_engine::manifest::is_checked(&with_slashes(path))
}

/// What to say of an error of the walk; nothing where no Python can be missing.
fn message(error: &ignore::Error, working_directory: &Path) -> Option<Message> {
    let path = path_of(error);
    let shown_path = path.map_or_else(String::new, |path| shown(path, working_directory));
    if let Some(ancestor) = loop_of(error) {
        let text = format!("leads back to {}, and is not followed", shown(ancestor, working_directory));
        return Some(Message::new(Gravity::Warning, shown_path, text));
    }
    let text = match (error.io_error(), path) {
        (Some(io), Some(path)) if io.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            // Links to nothing are common beside the code; only those that could be Python's are spoken of.
            if !is_python(path) && path.extension().is_some() {
                return None;
            }
            "is a link to nothing".to_string()
        }
        (Some(io), _) => format!("cannot be read: {io}"),
        // A line of a `.gitignore` that is no pattern.
        (None, _) => return Some(Message::new(Gravity::Warning, shown_path, error.to_string())),
    };
    Some(Message::new(Gravity::Skipped, shown_path, text))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

fn loop_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::Loop { ancestor, .. } => Some(ancestor),
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => loop_of(err),
        _ => None,
    }
}
