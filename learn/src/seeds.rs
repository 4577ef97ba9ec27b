//! Seeds of a run's draws: functions of the recipe's seed and the step, so that a resumed run draws as the first would
//! have. Each kind of run has an order of words of its own, which checkpoints rely on.

/// A seed that stands for all of these words: neighbouring ones give unrelated seeds.
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

/// What random numbers are drawn for: streams that must not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Training,
    /// A batch over which BatchNorm's statistics are taken, by its number.
    Recalibration(u64),
    Evaluation,
}

/// Of a live learner.
pub(crate) fn of_learner(seed: u64, step: u64, purpose: Purpose) -> u64 {
    let stream = match purpose {
        Purpose::Training => 0,
        Purpose::Evaluation => 1,
        Purpose::Recalibration(batch) => 2 + batch,
    };
    seed_of(&[seed, step, stream])
}

/// Of pretraining on rendered takes.
pub(crate) fn of_pretraining(seed: u64, step: u64, purpose: Purpose) -> u64 {
    match purpose {
        Purpose::Training => seed_of(&[seed, 10, step]),
        Purpose::Recalibration(batch) => seed_of(&[seed_of(&[seed, 11, step]), batch]),
        Purpose::Evaluation => seed_of(&[seed, 12, step]),
    }
}

/// Of a step of transfer to poses with labels.
pub(crate) fn of_transfer(seed: u64, step: u64) -> u64 {
    seed_of(&[seed, 20, step])
}

/// Of a batch over which BatchNorm's statistics are taken after so many steps of transfer.
pub(crate) fn of_transfer_recalibration(seed: u64, steps: u64, batch: u64) -> u64 {
    seed_of(&[seed_of(&[seed, 21, steps]), batch])
}

/// Of the people whose labels transfer uses.
pub(crate) fn of_people(seed: u64) -> u64 {
    seed_of(&[seed, 21])
}

/// Of the order in which transfer goes through its pictures once.
pub(crate) fn of_epoch(seed: u64, epoch: u64) -> u64 {
    seed_of(&[seed, 22, epoch])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other values would make resumed runs draw otherwise than they began.
    #[test]
    fn values_are_pinned() {
        assert_eq!(seed_of(&[]), 0);
        assert_eq!(seed_of(&[0]), 0xe220_a839_7b1d_cdaf);
        assert_eq!(of_learner(3, 5, Purpose::Recalibration(1)), seed_of(&[3, 5, 3]));
        assert_ne!(of_learner(3, 5, Purpose::Training), of_learner(3, 5, Purpose::Evaluation));
    }
}
