#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests {
    /// The first block of Rust: in a README, the program on the first screen.
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
    fn the_program_in_the_chapter_on_tasks_in_the_background_is_the_example() {
        assert_eq!(first_program(include_str!("../docs/background-tasks.md")), include_str!("background.rs"));
    }

    #[test]
    fn the_program_on_the_first_screen_has_twenty_lines() {
        assert_eq!(include_str!("readme.rs").lines().count(), 20);
    }
}
