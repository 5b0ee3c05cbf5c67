//! The engine thread. It alone owns the workspace; it always takes the newest state of a document, and a panic in
//! the engine costs one analysis. Reads the files that open documents import; writes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use fangless_engine::config::Sanitizer;
use fangless_engine::rule::schema::Profile;
use fangless_engine::{Finding, Fix, RuleSet};
use fangless_project::discovery::{Problem, Settings};
use ropey::Rope;
use tower_lsp::ls_types::{Diagnostic, Uri};
use tracing::{debug, error, warn};

use crate::analysis::Analysis;
use crate::configuration::{Scopes, Wishes, diagnostic};
use crate::documents::{Change, MAX_ANALYSED_BYTES, View};
use crate::paths::is_made_up;
use crate::proto::{self, Ground};
use crate::publish::{Outcome, Sheet};
use crate::queue::{Question, Task};
use crate::server::Shared;
use crate::typing::Typing;

/// How many files are read from disk for the sake of imports, at most.
const MAX_FILES_READ: usize = 5_000;
/// How long a chain of imports is followed in one go.
const MAX_IMPORT_ROUNDS: usize = 64;
/// The engine recurses over nested code; address space costs nothing until it is used.
pub(crate) const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Starts the engine thread. It ends when the queue is told to stop.
pub(crate) fn spawn(shared: Arc<Shared>) -> std::io::Result<std::thread::JoinHandle<()>> {
    let work = move || Worker::new(shared).run();
    std::thread::Builder::new().name("fangless-engine".to_string()).stack_size(STACK_BYTES).spawn(work)
}

struct Worker {
    shared: Arc<Shared>,
    /// Which rules the engine runs. It stays strict once it had to be: who wants less is shown less.
    profile: Profile,
    analysis: Box<dyn Analysis>,
    /// What the configurations of the documents declare to make data harmless.
    sanitizers: Vec<Sanitizer>,
    /// The files that were read, or looked for in vain.
    on_disk: HashSet<String>,
    wishes: Wishes,
    scopes: Scopes,
    /// The problems of configuration files that were last passed on.
    problems: Vec<Problem>,
    /// The documents in which a statement is being typed and not finished.
    typing: HashMap<Uri, Typing>,
}

impl Worker {
    fn new(shared: Arc<Shared>) -> Self {
        let profile = Profile::Default;
        let wishes = Wishes::default();
        Self {
            profile,
            analysis: (shared.make)(profile),
            sanitizers: Vec::new(),
            on_disk: HashSet::new(),
            scopes: Scopes::new(&shared.rules, &wishes),
            wishes,
            problems: Vec::new(),
            typing: HashMap::new(),
            shared,
        }
    }

    fn run(mut self) {
        // The client is still busy with saying what it can do.
        self.analysis.prepare();
        loop {
            match self.shared.queue.next() {
                Task::Stop => return,
                Task::Configure => self.configure(),
                Task::Analyse(uri) => self.analyse(&uri),
                Task::Recheck(uri) => self.recheck(&uri),
                Task::Answer(question) => self.answer(question),
                Task::Closed(path) => self.guarded(&path, |worker| worker.closed(&path)),
                Task::OnDisk(path) => self.guarded(&path, |worker| worker.changed_on_disk(&path)),
            }
        }
    }

    /// Reads the configuration anew, and looks again at the documents for which it differs.
    fn configure(&mut self) {
        let wishes = self.shared.wishes();
        let all = wishes != self.wishes;
        if all {
            self.scopes = Scopes::new(&self.shared.rules, &wishes);
            self.wishes = wishes;
        } else {
            self.scopes.reload();
        }
        // Whoever saves or changes settings has typed enough; other documents hang on what was typed.
        let typed = !std::mem::take(&mut self.typing).is_empty();
        let mut changed = Vec::new();
        let mut needs_strict = false;
        let mut sanitizers = Vec::new();
        for uri in self.shared.documents.uris() {
            let Some(view) = self.shared.documents.view(&uri).filter(|view| view.analysed) else { continue };
            let settings = self.scopes.settings_of(&view.path);
            needs_strict |= settings.needs_strict;
            sanitizers.extend(settings.config.sanitizers.iter().cloned());
            let known = self.shared.results.get(&uri);
            if all || typed || known.is_some_and(|known| !known.settings.same_source(&settings)) {
                changed.push(uri);
            }
        }
        self.pass_problems_on();
        self.sanitizers = sanitizers;
        self.analysis.set_sanitizers(&self.sanitizers);
        if needs_strict && self.profile == Profile::Default {
            self.restart(Profile::Strict);
        } else {
            self.shared.queue.recheck_too(changed);
        }
    }

