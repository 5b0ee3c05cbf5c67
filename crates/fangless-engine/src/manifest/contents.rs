//! What a manifest says, whatever its format.

use smol_str::SmolStr;

use crate::text::TextRange;

/// All of a manifest that matters here.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) dependencies: Vec<Dependency>,
    pub(super) indexes: Vec<Index>,
    /// Hosts whose certificate is not checked.
    pub(super) trusted: Vec<Trusted>,
    pub(super) includes: Vec<Include>,
    /// pip refuses what has no hash.
    pub(super) requires_hashes: bool,
    /// The key of the first dependencies of a project.
    pub(super) project: Option<TextRange>,
}

impl Contents {
    /// The names that have one version only.
    pub(super) fn pinned(&self) -> impl Iterator<Item = &SmolStr> {
        let pinned = self.dependencies.iter().filter(|one| matches!(one.origin, Origin::Pinned));
        pinned.map(|one| &one.name)
    }
}

/// A package that is asked for.
#[derive(Debug)]
pub(super) struct Dependency {
    /// The requirement as it is written.
    pub(super) range: TextRange,
    /// In lower case, `-` between the words; empty where only the address is given.
    pub(super) name: SmolStr,
    pub(super) origin: Origin,
    /// The hash of what is to be installed is given.
    pub(super) hashed: bool,
    pub(super) place: Place,
}

/// Where a package comes from, and how much is left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An index; every version will do.
    Any,
    /// An index; some versions will do.
    Some {
        /// What says which, and the lowest of them, where that is plain.
        lowest: Option<(TextRange, String)>,
    },
    /// An index; one version.
    Pinned,
    Repository {
        at_commit: bool,
        cleartext: bool,
    },
    Archive {
        hashed: bool,
        cleartext: bool,
    },
    /// A folder or file of this machine.
    Local,
}

/// Which list a package is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// What pip installs.
    Requirement,
    /// What pip's list is compiled from.
    Input,
    /// A limit for what others ask for.
    Constraint,
    /// `pyproject.toml`.
    Project,
}

/// Where packages are fetched from.
#[derive(Debug)]
pub(super) struct Index {
    /// The option or value as it is written.
    pub(super) range: TextRange,
    /// The name of the option.
    pub(super) option: TextRange,
    pub(super) host: String,
    pub(super) cleartext: bool,
    pub(super) role: Role,
}

/// How an index stands to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    /// Searched beside another one, and the higher version wins.
    Extra,
    /// A word that says so of all of them.
    Strategy,
    /// Asked for certain packages only, or after the others.
    Scoped,
}

/// A host that is trusted without a certificate.
#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) range: TextRange,
    pub(super) host: String,
}

/// Another file that counts as well.
#[derive(Debug)]
pub(super) struct Include {
    pub(super) path: String,
    pub(super) constrains: bool,
}

/// The host of an address, without user, password and port.
pub(super) fn host_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.to_ascii_lowercase()
}

/// Whether a host is this machine.
pub(super) fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "::1" || host.starts_with("127.")
}

/// Whether an address is fetched over the network without encryption.
pub(super) fn is_cleartext(address: &str) -> bool {
    let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let transport = scheme.rsplit('+').next().unwrap_or_default();
    matches!(transport, "http" | "git" | "svn" | "ftp") && !is_local(&host_of(address))
}

/// A name as PEP 503 writes it.
pub(super) fn normalised(name: &str) -> SmolStr {
    let mut result = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if result.ends_with('-') => {}
            '-' | '_' | '.' => result.push('-'),
            other => result.push(other.to_ascii_lowercase()),
        }
    }
    result.into()
}
