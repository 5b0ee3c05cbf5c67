//! Turning a rule off from the editor, in the file where the configuration is.

use serde_json::{Value, json};

use crate::client::{Client, push_capabilities};
use crate::model::{self, Unit};
use crate::project::{BAD, Project, codes};

const ENTRY: &str = "ignore = [\"yaml-unsafe-load\"]\n";

/// The action that turns the rule of `BAD` off, if there is one.
async fn offered(client: &mut Client, uri: &str) -> Option<Value> {
    client.open(uri, BAD).await;
    let diagnostic = client.published(uri).await["diagnostics"][0].clone();
    let context = json!({"diagnostics": [diagnostic], "only": ["quickfix"]});
    let params = json!({"textDocument": {"uri": uri}, "range": diagnostic["range"], "context": context});
    let actions = client.request("textDocument/codeAction", params).await.unwrap();
    let turns_off =
        |action: &&Value| action["title"].as_str().unwrap().starts_with("Turn `yaml-unsafe-load` off");
    actions.as_array().unwrap().iter().find(turns_off).cloned()
}

async fn started(project: &Project, capabilities: Value) -> Client {
    let mut client = Client::connect_real();
    client.initialize_with(capabilities, project.folders(&[""])).await;
    client
}

#[tokio::test]
async fn the_entry_goes_where_the_configuration_is_and_silences_the_rule() {
    let text = "[project]\nname = \"x\"\n\n[tool.fangless]\nprofile = \"default\"\n";
    let project = Project::new(&[("pyproject.toml", text)]);
    let mut client = started(&project, push_capabilities()).await;
    let python = project.uri("deep/a.py");
    let action = offered(&mut client, &python).await.unwrap();
    assert_eq!(action["title"], "Turn `yaml-unsafe-load` off in `pyproject.toml`");
    assert!(action["isPreferred"] != true);
    let change = &action["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({"uri": project.uri("pyproject.toml"), "version": null}));
    let after = model::text_edits(text, &change["edits"], Unit::Utf16);
    assert_eq!(after, text.replace("profile", &format!("{ENTRY}profile")));
    project.write("pyproject.toml", &after);
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": python}})).await;
    assert_eq!(client.published(&python).await["diagnostics"], json!([]));
}

#[tokio::test]
async fn it_is_worked_out_when_it_is_chosen_where_the_client_can_wait() {
    let project = Project::new(&[("fangless.toml", "")]);
    let mut capabilities = push_capabilities();
    capabilities["textDocument"]["codeAction"] =
        json!({"dataSupport": true, "resolveSupport": {"properties": ["edit"]}});
    let mut client = started(&project, capabilities).await;
    let action = offered(&mut client, &project.uri("a.py")).await.unwrap();
    assert!(action.get("edit").is_none());
    let resolved = client.request("codeAction/resolve", action).await.unwrap();
    let edits = &resolved["edit"]["documentChanges"][0]["edits"];
    assert_eq!(model::text_edits("", edits, Unit::Utf16), ENTRY);
}

#[tokio::test]
async fn without_a_configuration_one_is_made_where_the_client_can_make_files() {
    let project = Project::new(&[]);
    let mut client = started(&project, push_capabilities()).await;
    assert_eq!(offered(&mut client, &project.uri("a.py")).await, None);
    let mut capabilities = push_capabilities();
    capabilities["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["create"]);
    let mut client = started(&project, capabilities.clone()).await;
    let action = offered(&mut client, &project.uri("a.py")).await.unwrap();
    let changes = &action["edit"]["documentChanges"];
    let file = project.uri("fangless.toml");
    assert_eq!((&changes[0]["kind"], &changes[0]["uri"]), (&json!("create"), &json!(file)));
    assert_eq!(changes[1]["textDocument"]["uri"], json!(file));
    assert_eq!(model::text_edits("", &changes[1]["edits"], Unit::Utf16), ENTRY);
    // A `pyproject.toml` without a word of ours gets the table.
    project.write("pyproject.toml", "[project]\n");
    let mut client = started(&project, capabilities).await;
    let action = offered(&mut client, &project.uri("a.py")).await.unwrap();
    let edits = &action["edit"]["documentChanges"][0]["edits"];
    let after = model::text_edits("[project]\n", edits, Unit::Utf16);
    assert_eq!(after, format!("[project]\n\n[tool.fangless]\n{ENTRY}"));
    project.write("pyproject.toml", &after);
    let mut client = started(&project, push_capabilities()).await;
    client.open(&project.uri("a.py"), BAD).await;
    assert_eq!(codes(&client.published(&project.uri("a.py")).await["diagnostics"]), Vec::<String>::new());
}

#[tokio::test]
async fn plain_changes_for_a_client_that_knows_no_others() {
    let project = Project::new(&[("fangless.toml", "")]);
    let mut client = started(&project, json!({})).await;
    let action = offered(&mut client, &project.uri("a.py")).await.unwrap();
    let edits = &action["edit"]["changes"][project.uri("fangless.toml")];
    assert_eq!(model::text_edits("", edits, Unit::Utf16), ENTRY);
}
