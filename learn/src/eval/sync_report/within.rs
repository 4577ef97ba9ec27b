//! Which frame of another view is taken for the synchronous one, in takes of unseen people (SYNC, Fig. 5).

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::WithinRow;
use super::material::{Judge, Material};
use super::poses::Retrieval;
use super::ranking::{best, median, rank};
use crate::LearnError;
use crate::data::rendered::Split;
use crate::seeds::seed_of;

/// A figure of the network's, and what chance gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Beside {
    pub found: f64,
    pub chance: f64,
}

/// Retrieval among all frames of another view of the same take.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WithinTakes {
    /// `None`: all unseen people.
    pub person: Option<String>,
    pub queries: usize,
    /// Mean number of frames to choose from.
    pub candidates: f64,
    /// Share of the queries whose true instant has the highest score.
    pub top_1: Beside,
    /// Share whose true instant has one of the five highest.
    pub top_5: Beside,
    /// Place of the true instant, from 1.
    pub median_rank: Beside,
    /// Time from the true instant to the retrieved one; by chance, to a random frame.
    pub median_gap_ms: Beside,
    /// Poses at the retrieved and at a random instant, both seen by the query's camera; `None` if it lacks them.
    pub poses: Option<Retrieval>,
}

/// One query, with rows of pictures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    query: u32,
    truth: u32,
    retrieved: u32,
    random: u32,
    rank: f64,
    candidates: usize,
    pub gap_ms: f64,
    pub random_gap_ms: f64,
}

impl Found {
    pub fn shown(&self) -> WithinRow {
        let Self { query, truth, retrieved, random, gap_ms, .. } = *self;
        WithinRow { query, truth, retrieved, random, gap_ms }
    }
}

/// Asks for at most `queries` pictures of unseen people (all if 0).
pub(super) fn asked(
    material: &Material,
    judge: &dyn Judge,
    queries: usize,
    seed: u64,
) -> Result<Vec<Found>, LearnError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[seed, 42]));
    let mut found = Vec::new();
    for query in material.queries(Split::HeldOut, queries, &mut rng) {
        let (take, id) = material.place(query);
        let (instant, view) = (id.instant as usize, usize::from(id.view));
        let views: Vec<usize> =
            (0..take.rows[instant].len()).filter(|&at| at != view && take.rows[instant][at].is_some()).collect();
        let Some(&other) = views.choose(&mut rng) else { continue };
        let frames: Vec<(usize, u32)> =
            (0..take.rows.len()).filter_map(|at| Some((at, take.rows[at][other]?))).collect();
        let candidates: Vec<u32> = frames.iter().map(|frame| frame.1).collect();
        let Some(scores) = judge.against(&[query], &candidates)?.pop() else { continue };
        let Some(truth) = frames.iter().position(|frame| frame.0 == instant) else { continue };
        let Some(retrieved) = best(&scores, &mut rng) else { continue };
        let random = rng.random_range(0..candidates.len());
        let gap_ms = |at: usize| Material::apart_ms(take, instant, frames[at].0);
        found.push(Found {
            query,
            truth: candidates[truth],
            retrieved: candidates[retrieved],
            random: candidates[random],
            rank: rank(&scores, truth),
            candidates: candidates.len(),
            gap_ms: gap_ms(retrieved),
            random_gap_ms: gap_ms(random),
        });
    }
    Ok(found)
}

/// Of all together, then of each person.
pub(super) fn summary(material: &Material, found: &[Found]) -> Result<Vec<WithinTakes>, LearnError> {
    let mut rows: Vec<WithinTakes> = of(material, None, found)?.into_iter().collect();
    for person in material.people(Split::HeldOut) {
        let is_theirs = |found: &&Found| material.place(found.query).0.about.person == person.name;
        let theirs: Vec<Found> = found.iter().filter(is_theirs).copied().collect();
        rows.extend(of(material, Some(person.name), &theirs)?);
    }
    Ok(rows)
}

