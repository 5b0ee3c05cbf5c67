//! Paths of the file system as the engine and the reports name them.

use std::path::{Component, Path, PathBuf};

/// Absolute, with `.` and `..` resolved by name alone, so that links keep their names.
pub fn absolute(path: &Path, working_directory: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in working_directory.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

/// With `/` between the parts, as the engine wants it. Bytes that are no text are replaced.
pub fn with_slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// Relative to the folder where it lies below it, as it is otherwise.
pub fn shown(path: &Path, working_directory: &Path) -> String {
    match path.strip_prefix(working_directory) {
        Ok(relative) if relative.as_os_str().is_empty() => ".".to_string(),
        Ok(relative) => with_slashes(relative),
        Err(_) => with_slashes(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_detours() {
        let here = Path::new("/srv/app");
        assert_eq!(absolute(Path::new("./a/../b.py"), here), Path::new("/srv/app/b.py"));
        assert_eq!(absolute(Path::new("../c.py"), here), Path::new("/srv/c.py"));
        assert_eq!(shown(Path::new("/srv/app/x/b.py"), here), "x/b.py");
        assert_eq!(shown(Path::new("/srv/c.py"), here), "/srv/c.py");
    }
}
