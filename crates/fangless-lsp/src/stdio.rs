//! Serving on the standard input and output.

use std::io::Read;

use tokio::io::{AsyncWriteExt, DuplexStream};
use tracing::error;

use crate::stdout::Output;
use crate::{Ended, serve};

const BUFFER_BYTES: usize = 64 * 1024;

/// Serves the client at the other end of stdin and stdout. The runtime may be dropped when this returns, and the
/// process is to end with `Ended::exit_code`.
pub async fn run_stdio() -> Ended {
    let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
    let runtime = tokio::runtime::Handle::current();
    // A thread of our own: the runtime would wait for its own one, whose read returns only when the client writes.
    let reader = std::thread::Builder::new().name("fangless-stdin".to_string());
    if let Err(error) = reader.spawn(move || copy_stdin(&runtime, theirs)) {
        error!(%error, "no thread for the input");
        return Ended::Abrupt;
    }
    serve(ours, Output::new()).await
}

fn copy_stdin(runtime: &tokio::runtime::Handle, mut output: DuplexStream) {
    let mut input = std::io::stdin().lock();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                if runtime.block_on(output.write_all(&buffer[..read])).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                error!(%error, "the input cannot be read");
                return;
            }
        }
    }
}
