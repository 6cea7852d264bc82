//! The elements of an array, up to four without an allocation.
//!
//! Not a `SmallVec`: that is invariant in its elements' lifetime, and arguments must be lendable for less than they live.

use std::ops::Deref;

use serde_json::value::RawValue;

#[derive(Clone, Debug)]
pub(super) enum Elements<'a> {
    Few { elements: [&'a RawValue; 4], len: usize },
    Many(Vec<&'a RawValue>),
}

impl<'a> Elements<'a> {
    #[inline]
    pub(super) fn new() -> Self {
        Elements::Few { elements: [RawValue::NULL; 4], len: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, element: &'a RawValue) {
        match self {
            Elements::Many(elements) => elements.push(element),
            Elements::Few { elements, len } => match elements.get_mut(*len) {
                Some(free) => {
                    *free = element;
                    *len += 1;
                }
                None => {
                    let mut all = elements.to_vec();
                    all.push(element);
                    *self = Elements::Many(all);
                }
            },
        }
    }
}

impl<'a> Deref for Elements<'a> {
    type Target = [&'a RawValue];

    #[inline]
    fn deref(&self) -> &[&'a RawValue] {
        match self {
            Elements::Few { elements, len } => elements.get(..*len).unwrap_or_default(),
            Elements::Many(elements) => elements,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_order_whatever_their_number() {
        let raws: Vec<Box<RawValue>> =
            (0..9).map(|n| RawValue::from_string(n.to_string()).unwrap()).collect();
        for count in 0..=raws.len() {
            let mut elements = Elements::new();
            for raw in &raws[..count] {
                elements.push(raw);
            }
            let texts: Vec<&str> = elements.iter().map(|raw| raw.get()).collect();
            let expected: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            assert_eq!(texts, expected);
        }
    }
}
