//! Which requests are ours: those for the path, and below it.
//!
//! ```text
//! /socket.io  /socket.io/  /socket.io/x     ours; the first one not where the slash is asked for
//! /socket.io-admin  /SOCKET.IO/  /          not
//! ```

/// The path that clients are told to use, without a slash at its end; empty for every path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathRule {
    path: Box<str>,
    /// Whether a slash has to follow.
    slash: bool,
}

impl PathRule {
    /// Slashes around it do not matter: `chat`, `/chat` and `/chat/` are the same. Nothing but slashes is every path.
    pub(crate) fn new(path: &str) -> Self {
        let path = path.trim().trim_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        PathRule { path: path.into(), slash: false }
    }

    pub(crate) fn every() -> Self {
        PathRule { path: "".into(), slash: false }
    }

    /// Whether the path alone, without a slash behind it, is somebody else's.
    pub(crate) fn with_slash(mut self, required: bool) -> Self {
        self.slash = required;
        self
    }

    /// The path, without a slash at its end.
    #[cfg(feature = "testing")]
    pub(crate) fn as_str(&self) -> &str {
        &self.path
    }

    /// The name of what a path of ours asks for right below the rule's: `x` of `/socket.io/x`. Of every path it is the last part.
    pub(crate) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.path.is_empty() {
            return path.rsplit('/').next();
        }
        path.strip_prefix(&*self.path)?.strip_prefix('/')
    }

    /// Patterns of actix-web for the same paths.
    #[cfg(feature = "actix")]
    pub(super) fn actix(&self) -> Vec<String> {
        let path = &self.path;
        let below = format!("{path}/{{tail:.*}}");
        if self.slash || path.is_empty() { vec![below] } else { vec![path.to_string(), below] }
    }

    /// Whether a request with this path is ours.
    pub(crate) fn matches(&self, path: &str) -> bool {
        path.strip_prefix(&*self.path).is_some_and(|rest| {
            self.path.is_empty() || (rest.is_empty() && !self.slash) || rest.starts_with('/')
        })
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
    fn where_the_slash_is_asked_for_the_bare_path_is_not_ours() {
        let rule = PathRule::default().with_slash(true);
        assert!(rule.matches("/socket.io/") && rule.matches("/socket.io/x"));
        assert!(!rule.matches("/socket.io") && !rule.matches("/socket.io-admin"));
    }

    #[test]
    fn a_name_stands_right_below_the_path() {
        let rule = PathRule::default();
        assert_eq!(rule.below("/socket.io/x.js"), Some("x.js"));
        assert_eq!(rule.below("/socket.io/a/x.js"), Some("a/x.js"), "which is no file's name");
        assert_eq!(rule.below("/socket.io"), None);
        assert_eq!(PathRule::every().below("/any/x.js"), Some("x.js"));
    }

    #[test]
    fn every_path_is_every_path() {
        for rule in [PathRule::every(), PathRule::new("/"), PathRule::new("")] {
            assert!(rule.matches("/") && rule.matches("") && rule.matches("/any/thing") && rule.matches("*"));
        }
    }
}
