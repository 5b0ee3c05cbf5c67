//! A client: sends what a test tells it, and keeps what the server says until the test asks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fangless_engine::RuleSet;
use fangless_lsp::{Ended, serve_with};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

use crate::engine::{Fake, Plan};

/// No test takes this long; one that hangs ends here.
const LIMIT: Duration = Duration::from_mins(1);
const PIPE_BYTES: usize = 64 * 1024;

pub(crate) struct Client {
    input: Option<WriteHalf<DuplexStream>>,
    output: BufReader<ReadHalf<DuplexStream>>,
    unread: VecDeque<Value>,
    next_id: i64,
    server: JoinHandle<Ended>,
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(result) => result,
        Err(elapsed) => panic!("still waiting for {what}: {elapsed}"),
    }
}

impl Client {
    /// A client of a server with a test engine; not yet initialized.
    pub(crate) fn connect(plan: Plan) -> Self {
        Self::with(|ours| {
            let (input, output) = tokio::io::split(ours);
            let rules = Arc::new(RuleSet::builtin());
            tokio::spawn(serve_with(input, output, rules, move |_| Fake::new(plan.clone())))
        })
    }

    /// A client of the server as it is shipped.
    pub(crate) fn connect_real() -> Self {
        Self::with(|ours| {
            let (input, output) = tokio::io::split(ours);
            tokio::spawn(fangless_lsp::serve(input, output))
        })
    }

    fn with(start: impl FnOnce(DuplexStream) -> JoinHandle<Ended>) -> Self {
        let (theirs, ours) = tokio::io::duplex(PIPE_BYTES);
        let server = start(ours);
        let (output, input) = tokio::io::split(theirs);
        let output = BufReader::new(output);
        Self { input: Some(input), output, unread: VecDeque::new(), next_id: 0, server }
    }

    /// A client that takes pushes, after the handshake.
    pub(crate) async fn pushed(plan: Plan) -> Self {
        let mut client = Self::connect(plan);
        client.initialize(push_capabilities()).await;
        client
    }

    /// A client that pulls, after the handshake.
    pub(crate) async fn pulling(plan: Plan) -> Self {
        let mut client = Self::connect(plan);
        client.initialize(pull_capabilities()).await;
        client
    }

    /// The server's capabilities.
    pub(crate) async fn initialize(&mut self, capabilities: Value) -> Value {
        self.initialize_with(capabilities, json!({})).await
    }

    /// The same, with more to say than capabilities.
    pub(crate) async fn initialize_with(&mut self, capabilities: Value, more: Value) -> Value {
        let mut params = json!({"processId": null, "rootUri": null, "capabilities": capabilities});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let result = self.request("initialize", params).await.unwrap();
        self.notify("initialized", json!({})).await;
        result["capabilities"].clone()
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        within("the server to read", input.write_all(bytes)).await.unwrap();
    }

    pub(crate) async fn send_body(&mut self, body: &[u8]) {
        let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        message.extend_from_slice(body);
        self.send_bytes(&message).await;
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        self.send_body(message.to_string().as_bytes()).await;
    }

