//! Whose labels are learned from.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::TrainRecipe;

use crate::LearnError;
use crate::data::rendered::{Dataset, Split};
use crate::seeds;

/// Training pictures of the people whose labels are used.
///
/// # Errors
/// More people than there are, fewer pictures than two.
pub fn labelled_rows(recipe: &TrainRecipe, dataset: &Dataset) -> Result<Vec<u32>, LearnError> {
    let mut people: Vec<String> = dataset.distinct(Split::Train, |take| &take.person).into_iter().collect();
    let wanted = recipe.transfer.people;
    if wanted > people.len() {
        let there = people.len();
        return Err(LearnError::TooFew(format!("transfer.people is {wanted}, but {there} people are to learn from")));
    }
    if wanted > 0 {
        people.shuffle(&mut ChaCha8Rng::seed_from_u64(seeds::of_people(recipe.seed)));
        people.truncate(wanted);
    }
    let rows: Vec<u32> = dataset
        .rows(Split::Train)
        .into_iter()
        .filter(|&row| people.contains(&dataset.take_of(row).about.person))
        .collect();
    if rows.len() < 2 {
        return Err(LearnError::TooFew(format!("{} labelled pictures are too few to learn from", rows.len())));
    }
    Ok(rows)
}
