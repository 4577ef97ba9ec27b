//! How well scores separate two classes.

/// A score, and whether its pair is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    pub score: f64,
    pub positive: bool,
}

/// Area under the ROC curve: the probability that a positive scores above a negative, with ties counted as half. `None`
/// if a class is missing or a score is NaN.
pub fn auc(scored: &[Scored]) -> Option<f64> {
    if scored.iter().any(|s| s.score.is_nan()) {
        return None;
    }
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (mut rank_sum, mut positives, mut before) = (0.0, 0u64, 0u64);
    // Mann-Whitney: pairs of equal score share the mean of their ranks.
    for ties in sorted.chunk_by(|a, b| a.score == b.score) {
        let tied = ties.len() as u64;
        let here = ties.iter().filter(|s| s.positive).count() as u64;
        rank_sum += here as f64 * (before as f64 + (tied as f64 + 1.0) / 2.0);
        positives += here;
        before += tied;
    }
    let negatives = before - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// Mean over both classes of the fraction classified correctly by a threshold at 0. Chance level is 0.5 even if the
/// classes differ in size. `None` if a class is missing.
pub fn balanced_accuracy(scored: &[Scored]) -> Option<f64> {
    let share = |class: bool| {
        let of_class = || scored.iter().filter(|s| s.positive == class);
        let right = of_class().filter(|s| (s.score > 0.0) == class).count();
        let all = of_class().count();
        (all > 0).then(|| right as f64 / all as f64)
    };
    Some((share(true)? + share(false)?) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(pairs: &[(f64, bool)]) -> Vec<Scored> {
        pairs.iter().map(|&(score, positive)| Scored { score, positive }).collect()
    }

    /// The definition itself, quadratic.
    fn auc_by_counting(scored: &[Scored]) -> f64 {
        let (mut wins, mut pairs) = (0.0, 0.0);
        for p in scored.iter().filter(|s| s.positive) {
            for n in scored.iter().filter(|s| !s.positive) {
                pairs += 1.0;
                wins += if p.score > n.score {
                    1.0
                } else if p.score == n.score {
                    0.5
                } else {
                    0.0
                };
            }
        }
        wins / pairs
    }

    #[test]
    fn auc_agrees_with_its_definition() {
        // A small congruential generator with many ties.
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state >> 60
        };
        for _ in 0..50 {
            let mut s: Vec<Scored> =
                (0..40).map(|_| Scored { score: next() as f64, positive: next().is_multiple_of(2) }).collect();
            s.extend(scored(&[(1.0, true), (2.0, false)]));
            assert!((auc(&s).unwrap() - auc_by_counting(&s)).abs() < 1e-12);
        }
    }

    #[test]
    fn auc_of_constant_scores_is_chance_and_of_perfect_ones_is_one() {
        assert_eq!(auc(&scored(&[(3.0, true), (3.0, false), (3.0, false)])), Some(0.5));
        assert_eq!(auc(&scored(&[(1.0, true), (0.0, false)])), Some(1.0));
        assert_eq!(auc(&scored(&[(0.0, true), (1.0, false)])), Some(0.0));
        assert_eq!(auc(&scored(&[(0.0, true)])), None);
        assert_eq!(auc(&scored(&[(f64::NAN, true), (1.0, false)])), None);
    }

    #[test]
    fn accuracy_is_mean_over_classes() {
        let s = scored(&[(1.0, true), (1.0, false), (1.0, false), (-1.0, false)]);
        assert!((balanced_accuracy(&s).unwrap() - (1.0 + 1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert_eq!(balanced_accuracy(&scored(&[(1.0, true)])), None);
    }
}
