//! The chapters, as documentation: rustdoc compiles their blocks of Rust, and runs those that are not `no_run`.
//!
//! `build.rs` lists them, so that none can be left out. What else is checked of them is in `tests/book`.

#[cfg(doctest)]
mod chapters {
    include!(concat!(env!("OUT_DIR"), "/chapters.rs"));
}
