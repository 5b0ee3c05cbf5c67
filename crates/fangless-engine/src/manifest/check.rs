//! What a manifest says, held against the rules.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::File;
use super::contents::{Dependency, Index, Origin, Place, Role, Trusted};
use super::names::FileKind;
use crate::finding::Severity;
use crate::rule::matching::RuleIndex;
use crate::rule::schema::{ManifestKind, ManifestMatch};
use crate::text::TextRange;

/// What other files say of a manifest's dependencies.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// Not what runs is installed from it, but what its developers work with.
    pub(crate) is_for_developers: bool,
    /// A lock file decides what is installed.
    pub(crate) has_lock: bool,
    /// Packages that a file of constraints pins.
    pub(crate) constrained: FxHashSet<SmolStr>,
    /// There are constraints that cannot be read here.
    pub(crate) is_constrained_elsewhere: bool,
}

/// What a finding is about.
pub(super) enum Subject<'a> {
    Dependency(&'a Dependency),
    Index(&'a Index),
    Trusted(&'a Trusted),
    /// The project as a whole, at this place.
    Project(TextRange),
}

impl Subject<'_> {
    pub(super) fn range(&self) -> TextRange {
        match self {
            Self::Dependency(one) => one.range,
            Self::Index(one) => one.range,
            Self::Trusted(one) => one.range,
            Self::Project(range) => *range,
        }
    }

    /// Whether the hash of what is to be installed is given.
    pub(super) fn is_hashed(&self) -> bool {
        matches!(self, Self::Dependency(one) if one.hashed)
    }

    fn name(&self) -> &str {
        match self {
            Self::Dependency(one) if one.name.is_empty() => "this dependency",
            Self::Dependency(one) => &one.name,
            Self::Index(one) => &one.host,
            Self::Trusted(one) => &one.host,
            Self::Project(_) => "",
        }
    }
}

pub(super) struct Found<'a> {
    pub(super) rule: usize,
    pub(super) severity: Severity,
    pub(super) message: String,
    /// The package that the name is likely to have been typed for.
    pub(super) meant: Option<String>,
    pub(super) subject: Subject<'a>,
}

pub(super) fn run<'a>(index: &RuleIndex, file: &'a File, around: &Around) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for (rule, matched) in &index.manifests {
        let template = matched.message.as_deref().unwrap_or_else(|| index.message(*rule));
        found.extend(subjects(matched, file, around).into_iter().map(|subject| {
            let meant = meant(subject.name(), &matched.package);
            Found {
                rule: *rule,
                severity: matched.severity.unwrap_or_else(|| index.severity(*rule)),
                message: template
                    .replace("{name}", subject.name())
                    .replace("{value}", meant.unwrap_or_default()),
                meant: meant.map(str::to_owned),
                subject,
            }
        }));
    }
    found
}

fn subjects<'a>(matched: &ManifestMatch, file: &'a File, around: &Around) -> Vec<Subject<'a>> {
    let contents = &file.contents;
    let dependencies = |is_wanted: &dyn Fn(&Dependency) -> bool| -> Vec<Subject<'a>> {
        contents.dependencies.iter().filter(|one| is_wanted(one)).map(Subject::Dependency).collect()
    };
    let indexes = |is_wanted: &dyn Fn(&Index) -> bool| -> Vec<Subject<'a>> {
        contents.indexes.iter().filter(|one| is_wanted(one)).map(Subject::Index).collect()
    };
    match matched.kind {
        ManifestKind::Unpinned
            if around.has_lock || around.is_constrained_elsewhere || around.is_for_developers =>
        {
            Vec::new()
        }
        ManifestKind::Unpinned => dependencies(&|one| {
            one.place == Place::Requirement
                && matches!(one.origin, Origin::Any | Origin::Some { .. })
                && !one.hashed
                && !around.constrained.contains(&one.name)
        }),
        ManifestKind::Unbounded if around.has_lock => Vec::new(),
        ManifestKind::Unbounded => {
            dependencies(&|one| one.place == Place::Project && one.origin == Origin::Any)
        }
        ManifestKind::NoHash if around.has_lock || file.kind != FileKind::Requirements => Vec::new(),
        ManifestKind::NoHash => {
            let uses_hashes = contents.requires_hashes || contents.dependencies.iter().any(|one| one.hashed);
            let mut without = dependencies(&|one| one.origin == Origin::Pinned && !one.hashed);
            if !uses_hashes {
                without.truncate(1);
            }
            without
        }
        ManifestKind::NoLockFile if around.has_lock => Vec::new(),
        ManifestKind::NoLockFile => contents.project.map(Subject::Project).into_iter().collect(),
        ManifestKind::Cleartext => {
            let mut found = indexes(&|one| one.cleartext);
            found.extend(dependencies(&|one| match one.origin {
                Origin::Repository { cleartext, .. } => cleartext,
                Origin::Archive { hashed, cleartext } => cleartext && !(hashed || one.hashed),
                _ => false,
            }));
            found
        }
        ManifestKind::TrustedHost => contents.trusted.iter().map(Subject::Trusted).collect(),
        ManifestKind::SeveralIndexes => {
            // A hash says what is wanted, wherever it comes from.
            let all_hashed =
                !contents.dependencies.is_empty() && contents.dependencies.iter().all(|one| one.hashed);
            indexes(&|one| matches!(one.role, Role::Extra | Role::Strategy) && !all_hashed)
        }
        ManifestKind::MovingSource => dependencies(&|one| {
            let is_locked = one.place == Place::Project && around.has_lock;
            match one.origin {
                Origin::Repository { at_commit, .. } => !(at_commit || is_locked),
                Origin::Archive { hashed, .. } => !(hashed || one.hashed || is_locked),
                _ => false,
            }
        }),
        ManifestKind::Package => dependencies(&|one| matched.package.contains(&one.name)),
        ManifestKind::Lookalike => dependencies(&|one| meant(&one.name, &matched.package).is_some()),
    }
}

/// Shorter names have too many neighbours that are meant.
const MIN_LENGTH: usize = 5;

/// The known package that a name is likely to have been typed for.
fn meant<'p>(name: &str, packages: &'p [SmolStr]) -> Option<&'p str> {
    if name.len() < MIN_LENGTH || packages.iter().any(|known| known == name) {
        return None;
    }
    packages.iter().find(|known| known.len() >= MIN_LENGTH && is_slip(name, known)).map(SmolStr::as_str)
}

/// Whether two names differ by one letter more, less, other or swapped with the next, or by hyphens alone.
fn is_slip(one: &str, other: &str) -> bool {
    if one.replace('-', "") == other.replace('-', "") {
        return true;
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - same], &other[..other.len() - same]) {
        ([_] | [], [_]) | ([_], []) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn one_slip_is_told_from_two() {
        for name in ["reqests", "requestss", "requestz", "reuqests", "re-quests"] {
            assert!(is_slip(name, "requests"), "{name}");
        }
        for name in ["reqest", "urllib", "requests-oauthlib", "ruqeests"] {
            assert!(!is_slip(name, "requests"), "{name}");
        }
    }
}
