//! The standard output as the transport writes to it: at once where the client takes it, else on a thread of its own, so
//! that a client that does not read holds up nothing else.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, Stdout};

/// The standard output. Nobody else may write to it.
pub(crate) struct Output {
    slow: Stdout,
    /// Something went the slow way and may not be out yet.
    is_slow: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { slow: tokio::io::stdout(), is_slow: false }
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.is_slow
            && let Some(written) = write_at_once(bytes)
        {
            return Poll::Ready(written);
        }
        self.is_slow = true;
        Pin::new(&mut self.slow).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_slow {
            ready!(Pin::new(&mut self.slow).poll_flush(context))?;
            self.is_slow = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.slow).poll_shutdown(context)
    }
}

/// Writes as much as is taken without waiting; `None` where that is nothing.
#[cfg(unix)]
fn write_at_once(bytes: &[u8]) -> Option<io::Result<usize>> {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    /// What a pipe that can be written to takes in one go (`PIPE_BUF`).
    const AT_ONCE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

    let output = io::stdout();
    let mut polled = [PollFd::new(&output, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_ready = poll(&mut polled, Some(&now)).is_ok() && polled[0].revents() == PollFlags::OUT;
    let part = &bytes[..bytes.len().min(AT_ONCE)];
    let write = || rustix::io::retry_on_intr(|| rustix::io::write(output.as_fd(), part));
    is_ready.then(|| write().map_err(io::Error::from))
}

#[cfg(not(unix))]
fn write_at_once(_: &[u8]) -> Option<io::Result<usize>> {
    None
}
