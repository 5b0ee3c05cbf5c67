//! The process that started the server: when it is gone, nobody will say `exit`.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use crate::server::Shared;

/// How often it is looked for.
const INTERVAL: Duration = Duration::from_secs(1);

/// Ends the server when the process ends. One that cannot be seen from here, as from inside a container, is not waited
/// for.
pub(crate) fn watch(process: u32, shared: &Arc<Shared>) {
    if !is_alive(process) {
        debug!(process, "the client's process cannot be seen");
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        while is_alive(process) {
            tokio::time::sleep(INTERVAL).await;
        }
        shared.orphaned.notify_one();
    });
}

#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // A process that may not be asked is there all the same.
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Elsewhere the end of the input must do.
#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    false
}
