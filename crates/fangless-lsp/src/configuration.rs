//! Which configuration holds for which document: the files of the project, and what the editor adds to them. Also
//! tells the client what is wrong with a configuration file, in that file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fangless_engine::RuleSet;
use fangless_engine::config::selector_error;
use fangless_engine::rule::schema::{Profile, RuleDefinition};
use fangless_engine::text::TextRange;
use fangless_project::discovery::{Discovery, FILE_NAMES, Overrides, Problem, Settings};
use ropey::Rope;
use serde_json::Value;
use smol_str::SmolStr;
use tower_lsp::Client;
use tower_lsp::ls_types::{
    ConfigurationItem, Diagnostic, DiagnosticSeverity, InitializeParams, MessageType, Uri,
};
use tracing::warn;

use crate::paths::is_made_up;
use crate::position::{Encoding, line_end, range};
use crate::proto::SOURCE;
use crate::server::Shared;

/// What the client wants: its folders, and its settings.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Wishes {
    pub(crate) roots: Vec<Root>,
    /// For what lies in no folder, and in folders that have no settings of their own.
    pub(crate) overrides: Overrides,
    /// What is wrong with the settings that came with `initialize`.
    pub(crate) complaints: Vec<String>,
}

/// A folder of the workspace.
#[derive(Clone, PartialEq)]
pub(crate) struct Root {
    pub(crate) uri: Uri,
    pub(crate) path: PathBuf,
    pub(crate) overrides: Option<Overrides>,
}

impl Root {
    pub(crate) fn new(uri: Uri) -> Option<Self> {
        let path = uri.to_file_path()?.into_owned();
        Some(Self { uri, path, overrides: None })
    }
}

/// The workspace's folders, by whichever of its three names the client uses.
pub(crate) fn roots(params: &InitializeParams) -> Vec<Root> {
    if let Some(folders) = &params.workspace_folders {
        return folders.iter().filter_map(|folder| Root::new(folder.uri.clone())).collect();
    }
    #[allow(deprecated)] // Some clients know no other.
    let root = params.root_uri.clone().or_else(|| Uri::from_file_path(params.root_path.as_deref()?));
    root.and_then(Root::new).into_iter().collect()
}

/// Reads the editor's settings. What cannot be understood is left out and complained of.
pub(crate) fn overrides(settings: &Value, rules: &RuleSet) -> (Overrides, Vec<String>) {
    // Some clients send all their settings, others ours alone.
    let settings = settings.get(SOURCE).unwrap_or(settings);
    let definitions: Vec<&RuleDefinition> = rules.iter().map(|rule| &rule.definition).collect();
    let mut complaints = Vec::new();
    let mut selectors = |key: &str| -> Vec<SmolStr> {
        let value = &settings[key];
        let Some(list) = value.as_array() else {
            if !value.is_null() {
                complaints.push(format!("The setting `fangless.{key}` must be a list of rules."));
            }
            return Vec::new();
        };
        let mut known = Vec::new();
        for item in list {
            let name = item.as_str().map_or_else(|| item.to_string(), str::to_string);
            match selector_error(&name, &definitions) {
                Some(error) => complaints.push(format!("The setting `fangless.{key}`: {error}.")),
                None => known.push(name.into()),
            }
        }
        known
    };
    let select = selectors("select");
    let ignore = selectors("ignore");
    let profile = match settings["profile"].as_str() {
        Some("default") => Some(Profile::Default),
        Some("strict") => Some(Profile::Strict),
        // What an editor sends for a setting that is not set.
        Some("") | None => None,
        Some(other) => {
            let text = format!("The setting `fangless.profile` is `default` or `strict`, not `{other}`.");
            complaints.push(text);
            None
        }
    };
    (Overrides { select: (!select.is_empty()).then_some(select), ignore, profile }, complaints)
}

/// Asks the client for its settings, those of each folder and those of none.
pub(crate) async fn ask(shared: Arc<Shared>, client: Client) {
    let roots = shared.wishes().roots;
    let item = |scope_uri| ConfigurationItem { scope_uri, section: Some(SOURCE.to_string()) };
    let mut items: Vec<ConfigurationItem> = roots.iter().map(|root| item(Some(root.uri.clone()))).collect();
    items.push(item(None));
    let answers = match client.configuration(items).await {
        Ok(answers) => answers,
        Err(error) => {
            warn!(%error, "the client does not tell its settings");
            return;
        }
    };
    let mut complaints = Vec::new();
    let mut read = |answer: Option<&Value>| {
        // A client without such settings answers nothing; then those of `initialize` stay.
        let answer = answer.filter(|answer| answer.is_object())?;
        let (overrides, new) = overrides(answer, &shared.rules);
        complaints.extend(new.into_iter().filter(|text| !complaints.contains(text)).collect::<Vec<_>>());
        Some(overrides)
    };
    let of_roots: Vec<(Uri, Option<Overrides>)> = roots
        .into_iter()
        .enumerate()
        .map(|(index, root)| {
            let overrides = read(answers.get(index));
            (root.uri, overrides)
        })
        .collect();
    let of_none = read(answers.get(of_roots.len()));
    shared.wish(|wishes| {
        // The folders may be others by now.
        for (uri, overrides) in of_roots {
            if let Some(root) = wishes.roots.iter_mut().find(|root| root.uri == uri) {
                root.overrides = overrides;
            }
        }
        if let Some(overrides) = of_none {
            wishes.overrides = overrides;
        }
    });
    for complaint in complaints {
        client.show_message(MessageType::WARNING, complaint).await;
    }
}

