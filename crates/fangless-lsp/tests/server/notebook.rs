//! Notebooks, as VS Code tells of them: the cells are one program, and each is spoken of by its own name.

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities, push_capabilities};
use crate::engine::{DANGER, Plan};
use crate::model::{self, Numbers, Unit};
use crate::project::{Project, codes};

const FILE: &str = "file:///tmp/fangless-notebook/a.ipynb";

fn cell(name: &str) -> String {
    format!("vscode-notebook-cell:/tmp/fangless-notebook/a.ipynb#{name}")
}

/// The cell itself, and its document.
fn code_cell(name: &str, text: &str) -> (Value, Value) {
    let uri = cell(name);
    let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
    (json!({"kind": 2, "document": uri, "metadata": {}}), document)
}

async fn open_as(client: &mut Client, file: &str, cells: &[(Value, Value)]) {
    let (cells, documents): (Vec<Value>, Vec<Value>) = cells.iter().cloned().unzip();
    let notebook = json!({
        "uri": file, "notebookType": "jupyter-notebook", "version": 1, "metadata": {}, "cells": cells,
    });
    let params = json!({"notebookDocument": notebook, "cellTextDocuments": documents});
    client.notify("notebookDocument/didOpen", params).await;
}

async fn open(client: &mut Client, texts: &[(&str, &str)]) {
    let cells: Vec<(Value, Value)> = texts.iter().map(|(name, text)| code_cell(name, text)).collect();
    open_as(client, FILE, &cells).await;
}

async fn change(client: &mut Client, version: i64, cells: Value) {
    let params = json!({"notebookDocument": {"uri": FILE, "version": version}, "change": {"cells": cells}});
    client.notify("notebookDocument/didChange", params).await;
}

fn text_content(name: &str, version: i64, changes: Value) -> Value {
    json!({"textContent": [{"document": {"uri": cell(name), "version": version}, "changes": changes}]})
}

/// Puts cells in the place of others; those that are given with a text are new.
fn structure(start: usize, delete_count: usize, cells: &[(&str, Option<&str>)]) -> Value {
    let documents: Vec<Value> =
        cells.iter().filter_map(|(name, text)| Some(code_cell(name, (*text)?).1)).collect();
    let cells: Vec<Value> = cells.iter().map(|(name, _)| code_cell(name, "").0).collect();
    let array = json!({"start": start, "deleteCount": delete_count, "cells": cells});
    json!({"structure": {"array": array, "didOpen": documents, "didClose": []}})
}

fn with_notebooks(mut capabilities: Value) -> Value {
    capabilities["notebookDocument"] =
        json!({"synchronization": {"dynamicRegistration": true, "executionSummarySupport": true}});
    capabilities
}

async fn pulling() -> Client {
    let mut client = Client::connect_real();
    client.initialize(with_notebooks(pull_capabilities())).await;
    client
}

async fn pull(client: &mut Client, name: &str) -> Value {
    let params = json!({"textDocument": {"uri": cell(name)}});
    client.request("textDocument/diagnostic", params).await.unwrap()
}

async fn codes_of(client: &mut Client, name: &str) -> Vec<String> {
    codes(&pull(client, name).await["items"])
}

/// The code actions of a whole cell.
async fn actions(client: &mut Client, name: &str, only: &[&str]) -> Vec<Value> {
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let context = json!({"diagnostics": [], "only": only});
    let params = json!({"textDocument": {"uri": cell(name)}, "range": range, "context": context});
    client.request("textDocument/codeAction", params).await.unwrap().as_array().unwrap().clone()
}

/// What an action makes of a cell's text.
fn applied(action: &Value, name: &str, text: &str) -> String {
    let documents = action["edit"]["documentChanges"].as_array().unwrap();
    let document = documents.iter().find(|document| document["textDocument"]["uri"] == cell(name));
    document
        .map_or_else(|| text.to_string(), |document| model::text_edits(text, &document["edits"], Unit::Utf16))
}

#[tokio::test]
async fn notebooks_are_asked_for_where_the_client_has_them() {
    let server = Client::connect(Plan::default()).initialize(with_notebooks(push_capabilities())).await;
    let selector = &server["notebookDocumentSync"]["notebookSelector"];
    let expected = json!([{"notebook": "jupyter-notebook", "cells": [{"language": "python"}]}]);
    assert_eq!(*selector, expected);
    let server = Client::connect(Plan::default()).initialize(push_capabilities()).await;
    assert!(server.get("notebookDocumentSync").is_none());
}

