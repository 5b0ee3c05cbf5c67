//! Runs the built binary in a folder of its own.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// One line that every profile reports.
pub(crate) const BAD: &str =
    "import yaml\n\n\ndef read(stream):\n    return yaml.load(stream, Loader=yaml.Loader)\n";

pub(crate) struct Project {
    folder: TempDir,
}

pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        for (path, bytes) in files {
            project.write(path, bytes);
        }
        project
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with_input(arguments, b"")
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fangless"));
        command.args(arguments);
        self.finish(command, input)
    }

    /// Runs a command that is made elsewhere in the project's folder.
    pub(crate) fn finish(&self, mut command: Command, input: &[u8]) -> Output {
        let mut child = command
            .current_dir(self.root())
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        Output {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `check --output-format concise`, with further arguments.
    pub(crate) fn concise(&self, arguments: &[&str]) -> Output {
        self.run(&[&["check", "--output-format", "concise"], arguments].concat())
    }
}

impl Output {
    /// Exit code 1, and the finding of `BAD` in each of the files and in no other.
    pub(crate) fn finds_bad_in(&self, files: &[&str]) {
        let found: Vec<&str> =
            self.stdout.lines().map(|line| line.split_once(':').map_or(line, |(path, _)| path)).collect();
        assert_eq!(found, files, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert!(self.stdout.lines().all(|line| line.contains("[yaml-unsafe-load]")), "{}", self.stdout);
        assert_eq!(self.code, Some(1), "{}", self.stderr);
    }

    pub(crate) fn says(&self, message: &str) {
        assert!(self.stderr.contains(message), "stderr lacks {message:?}: {}", self.stderr);
    }
}
