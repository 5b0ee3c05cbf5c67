//! An engine that a test can see through: it finds words, waits where it is told to, and panics on demand.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Certainty, Edit, Finding, Fix, FlowStep, Severity, StepKind};
use fangless_lsp::Analysis;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A safe fix turns it into `calm`.
pub(crate) const DANGER: &str = "DANGER";
/// Has a suggested fix only.
pub(crate) const DOUBT: &str = "DOUBT";
/// The engine panics where it stands.
pub(crate) const PANIC: &str = "PANIC";
/// A text that has it does not parse.
pub(crate) const BROKEN: &str = "BROKEN";
/// As `DANGER`, in a file that has it; files that `uses:NAME` have it too if the file `NAME` has it.
pub(crate) const USES: &str = "uses:";

/// How an engine behaves.
#[derive(Clone, Default)]
pub(crate) struct Plan {
    gate: Option<Arc<Gate>>,
    fix_gate: Option<Arc<Gate>>,
    evaluation_gate: Option<Arc<Gate>>,
    /// The whole text is the message of a finding at its start.
    echo: bool,
    /// Flows begin in this file.
    begins_in: Option<&'static str>,
}

impl Plan {
    pub(crate) fn echoing() -> Self {
        Self { echo: true, ..Self::default() }
    }

    pub(crate) fn stepping_through(self, path: &'static str) -> Self {
        Self { begins_in: Some(path), ..self }
    }

    /// Each analysis says that it starts, and waits until it is let through.
    pub(crate) fn gated(self) -> (Self, Keeper) {
        let (gate, keeper) = gate();
        (Self { gate: Some(gate), ..self }, keeper)
    }

    /// The same for each file of a scan.
    pub(crate) fn gated_scan(self) -> (Self, Keeper) {
        let (gate, keeper) = gate();
        (Self { evaluation_gate: Some(gate), ..self }, keeper)
    }

    /// The same for each time that the fixes of a finding are asked for.
    pub(crate) fn gated_fixes(self) -> (Self, Keeper) {
        let (gate, keeper) = gate();
        (Self { fix_gate: Some(gate), ..self }, keeper)
    }
}

fn gate() -> (Arc<Gate>, Keeper) {
    let (permit, permits) = channel();
    let (start, started) = unbounded_channel();
    let gate = Gate { permits: Mutex::new(permits), start };
    (Arc::new(gate), Keeper { permit: Some(permit), started })
}

struct Gate {
    permits: Mutex<Receiver<()>>,
    start: UnboundedSender<String>,
}

impl Gate {
    fn pass(&self, text: String) {
        // A test that is over listens no more, and stops nobody.
        self.start.send(text).ok();
        self.permits.lock().unwrap().recv().ok();
    }
}

/// The test's side of a gate.
pub(crate) struct Keeper {
    permit: Option<Sender<()>>,
    started: UnboundedReceiver<String>,
}

impl Keeper {
    /// The text of the next analysis, as soon as it starts.
    pub(crate) async fn started(&mut self) -> String {
        crate::client::within("an analysis", self.started.recv()).await.expect("the engine lives")
    }

    /// What else was started so far.
    pub(crate) fn started_since(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.started.try_recv().ok()).collect()
    }

    pub(crate) fn let_one_through(&self) {
        self.permit.as_ref().expect("the gate is not open").send(()).expect("the engine lives");
    }

    pub(crate) fn open(&mut self) {
        self.permit = None;
    }
}

pub(crate) struct Fake {
    plan: Plan,
    files: BTreeMap<String, String>,
}

impl Fake {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan, files: BTreeMap::new() }
    }

    fn uses_danger(&self, text: &str) -> bool {
        text.split_whitespace()
            .filter_map(|word| word.strip_prefix(USES))
            .any(|name| self.files.iter().any(|(path, text)| path.ends_with(name) && text.contains(DANGER)))
    }
}

impl Analysis for Fake {
    fn set_file(&mut self, path: &str, text: String) {
        self.files.insert(path.to_string(), text);
    }

    fn edit_file(&mut self, path: &str, edits: &[Edit]) {
        let text = self.files.get_mut(path).expect("edited only after it was set");
        for edit in edits {
            text.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
    }

    fn remove_file(&mut self, path: &str) {
        self.files.remove(path);
    }

    fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).cloned()
    }

    fn is_whole(&self, path: &str, _: TextRange) -> bool {
        !self.files.get(path).is_some_and(|text| text.contains(BROKEN))
    }

    fn evaluate(&mut self, path: &str) {
        let text = self.files.get(path).cloned().unwrap_or_default();
        if let Some(gate) = &self.plan.evaluation_gate {
            gate.pass(text.clone());
        }
        assert!(!text.contains(PANIC), "the engine was told to panic");
    }

    fn findings(&mut self, path: &str) -> Vec<Finding> {
        let text = self.files.get(path).cloned().unwrap_or_default();
        if let Some(gate) = &self.plan.gate {
            gate.pass(text.clone());
        }
        assert!(!text.contains(PANIC), "the engine was told to panic");
        let mut findings = Vec::new();
        if self.plan.echo {
            findings.push(finding("echo", 0..0, text.clone(), path));
        }
        for word in [DANGER, DOUBT] {
            for (start, _) in text.match_indices(word) {
                findings.push(finding(
                    &word.to_lowercase(),
                    start..start + word.len(),
                    word.to_string(),
                    path,
                ));
            }
        }
        if self.uses_danger(&text) {
            findings.push(finding("danger", 0..1, "elsewhere".to_string(), path));
        }
        for finding in &mut findings {
            if let Some(path) = self.plan.begins_in {
                finding.flow[0].path = path.into();
            }
        }
        findings.sort();
        findings
    }

    fn findings_at(&mut self, path: &str, range: TextRange) -> Vec<Finding> {
        self.findings(path).into_iter().filter(|finding| finding.range.touches(range)).collect()
    }

    fn fixes(&mut self, _: &str, finding: &Finding) -> Vec<Fix> {
        if let Some(gate) = &self.plan.fix_gate {
            gate.pass(finding.message.clone());
        }
        let fix = |applicability, text: &str| Fix {
            title: format!("Make it {text}"),
            applicability,
            edits: vec![Edit { range: finding.range, text: text.to_string() }],
        };
        match finding.message.as_str() {
            DANGER => vec![fix(Applicability::Safe, "calm"), fix(Applicability::Suggested, "quiet")],
            DOUBT => vec![fix(Applicability::Suggested, "trust")],
            _ => vec![],
        }
    }

    fn wanted(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn set_missing(&mut self, _: &str) {}
}

fn finding(rule: &str, range: std::ops::Range<usize>, message: String, path: &str) -> Finding {
    let range = TextRange::new(range.start as u32, range.end as u32);
    let step = FlowStep { path: path.into(), range, kind: StepKind::Sink, note: "here".to_string() };
    Finding {
        range,
        rule: rule.into(),
        severity: Severity::High,
        certainty: Certainty::Certain,
        message,
        flow: vec![step],
        other_sources: 0,
        suppressed: None,
    }
}
