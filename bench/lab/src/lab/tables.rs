//! `RESULTS.md`: what was measured, as tables.

use std::fmt::Write as _;

use serde_json::Value;

use crate::curves::CURVES;
use crate::results::{Figure, Results};
use crate::scenarios::{Goal, SCENARIOS, Scenario};

pub(crate) fn write(results: &Results) -> String {
    let mut text = String::from(
        "# Results\n\nWritten by `make bench`; what is measured, and how, is in [README.md](README.md). Figures are of the server alone, on one \
         core: medians of the rounds, with the least and the most of them behind.\n\n",
    );
    machine(&mut text, results);
    if SCENARIOS.iter().any(|scenario| results.rounds(scenario.name, "ours") > 0) {
        text.push_str("\n![Server CPU per unit, ours beside the others](chart.svg)\n\n");
        goals(&mut text, results);
    }
    for scenario in SCENARIOS {
        of_scenario(&mut text, results, scenario);
    }
    curves(&mut text, results);
    text
}

fn machine(text: &mut String, results: &Results) {
    let _ = writeln!(text, "| | |\n| --- | --- |");
    for (name, value) in &results.machine {
        let value = match value {
            Value::Object(versions) => {
                let versions = versions.iter().map(|(name, version)| format!("{name} {}", plain(version)));
                versions.collect::<Vec<_>>().join(", ")
            }
            Value::Null => continue,
            value => plain(value),
        };
        let _ = writeln!(text, "| {} | {value} |", name.replace('_', " "));
    }
}

fn goals(text: &mut String, results: &Results) {
    text.push_str("## Ours beside socketioxide\n\n| figure | ours | ratio | at most | reached |\n| --- | --- | --- | --- | --- |\n");
    for scenario in SCENARIOS {
        for goal in scenario.goals {
            if let Some(ours) = results.figure(scenario.name, "ours", goal.figure) {
                let theirs = results.figure(scenario.name, "socketioxide", goal.figure);
                let _ = writeln!(text, "{}", goal_line(goal, ours, theirs));
            }
        }
    }
    text.push_str("\nWhere there is a ratio, the ratio decides.\n");
    for scenario in SCENARIOS {
        let cost = |server| results.figure(scenario.name, server, "cpu_us").map(|figure| figure.median);
        if let (Some(two), Some(one)) = (cost("ours-2threads"), cost("ours")) {
            let title = scenario.title;
            let _ = write!(
                text,
                "\nTwo worker threads on that core cost {:.2} of one: {title}; at most {TWO_THREADS}.\n",
                two / one
            );
        }
    }
}

fn goal_line(goal: &Goal, ours: Figure, theirs: Option<Figure>) -> String {
    let ratio = theirs.map(|theirs| ours.median / theirs.median);
    let reached = ratio.map_or(ours.median <= goal.most, |ratio| ratio <= goal.ratio);
    format!(
        "| {} | {} {} | {} | {} {}, {:.2} | {} |",
        goal.title,
        number(ours.median),
        goal.unit,
        ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
        number(goal.most),
        goal.unit,
        goal.ratio,
        if reached { "yes" } else { "**no**" }
    )
}

fn of_scenario(text: &mut String, results: &Results, scenario: &Scenario) {
    let servers = results.servers(scenario.name, "cpu_us");
    if servers.is_empty() {
        return;
    }
    let rounds = servers.iter().map(|server| results.rounds(scenario.name, server)).max().unwrap_or_default();
    let _ = writeln!(
        text,
        "\n## {}\n\nPer {}; {rounds} rounds; `{}`.\n",
        scenario.title, scenario.unit, scenario.name
    );
    let has = |column: &&(&str, &str)| {
        servers.iter().any(|server| results.figure(scenario.name, server, column.0).is_some())
    };
    let columns: Vec<_> = COLUMNS.iter().filter(has).collect();
    let titles: Vec<&str> = columns.iter().map(|(_, title)| *title).collect();
    let _ = writeln!(text, "| server | {} | µs, least to most |", titles.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(columns.len() + 2));
    for server in &servers {
        let cells = columns.iter().map(|(figure, _)| {
            results
                .figure(scenario.name, server, figure)
                .map_or("-".to_owned(), |figure| number(figure.median))
        });
        let cells = cells.collect::<Vec<_>>().join(" | ");
        let spread = results.figure(scenario.name, server, "cpu_us");
        let spread =
            spread.map_or("-".to_owned(), |it| format!("{} to {}", number(it.least), number(it.most)));
        let _ = writeln!(text, "| {server} | {cells} | {spread} |");
    }
}

