//! Curves over logarithmic axes.

use std::fmt::Write;

use super::scale::{Scale, grouped, marks};
use super::{Colour, LINE, MARGIN, Picture, WIDTH};

/// The height of a panel, and what stands left of it.
const HEIGHT: f64 = 340.;
const LEFT: f64 = 52.;
const GAP: f64 = 24.;
/// How many names stand in a row below.
const NAMES: usize = 4;

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Stroke {
    /// In one go.
    Solid,
    /// In long parts.
    Dashed,
    /// In short parts.
    Dotted,
}

impl Stroke {
    fn class(self) -> &'static str {
        match self {
            Self::Solid => "",
            Self::Dashed => "dashed",
            Self::Dotted => "dotted",
        }
    }
}

/// One line of a panel.
pub struct Curve {
    /// What it is: the same in all panels.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// How it is drawn.
    pub stroke: Stroke,
    /// Its points; all values are 1 at least, for marks are whole numbers.
    pub points: Vec<(f64, f64)>,
}

/// Curves that have a frame in common.
pub struct Panel {
    /// What stands above it.
    pub name: String,
    /// What is in it.
    pub curves: Vec<Curve>,
}

/// A picture of panels side by side, which have their axes in common. Both are logarithmic: a curve that
/// runs a finger's breadth above another is so many times as high everywhere.
pub struct Curves {
    /// What it shows.
    pub title: String,
    /// More about it, in lines.
    pub words: Vec<String>,
    /// The values that are named on the lower axis, in order; the first and the last are its ends.
    pub marks: Vec<(f64, String)>,
    /// One at least.
    pub panels: Vec<Panel>,
}

impl Curves {
    /// As SVG.
    pub fn svg(&self) -> String {
        let mut picture = Picture::new(&self.title, &self.words);
        let values = self.panels.iter().flat_map(|panel| &panel.curves);
        let values = values.flat_map(|curve| curve.points.iter().map(|point| point.1));
        let (low, high) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        assert!(low >= 1., "a value is {low}, below the least mark");
        let marks = marks(low.min(high), high);
        let top = picture.bottom + 2. * LINE;
        let width = (WIDTH - 2. * MARGIN) / self.panels.len() as f64;
        for (number, panel) in self.panels.iter().enumerate() {
            let from = MARGIN + LEFT + number as f64 * width;
            let to = MARGIN + (number + 1) as f64 * width - GAP;
            let frame = Frame {
                x: Scale::logarithmic(
                    self.marks[0].0,
                    self.marks[self.marks.len() - 1].0,
                    from,
                    to,
                ),
                y: Scale::logarithmic(marks[0], marks[marks.len() - 1], top + HEIGHT, top),
                from,
                to,
                top,
            };
            picture.text((from + to) / 2., top - 10., "n m", &panel.name);
            frame.axes(&mut picture, &self.marks, &marks);
            for curve in &panel.curves {
                frame.curve(&mut picture, curve);
            }
        }
        picture.bottom = top + HEIGHT + LINE + 12.;
        self.names(&mut picture);
        picture.svg()
    }

    /// What the lines mean.
    fn names(&self, picture: &mut Picture) {
        let width = (WIDTH - 2. * MARGIN) / NAMES as f64;
        for row in self.panels[0].curves.chunks(NAMES) {
            picture.bottom += LINE;
            for (number, curve) in row.iter().enumerate() {
                let (x, y) = (MARGIN + number as f64 * width, picture.bottom);
                let (colour, stroke) = (curve.colour.class(), curve.stroke.class());
                picture.path(
                    &format!("curve {colour} {stroke}"),
                    &format!("M{x:.1} {:.1}h30", y - 4.),
                );
                picture.text(x + 38., y, "t", &curve.name);
            }
        }
    }
}

/// Where a panel is.
struct Frame {
    x: Scale,
    y: Scale,
    from: f64,
    to: f64,
    top: f64,
}

impl Frame {
    fn axes(&self, picture: &mut Picture, below: &[(f64, String)], beside: &[f64]) {
        let Self { from, to, top, .. } = self;
        let bottom = top + HEIGHT;
        let mut rules = String::new();
        for mark in beside {
            let y = self.y.at(*mark);
            let _ = write!(rules, "M{from:.1} {y:.1}H{to:.1}");
            picture.text(from - 8., y + 4., "t l", &grouped(*mark));
        }
        for (mark, name) in below {
            let x = self.x.at(*mark);
            let _ = write!(rules, "M{x:.1} {top:.1}V{bottom:.1}");
            picture.text(x, bottom + LINE, "t m", name);
        }
        picture.path("rule", &rules);
    }

    fn curve(&self, picture: &mut Picture, curve: &Curve) {
        let colour = curve.colour.class();
        let places = curve.points.iter();
        let places: Vec<_> = places
            .map(|(x, y)| (self.x.at(*x), self.y.at(*y)))
            .collect();
        let mut line = String::new();
        for (number, (x, y)) in places.iter().enumerate() {
            let to = if number == 0 { 'M' } else { 'L' };
            let _ = write!(line, "{to}{x:.1} {y:.1}");
        }
        picture.path(&format!("curve {colour} {}", curve.stroke.class()), &line);
        for (x, y) in places {
            let _ = writeln!(
                picture.body,
                "<circle class=\"dot {colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"
            );
        }
    }
}
