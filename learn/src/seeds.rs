//! Seeds of a run's draws: a function of the recipe's seed and the step, so that a resumed run draws as the first would
//! have.

/// Streams of random numbers that must not meet.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Training,
    Evaluation,
    Recalibration(u64),
}

pub(crate) fn seed(of_recipe: u64, step: u64, stream: Stream) -> u64 {
    let stream = match stream {
        Stream::Training => 0,
        Stream::Evaluation => 1,
        Stream::Recalibration(batch) => 2 + batch,
    };
    [of_recipe, step, stream].into_iter().fold(0, |state, word| mix(state ^ word))
}

/// The output function of SplitMix64 (Steele et al. 2014): neighbouring numbers become unrelated ones.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