fn curves(text: &mut String, results: &Results) {
    for curve in CURVES {
        let points = results.curve(curve.name, "cpu_us");
        if points.is_empty() {
            continue;
        }
        let _ = writeln!(
            text,
            "\n## As {} grow\n\nPer {}.\n\n| {} | µs | of the first |\n| --- | --- | --- |",
            curve.of, curve.unit, curve.of
        );
        rows(text, &points);
    }
    let (leave, join) = (results.curve("members", "leave_ns"), results.curve("members", "join_ns"));
    if !leave.is_empty() {
        text.push_str("\n## Leaving a room and coming back, as its members grow\n\n| members | leave, ns | join, ns |\n| --- | --- | --- |\n");
        for ((members, leave), (_, join)) in leave.iter().zip(&join) {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                number(*members),
                number(leave.median),
                number(join.median)
            );
        }
    }
    if let Some(growth) = results.figure("churn", "ours", "growth") {
        let mb = |figure| results.figure("churn", "ours", figure).map_or(f64::NAN, |figure| figure.median);
        let clients = results.figure("churn", "ours", "clients").map_or(f64::NAN, |figure| figure.median);
        let _ = writeln!(
            text,
            "\n## Clients that come and go\n\n{} clients, each of which says one thing: resident memory is {} MB after a third of them, {} MB \
             after two, {} MB at the end: {:.2} times the first, where 1.10 is the most that it should be.",
            number(clients),
            number(mb("mb_after_a_third")),
            number(mb("mb_after_two_thirds")),
            number(mb("mb_at_the_end")),
            growth.median
        );
    }
}

fn rows(text: &mut String, points: &[(f64, Figure)]) {
    let Some((_, first)) = points.first() else { return };
    for (x, figure) in points {
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} |",
            number(*x),
            number(figure.median),
            figure.median / first.median
        );
    }
}

/// Three digits, thousands apart.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude < 10.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    if magnitude < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{magnitude:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    format!("{}{}", if value < 0.0 { "-" } else { "" }, groups.join(","))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a message may cost with two worker threads, of what it costs with one.
const TWO_THREADS: f64 = 1.15;

/// Figures of a run, in the order of the columns.
const COLUMNS: &[(&str, &str)] = &[
    ("cpu_us", "CPU, µs"),
    ("user_us", "user"),
    ("sys_us", "system"),
    ("per_s", "a second"),
    ("kb_per_client", "kB each"),
    ("kb_after_hold", "kB later"),
    ("us_per_ping", "µs per ping"),
    ("publisher_us", "publisher, µs per broadcast"),
    ("member_us", "members, µs"),
    ("p50_us", "p50, µs"),
    ("p99_us", "p99, µs"),
    ("last_ms_median", "last, ms"),
    ("lost", "lost"),
    ("mismatched", "mismatched"),
    ("reordered", "reordered"),
    ("dead", "dead"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_have_as_many_digits_as_they_are_good_for() {
        for (value, text) in
            [(0.756, "0.76"), (12.34, "12.3"), (3.0, "3"), (1_234_567.0, "1,234,567"), (999.6, "1,000")]
        {
            assert_eq!(super::number(value), text);
        }
    }
}
