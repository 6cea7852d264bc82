//! All scenarios beside the peers: a group of bars for each, on a scale of powers of ten, as the servers lie that far apart; over them a
//! mark for what the kernel alone costs.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Outcome;
use crate::results::Results;
use crate::scenarios::{Goal, SCENARIOS};
use crate::servers::FLOOR;

/// `None`: nothing has been measured that it could show.
pub(crate) fn draw(results: &Results) -> Outcome<Option<String>> {
    let groups = groups(results);
    if groups.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    {
        let height = TOP + groups.len() as u32 * GROUP + BOTTOM;
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        let scale = Scale::of(&groups);
        legend(&area)?;
        grid(&area, &scale, height)?;
        for (at, group) in groups.iter().enumerate() {
            let top = i32::try_from(TOP + u32::try_from(at)? * GROUP)?;
            draw_group(&area, &scale, group, top)?;
        }
        area.present()?;
    }
    Ok(Some(svg))
}

/// The bars of one figure.
struct Group {
    title: String,
    bars: Vec<(usize, f64)>,
    /// What the kernel alone costs.
    floor: Option<f64>,
}

fn groups(results: &Results) -> Vec<Group> {
    let figures =
        SCENARIOS.iter().flat_map(|scenario| scenario.goals.iter().map(move |goal| (scenario.name, goal)));
    let group = |(scenario, goal): (&str, &Goal)| {
        let value = |name: &str| {
            let median = results.figure(scenario, name, goal.figure)?.median;
            // A short run may have cost less than what the system counts in: that has no place on this scale.
            (median > 0.0).then_some(median)
        };
        let bars = SERVERS.iter().enumerate().filter_map(|(at, (name, _))| Some((at, value(name)?)));
        Group { title: format!("{}, {}", goal.title, goal.unit), bars: bars.collect(), floor: value(FLOOR) }
    };
    figures.map(group).filter(|group| !group.bars.is_empty()).collect()
}

/// From a tenth of the least figure, or what rounds it, to the most.
struct Scale {
    least: i32,
    most: i32,
}

impl Scale {
    fn of(groups: &[Group]) -> Self {
        let values = || {
            let bars = |group: &Group| {
                group.bars.iter().map(|(_, value)| *value).chain(group.floor).collect::<Vec<_>>()
            };
            groups.iter().flat_map(bars).map(f64::log10)
        };
        let least = values().fold(f64::INFINITY, f64::min).floor();
        let most = values().fold(f64::NEG_INFINITY, f64::max).ceil();
        Scale { least: least as i32, most: (most as i32).max(least as i32 + 1) }
    }

    fn x(&self, value: f64) -> i32 {
        let part = (value.log10() - f64::from(self.least)) / f64::from(self.most - self.least);
        LEFT + (part * f64::from(RIGHT - LEFT)) as i32
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn legend(area: &Area<'_>) -> Outcome<()> {
    let title = "Server CPU per message, delivery or connection, and memory; less is better, each line is ten times the one before";
    area.draw(&Text::new(title, (10, 12), font(13, Pos::new(HPos::Left, VPos::Top))))?;
    let mut x = LEFT;
    for (name, colour) in SERVERS {
        area.draw(&Rectangle::new([(x, 38), (x + 12, 50)], colour.filled()))?;
        area.draw(&Text::new(*name, (x + 17, 38), font(12, Pos::new(HPos::Left, VPos::Top))))?;
        x += 115;
    }
    area.draw(&PathElement::new([(x + 6, 36), (x + 6, 52)], FLOOR_MARK.stroke_width(2)))?;
    area.draw(&Text::new("the kernel alone", (x + 17, 38), font(12, Pos::new(HPos::Left, VPos::Top))))?;
    Ok(())
}

fn grid(area: &Area<'_>, scale: &Scale, height: u32) -> Outcome<()> {
    let bottom = i32::try_from(height - BOTTOM)?;
    for power in scale.least..=scale.most {
        let x = scale.x(10_f64.powi(power));
        area.draw(&PathElement::new([(x, i32::try_from(TOP)? - 4), (x, bottom)], RGBColor(216, 216, 216)))?;
        area.draw(&Text::new(
            text(10_f64.powi(power)),
            (x, bottom + 5),
            font(11, Pos::new(HPos::Center, VPos::Top)),
        ))?;
    }
    Ok(())
}

fn draw_group(area: &Area<'_>, scale: &Scale, group: &Group, top: i32) -> Outcome<()> {
    let middle = top + i32::try_from(GROUP)? / 2 - 4;
    area.draw(&Text::new(
        group.title.as_str(),
        (LEFT - 10, middle),
        font(12, Pos::new(HPos::Right, VPos::Center)),
    ))?;
    for (at, (server, value)) in group.bars.iter().enumerate() {
        let y = top + BAR * i32::try_from(at)?;
        let end = scale.x(*value).max(LEFT + 1);
        area.draw(&Rectangle::new([(LEFT, y), (end, y + BAR - 2)], SERVERS[*server].1.filled()))?;
        area.draw(&Text::new(
            text(*value),
            (end + 4, y + BAR / 2 - 1),
            font(10, Pos::new(HPos::Left, VPos::Center)),
        ))?;
    }
    if let Some(floor) = group.floor {
        let (x, bottom) = (scale.x(floor), top + BAR * i32::try_from(group.bars.len())?);
        area.draw(&PathElement::new([(x, top - 3), (x, bottom)], FLOOR_MARK.stroke_width(2)))?;
    }
    Ok(())
}

fn font(size: i32, at: Pos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&RGBColor(34, 34, 34)).pos(at)
}

fn text(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

const SERVERS: &[(&str, RGBColor)] = &[
    ("ours", RGBColor(0, 114, 178)),
    ("socketioxide", RGBColor(213, 94, 0)),
    ("node", RGBColor(0, 158, 115)),
    ("go", RGBColor(204, 121, 167)),
    ("python", RGBColor(230, 159, 0)),
];

/// Of what the kernel alone costs, over the bars.
const FLOOR_MARK: RGBColor = RGBColor(34, 34, 34);

const WIDTH: u32 = 900;
const LEFT: i32 = 220;
const RIGHT: i32 = 850;
const TOP: u32 = 66;
const BOTTOM: u32 = 26;
/// A group with its distance to the next, and one bar of it.
const GROUP: u32 = 72;
const BAR: i32 = 13;
