//! Nothing a client does, or fails to do, makes the server stand still.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities, push_capabilities};
use crate::engine::{DANGER, Plan};

const URI: &str = "file:///tmp/liveness.py";

fn typed(version: i64) -> Value {
    let start = json!({"line": 0, "character": version - 2});
    json!([{"range": {"start": start, "end": start}, "text": "x"}])
}

async fn pull(client: &mut Client, uri: &str) -> i64 {
    client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri}})).await
}

#[tokio::test]
async fn a_client_that_never_answers_is_served() {
    let mut client = Client::connect(Plan::echoing());
    client.initialize(pull_capabilities()).await;
    let method = |name: &'static str| move |message: &Value| message["method"] == name;
    // Neither of the server's requests is ever answered.
    client.wait("the registration", method("client/registerCapability")).await;
    client.open("file:///tmp/user.py", "uses:used.py").await;
    let id = pull(&mut client, "file:///tmp/user.py").await;
    assert_eq!(client.reply(id).await.unwrap()["items"].as_array().unwrap().len(), 1);
    for round in 0..8 {
        let text = if round % 2 == 0 { DANGER } else { "" };
        if round == 0 {
            client.open("file:///tmp/used.py", text).await;
        } else {
            client.change("file:///tmp/used.py", round + 1, json!([{"text": text}])).await;
        }
        let id = pull(&mut client, "file:///tmp/used.py").await;
        client.reply(id).await.unwrap();
        if round == 0 {
            client.wait("the refresh", method("workspace/diagnostic/refresh")).await;
        }
    }
    let id = pull(&mut client, "file:///tmp/user.py").await;
    client.reply(id).await.unwrap();
}

#[tokio::test]
async fn five_hundred_files_at_once() {
    let mut client = Client::pushed(Plan::echoing()).await;
    let uri = |number: usize| format!("file:///tmp/many/{number}.py");
    for number in 0..500 {
        client.open(&uri(number), &format!("text {number}")).await;
    }
    let mut left: BTreeSet<usize> = (0..500).collect();
    while let Some(number) = left.pop_first() {
        let published = client.published(&uri(number)).await;
        assert_eq!(published["diagnostics"][0]["message"], format!("text {number}"));
    }
}

#[tokio::test]
async fn a_flood_of_edits_from_a_client_that_does_not_read() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "").await;
    for version in 2..=2_001 {
        client.change(URI, version, typed(version)).await;
    }
    let published = client.published_version(URI, 2_001).await;
    assert_eq!(published["diagnostics"][0]["message"], "x".repeat(2_000));
}

#[tokio::test]
async fn edits_and_cancellations_get_past_requests_that_wait() {
    let (plan, mut keeper) = Plan::echoing().gated();
    let mut client = Client::pulling(plan).await;
    client.open(URI, "").await;
    assert_eq!(keeper.started().await, "");
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(pull(&mut client, URI).await);
    }
    let cancelled = waiting.remove(7);
    client.notify("$/cancelRequest", json!({"id": cancelled})).await;
    assert_eq!(client.reply(cancelled).await.unwrap_err()["code"], -32800);
    client.change(URI, 2, typed(2)).await;
    client.barrier().await;
    keeper.open();
    for id in waiting {
        // What was asked before the edit gets what is true after it.
        assert_eq!(client.reply(id).await.unwrap()["items"][0]["message"], "x");
    }
}

#[tokio::test]
async fn a_client_without_any_ability_is_served() {
    let mut client = Client::connect(Plan::default());
    client.initialize(json!({})).await;
    client.open(URI, DANGER).await;
    let published = client.published(URI).await;
    assert_eq!(published["diagnostics"][0]["code"], "danger");
    for absent in ["relatedInformation", "codeDescription", "tags"] {
        assert!(published["diagnostics"][0].get(absent).is_none(), "{absent} was not announced");
    }
    assert!(published.get("version").is_none());
}

#[tokio::test]
async fn equal_results_are_not_published_twice() {
    let mut capabilities = push_capabilities();
    capabilities["textDocument"]["publishDiagnostics"]["versionSupport"] = json!(false);
    let mut client = Client::connect(Plan::default());
    client.initialize(capabilities).await;
    client.open(URI, "DANGER\n").await;
    assert_eq!(client.published(URI).await["diagnostics"].as_array().unwrap().len(), 1);
    client.change(URI, 2, json!([{"text": "DANGER\nmore"}])).await;
    let hover = json!({"textDocument": {"uri": URI}, "position": {"line": 1, "character": 0}});
    assert_eq!(client.request("textDocument/hover", hover).await, Ok(Value::Null));
    client.change(URI, 3, json!([{"text": "DANGER\nDANGER"}])).await;
    assert_eq!(client.published(URI).await["diagnostics"].as_array().unwrap().len(), 2);
}
