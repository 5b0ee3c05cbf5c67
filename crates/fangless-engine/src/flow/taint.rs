//! Taint: which untrusted inputs reach a value, for which sinks they are still dangerous, and on which path.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::bounds::{MAX_ORIGINS, MAX_PATH};
use super::value::Constant;
use crate::finding::StepKind;
use crate::model::schema::{Label, Tag};
pub use crate::model::tag::TagSet;
use crate::text::TextRange;

/// A place that survives edits elsewhere: a chunk and a range relative to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    pub chunk: u64,
    pub range: TextRange,
}

/// What the environment of a request holds of the request, beside its headers (PEP 3333; `RAW_URI` and `REQUEST_URI` of
/// servers).
const OF_REQUEST: [&str; 10] = [
    "CONTENT_TYPE",
    "PATH_INFO",
    "QUERY_STRING",
    "RAW_URI",
    "REQUEST_METHOD",
    "REQUEST_URI",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "wsgi.input",
    "PATH_TRANSLATED",
];

/// Where an untrusted value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A known source: its label, what it is called, where it stands.
    Known { label: Label, name: SmolStr, at: Location },
    /// The parameter of this number of the function under evaluation.
    Parameter { index: usize, name: SmolStr },
    /// Not untrusted: the value was made by a call of this function, which some rule asks for.
    MadeBy { callee: SmolStr, at: Location },
    /// Not untrusted: a condition held, or a call made of it what is harmless. What was never untrusted keeps so that
    /// somebody looked at it.
    Checked,
}

impl Source {
    pub fn label(&self) -> Option<Label> {
        match self {
            Self::Known { label, .. } => Some(*label),
            Self::Parameter { .. } => Some(Label::Parameter),
            Self::MadeBy { .. } | Self::Checked => None,
        }
    }
}

/// One step of a path; the path is a list from the last step back to the source.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: Location,
    pub kind: StepKind,
    pub note: SmolStr,
    pub previous: Option<Arc<Step>>,
    pub length: usize,
}

/// Paths that begin alike share their beginning.
impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        let is_same_before = match (&self.previous, &other.previous) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
            (None, None) => true,
            _ => false,
        };
        self.length == other.length
            && self.at == other.at
            && self.kind == other.kind
            && self.note == other.note
            && is_same_before
    }
}

/// One source that reaches a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub source: Source,
    /// The sinks for which it is no longer dangerous.
    pub cleared: TagSet,
    pub path: Option<Arc<Step>>,
}

impl Source {
    /// With the place it stands at changed.
    #[must_use]
    pub fn relocated(&self, change: &mut dyn FnMut(Location) -> Location) -> Self {
        let mut source = self.clone();
        match &mut source {
            Self::Known { at, .. } | Self::MadeBy { at, .. } => *at = change(*at),
            Self::Parameter { .. } | Self::Checked => {}
        }
        source
    }
}

impl Step {
    /// With each place on the path changed; the same one where none does.
    fn relocated(step: &Arc<Self>, change: &mut dyn FnMut(Location) -> Location) -> Arc<Self> {
        let at = change(step.at);
        let previous = step.previous.as_ref().map(|previous| Self::relocated(previous, change));
        let is_same_before = match (&previous, &step.previous) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            _ => true,
        };
        if at == step.at && is_same_before {
            return Arc::clone(step);
        }
        Arc::new(Self { at, previous, ..(**step).clone() })
    }
}

impl Origin {
    /// Whether no call has made anything of it.
    fn is_as_it_came(&self) -> bool {
        let mut steps = std::iter::successors(self.path.as_deref(), |step| step.previous.as_deref());
        steps.all(|step| matches!(step.kind, StepKind::Source | StepKind::Assignment))
    }

    /// With each place of it changed.
    #[must_use]
    pub fn relocated(&self, change: &mut dyn FnMut(Location) -> Location) -> Self {
        let source = self.source.relocated(change);
        let path = self.path.as_ref().map(|step| Step::relocated(step, change));
        Self { source, cleared: self.cleared, path }
    }

    fn length(&self) -> usize {
        self.path.as_ref().map_or(0, |step| step.length)
    }

    /// The notes of its path, the last one first.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let first = self.path.as_deref();
        std::iter::successors(first, |step| step.previous.as_deref()).map(|step| &*step.note)
    }

    #[must_use]
    pub fn step(&self, at: Location, kind: StepKind, note: &str) -> Self {
        let length = self.length();
        if self.source == Source::Checked
            || length >= MAX_PATH
            || self.path.as_ref().is_some_and(|step| step.at == at)
        {
            return self.clone();
        }
        let step = Step { at, kind, note: note.into(), previous: self.path.clone(), length: length + 1 };
        Self { path: Some(Arc::new(step)), ..self.clone() }
    }
}

/// All sources that reach a value, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub struct Taint(Option<Arc<[Origin]>>);

impl PartialEq for Taint {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
            (None, None) => true,
            _ => false,
        }
    }
}

