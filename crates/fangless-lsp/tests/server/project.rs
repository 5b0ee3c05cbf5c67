//! A folder on disk for the tests that need one.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

/// One finding of `yaml-unsafe-load`, in the sixth line.
pub(crate) const BAD: &str = "import yaml\n\n\ndef load(path):\n    with open(path) as file:\n        return yaml.load(file, Loader=yaml.Loader)\n";

pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn uri(&self, relative: &str) -> String {
        let path = self.path(relative);
        format!("file://{}", path.display()).trim_end_matches('/').to_string()
    }

    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, relative: &str) {
        fs::remove_file(self.path(relative)).unwrap();
    }

    /// The `workspaceFolders` of `initialize`; an empty name is the project itself.
    pub(crate) fn folders(&self, names: &[&str]) -> Value {
        let folder = |name: &&str| json!({"uri": self.uri(name), "name": name});
        json!({"workspaceFolders": names.iter().map(folder).collect::<Vec<_>>()})
    }
}

/// The codes of a publish's, or a report's, diagnostics.
pub(crate) fn codes(diagnostics: &Value) -> Vec<String> {
    let list = diagnostics.as_array().expect("a list of diagnostics");
    list.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap_or_default().to_string()).collect()
}
