//! Drawings as SVG: shapes, words and pictures, and a frame with scales for plots.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub const INK: &str = "#1b2733";
pub const GREY: &str = "#66707a";
pub const PALE: &str = "#e3e7eb";

const SIZE_PX: f64 = 13.0;

/// Which part of words is at their place.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line looks.
#[derive(Clone, Copy)]
pub struct Stroke {
    pub colour: &'static str,
    pub width: f64,
    pub opacity: f64,
    pub dashed: bool,
}

impl Stroke {
    pub const fn new(colour: &'static str, width: f64) -> Self {
        Self { colour, width, opacity: 1.0, dashed: false }
    }

    fn attributes(self) -> String {
        let Self { colour, width, opacity, dashed } = self;
        let dashes = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-opacity=\"{opacity}\"{dashes}")
    }
}

/// A drawing on white, in pixels from its top left corner.
pub struct Svg {
    size: [f64; 2],
    body: String,
}

impl Svg {
    pub fn new(size: [f64; 2]) -> Self {
        Self { size, body: String::new() }
    }

    pub fn words(&mut self, [x, y]: [f64; 2], anchor: Anchor, colour: &str, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let words = escaped(words);
        self.put(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{words}</text>"));
    }

    /// A line through points. Programs that show SVG name it where the pointer is.
    pub fn line(&mut self, points: &[[f64; 2]], stroke: Stroke, name: &str) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let (points, look, name) = (points.join(" "), stroke.attributes(), escaped(name));
        self.put(&format!("<polyline points=\"{points}\" {look}><title>{name}</title></polyline>"));
    }

    pub fn dot(&mut self, [x, y]: [f64; 2], radius: f64, colour: &str) {
        self.put(&format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{colour}\"/>"));
    }

    pub fn jpeg(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], jpeg: &[u8]) {
        let data = STANDARD.encode(jpeg);
        self.put(&format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" href=\"data:image/jpeg;base64,{data}\"/>"
        ));
    }

    pub fn finish(self) -> String {
        let ([width, height], body) = (self.size, self.body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"sans-serif\" font-size=\"{SIZE_PX}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }

    fn put(&mut self, element: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.body, "{element}");
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// From values to pixels along one axis.
#[derive(Clone, Copy)]
pub enum Scale {
    Linear { from: f64, to: f64 },
    Logarithmic { from: f64, to: f64 },
}

impl Scale {
    /// The part of the axis below a value.
    fn part(self, value: f64) -> f64 {
        match self {
            Self::Linear { from, to } => (value - from) / (to - from).max(f64::MIN_POSITIVE),
            Self::Logarithmic { from, to } => (value / from).ln() / (to / from).ln().max(f64::MIN_POSITIVE),
        }
    }
}

/// The frame of a plot.
#[derive(Clone, Copy)]
pub struct Axes {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Scale,
    pub y: Scale,
}

impl Axes {
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.left + self.width * self.x.part(x), self.top + self.height * (1.0 - self.y.part(y))]
    }

    /// A grid line for each value of y, with its words.
    pub fn rows(&self, svg: &mut Svg, values: impl IntoIterator<Item = (f64, String)>) {
        for (value, words) in values {
            let y = self.top + self.height * (1.0 - self.y.part(value));
            svg.line(&[[self.left, y], [self.left + self.width, y]], Stroke::new(PALE, 1.0), &words);
            svg.words([self.left - 8.0, y + 4.0], Anchor::End, GREY, &words);
        }
    }

    /// A grid line for each value of x, with its words.
    pub fn columns(&self, svg: &mut Svg, values: impl IntoIterator<Item = (f64, String)>) {
        let bottom = self.top + self.height;
        for (value, words) in values {
            let x = self.left + self.width * self.x.part(value);
            svg.line(&[[x, self.top], [x, bottom]], Stroke::new(PALE, 1.0), &words);
            svg.words([x, bottom + 18.0], Anchor::Middle, GREY, &words);
        }
    }
}

/// Round values from 0 to at least `to`, some five of them.
pub fn ticks(to: f64) -> Vec<f64> {
    let rough = (to / 5.0).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    (0..=(to / step).ceil() as usize).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_at_their_places() {
        let x = Scale::Logarithmic { from: 100.0, to: 10_000.0 };
        let axes =
            Axes { left: 10.0, top: 20.0, width: 200.0, height: 100.0, x, y: Scale::Linear { from: 0.5, to: 1.0 } };
        assert_eq!(axes.at(1000.0, 0.5), [110.0, 120.0]);
        assert_eq!(axes.at(10_000.0, 1.0), [210.0, 20.0]);
        assert_eq!(ticks(180.0), [0.0, 50.0, 100.0, 150.0, 200.0]);
    }

    #[test]
    fn names_are_words_not_markup() {
        let mut svg = Svg::new([10.0, 10.0]);
        svg.words([0.0, 0.0], Anchor::Start, INK, "<b> & co");
        assert!(svg.finish().contains("&lt;b&gt; &amp; co</text>"));
    }
}