    fn pass_problems_on(&mut self) {
        let problems = self.scopes.problems();
        if problems != self.problems {
            let encoding = self.shared.abilities().encoding;
            let diagnostics = problems.iter().filter_map(|problem| diagnostic(problem, encoding)).collect();
            self.shared.problems.send_replace(diagnostics);
            self.problems = problems;
        }
    }

    fn analyse(&mut self, uri: &Uri) {
        let lost = self.shared.results.get(uri).filter(|outcome| outcome.lost);
        if lost.is_some_and(|lost| self.shared.documents.revision(uri) == Some(lost.view.revision)) {
            // It would only panic again; the next edit gives it another chance.
            return;
        }
        // Closed in the meantime.
        let Some(view) = self.shared.documents.view(uri) else { return };
        let settings = self.scopes.settings_of(&view.path);
        self.pass_problems_on();
        if view.analysed && settings.needs_strict && self.profile == Profile::Default {
            self.restart(Profile::Strict);
        }
        let known = self.sanitizers.len();
        let new = settings.config.sanitizers.iter().filter(|one| !self.sanitizers.contains(one));
        self.sanitizers.extend(new.cloned().collect::<Vec<_>>());
        if self.sanitizers.len() > known {
            self.analysis.set_sanitizers(&self.sanitizers);
        }
        let Some((view, change)) = self.shared.documents.take(uri) else { return };
        let before = self.shared.results.get(uri);
        let typing = self.typing_after(uri, &change);
        // What was found before another configuration held is not what is to be shown meanwhile.
        let same_settings = |before: &Arc<Outcome>| before.settings.same_source(&settings);
        let typing = typing.filter(|_| before.as_ref().is_some_and(same_settings));
        let analysed = self.caught(|worker| {
            if !view.analysed {
                worker.analysis.remove_file(&view.path);
                return (Vec::new(), None);
            }
            apply(worker.analysis.as_mut(), &view.path, change);
            worker.read_imports();
            let mut unfinished = typing;
            if let Some(typing) = &mut unfinished {
                let place = typing.widen(&view.rope);
                if !worker.analysis.is_whole(&view.path, place) || typing.may_go_on(&view.rope) {
                    // What is found elsewhere stays until the statement is whole: nothing else need be looked at.
                    return (worker.analysis.findings_at(&view.path, place), unfinished);
                }
            }
            (worker.analysis.findings(&view.path), None)
        });
        let Some((mut findings, unfinished)) = analysed else {
            self.lose(uri, view);
            return;
        };
        keep_wanted(&mut findings, &self.shared.rules, &settings, &view.path);
        if let Some(typing) = &unfinished {
            findings = typing.shown(findings);
        }
        let touched = before.as_ref().is_none_or(|before| before.view.revision != view.revision);
        let differs = self.store(uri, view, settings, findings);
        // The engine was restarted, or another cell was edited: the client does not know that there is something new.
        if differs && (!touched || before.is_some_and(|before| self.other_cells_differ(uri, &before))) {
            self.shared.refresh.notify_one();
        }
        match unfinished {
            Some(typing) => drop(self.typing.insert(uri.clone(), typing)),
            None => self.recheck_others(Some(uri)),
        }
    }

    /// Whether there is something new to say of a cell that was not edited.
    fn other_cells_differ(&self, uri: &Uri, before: &Outcome) -> bool {
        let (true, Some(after)) = (before.view.notebook.is_some(), self.shared.results.get(uri)) else {
            return false;
        };
        let before = before.sheets(uri);
        after.sheets(uri).iter().any(|after| {
            let same_text = |before: &&Sheet| before.uri == after.uri && before.version == after.version;
            before.iter().find(same_text).is_some_and(|before| before.result_id != after.result_id)
        })
    }

