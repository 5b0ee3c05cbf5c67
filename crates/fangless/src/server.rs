//! `fangless server`: the language server over standard input and output. Logs never go to standard output.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

pub(crate) fn run(log_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_env("FANGLESS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    match log_file {
        Some(path) => {
            let file =
                std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            builder.with_writer(std::sync::Mutex::new(file)).init();
        }
        None => builder.with_writer(std::io::stderr).init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(fangless_lsp::run_stdio());
    // The input is read on a thread that may be waiting still; the server is done all the same.
    runtime.shutdown_background();
    Ok(ExitCode::from(ended.exit_code()))
}
