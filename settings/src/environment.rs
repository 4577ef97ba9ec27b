//! Files and folders that environment variables name.

use std::path::PathBuf;

/// The path in an environment variable; `None` where it is unset or empty.
pub fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The folder in which genlock's scripts keep what they fetch, as in `scripts/common.sh`.
pub fn cache() -> Option<PathBuf> {
    path("GENLOCK_CACHE")
        .or_else(|| Some(path("XDG_CACHE_HOME")?.join("genlock")))
        .or_else(|| Some(path("HOME")?.join(".cache/genlock")))
}
