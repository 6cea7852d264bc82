//! Inputs for the URLs' targets where no fuzzer is at hand: lines made of words that mean something in such a URL, and of any others.

use proptest::prelude::*;
use proptest::sample::select;

/// `PROPTEST_CASES` of them, else as many as a test run can spare.
pub(crate) fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 2000;
    }
    config
}

pub(crate) fn inputs(
    schemes: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let scheme = prop_oneof![9 => select(schemes).prop_map(str::to_owned), 1 => "[a-z+]{0,8}"];
    let word = prop_oneof![
        6 => select(words).prop_map(str::to_owned),
        4 => select(PUNCTUATION).prop_map(str::to_owned),
        2 => "[a-z0-9.]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    let line = |most| prop::collection::vec(word.clone(), 0..most).prop_map(|words| words.concat());
    let lines = (scheme, line(3), line(4), line(9));
    lines.prop_map(|(scheme, user, password, rest)| format!("{scheme}\n{user}\n{password}\n{rest}"))
}

const PUNCTUATION: &[&str] = &[
    ":", "/", "?", "&", "=", "@", ",", ";", "#", "%", "%40", "%zz", "%ff", "[", "]", "[::1]", "://", "+",
    "//",
];
