//! Finds the configuration that a file lives under: the nearest `fangless.toml`, or `pyproject.toml` with
//! `[tool.fangless]`, in its folder or above. What the texts mean is the engine's `config`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fangless_engine::RuleSet;
use fangless_engine::config::{Config, parse_fangless_toml, parse_pyproject};
use fangless_engine::rule::schema::{Profile, RuleDefinition};
use smol_str::SmolStr;

use crate::paths::with_slashes;

/// The files that can hold a configuration; in one folder, the first counts.
pub const FILE_NAMES: [&str; 2] = ["fangless.toml", "pyproject.toml"];

/// What the command line, or an editor, adds to every configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Instead of the rules that the configuration selects.
    pub select: Option<Vec<SmolStr>>,
    /// Beside the rules that the configuration ignores.
    pub ignore: Vec<SmolStr>,
    pub profile: Option<Profile>,
}

/// A configuration, where it comes from, and the folder that its paths are relative to.
#[derive(Debug, Default)]
pub struct Settings {
    pub folder: PathBuf,
    /// Nothing where no file says anything.
    pub file: Option<PathBuf>,
    pub config: Config,
    /// Whether a rule is wanted that runs only when asked for.
    pub needs_strict: bool,
    /// The text of the file, as far as it was read.
    text: String,
    /// What was added to it.
    overrides: Overrides,
}

impl Settings {
    pub fn excludes(&self, path: &Path) -> bool {
        self.config.exclude.matches(&self.relative(path))
    }

    pub fn reports(&self, rule: &RuleDefinition, path: &Path) -> bool {
        self.config.reports(rule, &self.relative(path))
    }

    /// Whether the other ones come from the same text at the same place, with the same added.
    pub fn same_source(&self, other: &Self) -> bool {
        let Self { folder, file, text, overrides, config: _, needs_strict: _ } = self;
        (folder, file, text, overrides) == (&other.folder, &other.file, &other.text, &other.overrides)
    }

    /// The path as the patterns of the configuration mean it.
    pub fn relative(&self, path: &Path) -> String {
        with_slashes(path.strip_prefix(&self.folder).unwrap_or(path))
    }
}

/// What is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: PathBuf,
    /// Line and column, both from one, the column in characters.
    pub place: Option<(u32, u32)>,
    /// The key at fault and what is wrong, without the place.
    pub message: String,
}