    /// The statement that is being typed once a document has changed so, if one is.
    fn typing_after(&mut self, uri: &Uri, change: &Change) -> Option<Typing> {
        let before = self.typing.remove(uri);
        match change {
            Change::Nothing => before,
            Change::Whole(_) => None,
            Change::Edits(edits) => match before {
                Some(before) => before.follow(edits),
                None => {
                    let known = self.shared.results.get(uri).filter(|known| !known.lost)?;
                    Typing::begin(&known.view.path, &known.findings, edits)
                }
            },
        }
    }

    /// Another file changed: the findings of this one may have, too.
    fn recheck(&mut self, uri: &Uri) {
        let Some(view) = self.shared.documents.view(uri) else { return };
        let known = self.shared.results.get(uri);
        // What changed since waits in the queue as a change, and so does what is being typed; what was lost stays lost.
        if self.typing.contains_key(uri)
            || !view.analysed
            || known.is_none_or(|known| known.lost || known.view.revision != view.revision)
        {
            return;
        }
        let settings = self.scopes.settings_of(&view.path);
        match self.caught(|worker| worker.analysis.findings(&view.path)) {
            Some(mut findings) => {
                keep_wanted(&mut findings, &self.shared.rules, &settings, &view.path);
                if self.store(uri, view, settings, findings) {
                    self.shared.refresh.notify_one();
                }
            }
            None => self.lose(uri, view),
        }
    }

    fn answer(&mut self, question: Question) {
        let Question { uri, revision, findings, reply } = question;
        let fixes = self.caught(|worker| worker.fixes(&uri, revision, &findings)).flatten();
        if fixes.is_none() {
            debug!(uri = uri.as_str(), "no fixes: the document moved on, or the engine failed");
        }
        // The request may have been cancelled; then nobody waits for this.
        let _ = reply.send(fixes);
    }

    fn fixes(&mut self, uri: &Uri, revision: u64, findings: &[Finding]) -> Option<Vec<Vec<Fix>>> {
        let view = self.shared.documents.view(uri)?;
        let known = self.shared.results.get(uri)?;
        if view.revision != revision || known.view.revision != revision || known.lost {
            return None;
        }
        Some(findings.iter().map(|finding| self.analysis.fixes(&view.path, finding)).collect())
    }

    fn closed(&mut self, path: &str) {
        if self.shared.documents.uri_of(path).is_none() {
            // From now on the file on disk counts, if somebody imports it.
            self.analysis.remove_file(path);
            self.on_disk.remove(path);
            self.read_imports();
            self.recheck_others(None);
        }
    }

