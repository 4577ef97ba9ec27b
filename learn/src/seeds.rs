//! Seeds for the random draws of a run. They depend only on the recipe's seed and the step, so that a resumed run draws
//! the same as an uninterrupted one. Checkpoints rely on these formulas: do not change them.

/// Hashes words into one seed: similar words give unrelated seeds.
pub(crate) fn seed_of(words: &[u64]) -> u64 {
    words.iter().fold(0, |state, word| mix(state ^ word))
}

/// The output function of SplitMix64 (Steele et al. 2014).
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// What random numbers are used for. Each purpose has an independent stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Training,
    /// Recomputing BatchNorm statistics, with the number of the batch.
    Recalibration(u64),
    Evaluation,
}

/// Seed of a live learner.
pub(crate) fn of_learner(seed: u64, step: u64, purpose: Purpose) -> u64 {
    let stream = match purpose {
        Purpose::Training => 0,
        Purpose::Evaluation => 1,
        Purpose::Recalibration(batch) => 2 + batch,
    };
    seed_of(&[seed, step, stream])
}

/// Seed of pretraining on rendered takes.
pub(crate) fn of_pretraining(seed: u64, step: u64, purpose: Purpose) -> u64 {
    match purpose {
        Purpose::Training => seed_of(&[seed, 10, step]),
        Purpose::Recalibration(batch) => seed_of(&[seed_of(&[seed, 11, step]), batch]),
        Purpose::Evaluation => seed_of(&[seed, 12, step]),
    }
}

/// Seed of a transfer step.
pub(crate) fn of_transfer(seed: u64, step: u64) -> u64 {
    seed_of(&[seed, 20, step])
}

/// Seed of a batch for recomputing BatchNorm statistics after `steps` steps of transfer.
pub(crate) fn of_transfer_recalibration(seed: u64, steps: u64, batch: u64) -> u64 {
    seed_of(&[seed_of(&[seed, 21, steps]), batch])
}

/// Seed for choosing the people whose labels transfer uses.
pub(crate) fn of_people(seed: u64) -> u64 {
    seed_of(&[seed, 21])
}

/// Seed for the order of the pictures in one epoch of transfer.
pub(crate) fn of_epoch(seed: u64, epoch: u64) -> u64 {
    seed_of(&[seed, 22, epoch])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other values would change the draws of resumed runs.
    #[test]
    fn values_are_pinned() {
        assert_eq!(seed_of(&[]), 0);
        assert_eq!(seed_of(&[0]), 0xe220_a839_7b1d_cdaf);
        assert_eq!(of_learner(3, 5, Purpose::Recalibration(1)), seed_of(&[3, 5, 3]));
        assert_ne!(of_learner(3, 5, Purpose::Training), of_learner(3, 5, Purpose::Evaluation));
    }
}