impl Taint {
    pub fn from(origin: Origin) -> Self {
        Self(Some(Arc::new([origin])))
    }

    pub fn origins(&self) -> &[Origin] {
        self.0.as_deref().unwrap_or(&[])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether nothing but that somebody looked at it is known.
    pub fn is_clean(&self) -> bool {
        self.origins().iter().all(|origin| origin.source == Source::Checked)
    }

    /// Remembers that the value is harmless for the tags, whatever it is.
    #[must_use]
    pub fn vouched(mut self, tags: TagSet) -> Self {
        self.add(&Self::from(Origin { source: Source::Checked, cleared: tags, path: None }));
        self
    }

    /// Whether the value may be dangerous for the tag: something untrusted is, or nobody looked at it.
    pub fn is_open(&self, tag: Tag) -> bool {
        let is_open = |origin: &Origin| !origin.cleared.contains(tag);
        let is_untrusted = |origin: &Origin| origin.source.label().is_some();
        self.origins().iter().any(|origin| is_untrusted(origin) && is_open(origin))
            || self.origins().iter().all(is_open)
    }

    /// Joins another taint: a source in both keeps the shorter path and only what both cleared.
    pub fn add(&mut self, other: &Self) {
        if other.is_empty() || self.0 == other.0 {
            return;
        }
        if self.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        let mut origins = self.origins().to_vec();
        for origin in other.origins() {
            let at = origins.iter().position(|known| known.source == origin.source);
            match at {
                Some(at) => {
                    let known = &mut origins[at];
                    known.cleared = known.cleared.intersection(origin.cleared);
                    if origin.length() < known.length() {
                        known.path.clone_from(&origin.path);
                    }
                }
                None if origins.len() < MAX_ORIGINS => origins.push(origin.clone()),
                None => {}
            }
        }
        self.0 = Some(origins.into());
    }

    fn map(&self, mut change: impl FnMut(&Origin) -> Option<Origin>) -> Self {
        if self.is_empty() {
            return Self::default();
        }
        let origins: Vec<Origin> = self.origins().iter().filter_map(&mut change).collect();
        Self((!origins.is_empty()).then(|| origins.into()))
    }

    /// With each origin changed.
    #[must_use]
    pub fn mapped(&self, mut change: impl FnMut(&Origin) -> Origin) -> Self {
        self.map(|origin| Some(change(origin)))
    }

    #[must_use]
    pub fn cleared(&self, tags: TagSet) -> Self {
        self.map(|origin| {
            let cleared = origin.cleared.union(tags);
            // What is dangerous for nothing any more is no taint; who made it stays known.
            (cleared != TagSet::ALL || origin.source.label().is_none())
                .then(|| Origin { cleared, ..origin.clone() })
        })
    }

    /// What made it harmless for sinks of one kind does not count here.
    #[must_use]
    pub fn dangerous_for(&self, tag: Tag) -> Self {
        self.map(|origin| Some(Origin { cleared: origin.cleared.without(tag), ..origin.clone() }))
    }

    /// Without what is only a parameter: it says that a caller may pass text, and holds as long as it is that text.
    #[must_use]
    pub fn without_parameters(&self) -> Self {
        self.map(|origin| (!matches!(origin.source, Source::Parameter { .. })).then(|| origin.clone()))
    }

    /// What lies under a key. In the environment of a request the server speaks as well (PEP 3333): only what stands in the
    /// request itself is the client's.
    #[must_use]
    pub fn under(&self, key: &Constant) -> Self {
        let Constant::Text(key) = key else { return self.clone() };
        let is_clients = key.starts_with("HTTP_") || OF_REQUEST.contains(&&**key);
        let is_environment = |name: &str| matches!(name.rsplit('.').next(), Some("environ" | "META"));
        self.map(|origin| match &origin.source {
            Source::Known { label: Label::Web, name, .. }
                if !is_clients && is_environment(name) && origin.is_as_it_came() =>
            {
                None
            }
            _ => Some(origin.clone()),
        })
    }

    /// What was made harmless by an encoding is no longer so when that is undone. What a signature vouches for is no
    /// matter of encoding.
    #[must_use]
    pub fn decoded(&self) -> Self {
        let signed = TagSet::of(&[Tag::Deserialization]);
        self.map(|origin| Some(Origin { cleared: origin.cleared.intersection(signed), ..origin.clone() }))
    }

    /// Without the memory of who made the value, but for some: it was told where the value got its name.
    #[must_use]
    pub fn without_maker(&self, kept: &FxHashSet<SmolStr>) -> Self {
        let is_told = |origin: &Origin| matches!(&origin.source, Source::MadeBy { callee, .. } if !kept.contains(callee));
        self.map(|origin| (!is_told(origin)).then(|| origin.clone()))
    }

    #[must_use]
    pub fn step(&self, at: Location, kind: StepKind, note: &str) -> Self {
        self.map(|origin| Some(origin.step(at, kind, note)))
    }
}
