//! The last result of each document, and the task that sends results to a client that does not ask for them.
//! A result goes out only while it describes the newest text, and never twice.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use fangless_engine::Finding;
use fangless_project::discovery::Settings;
use tokio::sync::{Notify, watch};
use tower_lsp::Client;
use tower_lsp::ls_types::{Diagnostic, Uri};

use crate::documents::{Documents, View};
use crate::notebook::Cell;
use crate::server::Shared;

/// What the engine found in one state of a document.
pub(crate) struct Outcome {
    pub(crate) view: View,
    /// The configuration that held.
    pub(crate) settings: Arc<Settings>,
    /// Without the suppressed ones, and those that the configuration does not want.
    pub(crate) findings: Vec<Finding>,
    /// One for each finding, in the same order.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Stays the same while the diagnostics do.
    pub(crate) result_id: String,
    /// The analysis panicked; there is nothing to say about this state.
    pub(crate) lost: bool,
}

/// What there is to say of one text that the client knows by name: a document, or a cell of a notebook.
pub(crate) struct Sheet {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) result_id: String,
}

impl Outcome {
    /// All of it, text by text.
    pub(crate) fn sheets(&self, uri: &Uri) -> Vec<Sheet> {
        let Some(notebook) = &self.view.notebook else {
            return vec![Sheet {
                uri: uri.clone(),
                version: self.view.version,
                diagnostics: self.diagnostics.clone(),
                result_id: self.result_id.clone(),
            }];
        };
        let mut by_cell: HashMap<&Uri, Vec<Diagnostic>> = HashMap::new();
        for (finding, diagnostic) in self.findings.iter().zip(&self.diagnostics) {
            if let Some(cell) = notebook.cell_at(finding.range.start) {
                by_cell.entry(&cell.uri).or_default().push(diagnostic.clone());
            }
        }
        let sheet = |cell: &Cell| {
            let diagnostics = by_cell.remove(&cell.uri).unwrap_or_default();
            let result_id = result_id(&diagnostics);
            Sheet { uri: cell.uri.clone(), version: cell.version, diagnostics, result_id }
        };
        notebook.cells().iter().map(sheet).collect()
    }

    /// The diagnostics of one text, and their name.
    pub(crate) fn of(&self, uri: &Uri) -> (Vec<Diagnostic>, String) {
        if self.view.notebook.is_none() {
            return (self.diagnostics.clone(), self.result_id.clone());
        }
        let diagnostics: Vec<Diagnostic> = self
            .findings
            .iter()
            .zip(&self.diagnostics)
            .filter(|(finding, _)| self.view.is_in(uri, finding.range))
            .map(|(_, diagnostic)| diagnostic.clone())
            .collect();
        let result_id = result_id(&diagnostics);
        (diagnostics, result_id)
    }
}

