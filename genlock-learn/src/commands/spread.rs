//! A figure over the seeds that are done.

use serde::Serialize;

/// Mean and deviation over seeds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Spread {
    pub mean: f64,
    /// Of a sample; `None` of a single seed.
    pub deviation: Option<f64>,
    /// The figure of each seed.
    pub seeds: Vec<f64>,
}

impl Spread {
    /// `None` without seeds.
    pub fn of(seeds: impl Iterator<Item = f64>) -> Option<Self> {
        let seeds: Vec<f64> = seeds.collect();
        let count = seeds.len() as f64;
        let mean = seeds.iter().sum::<f64>() / count;
        let squares: f64 = seeds.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (seeds.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        (!seeds.is_empty()).then_some(Self { mean, deviation, seeds })
    }

    /// The cell of a table, with so many digits after the point; a dash for none.
    pub fn cell(spread: Option<&Self>, digits: usize) -> String {
        match spread {
            None => "–".to_owned(),
            Some(Self { mean, deviation: None, .. }) => format!("{mean:.digits$}"),
            Some(Self { mean, deviation: Some(deviation), .. }) => format!("{mean:.digits$} ± {deviation:.digits$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_the_deviation_of_several_seeds() {
        let cell = |seeds: &[f64]| Spread::cell(Spread::of(seeds.iter().copied()).as_ref(), 3);
        assert_eq!([cell(&[0.5, 0.7]), cell(&[0.5]), cell(&[])], ["0.600 ± 0.141", "0.500", "–"]);
    }
}
