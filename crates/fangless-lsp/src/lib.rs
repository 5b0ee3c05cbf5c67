//! The language server: documents, positions and protocol around the engine. Protocol types never leave this crate,
//! and the engine's rules are not decided here.
//!
//! The way of a keystroke: `input` (whole messages) -> `server` (handlers) -> `documents` (the newest text) ->
//! `queue` -> `worker` (the one engine thread) -> `publish` (results, to clients that do not ask) or
//! `request/diagnostic` (to those that do). `proto` and `position` translate; `typing` keeps findings from flickering. A
//! `notebook` is a document like others to all that is behind `documents`; its cells are known where the client is met.
//! `configuration` says which rules are wanted where, and `scan` looks at the files that are not open.

mod abilities;
mod analysis;
mod capabilities;
mod configuration;
mod disabling;
mod documents;
mod input;
mod notebook;
mod parameters;
mod parent;
mod paths;
mod position;
mod progress;
mod proto;
mod publish;
mod queue;
mod request;
mod scan;
mod server;
mod stdio;
mod stdout;
mod suppression;
mod typing;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fangless_engine::rule::schema::Profile;
use fangless_engine::{RuleSet, Workspace};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::LspService;
use tracing::{debug, error};

pub use analysis::Analysis;
use server::{Server, Shared};
pub use stdio::run_stdio;

/// More than any client has under way. A handler that waits for the engine takes one place, and cancelling it needs
/// another.
const HANDLERS_AT_ONCE: usize = 1_024;
/// How much of the input may wait inside the server.
const INPUT_BUFFER_BYTES: usize = 64 * 1024;
/// How long answers may still take after the input has ended.
const GRACE_AFTER_INPUT: Duration = Duration::from_secs(2);

/// How the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After `shutdown`, or because the client is gone.
    Orderly,
    /// `exit` without `shutdown`.
    Abrupt,
}

impl Ended {
    /// What the process is to end with.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Orderly => 0,
            Self::Abrupt => 1,
        }
    }
}

/// Serves one client with the built-in rules, until it says `exit` or the input ends.
pub async fn serve<I, O>(input: I, output: O) -> Ended
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
{
    let rules = Arc::new(RuleSet::builtin());
    let for_engine = Arc::clone(&rules);
    let make = move |profile| Workspace::with_profile(Arc::clone(&for_engine), profile == Profile::Strict);
    serve_with(input, output, rules, make).await
}

/// Makes an engine that runs the rules of a profile.
pub(crate) type Make = Box<dyn Fn(Profile) -> Box<dyn Analysis> + Send + Sync>;

/// Serves one client with an engine of the caller's making. `make` runs on the thread that uses the engine, and again
/// after a panic.
pub async fn serve_with<I, O, A>(
    input: I,
    output: O,
    rules: Arc<RuleSet>,
    make: impl Fn(Profile) -> A + Send + Sync + 'static,
) -> Ended
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
    A: Analysis + 'static,
{
    let make: Make = Box::new(move |profile| Box::new(make(profile)));
    let shared = Arc::new(Shared::new(rules, make));
    if let Err(error) = worker::spawn(Arc::clone(&shared)) {
        error!(%error, "no thread for the engine");
        return Ended::Abrupt;
    }
    let for_service = Arc::clone(&shared);
    let (service, socket) = LspService::build(|client| Server { client, shared: for_service })
        .custom_method(input::MALFORMED, Server::malformed)
        .custom_method(input::INVALID, Server::invalid)
        .custom_method(parameters::LOST, Server::lost)
        .custom_method("window/workDoneProgress/cancel", Server::cancel_progress)
        .finish();
    let publisher =
        tokio::spawn(publish::publish_forever(Arc::clone(&shared), service.inner().client.clone()));
    let complainer =
        tokio::spawn(configuration::publish_forever(Arc::clone(&shared), service.inner().client.clone()));
    let (messages, filtered) = tokio::io::duplex(INPUT_BUFFER_BYTES);
    let exit = Arc::new(AtomicBool::new(false));
    let mut filter = tokio::spawn(input::filter(input, filtered, Arc::clone(&exit)));
    let transport =
        tower_lsp::Server::new(messages, output, socket).concurrency_level(HANDLERS_AT_ONCE).serve(service);
    tokio::pin!(transport);
    tokio::select! {
        () = &mut transport => {}
        () = shared.orphaned.notified() => debug!("the client's process is gone"),
        ended = &mut filter => {
            debug!(?ended, "the input ended");
            // What was asked is still answered, if it does not take long.
            let late = tokio::time::timeout(GRACE_AFTER_INPUT, &mut transport).await.is_err();
            debug!(late, "the client is gone");
        }
    }
    filter.abort();
    publisher.abort();
    complainer.abort();
    shared.queue.stop();
    let asked = exit.load(Ordering::Relaxed) && !shared.shut_down.load(Ordering::Relaxed);
    if asked { Ended::Abrupt } else { Ended::Orderly }
}