const FLOW: [(&str, &str); 4] = [
    ("1", "import sqlite3\nfrom flask import request\n"),
    ("2", "%matplotlib inline\nname = request.args['n\u{e4}me']"),
    ("3", "!pip install nothing\ncursor = sqlite3.connect('x').cursor()"),
    ("4", "print('\u{1F600}'); cursor.execute('select ' + name)"),
];

#[tokio::test]
async fn a_flow_from_cell_to_cell() {
    let mut client = Client::connect_real();
    client.initialize(with_notebooks(push_capabilities())).await;
    open(&mut client, &FLOW).await;
    for name in ["1", "2", "3"] {
        assert_eq!(client.published(&cell(name)).await["diagnostics"], json!([]), "{name}");
    }
    let published = client.published(&cell("4")).await;
    assert_eq!(
        (codes(&published["diagnostics"]), &published["version"]),
        (vec!["sql-injection".into()], &json!(1))
    );
    let diagnostic = &published["diagnostics"][0];
    let start = model::offset(FLOW[3].1, &diagnostic["range"]["start"], Unit::Utf16);
    assert!(
        FLOW[3].1[start..].starts_with("cursor") || FLOW[3].1[start..].starts_with("'select"),
        "{diagnostic}"
    );
    let first = &diagnostic["relatedInformation"][0]["location"];
    assert_eq!((&first["uri"], &first["range"]["start"]["line"]), (&json!(cell("2")), &json!(1)));
    // The source is taken out by an edit of its own cell; the other one is told of under the version it has.
    let range = json!({"start": {"line": 1, "character": 7}, "end": {"line": 1, "character": 27}});
    change(&mut client, 2, text_content("2", 2, json!([{"range": range, "text": "'x'\n"}]))).await;
    let published = client.published(&cell("4")).await;
    assert_eq!((&published["diagnostics"], &published["version"]), (&json!([]), &json!(1)));
    assert_eq!(client.published_version(&cell("2"), 2).await["diagnostics"], json!([]));
}

#[tokio::test]
async fn cells_are_put_in_taken_out_and_moved() {
    let mut client = pulling().await;
    open(&mut client, &FLOW).await;
    assert_eq!(codes_of(&mut client, "4").await, ["sql-injection"]);
    // Another value before the query.
    change(&mut client, 2, structure(2, 0, &[("new", Some("name = 'x'"))])).await;
    assert_eq!(codes_of(&mut client, "4").await, Vec::<String>::new());
    // Moved before the cell that reads the request: taken out, and put in without a text.
    change(&mut client, 3, structure(1, 2, &[("new", None), ("2", None)])).await;
    assert_eq!(codes_of(&mut client, "4").await, ["sql-injection"]);
    change(&mut client, 4, structure(2, 1, &[])).await;
    assert_eq!(codes_of(&mut client, "4").await, Vec::<String>::new());
    let gone = json!({"textDocument": {"uri": cell("2")}});
    assert_eq!(client.request("textDocument/diagnostic", gone).await.unwrap_err()["code"], -32602);
    // What was code becomes text, and code again.
    change(&mut client, 5, structure(2, 0, &[("2", Some(FLOW[1].1))])).await;
    assert_eq!(codes_of(&mut client, "4").await, ["sql-injection"]);
    let as_kind = |kind: u8| json!({"data": [{"kind": kind, "document": cell("2")}]});
    change(&mut client, 6, as_kind(1)).await;
    assert_eq!(codes_of(&mut client, "4").await, Vec::<String>::new());
    change(&mut client, 7, as_kind(2)).await;
    assert_eq!(codes_of(&mut client, "4").await, ["sql-injection"]);
}

#[tokio::test]
async fn what_is_not_python_is_left_alone() {
    let mut client = pulling().await;
    let (code, mut r) = code_cell("r", "eval(input())");
    r["languageId"] = json!("r");
    let (mut markup, text) = code_cell("text", "eval(input())");
    markup["kind"] = json!(1);
    let bash = code_cell("bash", "%%bash\neval(input())\n'''");
    let magic = code_cell(
        "magic",
        "%%time\n%cd (\nif True:\n    !rm -rf {x}\nfiles = !ls\nprint?\n%time eval(input())",
    );
    open_as(&mut client, FILE, &[(code, r), (markup, text), bash, magic]).await;
    for name in ["r", "text", "bash"] {
        assert_eq!(codes_of(&mut client, name).await, Vec::<String>::new(), "{name}");
        assert_eq!(actions(&mut client, name, &[]).await, Vec::<Value>::new());
        let at = json!({"textDocument": {"uri": cell(name)}, "position": {"line": 0, "character": 1}});
        assert_eq!(client.request("textDocument/hover", at).await, Ok(Value::Null));
    }
    let report = pull(&mut client, "magic").await;
    assert_eq!(
        (codes(&report["items"]), &report["items"][0]["range"]["start"]),
        (vec!["code-injection".into()], &json!({"line": 6, "character": 6}))
    );
}

