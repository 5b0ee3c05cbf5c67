//! Which configuration counts for a document, and what happens when it changes.

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities, push_capabilities};
use crate::engine::{DANGER, Plan};
use crate::project::{BAD, Project, codes};

const RULE: &str = "yaml-unsafe-load";
const IGNORE: &str = "ignore = [\"yaml-unsafe-load\"]\n";

async fn started(project: &Project, capabilities: Value) -> Client {
    let mut client = Client::connect_real();
    client.initialize_with(capabilities, project.folders(&[""])).await;
    client
}

async fn found(client: &mut Client, uri: &str) -> Vec<String> {
    codes(&client.published(uri).await["diagnostics"])
}

async fn changed_on_disk(client: &mut Client, uri: &str) {
    let changes = json!({"changes": [{"uri": uri, "type": 2}]});
    client.notify("workspace/didChangeWatchedFiles", changes).await;
}

#[tokio::test]
async fn the_nearest_file_counts() {
    let project = Project::new(&[
        ("pyproject.toml", &format!("[tool.fangless]\n{IGNORE}")),
        ("inner/fangless.toml", ""),
        ("other/pyproject.toml", "[tool.other]\n"),
    ]);
    let mut client = started(&project, push_capabilities()).await;
    for (path, expected) in [("a.py", vec![]), ("inner/deep/a.py", vec![RULE]), ("other/a.py", vec![])] {
        client.open(&project.uri(path), BAD).await;
        assert_eq!(found(&mut client, &project.uri(path)).await, expected, "{path}");
    }
}

