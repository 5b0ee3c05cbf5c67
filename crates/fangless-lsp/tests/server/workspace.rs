//! The whole workspace: asked for, or scanned by command; and files that come, move and go.

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities, push_capabilities};
use crate::engine::{DANGER, PANIC, Plan};
use crate::project::{BAD, Project, codes};

async fn pulling(project: &Project, plan: Option<Plan>) -> Client {
    let mut client = plan.map_or_else(Client::connect_real, Client::connect);
    client.initialize_with(pull_capabilities(), project.folders(&[""])).await;
    client
}

async fn changed_on_disk(client: &mut Client, uri: &str, how: i64) {
    let changes = json!({"changes": [{"uri": uri, "type": how}]});
    client.notify("workspace/didChangeWatchedFiles", changes).await;
}

/// The report, with the results of before.
async fn pull(client: &mut Client, before: &[Value]) -> Vec<Value> {
    let report = client.request("workspace/diagnostic", json!({"previousResultIds": before})).await.unwrap();
    report["items"].as_array().unwrap().clone()
}

fn previous(items: &[Value]) -> Vec<Value> {
    items.iter().map(|item| json!({"uri": item["uri"], "value": item["resultId"]})).collect()
}

/// Kind and URI of each report.
fn kinds(items: &[Value]) -> Vec<(&str, &str)> {
    items.iter().map(|item| (item["kind"].as_str().unwrap(), item["uri"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn every_file_is_reported_once_and_then_only_what_changed() {
    let project = Project::new(&[
        ("a.py", BAD),
        ("deep/b.py", BAD),
        ("clean.py", "x = 1\n"),
        ("left/c.py", BAD),
        ("fangless.toml", "exclude = [\"left\"]\n"),
        (".venv/lib/d.py", BAD),
    ]);
    let mut client = pulling(&project, None).await;
    let (a, b) = (project.uri("a.py"), project.uri("deep/b.py"));
    let first = pull(&mut client, &[]).await;
    assert_eq!(kinds(&first), [("full", a.as_str()), ("full", b.as_str())]);
    assert_eq!(codes(&first[0]["items"]), ["yaml-unsafe-load"]);
    assert_eq!(first[0]["version"], Value::Null);
    let second = pull(&mut client, &previous(&first)).await;
    assert_eq!(kinds(&second), [("unchanged", a.as_str()), ("unchanged", b.as_str())]);
    project.write("a.py", "x = 1\n");
    changed_on_disk(&mut client, &a, 2).await;
    let third = pull(&mut client, &previous(&first)).await;
    assert_eq!(kinds(&third), [("full", a.as_str()), ("unchanged", b.as_str())]);
    assert_eq!(third[0]["items"], json!([]));
    project.remove("deep/b.py");
    changed_on_disk(&mut client, &b, 3).await;
    let fourth = pull(&mut client, &previous(&third)).await;
    assert_eq!(kinds(&fourth), [("unchanged", a.as_str()), ("full", b.as_str())]);
    assert_eq!((&fourth[1]["items"], fourth[1].get("resultId")), (&json!([]), None));
}

#[tokio::test]
async fn the_whole_workspace_is_offered_unless_it_is_not_wanted() {
    for (options, expected) in [(json!({}), true), (json!({"workspaceDiagnostics": false}), false)] {
        let mut client = Client::connect(Plan::default());
        let more = json!({"initializationOptions": options});
        let server = client.initialize_with(pull_capabilities(), more).await;
        assert_eq!(server["diagnosticProvider"]["workspaceDiagnostics"], expected);
    }
}

#[tokio::test]
async fn results_outlive_the_server() {
    let project = Project::new(&[("a.py", BAD)]);
    let first = pull(&mut pulling(&project, None).await, &[]).await;
    let again = pull(&mut pulling(&project, None).await, &previous(&first)).await;
    assert_eq!(kinds(&again), [("unchanged", project.uri("a.py").as_str())]);
}

#[tokio::test]
async fn an_open_document_is_reported_as_it_is_in_the_editor() {
    let project = Project::new(&[("a.py", BAD), ("b.py", "")]);
    let mut client = pulling(&project, None).await;
    let (a, b) = (project.uri("a.py"), project.uri("b.py"));
    client.open(&a, "x = 1\n").await;
    client.open(&b, BAD).await;
    let document =
        client.request("textDocument/diagnostic", json!({"textDocument": {"uri": b}})).await.unwrap();
    let items = pull(&mut client, &[]).await;
    assert_eq!(kinds(&items), [("full", b.as_str())]);
    assert_eq!((&items[0]["version"], &items[0]["resultId"]), (&json!(1), &document["resultId"]));
}

#[tokio::test]
async fn a_flow_from_one_closed_file_to_another_is_found() {
    let project = Project::new(&[
        (
            "store.py",
            "def find(cursor, name):\n    cursor.execute(\"select * from t where n = '\" + name + \"'\")\n",
        ),
        (
            "views.py",
            "import sqlite3\nfrom flask import request\nfrom store import find\n\n\ndef show():\n    \
             find(sqlite3.connect('x').cursor(), request.args['name'])\n",
        ),
    ]);
    let mut client = pulling(&project, None).await;
    let items = pull(&mut client, &[]).await;
    let store = project.uri("store.py");
    let item = items.iter().find(|item| item["uri"] == json!(store)).expect("the danger lies in the store");
    assert!(
        item["items"].to_string().contains(&project.uri("views.py")),
        "the flow begins in the view: {item}"
    );
}

#[tokio::test]
async fn parts_come_as_they_are_asked_for_and_progress_is_told() {
    let files: Vec<String> = (0..120).map(|number| format!("f{number:03}.py")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|name| (name.as_str(), DANGER)).collect();
    let project = Project::new(&files);
    let mut client = pulling(&project, Some(Plan::default())).await;
    let params = json!({"previousResultIds": [], "partialResultToken": "parts", "workDoneToken": "work"});
    let report = client.request("workspace/diagnostic", params).await.unwrap();
    assert_eq!(report["items"], json!([]), "everything came in parts");
    let mut seen = 0;
    let mut told = Vec::new();
    while seen < 120 || told.last() != Some(&json!("end")) {
        let progress = client.told("$/progress").await;
        match progress["token"].as_str() {
            Some("parts") => seen += progress["value"]["items"].as_array().unwrap().len(),
            _ => told.push(progress["value"]["kind"].clone()),
        }
    }
    assert_eq!(seen, 120);
    assert_eq!(told.first(), Some(&json!("begin")));
    assert!(told.contains(&json!("report")));
}

#[tokio::test]
async fn what_is_found_is_told_while_other_files_are_still_looked_at() {
    let project = Project::new(&[("a.py", DANGER), ("b.py", "calm"), ("c.py", DANGER), ("d.py", DANGER)]);
    let (plan, mut keeper) = Plan::default().gated_scan();
    let mut client = pulling(&project, Some(plan)).await;
    let [a, c, d] = ["a.py", "c.py", "d.py"].map(|name| project.uri(name));
    let known = json!([{"uri": d, "value": "of before"}]);
    let params = json!({"previousResultIds": known, "partialResultToken": "parts"});
    let id = client.ask("workspace/diagnostic", params).await;
    for found in [Some(&a), None, Some(&c)] {
        keeper.started().await;
        keeper.let_one_through();
        if let Some(uri) = found {
            // The next file is only being looked at: nobody knows the whole.
            let part = client.told("$/progress").await;
            assert_eq!(kinds(part["value"]["items"].as_array().unwrap()), [("full", uri.as_str())]);
        }
    }
    keeper.open();
    assert_eq!(client.reply(id).await.unwrap()["items"], json!([]));
    // Of what the client knew already nothing is said before it is complete, and nothing is said twice.
    let part = client.told("$/progress").await;
    assert_eq!(kinds(part["value"]["items"].as_array().unwrap()), [("full", d.as_str())]);
}

#[tokio::test]
async fn a_scan_stops_when_it_is_not_wanted_any_more() {
    let project = Project::new(&[("a.py", "one"), ("b.py", "two"), ("c.py", "three")]);
    for by_progress in [false, true] {
        let (plan, mut keeper) = Plan::default().gated_scan();
        let mut client = pulling(&project, Some(plan)).await;
        let params = json!({"previousResultIds": [], "workDoneToken": 7});
        let id = client.ask("workspace/diagnostic", params).await;
        assert_eq!(keeper.started().await, "one");
        if by_progress {
            client.notify("window/workDoneProgress/cancel", json!({"token": 7})).await;
        } else {
            client.notify("$/cancelRequest", json!({"id": id})).await;
        }
        assert_eq!(client.reply(id).await.unwrap_err()["code"], -32800);
        while client.told("$/progress").await["value"]["kind"] != "end" {}
        keeper.open();
        // A second scan is through all its files; the first one has begun no other.
        pull(&mut client, &[]).await;
        assert_eq!(keeper.started_since(), ["one", "two", "three"]);
    }
}

#[tokio::test]
async fn a_file_that_breaks_the_engine_is_left_out() {
    let project = Project::new(&[("a.py", DANGER), ("b.py", PANIC), ("c.py", DANGER)]);
    let mut client = pulling(&project, Some(Plan::default())).await;
    let items = pull(&mut client, &[]).await;
    let (a, c) = (project.uri("a.py"), project.uri("c.py"));
    assert_eq!(kinds(&items), [("full", a.as_str()), ("full", c.as_str())]);
}

#[tokio::test]
async fn typing_is_not_held_up_by_a_scan() {
    let project = Project::new(&[("a.py", "one")]);
    let (plan, mut keeper) = Plan::default().gated_scan();
    let mut client = pulling(&project, Some(plan)).await;
    let id = client.ask("workspace/diagnostic", json!({"previousResultIds": []})).await;
    assert_eq!(keeper.started().await, "one");
    let other = project.uri("b.py");
    client.open(&other, DANGER).await;
    let report =
        client.request("textDocument/diagnostic", json!({"textDocument": {"uri": other}})).await.unwrap();
    assert_eq!(codes(&report["items"]), ["danger"]);
    keeper.open();
    client.reply(id).await.unwrap();
}

#[tokio::test]
async fn the_command_tells_who_does_not_ask() {
    let project = Project::new(&[("a.py", BAD), ("b.py", BAD), ("clean.py", "")]);
    let mut capabilities = push_capabilities();
    capabilities["window"] = json!({"workDoneProgress": true});
    let mut client = Client::connect_real();
    let server = client.initialize_with(capabilities, project.folders(&[""])).await;
    assert_eq!(server["executeCommandProvider"]["commands"], json!(["fangless.scanWorkspace"]));
    let (a, b) = (project.uri("a.py"), project.uri("b.py"));
    let command = json!({"command": "fangless.scanWorkspace"});
    // The client never answers whether it takes a progress; the scan goes on.
    let result = client.request("workspace/executeCommand", command.clone()).await.unwrap();
    assert_eq!(result, json!({"findings": 2, "files": 2, "scanned": 3}));
    client.asked("window/workDoneProgress/create").await;
    for uri in [&a, &b] {
        assert_eq!(codes(&client.published(uri).await["diagnostics"]), ["yaml-unsafe-load"]);
    }
    // What is mended is taken back by the next scan, and what is deleted at once.
    project.write("a.py", "");
    client.request("workspace/executeCommand", command).await.unwrap();
    assert_eq!(client.published(&a).await["diagnostics"], json!([]));
    assert_eq!(codes(&client.published(&b).await["diagnostics"]), ["yaml-unsafe-load"]);
    project.remove("b.py");
    client.notify("workspace/didDeleteFiles", json!({"files": [{"uri": b}]})).await;
    assert_eq!(client.published(&b).await["diagnostics"], json!([]));
    let unknown = client.request("workspace/executeCommand", json!({"command": "fangless.nothing"})).await;
    assert_eq!(unknown.unwrap_err()["code"], -32602);
}

#[tokio::test]
async fn what_a_scan_told_is_taken_back_when_a_client_that_asks_opens_the_file() {
    let project = Project::new(&[("a.py", BAD)]);
    let mut client = pulling(&project, None).await;
    let uri = project.uri("a.py");
    let command = json!({"command": "fangless.scanWorkspace", "workDoneToken": "work"});
    client.request("workspace/executeCommand", command).await.unwrap();
    assert_eq!(client.published(&uri).await["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!(client.told("$/progress").await["value"]["kind"], "begin");
    client.open(&uri, BAD).await;
    assert_eq!(client.published(&uri).await["diagnostics"], json!([]));
}

#[tokio::test]
async fn a_module_that_is_renamed_is_found_under_its_new_name_and_no_more_under_the_old() {
    const VIEWS: &str = "import sqlite3\nfrom flask import request\nfrom store import name\n\n\ndef show():\n    \
                         sqlite3.connect('x').execute('select ' + name())\n";
    const STORE: &str = "from flask import request\n\n\ndef name():\n    return request.args['name']\n";
    let project = Project::new(&[("draft.py", STORE), ("folder/x.py", "")]);
    let mut client = Client::connect_real();
    let server = client.initialize_with(push_capabilities(), project.folders(&[""])).await;
    assert!(server["workspace"]["fileOperations"]["didRename"].is_object());
    let views = project.uri("views.py");
    client.open(&views, VIEWS).await;
    assert_eq!(client.published(&views).await["diagnostics"], json!([]));
    for (from, to, expected) in [("draft.py", "store.py", 1), ("store.py", "draft.py", 0)] {
        std::fs::rename(project.path(from), project.path(to)).unwrap();
        let files = json!({"files": [{"oldUri": project.uri(from), "newUri": project.uri(to)}]});
        client.notify("workspace/didRenameFiles", files).await;
        assert_eq!(client.published(&views).await["diagnostics"].as_array().unwrap().len(), expected, "{to}");
    }
    // The same as a package, whose folder is moved as a whole.
    project.write("parts/__init__.py", STORE);
    std::fs::rename(project.path("parts"), project.path("store")).unwrap();
    let files = json!({"files": [{"oldUri": project.uri("parts"), "newUri": project.uri("store")}]});
    client.notify("workspace/didRenameFiles", files).await;
    assert_eq!(client.published(&views).await["diagnostics"].as_array().unwrap().len(), 1);
    std::fs::remove_dir_all(project.path("store")).unwrap();
    client.notify("workspace/didDeleteFiles", json!({"files": [{"uri": project.uri("store")}]})).await;
    assert_eq!(client.published(&views).await["diagnostics"], json!([]));
}
