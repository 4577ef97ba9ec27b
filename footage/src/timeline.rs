//! From the times of pictures to a constant rate with holes, or to the word that the rate varies.

/// Rates that cameras are set to, in Hz.
const NOMINAL: [f64; 20] = [
    10.0,
    12.0,
    12.5,
    15.0,
    20.0,
    24_000.0 / 1001.0,
    24.0,
    25.0,
    30_000.0 / 1001.0,
    30.0,
    48.0,
    50.0,
    60_000.0 / 1001.0,
    60.0,
    90.0,
    100.0,
    120_000.0 / 1001.0,
    120.0,
    200.0,
    240.0,
];
/// A picture may stand so much of a period beside its place.
const JITTER: f64 = 0.25;
/// After so many steps in a row of the same several periods, the rate is another one, and no pictures are missing.
const IN_A_ROW: usize = 10;
/// Rounding of a container whose ticks are finer than this is measured by this, in seconds.
const ROUNDING_S: f64 = 1e-3;

/// How the pictures of a video follow each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// At a constant rate, of which some pictures may be missing.
    Constant {
        /// Pictures per second.
        rate_hz: f64,
        /// The number of each picture's place, from the video's time 0 on; strictly growing.
        places: Vec<u32>,
    },
    /// At a rate that varies.
    Variable {
        /// Of the times between two pictures, one over the median.
        median_hz: f64,
    },
}

impl Pace {
    /// Pictures per second; of a varying rate the median.
    pub fn rate_hz(&self) -> f64 {
        match self {
            Self::Constant { rate_hz, .. } => *rate_hz,
            Self::Variable { median_hz } => *median_hz,
        }
    }
}

/// Fits a rate to the times of pictures, in seconds since the video's time 0, growing. `tick_s` is the unit in which the
/// container states them. `None` for fewer than two pictures, or when times do not grow on the whole.
pub fn fit(times_s: &[f64], tick_s: f64) -> Option<Pace> {
    let (&first_s, &last_s) = (times_s.first()?, times_s.last()?);
    let mut steps_s: Vec<f64> = times_s.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let unsorted = steps_s.clone();
    steps_s.sort_by(f64::total_cmp);
    let median_s = *steps_s.get(steps_s.len() / 2)?;
    if median_s <= 0.0 {
        return None;
    }
    let variable = Some(Pace::Variable { median_hz: 1.0 / median_s });
    // Times are rounded: the mean of the steps that are one period is nearer to it than the median.
    let single = unsorted.iter().filter(|step| (0.5..1.5).contains(&(**step / median_s)));
    let (sum_s, count) = single.fold((0.0, 0.0), |(sum, count), step| (sum + step, count + 1.0));
    let mut period_s = if count > 0.0 { sum_s / count } else { median_s };
    let mut places = vec![0.0; times_s.len()];
    let mut offset_s = 0.0;
    for _ in 0..3 {
        for (at, step) in unsorted.iter().enumerate() {
            places[at + 1] = places[at] + (step / period_s).round();
        }
        let Some(line) = line(&places, times_s) else { return variable };
        (period_s, offset_s) = line;
    }
    let length = places[places.len() - 1];
    let (nominal_hz, off_s) = NOMINAL
        .into_iter()
        .map(|rate_hz| (rate_hz, (length / rate_hz - length * period_s).abs()))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let rate_hz = if off_s <= (2.0 * tick_s).max(ROUNDING_S) { nominal_hz } else { 1.0 / period_s };
    let beside = |(place, time_s): (&f64, &f64)| (time_s - offset_s - place * period_s).abs() > JITTER * period_s;
    let grows = places.windows(2).all(|pair| pair[1] > pair[0]);
    let before = (first_s * rate_hz).round();
    if !grows
        || slows_down(&places)
        || places.iter().zip(times_s).any(beside)
        || last_s * rate_hz > f64::from(u32::MAX)
        || before < 0.0
    {
        return variable;
    }
    Some(Pace::Constant { rate_hz, places: places.iter().map(|place| (place + before) as u32).collect() })
}

/// Whether pictures follow each other at the same several periods for a while, as where a phone films at half its rate in
/// low light.
fn slows_down(places: &[f64]) -> bool {
    let steps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.windows(IN_A_ROW).any(|row| row[0] > 1.0 && row.iter().all(|step| *step == row[0]))
}

/// Slope and offset of the line through points, by least squares. `None` if all stand at one place.
fn line(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let count = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / count, y.iter().sum::<f64>() / count);
    let (mut xx, mut xy) = (0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mean_x) * (x - mean_x);
        xy += (x - mean_x) * (y - mean_y);
    }
    let slope = xy / xx;
    (xx > 0.0 && slope > 0.0).then_some((slope, mean_y - slope * mean_x))
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
