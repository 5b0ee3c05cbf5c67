//! The work that waits for the engine thread. Work for a file that already waits is replaced by the newer, so the
//! queue is never longer than there are files and open questions.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use fangless_engine::{Finding, Fix};
use tokio::sync::oneshot;
use tower_lsp::ls_types::Uri;

use crate::documents::Revision;

/// One thing for the engine thread to do.
pub(crate) enum Task {
    /// The configuration may have changed.
    Configure,
    /// The document was closed; its path.
    Closed(String),
    /// The file on disk was created, changed or deleted.
    OnDisk(String),
    Answer(Question),
    /// The document changed.
    Analyse(Uri),
    /// Another document changed, and this one may depend on it.
    Recheck(Uri),
    Stop,
}

/// A request for the fixes of findings, valid for one state of the document only.
pub(crate) struct Question {
    pub(crate) uri: Uri,
    pub(crate) revision: Revision,
    pub(crate) findings: Vec<Finding>,
    /// Gets the fixes of each finding, or nothing where the document has moved on.
    pub(crate) reply: oneshot::Sender<Option<Vec<Vec<Fix>>>>,
}

#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    configure: bool,
    closed: BTreeSet<String>,
    on_disk: BTreeSet<String>,
    questions: VecDeque<Question>,
    changed: Distinct,
    recheck: Distinct,
    stop: bool,
}

/// A queue in which each document stands once, at its first place.
#[derive(Default)]
struct Distinct {
    order: VecDeque<Uri>,
    present: HashSet<Uri>,
}

impl Distinct {
    fn push(&mut self, uri: Uri) {
        if self.present.insert(uri.clone()) {
            self.order.push_back(uri);
        }
    }

    fn pop(&mut self) -> Option<Uri> {
        let uri = self.order.pop_front()?;
        self.present.remove(&uri);
        Some(uri)
    }

    fn clear(&mut self) {
        self.order.clear();
        self.present.clear();
    }
}

impl Queue {
    pub(crate) fn changed(&self, uri: Uri) {
        self.add(|waiting| waiting.changed.push(uri));
    }

    pub(crate) fn closed(&self, path: String) {
        self.add(|waiting| {
            waiting.closed.insert(path);
        });
    }

    pub(crate) fn on_disk(&self, path: String) {
        self.add(|waiting| {
            waiting.on_disk.insert(path);
        });
    }

    pub(crate) fn configure(&self) {
        self.add(|waiting| waiting.configure = true);
    }

    pub(crate) fn ask(&self, question: Question) {
        self.add(|waiting| waiting.questions.push_back(question));
    }

    /// These documents are to be looked at again when nothing else is left; replaces what was to be.
    pub(crate) fn recheck(&self, uris: Vec<Uri>) {
        self.add(|waiting| {
            waiting.recheck.clear();
            for uri in uris {
                waiting.recheck.push(uri);
            }
        });
    }

    /// The same for these, beside what is to be looked at anyway.
    pub(crate) fn recheck_too(&self, uris: Vec<Uri>) {
        self.add(|waiting| uris.into_iter().for_each(|uri| waiting.recheck.push(uri)));
    }

    pub(crate) fn stop(&self) {
        self.add(|waiting| waiting.stop = true);
    }

    /// The most urgent task; waits for one.
    pub(crate) fn next(&self) -> Task {
        let mut waiting = self.lock();
        loop {
            if let Some(task) = waiting.pop() {
                return task;
            }
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn add(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.lock());
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock can panic half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<Task> {
        if self.stop {
            return Some(Task::Stop);
        }
        if std::mem::take(&mut self.configure) {
            return Some(Task::Configure);
        }
        if let Some(path) = self.closed.pop_first() {
            return Some(Task::Closed(path));
        }
        if let Some(path) = self.on_disk.pop_first() {
            return Some(Task::OnDisk(path));
        }
        while let Some(question) = self.questions.pop_front() {
            // A cancelled request has dropped its end.
            if !question.reply.is_closed() {
                return Some(Task::Answer(question));
            }
        }
        if let Some(uri) = self.changed.pop() {
            return Some(Task::Analyse(uri));
        }
        self.recheck.pop().map(Task::Recheck)
    }
}