    /// Sends a request and does not wait; its id.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params});
        self.send_body(message.to_string().as_bytes()).await;
        self.next_id
    }

    /// The result, or the error.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.ask(method, params).await;
        self.reply(id).await
    }

    pub(crate) async fn reply(&mut self, id: i64) -> Result<Value, Value> {
        let what = format!("the reply to request {id}");
        let message =
            self.wait(&what, |message| message["id"] == id && message.get("method").is_none()).await;
        match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message["result"].clone()),
        }
    }

    /// The next request of the server for this method.
    pub(crate) async fn asked(&mut self, method: &str) -> Value {
        let fits = |message: &Value| message["method"] == method && message.get("id").is_some();
        self.wait(&format!("the request {method}"), fits).await
    }

    /// The parameters of the next notification of this method.
    pub(crate) async fn told(&mut self, method: &str) -> Value {
        let fits = |message: &Value| message["method"] == method;
        self.wait(&format!("the notification {method}"), fits).await["params"].clone()
    }

    /// Answers a request of the server.
    pub(crate) async fn answer(&mut self, request: &Value, result: Value) {
        let message = json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
        self.send_body(message.to_string().as_bytes()).await;
    }

    /// Returns when the server has acted on every notification sent before.
    pub(crate) async fn barrier(&mut self) {
        let error = self.request("test/unknown", Value::Null).await.unwrap_err();
        assert_eq!(error["code"], -32601);
    }

    /// Returns when the server has done all it can do without the engine, and what it said of that is read.
    pub(crate) async fn settle(&mut self) {
        // A task that gives way comes back when no other one can go on: the server runs on this very thread.
        for _ in 0..3 {
            tokio::task::yield_now().await;
            self.barrier().await;
        }
    }

    /// Whether the reply to a request came and was not taken.
    pub(crate) fn is_answered(&self, id: i64) -> bool {
        self.unread.iter().any(|message| message["id"] == id && message.get("method").is_none())
    }

    /// The first message that fits, of those not yet taken.
    pub(crate) async fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.unread.iter().position(&fits) {
            return self.unread.remove(index).unwrap();
        }
        loop {
            let message =
                within(what, self.read()).await.unwrap_or_else(|| panic!("no {what}: the server left"));
            if fits(&message) {
                return message;
            }
            self.unread.push_back(message);
        }
    }

    /// The parameters of the next publish for a document.
    pub(crate) async fn published(&mut self, uri: &str) -> Value {
        let fits = |message: &Value| is_publish(message) && message["params"]["uri"] == uri;
        self.wait(&format!("diagnostics of {uri}"), fits).await["params"].clone()
    }

    /// The publish of this version; those of older ones are dropped.
    pub(crate) async fn published_version(&mut self, uri: &str, version: i64) -> Value {
        loop {
            let published = self.published(uri).await;
            if published["version"] == version {
                return published;
            }
        }
    }

    /// Every publish that came and was not taken.
    pub(crate) fn unread_publishes(&self) -> Vec<&Value> {
        self.unread.iter().filter(|message| is_publish(message)).collect()
    }

    /// The next message as it was sent, none taken before it.
    pub(crate) async fn next_body(&mut self) -> String {
        let body = within("a message", self.read_body()).await.expect("the server is there");
        String::from_utf8(body).expect("the server sends UTF-8")
    }

    async fn read(&mut self) -> Option<Value> {
        let body = self.read_body().await?;
        Some(serde_json::from_slice(&body).expect("the server sends JSON"))
    }

    async fn read_body(&mut self) -> Option<Vec<u8>> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.trim().split_once(':') {
                Some((_, value)) => length = value.trim().parse().ok()?,
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).await.ok()?;
        Some(body)
    }

    pub(crate) async fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    pub(crate) async fn change(&mut self, uri: &str, version: i64, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": changes});
        self.notify("textDocument/didChange", params).await;
    }

    pub(crate) async fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}})).await;
    }

    /// Nothing more will be sent.
    pub(crate) fn end_input(&mut self) {
        // Both halves share one pipe, so it is shut by hand.
        let mut input = self.input.take().expect("the input is open");
        tokio::spawn(async move { input.shutdown().await });
    }

    pub(crate) async fn ended(self) -> Ended {
        within("the server to end", self.server).await.unwrap()
    }
}

fn is_publish(message: &Value) -> bool {
    message["method"] == "textDocument/publishDiagnostics"
}

pub(crate) fn push_capabilities() -> Value {
    json!({
        "general": {"positionEncodings": ["utf-16"]},
        "workspace": {"workspaceEdit": {"documentChanges": true}},
        "textDocument": {
            "publishDiagnostics": {
                "versionSupport": true, "relatedInformation": true, "codeDescriptionSupport": true,
            },
            "hover": {"contentFormat": ["markdown"]},
        },
    })
}

pub(crate) fn pull_capabilities() -> Value {
    let mut capabilities = push_capabilities();
    capabilities["textDocument"]["diagnostic"] = json!({"dynamicRegistration": false});
    capabilities["workspace"]["diagnostics"] = json!({"refreshSupport": true});
    capabilities["workspace"]["didChangeWatchedFiles"] = json!({"dynamicRegistration": true});
    capabilities
}
