//! Bars on a linear axis.

use std::fmt::Write;

use super::scale::{Scale, grouped};
use super::{Colour, LINE, MARGIN, Picture, WIDTH};

/// Where bars begin, what is right of the longest for its number, and how high they are.
const LEFT: f64 = 300.;
const RIGHT: f64 = 90.;
const HEIGHT: f64 = 16.;
const ROW: f64 = 24.;

/// One bar.
pub struct Bar {
    /// What stands left of it.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Its length.
    pub value: f64,
}

/// Bars that belong together.
pub struct Group {
    /// What stands above them.
    pub name: String,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// A picture of bars, all on one axis, which begins at 0.
pub struct Bars {
    /// What it shows.
    pub title: String,
    /// More about it, in lines.
    pub words: Vec<String>,
    /// Behind each number.
    pub unit: &'static str,
    /// From top to bottom.
    pub groups: Vec<Group>,
}

impl Bars {
    /// As SVG.
    pub fn svg(&self) -> String {
        let mut picture = Picture::new(&self.title, &self.words);
        let bars = self.groups.iter().flat_map(|group| &group.bars);
        let most = bars.fold(f64::MIN_POSITIVE, |most, bar| most.max(bar.value));
        let scale = Scale::linear(0., most, LEFT, WIDTH - RIGHT);
        for group in &self.groups {
            picture.bottom += LINE + 14.;
            picture.text(MARGIN, picture.bottom, "n", &group.name);
            picture.bottom += 6.;
            let top = picture.bottom;
            for bar in &group.bars {
                let y = picture.bottom + (ROW - HEIGHT) / 2.;
                let (colour, end) = (bar.colour.class(), scale.at(bar.value));
                let _ = writeln!(
                    picture.body,
                    "<rect class=\"bar {colour}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{HEIGHT}\"/>",
                    end - LEFT
                );
                picture.text(LEFT - 10., y + 13., "l", &bar.name);
                let value = format!("{} {}", grouped(bar.value), self.unit);
                picture.text(end + 8., y + 13., "t", &value);
                picture.bottom += ROW;
            }
            picture.path("rule", &format!("M{LEFT} {top:.1}V{:.1}", picture.bottom));
        }
        picture.svg()
    }
}