#[tokio::test]
async fn excluded_files_and_those_of_a_pattern_are_silent() {
    let text = format!("exclude = [\"generated\"]\n[per-file-ignores]\n\"tests/**\" = [\"{RULE}\"]\n");
    let project = Project::new(&[("fangless.toml", &text)]);
    let mut client = started(&project, push_capabilities()).await;
    for (path, expected) in [("generated/a.py", vec![]), ("tests/a.py", vec![]), ("a.py", vec![RULE])] {
        client.open(&project.uri(path), BAD).await;
        assert_eq!(found(&mut client, &project.uri(path)).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_buffer_without_a_file_lives_in_the_first_folder() {
    let project = Project::new(&[("fangless.toml", IGNORE)]);
    let mut client = started(&project, push_capabilities()).await;
    client.open("untitled:Untitled-1", BAD).await;
    assert_eq!(found(&mut client, "untitled:Untitled-1").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_change_is_seen_at_once_and_a_mistake_is_shown_where_it_is() {
    let project = Project::new(&[]);
    let mut client = started(&project, push_capabilities()).await;
    let (python, file) = (project.uri("a.py"), project.uri("fangless.toml"));
    client.open(&python, BAD).await;
    assert_eq!(found(&mut client, &python).await, [RULE]);
    project.write("fangless.toml", IGNORE);
    changed_on_disk(&mut client, &file).await;
    assert_eq!(found(&mut client, &python).await, Vec::<String>::new());
    project
        .write("fangless.toml", "ignore = [\n  \"yaml-unsafe-load\",\n  \"\u{1F600}\", \"nonsense\",\n]\n");
    changed_on_disk(&mut client, &file).await;
    let problem = client.published(&file).await["diagnostics"][0].clone();
    assert!(problem["message"].as_str().unwrap().contains("is no rule"), "{problem}");
    assert_eq!(problem["range"]["start"], json!({"line": 2, "character": 2}));
    assert_eq!(problem["range"]["end"], json!({"line": 2, "character": 19}));
    // While the file is wrong, what it last said counts: nothing was published for the document.
    client.barrier().await;
    assert!(client.unread_publishes().is_empty());
    project.write("fangless.toml", "");
    changed_on_disk(&mut client, &file).await;
    assert_eq!(client.published(&file).await["diagnostics"], json!([]));
    assert_eq!(found(&mut client, &python).await, [RULE]);
    project.write("fangless.toml", IGNORE);
    changed_on_disk(&mut client, &file).await;
    assert_eq!(found(&mut client, &python).await, Vec::<String>::new());
    project.remove("fangless.toml");
    changed_on_disk(&mut client, &file).await;
    assert_eq!(found(&mut client, &python).await, [RULE]);
}

#[tokio::test]
async fn who_watches_no_files_has_them_read_again_on_saving() {
    let project = Project::new(&[("fangless.toml", "profile = \"loose\"\n")]);
    let mut client = started(&project, push_capabilities()).await;
    let python = project.uri("a.py");
    client.open(&python, BAD).await;
    assert_eq!(found(&mut client, &python).await, [RULE]);
    let problem = client.published(&project.uri("fangless.toml")).await["diagnostics"][0].clone();
    assert_eq!(problem["range"]["start"]["line"], 0);
    project.write("fangless.toml", IGNORE);
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": python}})).await;
    assert_eq!(client.published(&project.uri("fangless.toml")).await["diagnostics"], json!([]));
    assert_eq!(found(&mut client, &python).await, Vec::<String>::new());
}

#[tokio::test]
async fn configuration_files_are_watched_and_who_pulls_is_told_to_pull_again() {
    let project = Project::new(&[("fangless.toml", IGNORE)]);
    let mut client = started(&project, pull_capabilities()).await;
    let registration = client.asked("client/registerCapability").await;
    let watchers = registration["params"]["registrations"][0]["registerOptions"]["watchers"].to_string();
    assert!(watchers.contains("{fangless,pyproject}.toml"), "{watchers}");
    assert!(watchers.contains("{requirements,constraints}"), "{watchers}");
    let python = project.uri("a.py");
    client.open(&python, BAD).await;
    let params = json!({"textDocument": {"uri": python}});
    let report = client.request("textDocument/diagnostic", params.clone()).await.unwrap();
    assert_eq!(report["items"], json!([]));
    project.write("fangless.toml", "");
    changed_on_disk(&mut client, &project.uri("fangless.toml")).await;
    client.asked("workspace/diagnostic/refresh").await;
    let report = client.request("textDocument/diagnostic", params).await.unwrap();
    assert_eq!(codes(&report["items"]), [RULE]);
}

#[tokio::test]
async fn strict_rules_run_as_soon_as_somebody_wants_them() {
    const ASSERT: &str = "def pay(user):\n    assert user.age > 17\n";
    let project = Project::new(&[("fangless.toml", "")]);
    let mut client = started(&project, push_capabilities()).await;
    let (first, second) = (project.uri("a.py"), project.uri("b.py"));
    client.open(&first, ASSERT).await;
    assert_eq!(found(&mut client, &first).await, Vec::<String>::new());
    project.write("fangless.toml", "profile = \"strict\"\n");
    changed_on_disk(&mut client, &project.uri("fangless.toml")).await;
    assert_eq!(found(&mut client, &first).await, ["assert-audit"]);
    client.open(&second, ASSERT).await;
    assert_eq!(found(&mut client, &second).await, ["assert-audit"]);
    project.write("fangless.toml", "");
    changed_on_disk(&mut client, &project.uri("fangless.toml")).await;
    assert_eq!(found(&mut client, &first).await, Vec::<String>::new());
    assert_eq!(found(&mut client, &second).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_settings_of_initialize_count_and_what_is_wrong_with_them_is_said() {
    let project = Project::new(&[]);
    let mut client = Client::connect_real();
    let mut more = project.folders(&[""]);
    more["initializationOptions"] = json!({"ignore": ["CWE-502", "nonsense"], "profile": "loose"});
    client.initialize_with(push_capabilities(), more).await;
    for word in ["`nonsense`", "`loose`"] {
        let message = client.told("window/showMessage").await["message"].as_str().unwrap().to_string();
        assert!(message.contains(word), "{message}");
    }
    client.open(&project.uri("a.py"), BAD).await;
    assert_eq!(found(&mut client, &project.uri("a.py")).await, Vec::<String>::new());
}

#[tokio::test]
async fn each_folder_has_its_own_settings() {
    let project = Project::new(&[("one/a.py", ""), ("two/a.py", "")]);
    let mut capabilities = push_capabilities();
    capabilities["workspace"]["configuration"] = json!(true);
    capabilities["workspace"]["didChangeConfiguration"] = json!({"dynamicRegistration": true});
    let mut client = Client::connect_real();
    client.initialize_with(capabilities, project.folders(&["one", "two"])).await;
    let registration = client.asked("client/registerCapability").await;
    let methods = registration["params"]["registrations"].to_string();
    assert!(methods.contains("workspace/didChangeConfiguration"), "{methods}");
    let request = client.asked("workspace/configuration").await;
    assert_eq!(
        request["params"]["items"],
        json!([
            {"scopeUri": project.uri("one"), "section": "fangless"},
            {"scopeUri": project.uri("two"), "section": "fangless"},
            {"section": "fangless"},
        ])
    );
    let (one, two) = (project.uri("one/a.py"), project.uri("two/a.py"));
    for uri in [&one, &two] {
        client.open(uri, BAD).await;
        assert_eq!(found(&mut client, uri).await, [RULE]);
    }
    client.answer(&request, json!([{"ignore": [RULE], "profile": ""}, null, null])).await;
    assert_eq!(found(&mut client, &one).await, Vec::<String>::new());
    client.notify("workspace/didChangeConfiguration", json!({"settings": null})).await;
    let request = client.asked("workspace/configuration").await;
    client.answer(&request, json!([{"ignore": []}, {"ignore": [RULE]}, null])).await;
    assert_eq!(found(&mut client, &one).await, [RULE]);
    assert_eq!(found(&mut client, &two).await, Vec::<String>::new());
    let event = json!({"event": {"added": [], "removed": [{"uri": project.uri("two"), "name": "two"}]}});
    client.notify("workspace/didChangeWorkspaceFolders", event).await;
    assert_eq!(found(&mut client, &two).await, [RULE]);
    assert_eq!(client.asked("workspace/configuration").await["params"]["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn settings_that_are_sent_unasked_count_too() {
    let project = Project::new(&[]);
    let mut client = started(&project, push_capabilities()).await;
    let python = project.uri("a.py");
    client.open(&python, BAD).await;
    assert_eq!(found(&mut client, &python).await, [RULE]);
    for (settings, expected) in
        [(json!({"fangless": {"ignore": ["all"]}}), vec![]), (json!({"fangless": {}}), vec![RULE])]
    {
        client.notify("workspace/didChangeConfiguration", json!({"settings": settings})).await;
        assert_eq!(found(&mut client, &python).await, expected);
    }
}

#[tokio::test]
async fn a_new_configuration_takes_no_other_document_out_of_the_queue() {
    let project = Project::new(&[("fangless.toml", "")]);
    let (plan, mut keeper) = Plan::default().gated();
    let mut client = Client::connect(plan);
    client.initialize_with(push_capabilities(), project.folders(&[""])).await;
    let (inside, outside) = (project.uri("a.py"), "file:///tmp/fangless-outside/user.py");
    for (uri, text) in [(inside.as_str(), ""), (outside, "uses:used.py")] {
        client.open(uri, text).await;
        assert_eq!(keeper.started().await, text);
        keeper.let_one_through();
        assert_eq!(client.published(uri).await["diagnostics"], json!([]));
    }
    // The second one had the first looked at again.
    assert_eq!(keeper.started().await, "");
    keeper.let_one_through();
    client.open("file:///tmp/fangless-outside/used.py", DANGER).await;
    assert_eq!(keeper.started().await, DANGER);
    project.write("fangless.toml", "profile = \"default\"\n");
    changed_on_disk(&mut client, &project.uri("fangless.toml")).await;
    client.barrier().await;
    keeper.open();
    // What the used file changes in its user is found all the same.
    assert_eq!(client.published(outside).await["diagnostics"][0]["message"], "elsewhere");
}

#[tokio::test]
async fn what_is_held_while_typing_is_what_the_new_configuration_wants() {
    let project = Project::new(&[("fangless.toml", "")]);
    let (plan, mut keeper) = Plan::default().gated();
    let mut client = Client::connect(plan);
    client.initialize_with(push_capabilities(), project.folders(&[""])).await;
    let uri = project.uri("a.py");
    client.open(&uri, DANGER).await;
    let mut version = 1;
    for (configuration, expected) in [("exclude = [\"a.py\"]\n", 0), ("", 1)] {
        keeper.started().await;
        keeper.let_one_through();
        client.published_version(&uri, version).await;
        // While the engine is busy, the configuration changes and the next edit arrives with the saving.
        let typed = |text: &str| {
            let end = json!({"line": 99, "character": 0});
            json!([{"range": {"start": end, "end": end}, "text": text}])
        };
        client.change(&uri, version + 1, typed("\n")).await;
        keeper.started().await;
        project.write("fangless.toml", configuration);
        client.change(&uri, version + 2, typed("\nBROKEN")).await;
        client.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}})).await;
        client.barrier().await;
        keeper.let_one_through();
        assert!(keeper.started().await.ends_with("BROKEN"));
        keeper.let_one_through();
        version += 2;
        let published = client.published_version(&uri, version).await;
        assert_eq!(codes(&published["diagnostics"]).len(), expected, "{published}");
        client.change(&uri, version + 1, json!([{"text": DANGER}])).await;
        version += 1;
    }
}
