//! Code actions: what is offered, and that the edits do what they say.

use serde_json::{Value, json};

use crate::client::{Client, push_capabilities};
use crate::engine::Plan;
use crate::model::{self, Unit};

const URI: &str = "file:///tmp/actions.py";
const TEXT: &str = "a = DANGER\nb = DOUBT\nc = DANGER  # note\n";

fn params(line: u32, only: &[&str]) -> Value {
    let position = json!({"line": line, "character": 5});
    let mut context = json!({"diagnostics": []});
    if !only.is_empty() {
        context["only"] = json!(only);
    }
    json!({"textDocument": {"uri": URI}, "range": {"start": position, "end": position}, "context": context})
}

async fn actions(client: &mut Client, line: u32, only: &[&str]) -> Vec<Value> {
    let actions = client.request("textDocument/codeAction", params(line, only)).await.unwrap();
    actions.as_array().unwrap().clone()
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

fn applied(action: &Value) -> String {
    let edits = &action["edit"]["documentChanges"][0]["edits"];
    model::text_edits(TEXT, edits, Unit::Utf16)
}

#[tokio::test]
async fn the_fixes_of_a_finding_come_first_and_the_safe_one_is_preferred() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, TEXT).await;
    let actions = actions(&mut client, 0, &["quickfix"]).await;
    assert_eq!(
        titles(&actions),
        [
            "Make it calm",
            "Make it quiet",
            "Fix all `danger` in this file (safe fixes)",
            "Ignore `danger` on this line"
        ]
    );
    let preferred: Vec<&Value> = actions.iter().filter(|action| action["isPreferred"] == true).collect();
    assert_eq!(preferred, [&actions[0]]);
    assert_eq!(actions[0]["diagnostics"][0]["code"], "danger");
    assert_eq!(applied(&actions[0]), "a = calm\nb = DOUBT\nc = DANGER  # note\n");
    assert_eq!(applied(&actions[2]), "a = calm\nb = DOUBT\nc = calm  # note\n");
    assert_eq!(
        applied(&actions[3]),
        TEXT.replacen("DANGER", "DANGER  # fangless: ignore[danger] TODO: say why", 1)
    );
    let document = &actions[0]["edit"]["documentChanges"][0]["textDocument"];
    assert_eq!(*document, json!({"uri": URI, "version": 1}));
}

#[tokio::test]
async fn a_suggested_fix_is_not_preferred_and_not_in_fix_all() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, TEXT).await;
    let doubt = actions(&mut client, 1, &[]).await;
    assert_eq!(
        titles(&doubt),
        ["Make it trust", "Ignore `doubt` on this line", "Fangless: make all safe fixes in this file"]
    );
    assert!(doubt.iter().all(|action| action["isPreferred"] != true));
    assert_eq!(doubt[2]["kind"], "source.fixAll.fangless");
    assert_eq!(applied(&doubt[2]), "a = calm\nb = DOUBT\nc = calm  # note\n");
}

#[tokio::test]
async fn only_the_kinds_that_were_asked_for() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, TEXT).await;
    for (only, expected) in [
        ("source", 1),
        ("source.fixAll", 1),
        ("source.fixAll.fangless", 1),
        ("source.organizeImports", 0),
        ("refactor", 0),
        ("quickfix", 4),
    ] {
        assert_eq!(actions(&mut client, 0, &[only]).await.len(), expected, "{only}");
    }
}

#[tokio::test]
async fn plain_changes_for_a_client_that_knows_no_others() {
    let mut client = Client::connect(Plan::default());
    client.initialize(json!({})).await;
    client.open(URI, TEXT).await;
    let actions = actions(&mut client, 0, &["quickfix"]).await;
    assert!(actions[0]["edit"].get("documentChanges").is_none());
    let edits = &actions[0]["edit"]["changes"][URI];
    assert_eq!(model::text_edits(TEXT, edits, Unit::Utf16), TEXT.replacen("DANGER", "calm", 1));
}

#[tokio::test]
async fn fix_all_is_worked_out_later_where_the_client_can_wait() {
    let mut capabilities = push_capabilities();
    capabilities["textDocument"]["codeAction"] =
        json!({"dataSupport": true, "resolveSupport": {"properties": ["edit"]}});
    let mut client = Client::connect(Plan::default());
    let server = client.initialize(capabilities).await;
    assert_eq!(server["codeActionProvider"]["resolveProvider"], true);
    client.open(URI, TEXT).await;
    let actions = actions(&mut client, 0, &["source.fixAll"]).await;
    assert!(actions[0].get("edit").is_none());
    let resolved = client.request("codeAction/resolve", actions[0].clone()).await.unwrap();
    assert_eq!(applied(&resolved), "a = calm\nb = DOUBT\nc = calm  # note\n");
    client.change(URI, 2, json!([{"text": ""}])).await;
    let error = client.request("codeAction/resolve", actions[0].clone()).await.unwrap_err();
    assert_eq!(error["code"], -32801, "the action belongs to a text that is gone");
}

