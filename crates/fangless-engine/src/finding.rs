//! What the engine tells the world: findings, their flows, and the edits that remove them.
//! Positions are UTF-8 byte offsets into the file as it was when the finding was asked for.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::text::TextRange;

/// How bad it is when the finding is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// Whether an attacker's input is known to reach the place, or only may (a bare parameter).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    Possible,
    Certain,
}

/// The role of one step of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    Source,
    Assignment,
    Call,
    Return,
    Sink,
}

/// One step on the way from the attacker's input to the danger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FlowStep {
    /// The file of the step, as the path under which the workspace knows it.
    pub path: SmolStr,
    pub range: TextRange,
    pub kind: StepKind,
    /// One phrase, for example "`request.args` is controlled by the client".
    pub note: String,
}

/// One weakness at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// The expression or statement at fault.
    pub range: TextRange,
    /// Name of the rule; `RuleSet::rule` gives the rest (severity by default, CWE, page).
    pub rule: SmolStr,
    pub severity: Severity,
    pub certainty: Certainty,
    /// One sentence. Never holds the value of a secret.
    pub message: String,
    /// From source to sink; empty for findings that are no flow.
    pub flow: Vec<FlowStep>,
    /// How many further sources reach the same place.
    pub other_sources: u32,
    /// Set where a comment silences the finding.
    pub suppressed: Option<Suppressed>,
}

/// The comment that silences a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Suppressed {
    /// The range of the comment.
    pub range: TextRange,
    /// The reason the comment gives, if any.
    pub reason: Option<String>,
}

/// Whether a fix keeps the behaviour for benign input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Benign behaviour stays the same; may run in fix-all.
    Safe,
    /// A person must look.
    Suggested,
}

/// One replacement in the finding's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Edit {
    pub range: TextRange,
    pub text: String,
}

/// An edit that removes a finding. Its edits are sorted and do not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    pub title: String,
    pub applicability: Applicability,
    pub edits: Vec<Edit>,
}
