//! Places in an order of scores.

use rand::{Rng, RngExt};

/// The place of the true candidate, from 1. Candidates of the same score share the mean of their places, so that a judge
/// who tells nothing apart ranks the truth in the middle.
pub(super) fn rank(scores: &[f64], truth: usize) -> f64 {
    let better = scores.iter().filter(|score| **score > scores[truth]).count();
    let equal = scores.iter().filter(|score| **score == scores[truth]).count();
    better as f64 + (equal as f64 + 1.0) / 2.0
}

/// The candidate with the highest score, one of them by chance if there are several; `None` if there are no candidates.
pub(super) fn best(scores: &[f64], rng: &mut impl Rng) -> Option<usize> {
    let highest = scores.iter().copied().max_by(f64::total_cmp)?;
    let highest: Vec<usize> = (0..scores.len()).filter(|&at| scores[at] == highest).collect();
    highest.get(rng.random_range(0..highest.len().max(1))).copied()
}

/// The middle one of these values, or the mean of the two in the middle; `None` if there are none.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { (values[middle - 1] + upper) / 2.0 })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn ranks_count_from_one_and_ties_share_theirs() {
        let scores = [0.5, 2.0, -1.0, 0.5];
        assert_eq!([0, 1, 2, 3].map(|truth| rank(&scores, truth)), [2.5, 1.0, 4.0, 2.5]);
        assert_eq!(rank(&[7.0; 9], 0), 5.0);
    }

    #[test]
    fn the_best_is_drawn_among_equals_only() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut drawn = [0; 4];
        for _ in 0..200 {
            drawn[best(&[1.0, 3.0, 0.0, 3.0], &mut rng).unwrap()] += 1;
        }
        assert!(drawn[0] == 0 && drawn[2] == 0 && drawn[1] > 50 && drawn[3] > 50, "{drawn:?}");
        assert_eq!(best(&[], &mut rng), None);
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }
}
