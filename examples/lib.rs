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

    /// What a reader sees of a block: without its hidden lines.
    fn visible(program: &str) -> String {
        program.lines().filter(|line| !line.starts_with("# ")).map(|line| format!("{line}\n")).collect()
    }

    fn from<'t>(text: &'t str, start: &str) -> &'t str {
        &text[text.find(start).expect(start)..]
    }

    #[test]
    fn the_test_in_the_chapter_on_testing_is_the_chats_and_has_twenty_lines() {
        let (shown, test) =
            (visible(first_program(include_str!("../docs/testing.md"))), include_str!("chat/test.rs"));
        assert_eq!(from(&shown, "#[tokio::test]"), from(test, "#[tokio::test]"));
        assert_eq!(test.lines().count(), 20);
    }

    #[test]
    fn the_class_in_the_chapter_on_classes_is_the_example() {
        let shown = visible(first_program(include_str!("../docs/classes.md")));
        let class = from(&shown, "impl Poll").split("\nlet io").next().expect("the class");
        assert!(include_str!("class.rs").contains(class.trim_end()), "{class}");
    }

    #[test]
    fn the_program_on_the_first_screen_has_twenty_lines() {
        assert_eq!(include_str!("readme.rs").lines().count(), 20);
    }
}
