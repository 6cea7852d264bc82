//! Patterns of namespaces' names, with captured parts.
//!
//! ```text
//! /room-{id}            /room-7                 id = 7
//! /{tenant}/chat        /acme/chat              tenant = acme
//! /files/{*path}        /files/a/b.txt          path = a/b.txt
//! ```
//!
//! `{name}` is one character or more, no slash among them; `{*name}` at the end is whatever follows. Matching takes time in proportion
//! to the name.

use std::sync::Arc;

/// Captured parts, in the order of the pattern.
pub(crate) type Captures = Box<[(Arc<str>, Box<str>)]>;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
    /// `{*name}`
    rest: Option<Arc<str>>,
}

/// What stands between two slashes: `head{a}after a{b}after b`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Segment {
    head: Box<str>,
    captures: Vec<(Arc<str>, Box<str>)>,
}

/// Why something is no pattern.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    #[error("a brace has no partner")]
    Brace,
    #[error("a captured part has no name")]
    Unnamed,
    #[error("two captured parts are called {0:?}")]
    Twice(String),
    #[error("nothing stands between two captured parts")]
    Adjacent,
    #[error("{{*{0}}} does not stand at the end, behind a slash")]
    Rest(String),
}

impl Pattern {
    /// Reads a pattern that begins with a slash.
    pub(crate) fn parse(pattern: &str) -> Result<Self, PatternError> {
        let mut whole = Pattern { segments: Vec::new(), rest: None };
        let mut segments = pattern.strip_prefix('/').unwrap_or(pattern).split('/').peekable();
        while let Some(segment) = segments.next() {
            if let Some(name) = segment.strip_prefix("{*").and_then(|rest| rest.strip_suffix('}')) {
                if segments.peek().is_some() {
                    return Err(PatternError::Rest(name.to_owned()));
                }
                whole.rest = Some(whole.new_name(name)?);
            } else {
                let segment = whole.segment(segment)?;
                whole.segments.push(segment);
            }
        }
        Ok(whole)
    }

    fn segment(&self, text: &str) -> Result<Segment, PatternError> {
        let mut parts = text.split('{');
        let head = parts.next().unwrap_or_default();
        let mut segment = Segment { head: head.into(), captures: Vec::new() };
        if head.contains('}') {
            return Err(PatternError::Brace);
        }
        for part in parts {
            let (name, after) = part.split_once('}').ok_or(PatternError::Brace)?;
            if after.contains('}') {
                return Err(PatternError::Brace);
            }
            if let Some(name) = name.strip_prefix('*') {
                return Err(PatternError::Rest(name.to_owned()));
            }
            if segment.captures.last().is_some_and(|(_, between)| between.is_empty()) {
                return Err(PatternError::Adjacent);
            }
            if segment.captures.iter().any(|(other, _)| **other == *name) {
                return Err(PatternError::Twice(name.to_owned()));
            }
            segment.captures.push((self.new_name(name)?, after.into()));
        }
        Ok(segment)
    }

    fn new_name(&self, name: &str) -> Result<Arc<str>, PatternError> {
        let names = self.segments.iter().flat_map(|segment| &segment.captures);
        match name {
            "" => Err(PatternError::Unnamed),
            name if names.into_iter().any(|(other, _)| **other == *name) => {
                Err(PatternError::Twice(name.to_owned()))
            }
            name => Ok(name.into()),
        }
    }

    /// The captured parts of `name`, if it fits.
    pub(crate) fn captures(&self, name: &str) -> Option<Captures> {
        let mut captured = Vec::new();
        let mut rest = name.strip_prefix('/')?;
        for (number, segment) in self.segments.iter().enumerate() {
            let last = number + 1 == self.segments.len() && self.rest.is_none();
            let (part, behind) = match (last, rest.split_once('/')) {
                (true, None) => (rest, ""),
                (false, Some(split)) => split,
                _ => return None,
            };
            segment.captures(part, &mut captured)?;
            rest = behind;
        }
        match &self.rest {
            Some(_) if rest.is_empty() => return None,
            Some(name) => captured.push((name.clone(), rest.into())),
            None => {}
        }
        Some(captured.into())
    }
}

impl Segment {
    fn captures(&self, text: &str, captured: &mut Vec<(Arc<str>, Box<str>)>) -> Option<()> {
        let mut rest = text.strip_prefix(&*self.head)?;
        for (number, (name, after)) in self.captures.iter().enumerate() {
            let last = number + 1 == self.captures.len();
            // A captured part has a character at least; as short a one as can be leaves most to those behind it.
            let first = rest.chars().next()?.len_utf8();
            let end = if last {
                rest.len().checked_sub(after.len()).filter(|&end| end >= first && rest.ends_with(&**after))?
            } else {
                first + rest.get(first..)?.find(&**after)?
            };
            captured.push((name.clone(), rest.get(..end)?.into()));
            rest = rest.get(end + after.len()..)?;
        }
        rest.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, name: &str) -> Option<Vec<(String, String)>> {
        let captures = Pattern::parse(pattern).unwrap().captures(name)?;
        Some(captures.iter().map(|(name, part)| (name.to_string(), part.to_string())).collect())
    }

    #[track_caller]
    fn fits(pattern: &str, name: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(name, part)| ((*name).to_owned(), (*part).to_owned())).collect();
        assert_eq!(captured(pattern, name), Some(expected), "{pattern} and {name}");
    }

    #[test]
    fn parts_in_braces_are_captured_by_name() {
        fits("/room-{id}", "/room-7", &[("id", "7")]);
        fits("/{tenant}/chat", "/acme/chat", &[("tenant", "acme")]);
        fits("/{a}-{b}.{c}", "/1-2-3.x.y", &[("a", "1"), ("b", "2-3"), ("c", "x.y")]);
        fits("/plain", "/plain", &[]);
        fits("/{name}", "/ä€😀", &[("name", "ä€😀")]);
        fits("/x{a}x", "/xxxx", &[("a", "xx")]);
    }

    #[test]
    fn a_star_captures_what_follows_slashes_and_all() {
        fits("/files/{*path}", "/files/a/b.txt", &[("path", "a/b.txt")]);
        fits("/{*name}", "/a/b", &[("name", "a/b")]);
        assert_eq!(captured("/{*name}", "/"), None);
    }

    #[test]
    fn a_part_is_never_empty_and_never_crosses_a_slash() {
        let misfits = [
            ("/room-{id}", "/room-"),
            ("/room-{id}", "/room-1/2"),
            ("/room-{id}", "/rooms-1"),
            ("/{a}-{b}", "/-1"),
            ("/{a}/x", "/a/b/x"),
            ("/files/{*path}", "/files/"),
            ("/files/{*path}", "/files"),
            ("/plain", "/plain/"),
            ("/x{a}x", "/xx"),
        ];
        for (pattern, name) in misfits {
            assert_eq!(captured(pattern, name), None, "{pattern} and {name}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_in_words() {
        let refused = [
            ("/{a", PatternError::Brace),
            ("/a}", PatternError::Brace),
            ("/{a}}", PatternError::Brace),
            ("/{}", PatternError::Unnamed),
            ("/{a}{b}", PatternError::Adjacent),
            ("/{a}/{a}", PatternError::Twice("a".into())),
            ("/{a}-{a}", PatternError::Twice("a".into())),
            ("/{*a}/b", PatternError::Rest("a".into())),
            ("/b{*a}", PatternError::Rest("a".into())),
        ];
        for (pattern, error) in refused {
            assert_eq!(Pattern::parse(pattern), Err(error), "{pattern}");
        }
    }
}
