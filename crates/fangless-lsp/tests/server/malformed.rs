//! Bad input: an error where somebody asked, a line in the log where nobody did, and the next message is read as if
//! nothing had been.

use serde_json::{Value, json};

use crate::client::Client;
use crate::engine::Plan;

const URI: &str = "file:///tmp/malformed.py";

async fn refused(client: &mut Client) -> Value {
    let error = client.wait("an error without an id", |message| message["id"].is_null()).await;
    error["error"]["code"].clone()
}

async fn assert_alive(client: &mut Client, version: i64, text: &str) {
    client.change(URI, version, json!([{"text": text}])).await;
    let published = client.published_version(URI, version).await;
    assert_eq!(published["diagnostics"][0]["message"], text);
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_forgotten() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "").await;
    let bodies: [(&[u8], i64); 8] = [
        (b"{\"jsonrpc\":\"2.0\",\"method\":", -32700),
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[1,2]", -32600),
        (b"{}", -32600),
        (b"null", -32600),
        (b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"shutdown\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"shutdown\"}", -32600),
    ];
    for (version, (body, code)) in (2..).zip(bodies) {
        client.send_body(body).await;
        assert_eq!(refused(&mut client).await, code, "{}", String::from_utf8_lossy(body));
        assert_alive(&mut client, version, &format!("after {version}")).await;
    }
}

#[tokio::test]
async fn half_a_character_does_not_lose_the_message() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "").await;
    let halves = [
        (r"a\ud800b", "a\u{FFFD}b"),
        (r"\udc00\ud83d", "\u{FFFD}\u{FFFD}"),
        (r"\ud83d\ude00\ud83d", "\u{1F600}\u{FFFD}"),
        (r"\\ud800\ud800", "\\ud800\u{FFFD}"),
    ];
    for (version, (sent, expected)) in (2..).zip(halves) {
        let body = format!(
            r#"{{"jsonrpc":"2.0","method":"textDocument/didChange","params":{{"textDocument":{{"uri":"{URI}","version":{version}}},"contentChanges":[{{"text":"{sent}"}}]}}}}"#
        );
        client.send_body(body.as_bytes()).await;
        let published = client.published_version(URI, version).await;
        assert_eq!(published["diagnostics"][0]["message"], expected, "{sent}");
    }
}

#[tokio::test]
async fn broken_headers_are_skipped() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "").await;
    for (version, headers) in (2..).zip(["Nonsense\r\n\r\n", "Content-Length: many\r\n\r\n"]) {
        client.send_bytes(headers.as_bytes()).await;
        assert_eq!(refused(&mut client).await, -32700);
        assert_alive(&mut client, version, "after").await;
    }
    let body = json!({"jsonrpc": "2.0", "id": 99, "method": "test/unknown"}).to_string();
    let message = format!("content-type: x\r\nCONTENT-LENGTH:{}\r\nOther: y\r\n\r\n{body}", body.len());
    client.send_bytes(message.as_bytes()).await;
    assert_eq!(client.reply(99).await.unwrap_err()["code"], -32601);
}

#[tokio::test]
async fn answers_to_nothing_are_ignored() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "").await;
    for id in [json!(77), json!("no"), Value::Null] {
        client.send_body(json!({"jsonrpc": "2.0", "id": id, "result": null}).to_string().as_bytes()).await;
    }
    client.notify("$/unknown", json!({})).await;
    client.notify("unknown", json!({})).await;
    client.notify("textDocument/didChange", json!({"no": "sense"})).await;
    assert_alive(&mut client, 2, "after").await;
}

#[tokio::test]
async fn documents_that_are_not_open() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "text").await;
    client.published(URI).await;
    let unknown = "file:///tmp/unknown.py";
    client.change(unknown, 5, json!([{"text": "x"}])).await;
    client.close(unknown).await;
    let document = json!({"uri": unknown});
    let start = json!({"line": 0, "character": 0});
    let range = json!({"start": start, "end": start});
    for (method, params) in [
        ("textDocument/hover", json!({"textDocument": document, "position": start})),
        ("textDocument/diagnostic", json!({"textDocument": document})),
        (
            "textDocument/codeAction",
            json!({"textDocument": document, "range": range, "context": {"diagnostics": []}}),
        ),
    ] {
        assert_eq!(client.request(method, params).await.unwrap_err()["code"], -32602, "{method}");
    }
    client.close(URI).await;
    client.close(URI).await;
    client.open(URI, "back").await;
    assert_alive(&mut client, 2, "after").await;
}

