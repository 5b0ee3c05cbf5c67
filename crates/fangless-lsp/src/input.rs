//! The messages that come in, one by one. The transport stops for good at the first message that it cannot read, so
//! this filter stands before it: what is no message becomes a request that is answered with the right error. It also
//! sees the end of the input. Knows nothing of what messages mean.

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tower_lsp::jsonrpc::{Request, Response};
use tracing::warn;

/// The methods that stand for unreadable input; the server answers them with the error.
pub(crate) const MALFORMED: &str = "fangless/malformed";
pub(crate) const INVALID: &str = "fangless/invalid";
/// A larger message is skipped.
const MAX_MESSAGE_BYTES: usize = 256 * 1024 * 1024;
/// A longer line is no header.
const MAX_HEADER_BYTES: u64 = 16 * 1024;

/// Everything that the transport can read; of the same shape as its own type.
#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code)] // Only whether it can be read matters.
enum Message {
    Response(Response),
    Request(Request),
}

/// Hands messages on until the input ends, breaks, or `output` is no longer read.
pub(crate) async fn filter(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut message = Vec::new();
    while let Some(length) = read_headers(&mut input).await? {
        match length {
            Some(length) if length <= MAX_MESSAGE_BYTES => {
                message.clear();
                let read = (&mut input).take(length as u64).read_to_end(&mut message).await?;
                if read < length {
                    break;
                }
                forward(&message, &mut output).await?;
            }
            Some(length) => {
                warn!(length, "a message that large is skipped");
                tokio::io::copy(&mut (&mut input).take(length as u64), &mut tokio::io::sink()).await?;
                write(&stand_in(INVALID), &mut output).await?;
            }
            None => {
                warn!("headers without a length");
                write(&stand_in(MALFORMED), &mut output).await?;
            }
        }
        message.shrink_to(1024 * 1024);
    }
    Ok(())
}

async fn forward(message: &[u8], output: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    match serde_json::from_slice::<Message>(message) {
        Ok(_) => write(message, output).await,
        Err(error) => {
            warn!(%error, "not a message");
            let method = if error.is_data() { INVALID } else { MALFORMED };
            write(&stand_in(method), output).await
        }
    }
}

/// A request without a usable id, as JSON-RPC wants its answer.
fn stand_in(method: &str) -> Vec<u8> {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"{method}\"}}").into_bytes()
}

async fn write(message: &[u8], output: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    output.write_all(format!("Content-Length: {}\r\n\r\n", message.len()).as_bytes()).await?;
    output.write_all(message).await
}

/// The length that the headers give, if any; nothing at the end of the input.
async fn read_headers(input: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<Option<usize>>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut *input).take(MAX_HEADER_BYTES).read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            return Ok(Some(length));
        }
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}