#[tokio::test]
async fn typing_in_one_cell_leaves_the_findings_of_the_others() {
    const TYPED: &str = "if name:\n    shell = subprocess.run(f\"ls {name}\", shell=True)\n'''a\n'''\n";
    let mut client = pulling().await;
    open(&mut client, &[FLOW[0], FLOW[1], ("typed", "import subprocess\n"), FLOW[2], FLOW[3]]).await;
    assert_eq!(codes_of(&mut client, "4").await, ["sql-injection"]);
    let (mut line, mut character) = (1, 0);
    for (version, key) in (2..).zip(TYPED.chars()) {
        let place = json!({"line": line, "character": character});
        let edit = json!([{"range": {"start": place, "end": place}, "text": key.to_string()}]);
        change(&mut client, version, text_content("typed", version, edit)).await;
        assert_eq!(codes_of(&mut client, "4").await, ["sql-injection"], "at key {version}");
        (line, character) = if key == '\n' { (line + 1, 0) } else { (line, character + 1) };
    }
    assert_eq!(codes_of(&mut client, "typed").await, ["command-injection"]);
}

#[tokio::test]
async fn who_pulls_is_told_when_another_cell_has_news() {
    let mut client = pulling().await;
    open(&mut client, &FLOW).await;
    let first = pull(&mut client, "4").await;
    let again = json!({"textDocument": {"uri": cell("4")}, "previousResultId": first["resultId"]});
    change(&mut client, 2, text_content("1", 2, json!([{"text": format!("{}\n\n", FLOW[0].1)}]))).await;
    let same = client.request("textDocument/diagnostic", again.clone()).await.unwrap();
    assert_eq!(same["kind"], "unchanged", "in its cell it stands where it stood");
    change(&mut client, 3, text_content("2", 2, json!([{"text": "name = 'x'\n"}]))).await;
    client.asked("workspace/diagnostic/refresh").await;
    let other = client.request("textDocument/diagnostic", again).await.unwrap();
    assert_eq!((&other["kind"], &other["items"]), (&json!("full"), &json!([])));
}

#[tokio::test]
async fn fixes_hovers_and_comments_go_into_the_right_cells() {
    const IMPORTS: &str = "import xml.etree.ElementTree as tree\nimport random";
    const USES: &str = "%%time\ntoken = random.choice('abc')\npassword = random.choice('abc')";
    let mut client = pulling().await;
    open(&mut client, &[("imports", IMPORTS), ("between", "# nothing\n"), ("uses", USES)]).await;
    assert_eq!(codes_of(&mut client, "uses").await, ["insecure-random", "insecure-random"]);
    let quick = actions(&mut client, "uses", &["quickfix"]).await;
    let fix = &quick[0];
    assert_eq!(fix["isPreferred"], true, "{fix}");
    let versions: Vec<&Value> = fix["edit"]["documentChanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["textDocument"]["version"])
        .collect();
    assert_eq!(versions, [&json!(1), &json!(1)]);
    assert_eq!(applied(fix, "imports", IMPORTS), format!("{IMPORTS}\nimport secrets"));
    assert_eq!(applied(fix, "uses", USES), USES.replacen("random.", "secrets.", 1));
    let ignore =
        quick.iter().find(|action| action["title"] == "Ignore `insecure-random` on this line").unwrap();
    assert_eq!(
        applied(ignore, "uses", USES),
        USES.replacen("')", "')  # fangless: ignore[insecure-random] TODO: say why", 1)
    );
    let titles: Vec<&str> = quick.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Fix all `insecure-random` in this notebook (safe fixes)"), "{titles:?}");
    for kind in ["source.fixAll", "notebook.source.fixAll"] {
        let all = actions(&mut client, "uses", &[kind]).await;
        assert_eq!(all.len(), 1, "{kind}: {all:?}");
        assert_eq!(applied(&all[0], "uses", USES), USES.replace("random.", "secrets."), "{kind}");
        assert_eq!(applied(&all[0], "imports", IMPORTS), format!("{IMPORTS}\nimport secrets"));
    }
    assert_eq!(actions(&mut client, "between", &["source.fixAll"]).await, Vec::<Value>::new());
    assert_eq!(actions(&mut client, "between", &["notebook.source.fixAll"]).await.len(), 1);
    let at = json!({"textDocument": {"uri": cell("uses")}, "position": {"line": 1, "character": 10}});
    let hover = client.request("textDocument/hover", at).await.unwrap();
    assert_eq!(hover["range"]["start"]["line"], 1);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("insecure-random"));
}