/// The same for the same diagnostics, whichever analysis found them, in whichever run of the server.
pub(crate) fn result_id(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    // Diagnostics are plain data: they can always be written down.
    serde_json::to_string(diagnostics).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[derive(Default)]
pub(crate) struct Results {
    outcomes: DashMap<Uri, Arc<Outcome>>,
    /// Documents whose result or existence changed since the publisher last looked.
    unsent: Mutex<BTreeSet<Uri>>,
    wake_publisher: Notify,
    stored: watch::Sender<()>,
}

impl Results {
    /// Keeps a result; whether its diagnostics differ from those before.
    pub(crate) fn store(
        &self,
        uri: &Uri,
        view: View,
        settings: Arc<Settings>,
        findings: Vec<Finding>,
        diagnostics: Vec<Diagnostic>,
    ) -> bool {
        let before = self.get(uri).filter(|before| !before.lost && before.diagnostics == diagnostics);
        let result_id = match &before {
            Some(before) => before.result_id.clone(),
            None => result_id(&diagnostics),
        };
        let outcome = Outcome { view, settings, findings, diagnostics, result_id, lost: false };
        self.keep(uri, outcome);
        before.is_none()
    }

    /// Notes that the analysis of this state was lost. What was published stays.
    pub(crate) fn store_lost(&self, uri: &Uri, view: View) {
        let outcome = Outcome {
            view,
            settings: Arc::default(),
            findings: vec![],
            diagnostics: vec![],
            result_id: String::new(),
            lost: true,
        };
        self.keep(uri, outcome);
    }

    fn keep(&self, uri: &Uri, outcome: Outcome) {
        self.outcomes.insert(uri.clone(), Arc::new(outcome));
        self.stored.send_replace(());
        self.touch(uri);
    }

    /// Forgets a closed document.
    pub(crate) fn remove(&self, uri: &Uri) {
        self.outcomes.remove(uri);
        self.stored.send_replace(());
        self.touch(uri);
    }

    pub(crate) fn get(&self, uri: &Uri) -> Option<Arc<Outcome>> {
        self.outcomes.get(uri).map(|outcome| Arc::clone(&outcome))
    }

    /// The result for the document's newest text; waits for it. Nothing where the document is not open.
    pub(crate) async fn current(&self, uri: &Uri, documents: &Documents) -> Option<Arc<Outcome>> {
        let mut stored = self.stored.subscribe();
        loop {
            stored.mark_unchanged();
            let revision = documents.revision(uri)?;
            if let Some(outcome) = self.fresh(uri, revision) {
                return Some(outcome);
            }
            stored.changed().await.ok()?;
        }
    }

    fn fresh(&self, uri: &Uri, revision: u64) -> Option<Arc<Outcome>> {
        self.get(uri).filter(|outcome| outcome.view.revision == revision)
    }

    fn touch(&self, uri: &Uri) {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner).insert(uri.clone());
        self.wake_publisher.notify_one();
    }

    fn next_unsent(&self) -> Option<Uri> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner).pop_first()
    }
}

/// Sends results for as long as the server lives. A slow client only delays this task: what waits is a set of
/// documents, and the newest result of each is looked up when its turn comes.
pub(crate) async fn publish_forever(shared: Arc<Shared>, client: Client) {
    let mut sent: HashMap<Uri, HashMap<Uri, Sent>> = HashMap::new();
    loop {
        while let Some(uri) = shared.results.next_unsent() {
            // What the client has sent in the meantime comes first: it may have made this result an old one.
            tokio::task::yield_now().await;
            // Who asks is never told unasked: an editor would show everything twice.
            if !shared.abilities().pulls {
                publish(&shared, &client, uri, &mut sent).await;
            }
        }
        shared.results.wake_publisher.notified().await;
    }
}

/// What the client was last told of a document.
struct Sent {
    version: i32,
    result_id: String,
    any: bool,
}

async fn publish(shared: &Shared, client: &Client, uri: Uri, sent: &mut HashMap<Uri, HashMap<Uri, Sent>>) {
    let Some(revision) = shared.documents.revision(&uri) else {
        take_back(client, sent.remove(&uri).unwrap_or_default()).await;
        return;
    };
    let Some(outcome) = shared.results.fresh(&uri, revision).filter(|outcome| !outcome.lost) else {
        return;
    };
    // What is wrong with an open configuration file is said elsewhere, and must not be taken back here.
    if !outcome.view.analysed && shared.problems.borrow().contains_key(&uri) {
        return;
    }
    // To a client that tells versions apart, the same diagnostics for a newer version are news.
    let versioned = shared.abilities().version_in_publish;
    let mut before = sent.remove(&uri).unwrap_or_default();
    let mut now = HashMap::new();
    for Sheet { uri, version, diagnostics, result_id } in outcome.sheets(&uri) {
        let any = !diagnostics.is_empty();
        let known = before
            .remove(&uri)
            .is_some_and(|before| before.result_id == result_id && (!versioned || before.version == version));
        now.insert(uri.clone(), Sent { version, result_id, any });
        if !known {
            client.publish_diagnostics(uri, diagnostics, versioned.then_some(version)).await;
        }
    }
    sent.insert(uri, now);
    // Cells that are gone.
    take_back(client, before).await;
}

async fn take_back(client: &Client, sent: HashMap<Uri, Sent>) {
    for (uri, _) in sent.into_iter().filter(|(_, sent)| sent.any) {
        client.publish_diagnostics(uri, Vec::new(), None).await;
    }
}
