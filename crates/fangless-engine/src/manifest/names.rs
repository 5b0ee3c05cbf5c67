//! Which files that are not Python are read, by their names, and where a manifest's companions lie.

use smol_str::SmolStr;

/// What a file is that says what a project installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// What pip installs.
    Requirements,
    /// What such a file is compiled from; ranges are right here.
    Input,
    /// Versions for what others ask for.
    Constraints,
    Pyproject,
    /// Written by a tool from a manifest.
    Lock,
    /// How the project is built, checked and shipped, or what it keeps to itself: read line by line, whatever the format.
    Text,
}

/// The lock files of pip, uv, Poetry and PDM.
const LOCK_FILES: [&str; 4] = ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"];

/// A lock file may stand in the folder of the whole workspace, so many folders up.
const FOLDERS_UP: usize = 4;

/// What a file is by its name; `None` for one that is not read as a manifest or a text.
pub fn kind_of(path: &str) -> Option<FileKind> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name == "pyproject.toml" {
        return Some(FileKind::Pyproject);
    }
    if LOCK_FILES.contains(&name) || is_named_pylock(name) {
        return Some(FileKind::Lock);
    }
    if is_text(folders, name) {
        return Some(FileKind::Text);
    }
    let (stem, ending) = name.rsplit_once('.')?;
    let input = match ending {
        "txt" => false,
        "in" => true,
        _ => return None,
    };
    let stem = stem.to_ascii_lowercase();
    let folder = folders.rsplit('/').next().unwrap_or_default();
    if stem.contains("constraints") {
        Some(FileKind::Constraints)
    } else if stem.contains("requirements") || folder == "requirements" {
        Some(if input { FileKind::Input } else { FileKind::Requirements })
    } else {
        None
    }
}

/// Files that are read as text, by their whole names.
const TEXTS: [&str; 27] = [
    ".gitignore",
    ".env",
    ".netrc",
    ".pgpass",
    ".pypirc",
    "credentials.json",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
    "lefthook.yml",
    ".gitlab-ci.yml",
    ".travis.yml",
    ".drone.yml",
    ".cirrus.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
    "Jenkinsfile",
    "Makefile",
    "justfile",
    "tox.ini",
    "renovate.json",
];

/// What follows `.env.` in files that only show what is to be set.
const SAMPLES: [&str; 6] = ["example", "sample", "template", "dist", "default", "defaults"];

/// Files that say how the project is built, checked and shipped, or that hold what it keeps to itself.
fn is_text(folders: &str, name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_yaml = matches!(ending, "yml" | "yaml");
    let in_folder = |wanted: &str| folders == wanted || folders.ends_with(&format!("/{wanted}"));
    TEXTS.contains(&name)
        || matches!(ending, "pem" | "key" | "sh")
        || ["Dockerfile", "Containerfile"].iter().any(|known| {
            name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                || ending == *known
        })
        || name.strip_prefix(".env.").is_some_and(|rest| !rest.split('.').any(|part| SAMPLES.contains(&part)))
        || (is_yaml && (in_folder(".github/workflows") || in_folder(".circleci")))
        || (in_folder(".github") && name.starts_with("dependabot."))
}

/// `pylock.dev.toml`, the lock file of one purpose.
fn is_named_pylock(name: &str) -> bool {
    name.strip_prefix("pylock.")
        .and_then(|rest| rest.rsplit_once('.'))
        .is_some_and(|(_, ending)| ending == "toml")
}

/// Whether a file has findings of its own as a manifest or a text.
pub fn is_checked(path: &str) -> bool {
    kind_of(path).is_some_and(|kind| kind != FileKind::Lock)
}

/// Whether a list is for those who work on the project, not for what runs: by a word of its name or by its folder.
pub(super) fn is_for_developers(path: &str) -> bool {
    const WORDS: [&str; 14] = [
        "dev",
        "devel",
        "develop",
        "development",
        "test",
        "tests",
        "testing",
        "doc",
        "docs",
        "lint",
        "mypy",
        "build",
        "ci",
        "bench",
    ];
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_ascii_lowercase();
    let mut words = stem.split(['-', '_', '.']);
    words.any(|word| WORDS.contains(&word)) || matches!(folder, "docs" | "doc" | "tests" | "test" | "testing")
}

