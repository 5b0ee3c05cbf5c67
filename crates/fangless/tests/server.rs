//! The server as a process: how it ends, what it costs, and what is left when it is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// No test takes this long; one that hangs ends here.
const LIMIT: Duration = Duration::from_mins(1);
const URI: &str = "file:///tmp/fangless-process/a.py";
const BAD: &str = "import yaml\n\n\ndef read(stream):\n    return yaml.load(stream, Loader=yaml.Loader)\n";

struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fangless"))
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, messages) = channel();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let input = process.stdin.take().unwrap();
        let mut server = Self { process, input, messages };
        let capabilities = json!({"textDocument": {"publishDiagnostics": {"versionSupport": true}}});
        let params = json!({"processId": std::process::id(), "rootUri": null, "capabilities": capabilities});
        server.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}));
        server.wait(|message| message["id"] == 1);
        server.notify("initialized", json!({}));
        server
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, version: i64, change: Value) {
        let params = json!({"textDocument": {"uri": URI, "version": version}, "contentChanges": [change]});
        self.notify("textDocument/didChange", params);
    }

    fn wait(&self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(LIMIT).expect("the server says what is waited for");
            if fits(&message) {
                return message;
            }
        }
    }

    fn codes(&self, uri: &str, version: i64) -> Vec<String> {
        let params = self
            .wait(|message| message["params"]["uri"] == uri && message["params"]["version"] == version)
            ["params"]
            .take();
        let diagnostics = params["diagnostics"].as_array().unwrap().clone();
        diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap().to_string()).collect()
    }

    /// The most memory it ever had, in KiB.
    #[cfg(target_os = "linux")]
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(':') {
            Some((_, value)) => length = value.trim().parse().ok()?,
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

#[test]
fn it_ends_with_the_code_that_the_protocol_asks_for() {
    let mut server = Server::start();
    server.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}));
    server.wait(|message| message["id"] == 2);
    server.notify("exit", Value::Null);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
    let mut server = Server::start();
    server.notify("exit", Value::Null);
    assert_eq!(server.process.wait().unwrap().code(), Some(1));
}

#[test]
fn killed_in_the_middle_of_an_edit_it_starts_again_as_if_nothing_had_been() {
    let mut server = Server::start();
    server.open(URI, BAD);
    assert_eq!(server.codes(URI, 1), ["yaml-unsafe-load"]);
    server.input.write_all(b"Content-Length: 300\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"textDoc").unwrap();
    server.input.flush().unwrap();
    drop(server);
    // What an editor does then: another server gets the text as it is now.
    let mut server = Server::start();
    server.open(URI, &format!("{BAD}    eval(input())\n"));
    server.change(2, json!({"range": {"start": {"line": 4, "character": 0}, "end": {"line": 5, "character": 0}}, "text": ""}));
    assert_eq!(server.codes(URI, 2), ["code-injection"]);
    server.change(3, json!({"text": BAD}));
    assert_eq!(server.codes(URI, 3), ["yaml-unsafe-load"]);
}

#[test]
fn mistakes_of_the_client_are_logged_and_nothing_but_messages_is_on_the_output() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_fangless"))
        .arg("server")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut send = |message: &Value| {
        let body = message.to_string();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    };
    let notice = |method: &str, params: Value| json!({"jsonrpc": "2.0", "method": method, "params": params});
    let start = json!({"line": -1, "character": 0});
    let edit = |change: Value| {
        let params = json!({"textDocument": {"uri": URI, "version": 2}, "contentChanges": [change]});
        notice("textDocument/didChange", params)
    };
    send(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}));
    assert_eq!(read(&mut output).unwrap()["id"], 1);
    send(&edit(json!({"text": "x"})));
    send(&notice(
        "textDocument/didOpen",
        json!({"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": ""}}),
    ));
    send(&edit(json!({"range": {"start": start, "end": start}, "text": "x"})));
    send(&edit(json!({"range": "all"})));
    send(&notice("textDocument/didClose", json!({"textDocument": {"uri": URI}})));
    send(&notice("textDocument/didClose", json!({"textDocument": {"uri": URI}})));
    send(&notice("textDocument/didClose", json!({})));
    send(&json!({"no": "message"}));
    send(&json!({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}));
    while read(&mut output).unwrap()["id"] != 2 {}
    send(&notice("exit", Value::Null));
    drop(input);
    // Whatever else is on the output, it is a message.
    while read(&mut output).is_some() {}
    let mut log = String::new();
    process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(0), "{log}");
    for said in [
        "changed but not open",
        "numbers out of range are cut to it",
        "parameters that cannot be read",
        "closed but not open",
        "not a message",
    ] {
        assert!(log.contains(said), "{said:?} is not logged:\n{log}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn floods_and_many_files_cost_bounded_memory() {
    let mut server = Server::start();
    let long: String = (0..200).map(|number| BAD.replace("read", &format!("read{number}"))).collect();
    server.open(URI, &long);
    assert_eq!(server.codes(URI, 1).len(), 200);
    let before = server.peak();
    // One long line is typed, and taken out again, over and over.
    for version in 2..=2_001 {
        let start = json!({"line": 3, "character": 0});
        let end = if version % 2 == 0 { start.clone() } else { json!({"line": 4, "character": 0}) };
        let text = if version % 2 == 0 { "x = [1, 2, 3]\n" } else { "" };
        server.change(version, json!({"range": {"start": start, "end": end}, "text": text}));
    }
    assert_eq!(server.codes(URI, 2_001).len(), 200);
    let after = server.peak();
    assert!(after < before + 64 * 1024, "{before} KiB before two thousand edits, {after} after");
    for number in 0..500 {
        server.open(&format!("file:///tmp/fangless-process/many/f{number}.py"), BAD);
    }
    server.codes("file:///tmp/fangless-process/many/f499.py", 1);
    let after = server.peak();
    assert!(after < before + 128 * 1024, "{before} KiB before five hundred files, {after} after");
}