/// Whether the file may hold a configuration.
pub(crate) fn is_configuration(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| FILE_NAMES.contains(&name))
}

/// The configurations of each folder of the workspace, and of what lies outside.
pub(crate) struct Scopes {
    /// The innermost first; the last one is for what lies in no folder.
    scopes: Vec<(PathBuf, Discovery)>,
    /// Where buffers count to that are no files.
    home: Option<PathBuf>,
}

impl Scopes {
    pub(crate) fn new(rules: &Arc<RuleSet>, wishes: &Wishes) -> Self {
        let mut scopes: Vec<(PathBuf, Discovery)> = wishes
            .roots
            .iter()
            .map(|root| {
                let overrides = root.overrides.as_ref().unwrap_or(&wishes.overrides).clone();
                (root.path.clone(), Discovery::new(Arc::clone(rules), &root.path, overrides))
            })
            .collect();
        scopes.sort_by_key(|(root, _)| std::cmp::Reverse(root.components().count()));
        let everywhere = Path::new("/");
        let rest = Discovery::new(Arc::clone(rules), everywhere, wishes.overrides.clone());
        // Nothing is below an empty path but everything.
        scopes.push((PathBuf::new(), rest));
        let home = wishes.roots.first().map(|root| root.path.join("untitled.py"));
        Self { scopes, home }
    }

    /// The settings of a file, given as the engine names it.
    pub(crate) fn settings_of(&mut self, path: &str) -> Arc<Settings> {
        let path = match &self.home {
            Some(home) if is_made_up(path) => home.as_path(),
            _ => Path::new(path),
        };
        let scope = self.scopes.iter_mut().find(|(root, _)| path.starts_with(root));
        scope.map_or_else(Arc::default, |(_, discovery)| discovery.settings_of(path))
    }

    pub(crate) fn reload(&mut self) {
        self.scopes.iter_mut().for_each(|(_, discovery)| discovery.reload());
    }

    /// What is wrong with the files met so far, each once.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let all = self.scopes.iter().flat_map(|(_, discovery)| discovery.problems());
        let by_file: BTreeMap<&PathBuf, &Problem> = all.map(|problem| (&problem.file, problem)).collect();
        by_file.into_values().cloned().collect()
    }
}

/// A problem as the client is told it, in the file at fault.
pub(crate) fn diagnostic(problem: &Problem, encoding: Encoding) -> Option<(Uri, Diagnostic)> {
    let uri = Uri::from_file_path(&problem.file)?;
    let rope = Rope::from_str(&std::fs::read_to_string(&problem.file).unwrap_or_default());
    let (line, column) = problem.place.unwrap_or((1, 1));
    // The file may be another one than was read a moment ago.
    let line = (line as usize - 1).min(rope.len_lines() - 1);
    let end = line_end(&rope, line);
    let start = (rope.line_to_char(line) + column as usize - 1).min(end);
    let place = TextRange::new(rope.char_to_byte(start) as u32, rope.char_to_byte(end) as u32);
    let diagnostic = Diagnostic {
        range: range(&rope, place, encoding),
        severity: Some(DiagnosticSeverity::ERROR),
        source: Some(SOURCE.to_string()),
        message: problem.message.clone(),
        ..Diagnostic::default()
    };
    Some((uri, diagnostic))
}

/// Tells the client what is wrong with configuration files, for as long as the server lives. These files are no
/// documents that a client could ask about, so they are told unasked to every client.
pub(crate) async fn publish_forever(shared: Arc<Shared>, client: Client) {
    let mut sent: BTreeMap<Uri, Diagnostic> = BTreeMap::new();
    let mut problems = shared.problems.subscribe();
    loop {
        let now = problems.borrow_and_update().clone();
        for uri in sent.keys().filter(|uri| !now.contains_key(uri)) {
            client.publish_diagnostics(uri.clone(), Vec::new(), None).await;
        }
        for (uri, diagnostic) in now.iter().filter(|(uri, diagnostic)| sent.get(uri) != Some(diagnostic)) {
            client.publish_diagnostics(uri.clone(), vec![diagnostic.clone()], None).await;
        }
        sent = now;
        if problems.changed().await.is_err() {
            return;
        }
    }
}
