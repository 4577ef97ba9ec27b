//! Selects the labelled training pictures.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::TrainRecipe;

use crate::LearnError;
use crate::data::rendered::{Dataset, Split};
use crate::seeds;

/// Rows of the training pictures whose labels are used: those of `transfer.people` people, or of everybody if that is 0.
/// They are drawn at random from a rendered session, and are the first ones of an imported data set, whose protocols
/// name them: one person is S1.
///
/// # Errors
/// If the recipe asks for more people than the session has, or there are fewer than two pictures.
pub fn labelled_rows(recipe: &TrainRecipe, dataset: &Dataset) -> Result<Vec<u32>, LearnError> {
    let mut people: Vec<String> = dataset.distinct(Split::Train, |take| &take.person).into_iter().collect();
    let wanted = recipe.transfer.people;
    if wanted > people.len() {
        let there = people.len();
        return Err(LearnError::TooFew(format!("transfer.people is {wanted}, but the session trains on {there}")));
    }
    if wanted > 0 {
        if !dataset.is_imported() {
            people.shuffle(&mut ChaCha8Rng::seed_from_u64(seeds::of_people(recipe.seed)));
        }
        people.truncate(wanted);
    }
    let rows: Vec<u32> = dataset
        .rows(Split::Train)
        .into_iter()
        .filter(|&row| people.contains(&dataset.take_of(row).about.person))
        .collect();
    if rows.len() < 2 {
        return Err(LearnError::TooFew(format!("{} labelled pictures are too few to train on", rows.len())));
    }
    Ok(rows)
}
