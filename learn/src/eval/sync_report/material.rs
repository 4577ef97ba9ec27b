//! What the figures are made of: takes and their pictures, by person. Poses only score.

use std::collections::{BTreeMap, BTreeSet};

use pose::Pose3d;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use take::SessionTake;

use crate::LearnError;
use crate::data::rendered::{DatasetTake, PictureId, Split};
use crate::seeds::seed_of;

/// Pictures by their rows in a dataset.
pub(super) struct Material<'a> {
    pub takes: &'a [DatasetTake],
    /// By row.
    pub pictures: &'a [PictureId],
    /// By row. Of a picture's own camera.
    pub poses: &'a [Pose3d],
}

/// Somebody in the session, with the indices of their takes.
pub(super) struct Person {
    pub name: String,
    pub takes: Vec<usize>,
}

/// Scores pairs of pictures, which it is given as rows: logits of "both show the same instant".
pub(super) trait Judge {
    /// Of each picture with the one at its place in the other list.
    fn pairs(&self, first: &[u32], second: &[u32]) -> Result<Vec<f64>, LearnError>;

    /// Of each query with all candidates.
    fn against(&self, queries: &[u32], candidates: &[u32]) -> Result<Vec<Vec<f64>>, LearnError>;
}

impl Material<'_> {
    /// The people of a split, by name.
    pub fn people(&self, split: Split) -> Vec<Person> {
        self.people_of((0..self.takes.len()).filter(|&take| self.takes[take].split == split))
    }

    /// The people of these takes, by name.
    pub fn people_of(&self, chosen: impl Iterator<Item = usize>) -> Vec<Person> {
        let mut takes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for index in chosen {
            takes.entry(&self.takes[index].about.person).or_default().push(index);
        }
        takes.into_iter().map(|(name, takes)| Person { name: name.to_owned(), takes }).collect()
    }

    /// All pictures of a person.
    pub fn rows_of(&self, person: &Person) -> Vec<u32> {
        let takes = person.takes.iter().map(|&take| &self.takes[take]);
        takes.flat_map(|take| take.rows.iter().flatten().flatten().copied()).collect()
    }

    /// Draws so many pictures of the people of a split, or all if `queries` is 0.
    pub fn queries(&self, split: Split, queries: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
        let mut rows: Vec<u32> = self.people(split).iter().flat_map(|person| self.rows_of(person)).collect();
        let wanted = if queries == 0 { rows.len() } else { queries };
        rows.partial_shuffle(rng, wanted).0.to_vec()
    }

    /// The take of a picture, and the picture's place in it.
    pub fn place(&self, row: u32) -> (&DatasetTake, PictureId) {
        let id = self.pictures[row as usize];
        (&self.takes[id.take as usize], id)
    }

    /// By how many milliseconds two instants of a take are apart.
    pub fn apart_ms(take: &DatasetTake, one: usize, other: usize) -> f64 {
        let [one, other] = [one, other].map(|at| take.instants[at].exposure_ns);
        one.abs_diff(other) as f64 / 1e6
    }
}

/// Draws so many takes of each person, or all if `each` is 0: their names.
pub fn chosen_takes(takes: &[SessionTake], each: usize, seed: u64) -> BTreeSet<String> {
    let mut by_person: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for take in takes {
        by_person.entry(&take.person).or_default().push(&take.name);
    }
    let mut chosen = BTreeSet::new();
    for (index, mut names) in (0..).zip(by_person.into_values()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[seed, 40, index]));
        let wanted = if each == 0 { names.len() } else { each };
        chosen.extend(names.partial_shuffle(&mut rng, wanted).0.iter().map(|name| (*name).to_owned()));
    }
    chosen
}
