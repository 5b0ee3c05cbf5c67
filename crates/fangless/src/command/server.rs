//! `fangless server`: the language server. Its standard output belongs to the protocol; the log goes elsewhere.

use std::fs::OpenOptions;
use std::io;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::arguments::ServerArguments;

const LOG_VARIABLE: &str = "FANGLESS_LOG";

pub(crate) fn run(arguments: &ServerArguments) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    match &arguments.log_file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.with_context(|| format!("the log file {} cannot be opened", path.display()))?;
            log.with_writer(Mutex::new(file)).init();
        }
        None => log.with_writer(io::stderr).init(),
    }
    // One thread for all messages: handing one from thread to thread takes longer than what is done with it. The engine
    // and the input have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(fangless_lsp::run_stdio());
    // The input is read on a thread that may be waiting still; the server is done all the same.
    runtime.shutdown_background();
    Ok(ExitCode::from(ended.exit_code()))
}