#[tokio::test]
async fn edits_out_of_range_are_cut_to_the_text() {
    let mut client = Client::pushed(Plan::echoing()).await;
    let mut version = 1;
    client.open(URI, "").await;
    let at = |line: u32, character: u32| json!({"line": line, "character": character});
    for (before, start, end, expected) in [
        ("ab\ncd\n", at(0, 99), at(0, 99), "abX\ncd\n"),
        ("ab\r\ncd", at(0, 99), at(1, 0), "abXcd"),
        ("ab\ncd", at(7, 0), at(9, 9), "ab\ncdX"),
        ("ab\ncd", at(0, 1), at(u32::MAX, u32::MAX), "aX"),
        ("a\u{1F600}b", at(0, 2), at(0, 2), "aX\u{1F600}b"),
        ("a\u{1F600}b", at(0, 1), at(0, 2), "aX\u{1F600}b"),
        ("a\u{1F600}b", at(0, 2), at(0, 3), "aXb"),
        ("abcd", at(0, 3), at(0, 1), "aXd"),
    ] {
        version += 1;
        let edit = json!({"range": {"start": start, "end": end}, "text": "X"});
        client.change(URI, version, json!([{"text": before}, edit])).await;
        let published = client.published_version(URI, version).await;
        assert_eq!(published["diagnostics"][0]["message"], expected, "{before:?}");
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_cut_to_those_of_the_protocol() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "").await;
    let at = |line: Value, character: Value| json!({"line": line, "character": character});
    let far = u64::from(u32::MAX) + 7;
    let edits = [
        (at(json!(-1), json!(0)), at(json!(0), json!(1)), "Xb\ncd"),
        (at(json!(0), json!(-5)), at(json!(0), json!(0)), "Xab\ncd"),
        (at(json!(1), json!(1)), at(json!(far), json!(far)), "ab\ncX"),
        (at(json!(i64::MIN), json!(i64::MIN)), at(json!(1e300), json!(0)), "X"),
        (at(json!(1.0), json!(0.0)), at(json!(1), json!(1)), "ab\nXd"),
    ];
    for (version, (start, end, expected)) in (2..).zip(edits) {
        let edit = json!({"range": {"start": start, "end": end}, "rangeLength": -1, "text": "X"});
        client.change(URI, version, json!([{"text": "ab\ncd"}, edit])).await;
        let published = client.published_version(URI, version).await;
        assert_eq!(published["diagnostics"][0]["message"], expected, "{edit}");
    }
}

#[tokio::test]
async fn an_edit_that_cannot_be_read_silences_its_document_until_the_text_is_known_again() {
    let start = json!({"line": 0, "character": 0});
    let range = json!({"start": start, "end": start});
    let unreadable = [
        json!([{"range": range, "text": 7}]),
        json!([{"range": range, "text": "x"}, {"range": {"start": start}, "text": "y"}]),
        json!([{"range": {"start": {"line": "0", "character": 0}, "end": start}, "text": "x"}]),
        json!([{"range": range}]),
        json!({"text": "no list"}),
    ];
    for changes in unreadable {
        let mut client = Client::pushed(Plan::echoing()).await;
        let other = "file:///tmp/other.py";
        client.open(other, "other").await;
        client.published(other).await;
        client.open(URI, "text").await;
        client.published(URI).await;
        client.change(URI, 2, changes.clone()).await;
        let published = client.published(URI).await;
        assert_eq!(published["diagnostics"], json!([]), "{changes}");
        // An edit of a text that is not known tells nothing of it.
        client.change(URI, 3, json!([{"range": range, "text": "more "}])).await;
        client.change(other, 2, json!([{"range": range, "text": "an"}])).await;
        let published = client.published_version(other, 2).await;
        assert_eq!(published["diagnostics"][0]["message"], "another");
        let told =
            client.wait("a word to the user", |message| message["method"] == "window/showMessage").await;
        assert!(told["params"]["message"].as_str().unwrap().contains(URI), "{told}");
        client.change(URI, 4, json!([{"text": "whole"}, {"range": range, "text": "the "}])).await;
        let published = client.published_version(URI, 4).await;
        assert_eq!(published["diagnostics"][0]["message"], "the whole", "{changes}");
    }
}

#[tokio::test]
async fn nothing_works_before_initialize() {
    let mut client = Client::connect(Plan::echoing());
    let hover = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}});
    assert_eq!(client.request("textDocument/hover", hover).await.unwrap_err()["code"], -32002);
    client.initialize(crate::client::push_capabilities()).await;
    let again = client.request("initialize", json!({"capabilities": {}})).await;
    assert_eq!(again.unwrap_err()["code"], -32600);
    client.open(URI, "").await;
    assert_alive(&mut client, 2, "after").await;
}
