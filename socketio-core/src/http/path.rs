//! Which requests are ours: those for the path, and below it.
//!
//! ```text
//! /socket.io  /socket.io/  /socket.io/x     ours
//! /socket.io-admin  /SOCKET.IO/  /          not
//! ```

/// The path that clients are told to use, without a slash at its end; empty for every path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathRule {
    path: Box<str>,
}

impl PathRule {
    /// Slashes around it do not matter: `chat`, `/chat` and `/chat/` are the same. Nothing but slashes is every path.
    pub(crate) fn new(path: &str) -> Self {
        let path = path.trim().trim_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        PathRule { path: path.into() }
    }

    pub(crate) fn every() -> Self {
        PathRule { path: "".into() }
    }

    /// Whether a request with this path is ours.
    pub(crate) fn matches(&self, path: &str) -> bool {
        path.strip_prefix(&*self.path)
            .is_some_and(|rest| self.path.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }
}

impl Default for PathRule {
    fn default() -> Self {
        PathRule::new("/socket.io")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_and_what_is_below_it_is_ours() {
        let rule = PathRule::default();
        for path in ["/socket.io", "/socket.io/", "/socket.io/x", "/socket.io//"] {
            assert!(rule.matches(path), "{path}");
        }
        for path in
            ["/socket.io-admin", "/socket.iox/", "/socket.i", "/", "", "*", "/x/socket.io/", "/SOCKET.IO/"]
        {
            assert!(!rule.matches(path), "{path}");
        }
    }

    #[test]
    fn slashes_around_the_option_do_not_matter() {
        for path in ["a/b", "/a/b", "a/b/", "/a/b/", " /a/b// "] {
            let rule = PathRule::new(path);
            assert_eq!(rule, PathRule::new("/a/b"), "{path}");
            assert!(rule.matches("/a/b/") && !rule.matches("/a/bc") && !rule.matches("/a"));
        }
    }

    #[test]
    fn every_path_is_every_path() {
        for rule in [PathRule::every(), PathRule::new("/"), PathRule::new("")] {
            assert!(rule.matches("/") && rule.matches("") && rule.matches("/any/thing") && rule.matches("*"));
        }
    }
}
