//! `RESULTS.md`: what was measured, as tables.

use std::fmt::Write as _;

use serde_json::Value;

use crate::curves::CURVES;
use crate::results::{Figure, Results};
use crate::scenarios::{Goal, SCENARIOS, Scenario};
use crate::servers::FLOOR;

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
    missing(&mut text, results);
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
    text.push_str("## Ours beside socketioxide\n\n| figure | ours | ratio | floor | at most | reached |\n| --- | --- | --- | --- | --- | --- |\n");
    for scenario in SCENARIOS {
        for goal in scenario.goals {
            if let Some(ours) = results.figure(scenario.name, "ours", goal.figure) {
                let beside = |server| results.figure(scenario.name, server, goal.figure);
                let _ = writeln!(text, "{}", goal_line(goal, ours, beside("socketioxide"), beside(FLOOR)));
            }
        }
    }
    text.push_str(
        "\nWhere there is a ratio, the ratio decides. The floor is the ratio of a loop that does next to nothing but call the kernel: no \
         server can have less on this machine.\n",
    );
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

fn goal_line(goal: &Goal, ours: Figure, theirs: Option<Figure>, floor: Option<Figure>) -> String {
    let ratio = |of: Figure| theirs.map(|theirs| of.median / theirs.median);
    let reached = ratio(ours).map_or(ours.median <= goal.most, |ratio| ratio <= goal.ratio);
    let text = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    format!(
        "| {} | {} {} | {} | {} | {} {}, {:.2} | {} |",
        goal.title,
        number(ours.median),
        goal.unit,
        text(ratio(ours)),
        text(floor.and_then(ratio)),
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
    let rounds = if rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds") };
    let _ =
        writeln!(text, "\n## {}\n\nPer {}; {rounds}; `{}`.\n", scenario.title, scenario.unit, scenario.name);
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
            "\n## As {} grow\n\nPer {}.\n\n| {} | µs | of the first | least to most |\n| --- | --- | --- | --- |",
            curve.of, curve.unit, curve.of
        );
        for (x, figure) in &points {
            let of_first = figure.median / points[0].1.median;
            let (x, median, least, most) =
                (number(*x), number(figure.median), number(figure.least), number(figure.most));
            let _ = writeln!(text, "| {x} | {median} | {of_first:.2} | {least} to {most} |");
        }
        let slope = slope(&points);
        let part = slope / points[0].1.median * 100.0;
        let _ = writeln!(text, "\n{slope:+.3} µs ({part:+.0} %) for each tenfold. {}", curve.why);
    }
    members(text, results);
    come_and_go(text, results);
}

/// By how much a figure grows for each tenfold of what it is over: the line through the points with the least squares.
fn slope(points: &[(f64, Figure)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = (|at: &(f64, Figure)| at.0.log10(), |at: &(f64, Figure)| at.1.median);
    let (mean_x, mean_y) =
        (points.iter().map(x).sum::<f64>() / count, points.iter().map(y).sum::<f64>() / count);
    let rise: f64 = points.iter().map(|at| (x(at) - mean_x) * (y(at) - mean_y)).sum();
    let run: f64 = points.iter().map(|at| (x(at) - mean_x).powi(2)).sum();
    if run > 0.0 { rise / run } else { 0.0 }
}

fn members(text: &mut String, results: &Results) {
    let (leave, join) = (results.curve("members", "leave_ns"), results.curve("members", "join_ns"));
    if leave.is_empty() {
        return;
    }
    text.push_str("\n## Leaving a room and coming back, as its members grow\n\n| members | leave, ns | join, ns |\n| --- | --- | --- |\n");
    for ((members, leave), (_, join)) in leave.iter().zip(&join) {
        let (members, leave, join) = (number(*members), number(leave.median), number(join.median));
        let _ = writeln!(text, "| {members} | {leave} | {join} |");
    }
    let _ = writeln!(
        text,
        "\n{:+.0} ns for each tenfold to leave, {:+.0} to join. {MEMBERS}",
        slope(&leave),
        slope(&join)
    );
}

fn come_and_go(text: &mut String, results: &Results) {
    let value = |figure| results.figure("churn", "ours", figure).map(|figure| figure.median);
    let Some((clients, first)) = value("clients").zip(value("mb_after_a_third")) else { return };
    text.push_str(
        "\n## Clients that come and go\n\nEach says one thing and hears it, 500 at a time.\n\n| clients so far | resident, MB | of the first \
         third | at most |\n| --- | --- | --- | --- |\n",
    );
    for (third, figure) in [(1.0, "mb_after_a_third"), (2.0, "mb_after_two_thirds"), (3.0, "mb_at_the_end")] {
        let mb = value(figure).unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {CHURN} |",
            number(clients * third / 3.0),
            number(mb),
            mb / first
        );
    }
}

/// What was to be measured, and was not: in no other table is it missed.
fn missing(text: &mut String, results: &Results) {
    for (at, (what, why)) in results.missing().enumerate() {
        if at == 0 {
            text.push_str("\n## Without figures\n\n");
        }
        let _ = writeln!(text, "- {what}: {why}");
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

/// What the memory may be after so many clients, of what it was after the first third.
const CHURN: &str = "1.10";

/// Why leaving and joining cost what they do.
const MEMBERS: &str = "Neither looks at the other members: a member is found by hash, and the last takes its place. What grows is that 100,000 sockets and \
     their places lie in no cache.";

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
    use crate::results::Figure;

    #[test]
    fn a_slope_is_what_is_added_for_each_tenfold() {
        let at = |x: f64, y: f64| (x, Figure { median: y, least: y, most: y });
        assert!((super::slope(&[at(10.0, 1.0), at(100.0, 1.5), at(1_000.0, 2.0)]) - 0.5).abs() < 1e-9);
        assert_eq!(super::slope(&[at(10.0, 1.0)]), 0.0);
    }

    #[test]
    fn numbers_have_as_many_digits_as_they_are_good_for() {
        for (value, text) in
            [(0.756, "0.76"), (12.34, "12.3"), (3.0, "3"), (1_234_567.0, "1,234,567"), (999.6, "1,000")]
        {
            assert_eq!(super::number(value), text);
        }
    }
}
