#![no_main]

#[path = "../urls/kafka.rs"]
mod url;

libfuzzer_sys::fuzz_target!(|data: &[u8]| url::run(data));
