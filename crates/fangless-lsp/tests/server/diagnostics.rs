//! Asked and unasked: a client gets its diagnostics one way, never both.

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities, push_capabilities};
use crate::engine::{DANGER, Plan};

const URI: &str = "file:///tmp/diagnostics.py";

async fn pull(client: &mut Client, uri: &str, previous: Option<&Value>) -> Value {
    let mut params = json!({"textDocument": {"uri": uri}});
    if let Some(previous) = previous {
        params["previousResultId"] = previous.clone();
    }
    client.request("textDocument/diagnostic", params).await.unwrap()
}

#[tokio::test]
async fn who_pulls_is_never_pushed_to() {
    let mut client = Client::connect(Plan::default());
    let server = client.initialize(pull_capabilities()).await;
    assert_eq!(server["diagnosticProvider"]["interFileDependencies"], true);
    client.open(URI, DANGER).await;
    let report = pull(&mut client, URI, None).await;
    assert_eq!((&report["kind"], &report["items"][0]["code"]), (&json!("full"), &json!("danger")));
    client.change(URI, 2, json!([{"text": "calm"}])).await;
    assert_eq!(pull(&mut client, URI, None).await["items"], json!([]));
    client.close(URI).await;
    client.barrier().await;
    assert!(client.unread_publishes().is_empty());
}

#[tokio::test]
async fn who_does_not_pull_is_offered_no_pull() {
    let mut client = Client::connect(Plan::default());
    let server = client.initialize(push_capabilities()).await;
    assert!(server.get("diagnosticProvider").is_none());
}

#[tokio::test]
async fn who_cannot_be_told_to_pull_again_is_pushed_to() {
    let mut capabilities = pull_capabilities();
    capabilities["workspace"]["diagnostics"] = json!({});
    let mut client = Client::connect(Plan::default());
    let server = client.initialize(capabilities).await;
    assert!(server.get("diagnosticProvider").is_none(), "never both");
    client.open(URI, DANGER).await;
    assert_eq!(client.published(URI).await["diagnostics"][0]["code"], "danger");
    // Unless it takes none.
    let mut client = Client::connect(Plan::default());
    let server = client.initialize(json!({"textDocument": {"diagnostic": {}}})).await;
    assert!(server["diagnosticProvider"].is_object());
}

#[tokio::test]
async fn the_same_diagnostics_are_unchanged_even_after_an_edit() {
    let mut client = Client::pulling(Plan::default()).await;
    client.open(URI, "DANGER\n").await;
    let first = pull(&mut client, URI, None).await;
    client.change(URI, 2, json!([{"text": "DANGER\nmore"}])).await;
    let second = pull(&mut client, URI, Some(&first["resultId"])).await;
    assert_eq!((&second["kind"], &second["resultId"]), (&json!("unchanged"), &first["resultId"]));
    client.change(URI, 3, json!([{"text": "\nDANGER"}])).await;
    let third = pull(&mut client, URI, Some(&first["resultId"])).await;
    assert_eq!(third["kind"], "full");
    assert_ne!(third["resultId"], first["resultId"]);
}

#[tokio::test]
async fn a_diagnostic_says_all_it_knows() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, "x = DANGER").await;
    let diagnostic = client.published(URI).await["diagnostics"][0].clone();
    let range = json!({"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 10}});
    let related = json!([{"location": {"uri": URI, "range": range}, "message": "here"}]);
    assert_eq!(
        diagnostic,
        json!({
            "range": range, "severity": 1, "code": "danger", "source": "fangless", "message": DANGER,
            "relatedInformation": related, "data": {"rule": "danger", "certain": true},
        })
    );
}

#[tokio::test]
async fn a_change_in_one_file_reaches_the_others() {
    let mut client = Client::pushed(Plan::default()).await;
    let user = "file:///tmp/user.py";
    client.open(user, "uses:diagnostics.py").await;
    assert_eq!(client.published(user).await["diagnostics"], json!([]));
    client.open(URI, DANGER).await;
    assert_eq!(client.published(user).await["diagnostics"][0]["message"], "elsewhere");
    client.close(URI).await;
    assert_eq!(client.published(user).await["diagnostics"], json!([]));
}

#[tokio::test]
async fn other_languages_are_left_alone_whatever_their_name() {
    let mut client = Client::pushed(Plan::default()).await;
    let document = json!({"uri": URI, "languageId": "toml", "version": 1, "text": DANGER});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    assert_eq!(client.published(URI).await["diagnostics"], json!([]));
    let notebook = "file:///tmp/.virtual_documents/a.ipynb";
    client.open(notebook, DANGER).await;
    assert_eq!(client.published(notebook).await["diagnostics"].as_array().unwrap().len(), 1);
    client.open("untitled:Untitled-1", DANGER).await;
    assert_eq!(client.published("untitled:Untitled-1").await["diagnostics"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn hovering_a_finding_says_why() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, "x = DANGER").await;
    let at = |character: u32| json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": character}});
    let hover = client.request("textDocument/hover", at(5)).await.unwrap();
    assert_eq!(hover["contents"]["kind"], "markdown");
    assert_eq!(hover["contents"]["value"], "**DANGER** `danger`\n\n1. here");
    assert_eq!(client.request("textDocument/hover", at(1)).await, Ok(Value::Null));
}

#[tokio::test]
async fn a_client_that_shows_no_markdown_gets_none() {
    let mut capabilities = push_capabilities();
    capabilities["textDocument"]["hover"] = json!({"contentFormat": ["plaintext"]});
    let mut client = Client::connect(Plan::default());
    client.initialize(capabilities).await;
    client.open(URI, "x = DANGER").await;
    let at = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 5}});
    let hover = client.request("textDocument/hover", at).await.unwrap();
    assert_eq!(hover["contents"], json!({"kind": "plaintext", "value": "DANGER [danger]\n\n1. here"}));
}

#[tokio::test]
async fn a_report_brings_those_of_open_documents_that_its_flows_run_through() {
    let mut capabilities = pull_capabilities();
    capabilities["textDocument"]["diagnostic"]["relatedDocumentSupport"] = json!(true);
    let mut client = Client::connect(Plan::default().stepping_through("/tmp/step.py"));
    client.initialize(capabilities).await;
    let step = "file:///tmp/step.py";
    client.open(URI, DANGER).await;
    let report = pull(&mut client, URI, None).await;
    assert!(report.get("relatedDocuments").is_none(), "the other file is not open");
    client.open(step, "DOUBT").await;
    pull(&mut client, step, None).await;
    let report = pull(&mut client, URI, None).await;
    let related = &report["relatedDocuments"][step];
    assert_eq!((&related["kind"], &related["items"][0]["code"]), (&json!("full"), &json!("doubt")));
}
