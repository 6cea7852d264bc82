#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests {
    /// The program on the first screen is the first block of Rust there.
    fn first_program(readme: &str) -> &str {
        let (_, from) = readme.split_once("```rust").expect("a block of Rust");
        let (_, from) = from.split_once('\n').expect("a line after the fence");
        from.split_once("```").expect("the end of the block").0
    }

    #[test]
    fn the_first_program_in_the_readme_is_the_readme_example() {
        let program = include_str!("readme.rs");
        assert_eq!(first_program(include_str!("../README.md")), program);
        assert_eq!(first_program(include_str!("../socketio-core/README.md")), program);
    }

    #[test]
    fn the_program_on_the_first_screen_has_twenty_lines() {
        assert_eq!(include_str!("readme.rs").lines().count(), 20);
    }
}
