//! Finds the configuration that a file lives under: the nearest `fangless.toml`, or `pyproject.toml` with
//! `[tool.fangless]`, in its folder or above. What the texts mean is the engine's `config`.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fangless_engine::RuleSet;
use fangless_engine::config::{Config, parse_fangless_toml, parse_pyproject, selector_error};
use fangless_engine::rule::schema::{Profile, RuleDefinition};

use crate::arguments::{ProfileName, Selection};
use crate::messages::{Gravity, Message};
use crate::paths::{absolute, shown, with_slashes};

/// A configuration and the folder that its paths are relative to.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
}

impl Settings {
    pub(crate) fn excludes(&self, path: &Path) -> bool {
        self.config.exclude.matches(&self.relative(path))
    }

    pub(crate) fn reports(&self, rule: &RuleDefinition, path: &Path) -> bool {
        self.config.reports(rule, &self.relative(path))
    }

    fn relative(&self, path: &Path) -> String {
        with_slashes(path.strip_prefix(&self.folder).unwrap_or(path))
    }
}

/// Answers, for each folder once, which settings hold in it.
pub(crate) struct Discovery<'a> {
    rules: Vec<&'a RuleDefinition>,
    working_directory: PathBuf,
    /// What the command line adds to every configuration.
    overrides: Overrides,
    /// The one configuration of `--config` or `--isolated`.
    fixed: Option<Arc<Settings>>,
    folders: HashMap<PathBuf, Arc<Settings>>,
    pub(crate) messages: Vec<Message>,
}

struct Overrides {
    select: Option<Vec<String>>,
    ignore: Vec<String>,
    profile: Option<Profile>,
}

impl<'a> Discovery<'a> {
    /// The error says which selector or configuration file of the command line is wrong.
    pub(crate) fn new(
        rules: &'a RuleSet,
        selection: &Selection,
        working_directory: &Path,
    ) -> Result<Self, Message> {
        let rules: Vec<&RuleDefinition> = rules.iter().map(|rule| &rule.definition).collect();
        for (option, selectors) in [("--select", &selection.select), ("--ignore", &selection.ignore)] {
            if let Some(error) = selectors.iter().find_map(|selector| selector_error(selector, &rules)) {
                return Err(Message::new(Gravity::Error, option, error));
            }
        }
        let overrides = Overrides {
            select: (!selection.select.is_empty()).then(|| selection.select.clone()),
            ignore: selection.ignore.clone(),
            profile: selection.profile.map(|name| match name {
                ProfileName::Default => Profile::Default,
                ProfileName::Strict => Profile::Strict,
            }),
        };
        let mut discovery = Self {
            rules,
            working_directory: working_directory.to_path_buf(),
            overrides,
            fixed: None,
            folders: HashMap::new(),
            messages: Vec::new(),
        };
        if selection.isolated {
            discovery.fixed = Some(discovery.settings(working_directory, Config::default()));
        } else if let Some(file) = &selection.config {
            let file = absolute(file, working_directory);
            let config = discovery.read(&file)?.ok_or_else(|| {
                Message::new(
                    Gravity::Error,
                    shown(&file, working_directory),
                    "is no configuration of Fangless",
                )
            })?;
            let folder = file.parent().unwrap_or(working_directory);
            discovery.fixed = Some(discovery.settings(folder, config));
        }
        Ok(discovery)
    }

    /// The settings of a file, given by its absolute path.
    pub(crate) fn settings_of(&mut self, path: &Path) -> Arc<Settings> {
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
            if let Some(config) = self.config_in(ancestor) {
                found = Some(self.settings(ancestor, config));
                break;
            }
        }
        let settings = found.unwrap_or_else(|| self.settings(&self.working_directory, Config::default()));
        for folder in visited {
            self.folders.insert(folder, Arc::clone(&settings));
        }
        settings
    }

    /// The configuration that lies in a folder. A broken one is an error that is said once; its files are then
    /// checked as if it were empty.
    fn config_in(&mut self, folder: &Path) -> Option<Config> {
        for name in ["fangless.toml", "pyproject.toml"] {
            match self.read(&folder.join(name)) {
                Ok(Some(config)) => return Some(config),
                Ok(None) => {}
                Err(message) => {
                    self.messages.push(message);
                    return Some(Config::default());
                }
            }
        }
        None
    }

    /// `None` where there is no such file, or no table of ours in it.
    fn read(&self, file: &Path) -> Result<Option<Config>, Message> {
        let is_named = |name: &str| file.file_name().is_some_and(|file_name| file_name == name);
        let error = |text: String| Message::new(Gravity::Error, shown(file, &self.working_directory), text);
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(failure) if failure.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(failure) => return Err(error(format!("cannot be read: {failure}"))),
        };
        if is_named("pyproject.toml") {
            return match parse_pyproject(&text, &self.rules) {
                Ok(config) => Ok(config),
                // Broken, but none of our business: test data of packaging tools, for example.
                Err(_) if !text.contains("fangless") => Ok(None),
                Err(failure) => Err(error(failure.to_string())),
            };
        }
        parse_fangless_toml(&text, &self.rules).map(Some).map_err(|failure| error(failure.to_string()))
    }

    fn settings(&self, folder: &Path, mut config: Config) -> Arc<Settings> {
        if let Some(select) = &self.overrides.select {
            config.select = Some(select.iter().map(Into::into).collect());
        }
        config.ignore.extend(self.overrides.ignore.iter().map(Into::into));
        config.profile = self.overrides.profile.unwrap_or(config.profile);
        Arc::new(Settings { folder: folder.to_path_buf(), config })
    }
}
