//! Quantiles, and the uncertainty of a median.

/// The quantile: the smallest value that at least this share of them does not exceed. 0 for no values.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

pub struct Median {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// How often such an interval contains the true median, for any distribution.
    pub confidence: f64,
}

/// The median with an interval between two of the values (order statistics): the narrowest that contains the true
/// median at least 95 % of the time, or the whole range if there are too few values.
pub fn median(values: &mut [f64]) -> Median {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    // The true median is below the k-th smallest (from 0) when at most k of n coins fall below it.
    let mut chance = 0.5f64.powi(n as i32);
    let (mut tail, mut k, mut outside) = (chance, 0, chance);
    while k + 1 < n / 2 {
        chance *= (n - k) as f64 / (k + 1) as f64;
        tail += chance;
        if tail > 0.025 {
            break;
        }
        k += 1;
        outside = tail;
    }
    Median {
        value: (at((n.max(1) - 1) / 2) + at(n / 2)) / 2.0,
        low: at(k),
        high: at(n.max(k + 1) - 1 - k),
        confidence: 1.0 - 2.0 * outside,
    }
}
