//! The lower envelope of a stream of points.

use std::collections::VecDeque;

/// The line below a stream of points that is closest to them on average: an edge of their lower convex hull.
///
/// The x axis is divided into stretches of equal length, and only the lowest point of each is kept, which bounds the
/// work per point. Stretches begin as single points and are lengthened until a fixed number of them spans the window.
pub(crate) struct Envelope {
    window: f64,
    max_slope: f64,
    stretch: f64,
    /// Ascending in x.
    lowest: VecDeque<(f64, f64)>,
    line: Option<Line>,
    hull: Vec<(f64, f64)>,
    residuals: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Line {
    at_zero: f64,
    slope: f64,
    /// The x of the two points that it rests on.
    support: (f64, f64),
    /// How far it may be off between these two.
    spacing: f64,
}

impl Line {
    fn y(&self, x: f64) -> f64 {
        self.at_zero + x * self.slope
    }
}

/// Points needed before there is an envelope.
const MIN_POINTS: usize = 16;
/// Stretches in a full window; up to twice as many are kept.
const STRETCHES: f64 = 64.0;

/// The envelope may be off by as much as the point of this rank (from 0) lies above it. The rank is chosen so that 95 %
/// of the errors stay within that, for uniform and for exponential delays.
const SUPPORT: usize = 9;

impl Envelope {
    /// An envelope of the points in the last `window` of x, with slopes within ±`max_slope`.
    pub fn new(window: f64, max_slope: f64) -> Self {
        Self {
            window,
            max_slope,
            stretch: 0.0,
            lowest: VecDeque::new(),
            line: None,
            hull: Vec::new(),
            residuals: Vec::new(),
        }
    }

    /// Adds a point; `x` must ascend from call to call.
    pub fn push(&mut self, x: f64, y: f64) {
        let slope = self.line.map_or(0.0, |line| line.slope);
        let below = self.line.is_some_and(|line| y < line.y(x));
        let fresh = self.keep_lowest((x, y), slope);
        if fresh {
            while self.lowest.front().is_some_and(|first| first.0 < x - self.window) {
                self.lowest.pop_front();
            }
            if self.lowest.len() as f64 > 2.0 * STRETCHES {
                self.double();
            }
        }
        if fresh || below {
            self.line = self.fit();
        }
    }

    /// The envelope at x, and how far it may be off there. `None` before enough points.
    pub fn at(&self, x: f64) -> Option<(f64, f64)> {
        self.line.map(|line| {
            let (x1, x2) = line.support;
            // Each end of the support may be off by the spacing, independently. Outside the support that error grows
            // like a lever, but no more than the greatest difference of slopes allows.
            let lever = ((x2 - x).abs() + (x - x1).abs()) / (x2 - x1);
            let outside = (x1 - x).max(x - x2).max(0.0);
            (line.y(x), (line.spacing * lever).min(line.spacing + 2.0 * self.max_slope * outside))
        })
    }

    pub fn slope(&self) -> Option<f64> {
        self.line.map(|line| line.slope)
    }

    /// Whether the point began a new stretch.
    fn keep_lowest(&mut self, (x, y): (f64, f64), slope: f64) -> bool {
        let stretch_of = |x: f64| (x / self.stretch).floor();
        match self.lowest.back_mut() {
            Some(last) if self.stretch > 0.0 && stretch_of(last.0) == stretch_of(x) => {
                if y - last.1 < slope * (x - last.0) {
                    *last = (x, y);
                }
                false
            }
            _ => {
                self.lowest.push_back((x, y));
                true
            }
        }
    }

    fn double(&mut self) {
        let (Some(first), Some(last)) = (self.lowest.front(), self.lowest.back()) else { return };
        self.stretch = ((last.0 - first.0) / STRETCHES).min(self.window / STRETCHES);
        let slope = self.line.map_or(0.0, |line| line.slope);
        for point in std::mem::take(&mut self.lowest) {
            self.keep_lowest(point, slope);
        }
    }

    fn fit(&mut self) -> Option<Line> {
        if self.lowest.len() < MIN_POINTS {
            return None;
        }
        let (first, last) = (self.lowest.front()?.0, self.lowest.back()?.0);
        let (mut support, steepest) = self.edge_at_mean()?;
        let slope = steepest.clamp(-self.max_slope, self.max_slope);
        if slope != steepest {
            // The points are too close together for a slope: the line rests on one of them, with the limit as its
            // slope.
            support = (first, last);
        }
        self.residuals.clear();
        self.residuals.extend(self.lowest.iter().map(|&(x, y)| y - x * slope));
        let at_zero = self.residuals.iter().copied().fold(f64::INFINITY, f64::min);
        let (_, &mut tenth, _) = self.residuals.select_nth_unstable_by(SUPPORT, f64::total_cmp);
        Some(Line { at_zero, slope, support, spacing: tenth - at_zero })
    }

    /// The edge of the lower convex hull at the points' mean x, as (x of its two ends, slope): of all lines below the
    /// points, the one with the least sum of distances to them.
    fn edge_at_mean(&mut self) -> Option<((f64, f64), f64)> {
        self.hull.clear();
        for &point in &self.lowest {
            while let [.., a, b] = self.hull[..]
                && (b.1 - a.1) * (point.0 - a.0) >= (point.1 - a.1) * (b.0 - a.0)
            {
                self.hull.pop();
            }
            self.hull.push(point);
        }
        let mean = self.lowest.iter().map(|point| point.0).sum::<f64>() / self.lowest.len() as f64;
        let edge = self.hull.windows(2).find(|edge| edge[1].0 >= mean)?;
        let ((x1, y1), (x2, y2)) = (edge[0], edge[1]);
        Some(((x1, x2), (y2 - y1) / (x2 - x1)))
    }
}