#[tokio::test]
async fn a_second_ignore_joins_the_first() {
    let mut client = Client::pushed(Plan::default()).await;
    for (text, expected) in [
        (
            "x = DANGER  # fangless: ignore[other] why",
            Some("x = DANGER  # fangless: ignore[other, danger] why"),
        ),
        (
            "x = DANGER  # note  \r\ny",
            Some("x = DANGER  # note  # fangless: ignore[danger] TODO: say why  \r\ny"),
        ),
        ("x = DANGER + \\\n  y", None),
        ("x = DANGER + '''\n'''", None),
        ("x = DANGER + '''y'''", Some("x = DANGER + '''y'''  # fangless: ignore[danger] TODO: say why")),
    ] {
        client.open(URI, text).await;
        let actions = actions(&mut client, 0, &["quickfix"]).await;
        let ignore = actions.iter().find(|action| action["title"] == "Ignore `danger` on this line");
        let after = ignore.map(|action| {
            model::text_edits(text, &action["edit"]["documentChanges"][0]["edits"], Unit::Utf16)
        });
        assert_eq!(after.as_deref(), expected, "{text}");
        client.close(URI).await;
    }
}

#[tokio::test]
async fn actions_are_refused_when_the_text_moved_on() {
    let (plan, mut keeper) = Plan::default().gated_fixes();
    let mut client = Client::connect(plan);
    // Plain changes have no version by which the client could tell.
    client.initialize(json!({})).await;
    client.open(URI, TEXT).await;
    client.published(URI).await;
    let id = client.ask("textDocument/codeAction", params(0, &["quickfix"])).await;
    assert_eq!(keeper.started().await, "DANGER");
    client.change(URI, 2, json!([{"text": "a = '' + DANGER"}])).await;
    client.barrier().await;
    keeper.open();
    assert_eq!(client.reply(id).await.unwrap_err()["code"], -32801);
}

#[tokio::test]
async fn actions_asked_for_before_the_analysis_wait_for_it() {
    let (plan, mut keeper) = Plan::default().gated();
    let mut client = Client::pushed(plan).await;
    client.open(URI, "").await;
    keeper.started().await;
    client.change(URI, 2, json!([{"text": TEXT}])).await;
    let id = client.ask("textDocument/codeAction", params(0, &["quickfix"])).await;
    client.barrier().await;
    keeper.open();
    let actions = client.reply(id).await.unwrap();
    assert_eq!(applied(&actions[0]), TEXT.replacen("DANGER", "calm", 1));
    assert_eq!(actions[0]["edit"]["documentChanges"][0]["textDocument"]["version"], 2);
}

#[tokio::test]
async fn a_client_that_can_ask_for_a_reason_asks() {
    let mut client = Client::connect(Plan::default());
    let options =
        json!({"initializationOptions": {"clientCommands": ["fangless.ignoreLine", "fangless.showFlow"]}});
    client.initialize_with(push_capabilities(), options).await;
    client.open(URI, TEXT).await;
    let offered = actions(&mut client, 0, &["quickfix"]).await;
    let [.., flow, ignore] = offered.as_slice() else { panic!("{offered:?}") };
    assert_eq!((&ignore["title"], ignore.get("edit")), (&json!("Ignore `danger` on this line"), None));
    let comment = json!({
        "uri": URI, "version": 1, "position": {"line": 0, "character": 10},
        "text": "  # fangless: ignore[danger]", "rule": "danger",
    });
    assert_eq!(
        ignore["command"],
        json!({"title": ignore["title"], "command": "fangless.ignoreLine", "arguments": [comment]})
    );
    let range = json!({"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 10}});
    let place = json!({"uri": URI, "rule": "danger", "range": range});
    assert_eq!(
        flow["command"],
        json!({"title": "Show the flow of `danger`", "command": "fangless.showFlow", "arguments": [place]})
    );
    // A comment that is there has its reason.
    client.change(URI, 2, json!([{"text": "x = DANGER  # fangless: ignore[other] why"}])).await;
    let offered = actions(&mut client, 0, &["quickfix"]).await;
    assert!(
        offered[offered.len() - 1]["edit"].is_object() && offered[offered.len() - 1].get("command").is_none()
    );
}

#[tokio::test]
async fn where_nothing_is_safe_no_rule_is_fixed_as_a_whole() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, "a = DOUBT\nb = DOUBT\n").await;
    let offered = actions(&mut client, 0, &["quickfix"]).await;
    assert_eq!(titles(&offered), ["Make it trust", "Ignore `doubt` on this line"]);
}
