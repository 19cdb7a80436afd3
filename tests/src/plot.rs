//! What the benchmarks measured, as pictures: SVG that needs nothing else, light or dark as its reader
//! prefers.

mod bars;
mod curves;
mod scale;

use std::fmt::Write;

pub use self::bars::{Bar, Bars, Group};
pub use self::curves::{Curve, Curves, Panel, Stroke};
pub use self::scale::Scale;

/// The width of every picture, and of its margins.
const WIDTH: f64 = 1040.;
const MARGIN: f64 = 16.;
/// From one line of words to the next.
const LINE: f64 = 18.;

/// The colours have names, since they are others where it is dark.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--rule:#d1d9e0;--blue:#0550ae;\
--green:#116329;--orange:#bc4c00;--purple:#8250df}\
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--rule:#30363d;\
--blue:#79c0ff;--green:#7ee787;--orange:#ffa657;--purple:#d2a8ff}}\
svg{background:var(--paper)}\
text{font:13px system-ui,sans-serif;fill:var(--ink)}\
.t{font-size:11px;fill:var(--faint)}.l{text-anchor:end}.m{text-anchor:middle}.n{font-weight:600}\
.rule{fill:none;stroke:var(--rule)}.curve{fill:none;stroke-width:2px;stroke-linejoin:round}\
.dashed{stroke-dasharray:7 4}.dotted{stroke-dasharray:2 4}\
.blue{--c:var(--blue)}.green{--c:var(--green)}.orange{--c:var(--orange)}.purple{--c:var(--purple)}\
.grey{--c:var(--faint)}.curve{stroke:var(--c)}.dot,.bar{fill:var(--c)}";

/// A colour of the picture, in its light and its dark form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a colour is its name")]
pub enum Colour {
    Blue,
    Green,
    Orange,
    Purple,
    Grey,
}

impl Colour {
    fn class(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Orange => "orange",
            Self::Purple => "purple",
            Self::Grey => "grey",
        }
    }
}

/// What a picture begins with, but for its height, which comes last: title, and words below it.
struct Picture {
    body: String,
    title: String,
    /// How far it reaches down.
    bottom: f64,
}

impl Picture {
    fn new(title: &str, words: &[String]) -> Self {
        let mut picture = Self {
            body: String::new(),
            title: escaped(title),
            bottom: 14. + LINE,
        };
        picture.text(MARGIN, picture.bottom, "n", title);
        for line in words {
            picture.bottom += LINE;
            picture.text(MARGIN, picture.bottom, "t", line);
        }
        picture
    }

    fn text(&mut self, x: f64, y: f64, class: &str, said: &str) {
        let said = escaped(said);
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{said}</text>"
        );
    }

    fn path(&mut self, class: &str, d: &str) {
        let _ = writeln!(self.body, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    fn svg(self) -> String {
        let height = self.bottom + MARGIN;
        let Self { body, title, .. } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n{body}</svg>\n"
        )
    }
}

/// What means nothing in XML, and can be seen.
fn escaped(said: &str) -> String {
    let mut out = String::new();
    for c in said.chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