/// The path that a manifest means by a relative one; nothing for an address, or a path that is not known before the
/// file is used.
pub(super) fn beside(manifest: &str, relative: &str) -> Option<SmolStr> {
    if relative.is_empty() || relative.contains("://") || relative.contains("${") {
        return None;
    }
    let relative = relative.replace('\\', "/");
    let folder = manifest.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = if relative.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|part| !part.is_empty()).collect()
    };
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = format!("{}{}", if manifest.starts_with('/') { "/" } else { "" }, parts.join("/"));
    kind_of(&path).map(|_| path.into())
}

/// The lock files that would decide what this manifest installs: beside it, and for a project also above it.
pub(super) fn lock_files_above(manifest: &str, kind: FileKind) -> Vec<SmolStr> {
    let levels = match kind {
        FileKind::Pyproject => FOLDERS_UP,
        FileKind::Requirements => 1,
        FileKind::Input | FileKind::Constraints | FileKind::Lock | FileKind::Text => 0,
    };
    let mut folder = manifest.rsplit_once('/').map(|(folder, _)| folder);
    let mut paths = Vec::new();
    for _ in 0..levels {
        let Some(present) = folder else { break };
        paths.extend(LOCK_FILES.iter().map(|name| SmolStr::from(format!("{present}/{name}"))));
        folder = present.rsplit_once('/').map(|(above, _)| above);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_file_is() {
        let kinds = [
            ("/a/requirements.txt", Some(FileKind::Requirements)),
            ("/a/requirements-dev.txt", Some(FileKind::Requirements)),
            ("dev_requirements.txt", Some(FileKind::Requirements)),
            ("/a/requirements/base.txt", Some(FileKind::Requirements)),
            ("/a/requirements.in", Some(FileKind::Input)),
            ("/a/constraints-3.12.txt", Some(FileKind::Constraints)),
            ("/a/pyproject.toml", Some(FileKind::Pyproject)),
            ("/a/pylock.dev.toml", Some(FileKind::Lock)),
            ("/a/Dockerfile", Some(FileKind::Text)),
            ("/a/Dockerfile.dev", Some(FileKind::Text)),
            ("/a/api.Dockerfile", Some(FileKind::Text)),
            ("/a/.github/workflows/ci.yml", Some(FileKind::Text)),
            (".github/dependabot.yml", Some(FileKind::Text)),
            ("/a/.env.production", Some(FileKind::Text)),
            ("/a/.env.example", None),
            ("/a/workflows/ci.yml", None),
            ("/a/Dockerfiles.md", None),
            ("/a/requirements.py", None),
            ("/a/notes.txt", None),
            ("/a/requirements", None),
        ];
        for (path, kind) in kinds {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }

    #[test]
    fn lists_for_developers_are_told_by_their_names() {
        for path in ["/a/requirements-dev.txt", "/a/docs/requirements.txt", "/a/requirements/test.txt"] {
            assert!(is_for_developers(path), "{path}");
        }
        for path in ["/docs/a/requirements.txt", "/a/requirements.txt", "/a/requirements/production.txt"] {
            assert!(!is_for_developers(path), "{path}");
        }
    }

    #[test]
    fn companions_are_found_from_the_manifest() {
        assert_eq!(
            beside("/a/b/requirements.txt", "../constraints.txt").as_deref(),
            Some("/a/constraints.txt")
        );
        assert_eq!(
            beside("/a/requirements.txt", "/etc/constraints.txt").as_deref(),
            Some("/etc/constraints.txt")
        );
        assert_eq!(beside("/a/requirements.txt", "https://x/constraints.txt"), None);
        assert!(lock_files_above("/a/b/pyproject.toml", FileKind::Pyproject).contains(&"/a/uv.lock".into()));
        assert!(
            !lock_files_above("/a/b/requirements.txt", FileKind::Requirements).contains(&"/a/uv.lock".into())
        );
    }
}
