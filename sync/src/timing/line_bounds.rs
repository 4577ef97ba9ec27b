//! All lines that stay within given bounds.

/// All lines `y = offset + slope · x` that satisfy every bound so far: a convex polygon of (slope, offset).
#[derive(Clone, Debug)]
pub(crate) struct LineBounds {
    /// (slope, offset), in order around the polygon; empty when no line is left.
    corners: Vec<(f64, f64)>,
}

impl LineBounds {
    /// Lines with a slope within ±`slope` and a y within `low..=high` at `x = 0`.
    pub fn new(slope: f64, low: f64, high: f64) -> Self {
        Self { corners: vec![(-slope, low), (slope, low), (slope, high), (-slope, high)] }
    }

    /// Removes the lines with a y outside `low..=high` at `x`.
    pub fn clip(&mut self, x: f64, low: f64, high: f64) {
        self.keep(|(slope, offset)| offset + slope * x - low);
        self.keep(|(slope, offset)| high - offset - slope * x);
    }

    pub fn is_empty(&self) -> bool {
        self.corners.is_empty()
    }

    /// The lowest and the highest y at `x`; (∞, −∞) if empty.
    pub fn at(&self, x: f64) -> (f64, f64) {
        range(self.corners.iter().map(|(slope, offset)| offset + slope * x))
    }

    /// The least and the greatest slope; (∞, −∞) if empty.
    pub fn slopes(&self) -> (f64, f64) {
        range(self.corners.iter().map(|&(slope, _)| slope))
    }

    /// Keeps the part of the polygon where `inside`, which is linear in (slope, offset), is not negative.
    fn keep(&mut self, inside: impl Fn((f64, f64)) -> f64) {
        let corners = std::mem::take(&mut self.corners);
        for (i, &to) in corners.iter().enumerate() {
            let from = corners[(i + corners.len() - 1) % corners.len()];
            let (a, b) = (inside(from), inside(to));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                self.corners.push((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share));
            }
            if b >= 0.0 {
                self.corners.push(to);
            }
        }
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_true_line_is_never_ruled_out(
            slope in -0.9f64..0.9, offset in -90.0f64..90.0,
            seen in prop::collection::vec((-100.0f64..100.0, 0.0f64..5.0, 0.0f64..5.0), 0..40),
            x in -200.0f64..200.0,
        ) {
            let mut bounds = LineBounds::new(1.0, -100.0, 100.0);
            let mut widest = 200.0 + 2.0 * x.abs();
            for (at, below, above) in seen {
                let y = offset + slope * at;
                bounds.clip(at, y - below, y + above);
                let (low, high) = bounds.at(x);
                let y = offset + slope * x;
                prop_assert!(low - 1e-9 <= y && y <= high + 1e-9, "{low} {y} {high}");
                prop_assert!(high - low <= widest + 1e-9, "knowing more says no less");
                widest = high - low;
            }
        }
    }

    #[test]
    fn contradictions_leave_no_line() {
        let mut bounds = LineBounds::new(1.0, 0.0, 1.0);
        bounds.clip(10.0, 12.0, 13.0);
        assert!(bounds.is_empty());
    }
}
