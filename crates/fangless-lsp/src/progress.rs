//! Telling the user how far a long work is, and hearing that it is not wanted any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tower_lsp::Client;
use tower_lsp::ls_types::notification::Progress as ProgressNotification;
use tower_lsp::ls_types::{
    ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressEnd, WorkDoneProgressReport,
};
use tracing::debug;

use crate::server::Shared;

/// The works that can be cancelled by the token of their progress.
#[derive(Default)]
pub(crate) struct Cancellations {
    by_token: Mutex<HashMap<ProgressToken, Arc<Notify>>>,
    next: AtomicU64,
}

impl Cancellations {
    pub(crate) fn cancel(&self, token: &ProgressToken) {
        if let Some(cancelled) = self.lock().get(token) {
            cancelled.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProgressToken, Arc<Notify>>> {
        self.by_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One work. Its end is told when this is dropped, however the work ends.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    client: Client,
    /// Nothing where nobody wants to know.
    token: Option<ProgressToken>,
    /// The client knows the token.
    begun: Arc<AtomicBool>,
    percentage: u32,
    cancelled: Arc<Notify>,
}

impl Progress {
    /// For a token that the client made. Nothing is told where it made none.
    pub(crate) async fn begin(
        shared: &Arc<Shared>,
        client: &Client,
        token: Option<ProgressToken>,
        title: &str,
    ) -> Self {
        let progress = Self::new(shared, client, token);
        if let Some(token) = &progress.token {
            send(client, token, begin(title)).await;
            progress.begun.store(true, Ordering::Release);
        }
        progress
    }

    /// For a token of our own, where the client takes one. Its answer is not waited for.
    pub(crate) fn create(shared: &Arc<Shared>, client: &Client, title: &str) -> Self {
        let token = shared.abilities().progress.then(|| {
            let number = shared.cancellations.next.fetch_add(1, Ordering::Relaxed);
            ProgressToken::String(format!("fangless-{number}"))
        });
        let progress = Self::new(shared, client, token);
        if let Some(token) = progress.token.clone() {
            let (client, begun, title) = (client.clone(), Arc::clone(&progress.begun), title.to_string());
            tokio::spawn(async move {
                match client.create_work_done_progress(token.clone()).await {
                    Ok(()) => {
                        send(&client, &token, begin(&title)).await;
                        // The work may have ended while the client thought about it.
                        if begun.swap(true, Ordering::AcqRel) {
                            send(&client, &token, end()).await;
                        }
                    }
                    Err(error) => debug!(%error, "the client wants no progress"),
                }
            });
        }
        progress
    }

    fn new(shared: &Arc<Shared>, client: &Client, token: Option<ProgressToken>) -> Self {
        let cancelled = Arc::new(Notify::new());
        if let Some(token) = &token {
            shared.cancellations.lock().insert(token.clone(), Arc::clone(&cancelled));
        }
        Self {
            shared: Arc::clone(shared),
            client: client.clone(),
            token,
            begun: Arc::default(),
            percentage: 0,
            cancelled,
        }
    }

    /// Tells how much is done, where that differs by a percent from what was told before.
    pub(crate) async fn report(&mut self, done: usize, all: usize) {
        let percentage = (done * 100).checked_div(all).unwrap_or(100) as u32;
        let Some(token) = self.token.as_ref().filter(|_| self.begun.load(Ordering::Acquire)) else { return };
        if percentage > self.percentage {
            self.percentage = percentage;
            let report = WorkDoneProgressReport {
                cancellable: Some(true),
                message: Some(format!("{done} of {all} files")),
                percentage: Some(percentage),
            };
            send(&self.client, token, WorkDoneProgress::Report(report)).await;
        }
    }

    /// Returns when the user has had enough.
    pub(crate) fn cancelled(&self) -> Arc<Notify> {
        Arc::clone(&self.cancelled)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let Some(token) = self.token.take() else { return };
        self.shared.cancellations.lock().remove(&token);
        if self.begun.swap(true, Ordering::AcqRel) {
            let client = self.client.clone();
            tokio::spawn(async move { send(&client, &token, end()).await });
        }
    }
}

fn begin(title: &str) -> WorkDoneProgress {
    WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: title.to_string(),
        cancellable: Some(true),
        message: None,
        percentage: Some(0),
    })
}

fn end() -> WorkDoneProgress {
    WorkDoneProgress::End(WorkDoneProgressEnd { message: None })
}

async fn send(client: &Client, token: &ProgressToken, value: WorkDoneProgress) {
    let params = ProgressParams { token: token.clone(), value: ProgressParamsValue::WorkDone(value) };
    client.send_notification::<ProgressNotification>(params).await;
}