#[tokio::test]
async fn whatever_was_done_to_the_cells_the_end_is_as_if_they_were_opened_so() {
    const TEXTS: [&str; 8] = [
        "import pickle\nfrom flask import request\n",
        "%%bash\nls",
        "def load(data):\n    return pickle.loads(data)",
        "value = request.data\n",
        "load(value)",
        "value = '''\u{1F600}",
        "!ls (\n\neval(request.args['x'])",
        "",
    ];
    let mut client = pulling().await;
    let mut cells: Vec<(String, String)> = Vec::new();
    for (at, text) in TEXTS.iter().enumerate() {
        cells.push((format!("c{at}"), (*text).to_string()));
    }
    let start: Vec<(&str, &str)> = cells.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    open(&mut client, &start).await;
    let mut numbers = Numbers::new(11);
    for version in 2..=120 {
        let at = numbers.below(cells.len());
        match numbers.below(4) {
            0 => {
                let name = format!("n{version}");
                let text = TEXTS[numbers.below(TEXTS.len())];
                let removed = numbers.below(2);
                change(&mut client, version, structure(at, removed, &[(&name, Some(text))])).await;
                cells.splice(at..at + removed, [(name, text.to_string())]);
            }
            1 if at > 0 => {
                let moved = cells.remove(at);
                let before = cells[at - 1].0.clone();
                let names = [(moved.0.as_str(), None), (before.as_str(), None)];
                change(&mut client, version, structure(at - 1, 2, &names)).await;
                cells.insert(at - 1, moved);
            }
            _ => {
                let place = json!({"line": numbers.below(3), "character": numbers.below(12)});
                let text =
                    ["", "x", "\n", "'", "(", "%", "\u{1F600}", "pickle.loads(value)\n"][numbers.below(8)];
                let edit = json!({"range": {"start": place, "end": place}, "text": text});
                cells[at].1 = model::change(&cells[at].1, &edit, Unit::Utf16);
                let name = cells[at].0.clone();
                change(&mut client, version, text_content(&name, version, json!([edit]))).await;
            }
        }
        if version % 20 == 0 {
            // Nothing is being typed any more: what was held back is said.
            client.notify("notebookDocument/didSave", json!({"notebookDocument": {"uri": FILE}})).await;
            client.barrier().await;
            let mut fresh = pulling().await;
            let texts: Vec<(&str, &str)> =
                cells.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            open(&mut fresh, &texts).await;
            for (name, text) in &cells {
                let expected = pull(&mut fresh, name).await["items"].clone();
                // The analysis after saving may be under way.
                let mut found = pull(&mut client, name).await["items"].clone();
                while found != expected {
                    client.asked("workspace/diagnostic/refresh").await;
                    found = pull(&mut client, name).await["items"].clone();
                }
                assert_eq!(found, expected, "{name}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn closing_takes_everything_back() {
    let mut client = Client::connect(Plan::default());
    client.initialize(with_notebooks(push_capabilities())).await;
    open(&mut client, &[("1", DANGER), ("2", "calm"), ("3", DANGER)]).await;
    for (name, expected) in [("1", 1), ("2", 0), ("3", 1)] {
        let published = client.published(&cell(name)).await;
        assert_eq!(published["diagnostics"].as_array().unwrap().len(), expected);
    }
    change(&mut client, 2, structure(0, 1, &[])).await;
    assert_eq!(client.published(&cell("1")).await["diagnostics"], json!([]));
    let cells = json!([{"uri": cell("2")}, {"uri": cell("3")}]);
    let params = json!({"notebookDocument": {"uri": FILE}, "cellTextDocuments": cells});
    client.notify("notebookDocument/didClose", params).await;
    assert_eq!(client.published(&cell("3")).await["diagnostics"], json!([]));
    // What is closed is not changed; what is opened again is there again, also as a text beside it.
    change(&mut client, 3, text_content("3", 3, json!([{"text": DANGER}]))).await;
    open(&mut client, &[("3", DANGER)]).await;
    assert_eq!(codes(&client.published(&cell("3")).await["diagnostics"]), ["danger"]);
    let document = json!({"uri": FILE, "languageId": "json", "version": 1, "text": "{}"});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    assert_eq!(client.published(FILE).await["diagnostics"], json!([]));
    change(&mut client, 2, text_content("3", 2, json!([{"text": format!("# {DANGER}\n{DANGER}")}]))).await;
    assert_eq!(codes(&client.published(&cell("3")).await["diagnostics"]), ["danger", "danger"]);
    client.close(FILE).await;
    change(&mut client, 3, text_content("3", 3, json!([{"text": DANGER}]))).await;
    assert_eq!(codes(&client.published(&cell("3")).await["diagnostics"]), ["danger"]);
}

#[tokio::test]
async fn an_edit_that_cannot_be_read_silences_the_notebook_until_it_is_opened_again() {
    let mut client = Client::connect(Plan::default());
    client.initialize(with_notebooks(push_capabilities())).await;
    open(&mut client, &[("1", DANGER)]).await;
    assert_eq!(codes(&client.published(&cell("1")).await["diagnostics"]), ["danger"]);
    // Numbers out of range are cut, as in documents.
    let far = json!({"start": {"line": -1, "character": 0}, "end": {"line": 9, "character": -3}});
    change(&mut client, 2, text_content("1", 2, json!([{"range": far, "text": "calm"}]))).await;
    assert_eq!(client.published(&cell("1")).await["diagnostics"], json!([]));
    change(&mut client, 3, text_content("1", 3, json!([{"text": DANGER}]))).await;
    assert_eq!(codes(&client.published(&cell("1")).await["diagnostics"]), ["danger"]);
    change(&mut client, 4, text_content("1", 4, json!([{"range": "all"}]))).await;
    assert_eq!(client.published(&cell("1")).await["diagnostics"], json!([]));
    let told = client.told("window/showMessage").await;
    assert!(told["message"].as_str().unwrap().contains(FILE) && !told.to_string().contains('+'), "{told}");
    open(&mut client, &[("1", DANGER)]).await;
    assert_eq!(codes(&client.published(&cell("1")).await["diagnostics"]), ["danger"]);
}

#[tokio::test]
async fn a_notebook_that_is_not_open_is_told_of_by_its_file() {
    let json = "{\n \"cells\": [\n  {\"cell_type\": \"code\", \"source\": [\n   \"import yaml\\n\",\n   \
                \"x = yaml.load(y, Loader=yaml.Loader)\"\n  ]}\n ]\n}\n";
    let project = Project::new(&[("a.ipynb", json), ("r.ipynb", "{}"), (".ipynb_checkpoints/a.ipynb", json)]);
    let mut client = Client::connect_real();
    client.initialize_with(with_notebooks(pull_capabilities()), project.folders(&[""])).await;
    let file = project.uri("a.ipynb");
    let all = json!({"previousResultIds": []});
    let report = client.request("workspace/diagnostic", all).await.unwrap();
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{report}");
    let diagnostic = &items[0]["items"][0];
    assert_eq!(
        (&items[0]["uri"], &diagnostic["range"]["start"]),
        (&json!(file), &json!({"line": 4, "character": 8}))
    );
    assert!(diagnostic["message"].as_str().unwrap().ends_with("(cell 1, line 2)"), "{diagnostic}");
    // Opened, its cells are told of instead.
    let text = "import yaml\nx = yaml.load(y, Loader=yaml.Loader)";
    open_as(&mut client, &file, &[code_cell("1", text)]).await;
    let known = json!({"previousResultIds": [{"uri": file, "value": items[0]["resultId"]}]});
    let report = client.request("workspace/diagnostic", known).await.unwrap();
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{report}");
    assert_eq!(
        (&items[0]["uri"], &items[0]["items"][0]["range"]["start"]["line"]),
        (&json!(cell("1")), &json!(1))
    );
    assert_eq!((&items[1]["uri"], &items[1]["items"]), (&json!(file), &json!([])));
}

#[tokio::test]
async fn a_notebook_without_a_file() {
    let mut client = Client::connect(Plan::default());
    client.initialize(with_notebooks(push_capabilities())).await;
    open_as(&mut client, "untitled:Untitled-1.ipynb", &[code_cell("1", DANGER)]).await;
    assert_eq!(codes(&client.published(&cell("1")).await["diagnostics"]), ["danger"]);
}