impl Problem {
    /// Continues the file's name.
    pub fn text(&self) -> String {
        match self.place {
            Some((line, column)) => format!("line {line}, column {column}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Answers, for each folder once, which settings hold in it.
pub struct Discovery {
    rules: Arc<RuleSet>,
    /// What paths are relative to where there is no configuration file.
    default_folder: PathBuf,
    overrides: Overrides,
    /// The one configuration for every path.
    fixed: Option<Arc<Settings>>,
    folders: HashMap<PathBuf, Arc<Settings>>,
    /// The last text of each file that was right: it stands in while the file is wrong.
    right: HashMap<PathBuf, (Config, String)>,
    problems: BTreeMap<PathBuf, Problem>,
}

impl Discovery {
    pub fn new(rules: Arc<RuleSet>, default_folder: &Path, overrides: Overrides) -> Self {
        Self {
            rules,
            default_folder: default_folder.to_path_buf(),
            overrides,
            fixed: None,
            folders: HashMap::new(),
            right: HashMap::new(),
            problems: BTreeMap::new(),
        }
    }

    /// No configuration file counts any more.
    pub fn isolate(&mut self) {
        self.fixed = Some(self.settings(&self.default_folder, None, Config::default(), String::new()));
    }

    /// From now on this file, given by its absolute path, counts for every path.
    pub fn fix_on(&mut self, file: &Path) -> Result<(), Problem> {
        let (config, text) = self.read(file)?.ok_or_else(|| Problem {
            file: file.to_path_buf(),
            place: None,
            message: "is no configuration of Fangless".to_string(),
        })?;
        let folder = file.parent().unwrap_or(&self.default_folder);
        self.fixed = Some(self.settings(folder, Some(file), config, text));
        Ok(())
    }

    /// Reads every file again when it is next asked for.
    pub fn reload(&mut self) {
        self.folders.clear();
        self.problems.clear();
    }

    /// What is wrong with the files met since the start, or since `reload`.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.values()
    }

    /// The settings of a file, given by its absolute path.
    pub fn settings_of(&mut self, path: &Path) -> Arc<Settings> {
        if let Some(fixed) = &self.fixed {
            return Arc::clone(fixed);
        }
        let folder = path.parent().unwrap_or(path).to_path_buf();
        let mut visited = Vec::new();
        let mut found = None;
        for ancestor in folder.ancestors() {
            if let Some(settings) = self.folders.get(ancestor) {
                found = Some(Arc::clone(settings));
                break;
            }
            visited.push(ancestor.to_path_buf());
            if let Some((file, config, text)) = self.config_in(ancestor) {
                found = Some(self.settings(ancestor, Some(&file), config, text));
                break;
            }
        }
        let settings = found
            .unwrap_or_else(|| self.settings(&self.default_folder, None, Config::default(), String::new()));
        for folder in visited {
            self.folders.insert(folder, Arc::clone(&settings));
        }
        settings
    }

    /// The configuration that lies in a folder. A broken one is a problem; its files are then checked as when it was
    /// last right, or as if it were empty.
    fn config_in(&mut self, folder: &Path) -> Option<(PathBuf, Config, String)> {
        for name in FILE_NAMES {
            let file = folder.join(name);
            match self.read(&file) {
                Ok(Some((config, text))) => {
                    self.right.insert(file.clone(), (config.clone(), text.clone()));
                    return Some((file, config, text));
                }
                Ok(None) => {
                    self.right.remove(&file);
                }
                Err(problem) => {
                    self.problems.insert(file.clone(), problem);
                    let (config, text) = self.right.get(&file).cloned().unwrap_or_default();
                    return Some((file, config, text));
                }
            }
        }
        None
    }

    /// `None` where there is no such file, or no table of ours in it.
    fn read(&self, file: &Path) -> Result<Option<(Config, String)>, Problem> {
        let problem = |place, message| Problem { file: file.to_path_buf(), place, message };
        let text = match text_of(file) {
            Ok(text) => text,
            Err(failure) if failure.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(failure) if failure.kind() == io::ErrorKind::InvalidData => {
                return Err(problem(None, "is not UTF-8".to_string()));
            }
            Err(failure) => return Err(problem(None, format!("cannot be read: {failure}"))),
        };
        let rules: Vec<&RuleDefinition> = self.rules.iter().map(|rule| &rule.definition).collect();
        let is_pyproject = file.file_name().is_some_and(|name| name == "pyproject.toml");
        let parsed = if is_pyproject {
            parse_pyproject(&text, &rules)
        } else {
            parse_fangless_toml(&text, &rules).map(Some)
        };
        match parsed {
            Ok(config) => Ok(config.map(|config| (config, text))),
            // Broken, but none of our business: test data of packaging tools, for example.
            Err(_) if is_pyproject && !text.contains("fangless") => Ok(None),
            Err(error) => {
                let key = error.key.map_or_else(String::new, |key| format!("key `{key}`: "));
                Err(problem(Some((error.line, error.column)), format!("{key}{}", error.message)))
            }
        }
    }

    fn settings(
        &self,
        folder: &Path,
        file: Option<&Path>,
        mut config: Config,
        text: String,
    ) -> Arc<Settings> {
        if let Some(select) = &self.overrides.select {
            config.select = Some(select.clone());
        }
        config.ignore.extend(self.overrides.ignore.iter().cloned());
        config.profile = self.overrides.profile.unwrap_or(config.profile);
        let mut strict = self.rules.iter().filter(|rule| rule.definition.profile == Profile::Strict);
        let needs_strict = strict.any(|rule| config.reports(&rule.definition, ""));
        let file = file.map(Path::to_path_buf);
        let (folder, overrides) = (folder.to_path_buf(), self.overrides.clone());
        Arc::new(Settings { folder, file, config, needs_strict, text, overrides })
    }
}

/// The text of a file. A pipe of that name is none: to open it would be to wait for whoever writes into it.
fn text_of(file: &Path) -> io::Result<String> {
    let metadata = fs::metadata(file)?;
    if metadata.is_file() || metadata.is_dir() {
        return fs::read_to_string(file);
    }
    Err(io::Error::other("no regular file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_breaks_is_a_problem_and_counts_as_it_last_did() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fangless.toml");
        let python = folder.path().join("a.py");
        fs::write(&file, "ignore = [\"yaml-unsafe-load\"]\n").unwrap();
        let mut discovery = Discovery::new(Arc::new(RuleSet::builtin()), folder.path(), Overrides::default());
        let first = discovery.settings_of(&python);
        fs::write(&file, "ignore = [\"yaml-unsafe-load\", \n").unwrap();
        assert!(Arc::ptr_eq(&first, &discovery.settings_of(&python)), "read once");
        discovery.reload();
        let second = discovery.settings_of(&python);
        assert!(first.same_source(&second));
        assert_eq!(second.config.ignore, ["yaml-unsafe-load"]);
        assert_eq!(discovery.problems().count(), 1);
        fs::remove_file(&file).unwrap();
        discovery.reload();
        assert_eq!(discovery.settings_of(&python).file, None);
        assert_eq!(discovery.problems().count(), 0);
    }
}
