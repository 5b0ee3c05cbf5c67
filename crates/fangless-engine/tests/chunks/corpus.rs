//! The files that the tests read: our own samples always, and the standard library of whatever Python is at hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file's name and text.
pub(crate) type Source = (String, String);

/// The samples beside these tests.
pub(crate) fn samples() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut found = Vec::new();
    collect(&folder, &mut found);
    assert!(found.len() >= 5, "the samples are beside the tests");
    read(found)
}

#[allow(dead_code, reason = "the test that types half lines uses it")]
/// The files of the demo application.
pub(crate) fn demo() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects/demo"), &mut found);
    assert!(found.len() >= 3, "the demo application is in the repository");
    read(found)
}

/// The folder of the standard library, if there is a Python.
pub(crate) fn standard_library() -> Option<PathBuf> {
    let chosen = std::env::var_os("FANGLESS_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let script = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output =
        Command::new(chosen).args(["-c", script]).output().ok().filter(|output| output.status.success());
    let folder =
        output.and_then(|output| String::from_utf8(output.stdout).ok()).map(|path| path.trim().into());
    if folder.is_none() {
        println!("SKIPPED: no python3, so only the samples beside the tests were read");
    }
    folder
}

/// The readable files of the standard library, its tests included, the installed packages not.
pub(crate) fn all() -> Vec<Source> {
    let Some(folder) = standard_library() else { return samples() };
    let mut found = Vec::new();
    collect(&folder, &mut found);
    let mut sources = read(found);
    sources.extend(samples());
    sources
}

#[allow(dead_code, reason = "the test that types half lines uses it")]
/// Real files to type in, present in every Python since 3.11; the samples where there is none.
pub(crate) fn to_type_in() -> Vec<Source> {
    const NAMES: [&str; 12] = [
        "argparse.py",
        "ast.py",
        "configparser.py",
        "dataclasses.py",
        "ftplib.py",
        "http/client.py",
        "inspect.py",
        "logging/__init__.py",
        "shutil.py",
        "subprocess.py",
        "tempfile.py",
        "zipfile.py",
    ];
    let Some(folder) = standard_library() else { return samples() };
    let paths = NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect();
    read(paths)
}

fn read(mut paths: Vec<PathBuf>) -> Vec<Source> {
    paths.sort();
    let text = |path: PathBuf| Some((path.display().to_string(), fs::read_to_string(&path).ok()?));
    paths.into_iter().filter_map(text).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        // Files that are broken on purpose, or in the language of Python 2.
        let apart = ["site-packages", "lib2to3", "__pycache__"].iter().any(|apart| *apart == name);
        if path.is_dir() && !apart {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
}