    fn changed_on_disk(&mut self, path: &str) {
        // A folder that is moved or deleted takes what is below it along.
        let below = |known: &&String| {
            known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let known: Vec<String> = self.on_disk.iter().filter(below).cloned().collect();
        let closed: Vec<String> =
            known.into_iter().filter(|path| self.shared.documents.uri_of(path).is_none()).collect();
        if !closed.is_empty() {
            closed.iter().for_each(|path| self.read(path));
            self.read_imports();
            self.recheck_others(None);
        }
    }

    fn recheck_others(&self, but: Option<&Uri>) {
        let uris = self.shared.documents.uris();
        self.shared.queue.recheck(uris.into_iter().filter(|uri| Some(uri) != but).collect());
    }

    /// Brings in what the present files import, directly and indirectly.
    fn read_imports(&mut self) {
        for _ in 0..MAX_IMPORT_ROUNDS {
            let wanted = self.analysis.wanted();
            if wanted.is_empty() {
                return;
            }
            for path in wanted {
                let open = self.shared.documents.uri_of(&path);
                match open.and_then(|uri| self.shared.documents.view(&uri)).filter(|view| view.analysed) {
                    // Open, and not yet at its turn: it will be, and then it gets the whole text once more.
                    Some(view) => self.analysis.set_file(&path, view.rope.to_string()),
                    None => self.read(&path),
                }
            }
        }
        warn!("imports are followed no further than {MAX_IMPORT_ROUNDS} files deep");
    }

    fn read(&mut self, path: &str) {
        let room = self.on_disk.contains(path) || self.on_disk.len() < MAX_FILES_READ;
        self.on_disk.insert(path.to_string());
        if let Some(text) = room.then(|| read_source(path)).flatten() {
            self.analysis.set_file(path, text);
        } else {
            self.analysis.remove_file(path);
            self.analysis.set_missing(path);
        }
    }

    /// Whether the diagnostics differ from those before.
    fn store(&self, uri: &Uri, view: View, settings: Arc<Settings>, findings: Vec<Finding>) -> bool {
        let ground = match &view.notebook {
            Some(notebook) => Ground::Cells(notebook),
            None => Ground::Text(&view.rope),
        };
        let diagnostics =
            diagnostics(&self.shared, self.analysis.as_ref(), (&view.path, uri), ground, &findings);
        self.shared.results.store(uri, view, settings, findings, diagnostics)
    }

    fn guarded(&mut self, path: &str, work: impl FnOnce(&mut Self)) {
        if self.caught(work).is_none() {
            error!(path, "the engine was restarted");
        }
    }

    /// Runs the engine. After a panic its state is not to be trusted: it starts anew, and is told every open
    /// document again.
    fn caught<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| work(self))) {
            return Some(result);
        }
        self.restart(self.profile);
        None
    }

    fn restart(&mut self, profile: Profile) {
        self.profile = profile;
        self.analysis = (self.shared.make)(profile);
        self.analysis.set_sanitizers(&self.sanitizers);
        self.on_disk.clear();
        self.typing.clear();
        self.shared.documents.forget_what_the_engine_knows();
        for uri in self.shared.documents.uris() {
            self.shared.queue.changed(uri);
        }
    }

    fn lose(&self, uri: &Uri, view: View) {
        error!(uri = uri.as_str(), version = view.version, "the engine panicked; this analysis is lost");
        self.shared.results.store_lost(uri, view);
    }
}

fn apply(analysis: &mut dyn Analysis, path: &str, change: Change) {
    match change {
        Change::Nothing => {}
        Change::Edits(edits) => analysis.edit_file(path, &edits),
        Change::Whole(text) => analysis.set_file(path, text),
    }
}

/// Drops the findings that a comment silences or that the configuration does not want.
pub(crate) fn keep_wanted(findings: &mut Vec<Finding>, rules: &RuleSet, settings: &Settings, path: &str) {
    let path = Path::new(path);
    if settings.excludes(path) {
        findings.clear();
    }
    findings.retain(|finding| {
        let rule = rules.rule(&finding.rule);
        finding.suppressed.is_none() && rule.is_none_or(|rule| settings.reports(&rule.definition, path))
    });
}

/// The findings of a file as the client is told them.
pub(crate) fn diagnostics(
    shared: &Shared,
    analysis: &dyn Analysis,
    (path, uri): (&str, &Uri),
    ground: Ground,
    findings: &[Finding],
) -> Vec<Diagnostic> {
    let mut texts: BTreeMap<String, Rope> = BTreeMap::new();
    for step in findings.iter().flat_map(|finding| &finding.flow) {
        if step.path != path
            && !texts.contains_key(step.path.as_str())
            && let Some(text) = analysis.text(&step.path)
        {
            texts.insert(step.path.to_string(), Rope::from_str(&text));
        }
    }
    let context = proto::Context { shared, path, uri, ground, texts: &texts };
    findings.iter().map(|finding| context.diagnostic(finding)).collect()
}

/// The text of a file, if it is one that could be open in an editor.
fn read_source(path: &str) -> Option<String> {
    if is_made_up(path) {
        return None;
    }
    let file = Path::new(path);
    let small = std::fs::metadata(file)
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_ANALYSED_BYTES as u64);
    if !small {
        return None;
    }
    match std::fs::read(file) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            warn!(path, %error, "cannot be read");
            None
        }
    }
}