fn of(material: &Material, person: Option<String>, found: &[Found]) -> Result<Option<WithinTakes>, LearnError> {
    let middle = |of: &dyn Fn(&Found) -> f64| median(found.iter().map(of).collect());
    let mean = |of: &dyn Fn(&Found) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
    let (Some(rank), Some(middle_rank), Some(gap_ms), Some(random_gap_ms)) = (
        middle(&|f| f.rank),
        middle(&|f| (f.candidates as f64 + 1.0) / 2.0),
        middle(&|f| f.gap_ms),
        middle(&|f| f.random_gap_ms),
    ) else {
        return Ok(None);
    };
    let top = |places: f64| Beside {
        found: mean(&|f| f64::from(u8::from(f.rank <= places))),
        chance: mean(&|f| (places / f.candidates as f64).min(1.0)),
    };
    // The query's camera at the instant of another view's picture.
    let seen = |query: u32, row: u32| {
        let (take, id) = material.place(query);
        let at = material.pictures[row as usize].instant as usize;
        take.rows[at][usize::from(id.view)].map(|row| material.poses[row as usize])
    };
    let compared =
        |f: &Found| Some([material.poses[f.query as usize], seen(f.query, f.retrieved)?, seen(f.query, f.random)?]);
    let poses = Retrieval::of(&found.iter().filter_map(compared).collect::<Vec<_>>())?;
    Ok(Some(WithinTakes {
        person,
        queries: found.len(),
        candidates: mean(&|f| f.candidates as f64),
        top_1: top(1.0),
        top_5: top(5.0),
        median_rank: Beside { found: rank, chance: middle_rank },
        median_gap_ms: Beside { found: gap_ms, chance: random_gap_ms },
        poses,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Knows, Witness, people, poses};
    use super::*;

    fn all(knows: Knows, queries: usize) -> WithinTakes {
        let (takes, pictures) = people(&[(Split::HeldOut, "a"), (Split::HeldOut, "b"), (Split::Train, "c")], 40);
        let material = Material { takes: &takes, pictures: &pictures, poses: &poses(&pictures) };
        let judge = Witness { pictures: &pictures, knows };
        let found = asked(&material, &judge, queries, 5).unwrap();
        assert!(found.iter().all(|f| pictures[f.query as usize].take < 2), "of unseen people only");
        assert!(found.iter().all(|f| pictures[f.query as usize].view != pictures[f.retrieved as usize].view));
        let rows = summary(&material, &found).unwrap();
        assert_eq!(rows.len(), 3);
        rows[0].clone()
    }

    #[test]
    fn a_judge_with_a_clock_finds_the_instant() {
        let found = all(Knows::Time { same_ms: 50.0 }, 0);
        assert_eq!((found.queries, found.candidates), (2 * 40 * 3, 40.0));
        assert_eq!((found.top_1.found, found.top_5.found, found.median_rank.found), (1.0, 1.0, 1.0));
        assert_eq!(found.median_gap_ms.found, 0.0);
        let poses = found.poses.unwrap();
        assert!(poses.retrieved.n_mpjpe < 1e-3 && poses.random.n_mpjpe > 50.0, "{poses:?}");
    }

    #[test]
    fn a_blind_judge_is_as_good_as_chance() {
        let found = all(Knows::Nothing, 0);
        let chances = [found.top_1.chance, found.top_5.chance, found.median_rank.chance];
        assert!(
            chances.iter().zip([0.025, 0.125, 20.5]).all(|(got, wanted)| (got - wanted).abs() < 1e-9),
            "{chances:?}"
        );
        assert!(found.top_1.found < 0.08 && (found.top_5.found - 0.125).abs() < 0.08, "{found:?}");
        assert!((found.median_rank.found - 20.5).abs() < 4.0, "{found:?}");
        let ratio = found.median_gap_ms.found / found.median_gap_ms.chance;
        assert!(ratio > 0.7 && ratio < 1.4, "{found:?}");
        let poses = found.poses.unwrap();
        let ratio = poses.retrieved.p_mpjpe / poses.random.p_mpjpe;
        assert!(ratio > 0.75 && ratio < 1.33, "{poses:?}");
    }
}
