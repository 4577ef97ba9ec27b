//! Sync accuracy against the time between the two pictures (SYNC, Fig. 4).

use std::collections::BTreeSet;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::material::{Judge, Material, Person};
use crate::LearnError;
use crate::data::rendered::{DatasetTake, Split};
use crate::eval::separation::{Scored, auc};
use crate::seeds::seed_of;

/// The paper draws gaps from 7 frames less to 8 more, at 50 Hz.
const LESS_MS: f64 = 140.0;
const MORE_MS: f64 = 160.0;

/// Draws that may fail for each pair, where a person has few pairs.
const TRIES: usize = 20;

/// How often the sync head is right, at one gap.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct GapPoint {
    pub gap_ms: f64,
    /// Gaps of the pairs of different instants: from, to.
    pub drawn_ms: [f64; 2],
    /// Their mean: takes with few frames a second do not have all gaps.
    pub mean_ms: f64,
    /// Half of the same instant, half of different ones.
    pub pairs: usize,
    /// Share of right decisions, where a probability above 0.5 means the same instant. Chance is 0.5.
    pub accuracy: f64,
    /// Wilson's interval of 95 % for it. Pairs share takes, so it is rather too narrow.
    pub interval: [f64; 2],
    /// Probability that a pair of the same instant scores above one of different instants, with any threshold.
    pub auc: Option<f64>,
}

/// One person's accuracies, or those of several together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct GapCurve {
    /// `None`: all people of the split.
    pub person: Option<String>,
    pub split: Split,
    /// Without gaps for which there are no pairs.
    pub points: Vec<GapPoint>,
}

/// A picture with one of the same instant and one of another instant, both of the same other camera.
type Triple = (u32, u32, u32);

/// Curves of all people of the split together, and of each.
pub(super) fn curves(
    material: &Material,
    judge: &dyn Judge,
    split: Split,
    gaps_ms: &[f64],
    pairs: usize,
    seed: u64,
) -> Result<Vec<GapCurve>, LearnError> {
    let people = material.people(split);
    let curve = |person| GapCurve { person, split, points: Vec::new() };
    let mut curves = vec![curve(None)];
    curves.extend(people.iter().map(|person| curve(Some(person.name.clone()))));
    for (at, &gap_ms) in (0..).zip(gaps_ms) {
        let (mut together, mut all_apart_ms) = (Vec::new(), Vec::new());
        for (index, person) in people.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[seed, 41, split as u64, index as u64, at]));
            let triples = drawn(material, person, window(gap_ms), pairs / 2, &mut rng);
            let scored = scored(judge, &triples)?;
            let apart_ms: Vec<f64> = triples.iter().map(|triple| apart_ms(material, triple)).collect();
            curves[index + 1].points.extend(point(gap_ms, &apart_ms, &scored));
            together.extend(scored);
            all_apart_ms.extend(apart_ms);
        }
        curves[0].points.extend(point(gap_ms, &all_apart_ms, &together));
    }
    curves.retain(|curve| !curve.points.is_empty());
    Ok(curves)
}

/// The gaps that count as this one: the paper's, but none below half of it.
fn window(gap_ms: f64) -> [f64; 2] {
    [gap_ms - LESS_MS.min(gap_ms / 2.0), gap_ms + MORE_MS.min(gap_ms / 2.0)]
}

/// At most `count` different triples of a person.
fn drawn(
    material: &Material,
    person: &Person,
    window: [f64; 2],
    count: usize,
    rng: &mut ChaCha8Rng,
) -> BTreeSet<Triple> {
    let mut anchors: Vec<(&DatasetTake, usize, Vec<usize>)> = Vec::new();
    for take in person.takes.iter().map(|&take| &material.takes[take]) {
        for at in 0..take.instants.len() {
            let far = |&other: &usize| {
                let apart = Material::apart_ms(take, at, other);
                take.instants[at].segment == take.instants[other].segment && window[0] <= apart && apart <= window[1]
            };
            let others: Vec<usize> = (0..take.instants.len()).filter(far).collect();
            if !others.is_empty() {
                anchors.push((take, at, others));
            }
        }
    }
    let mut triples = BTreeSet::new();
    for _ in 0..TRIES * count {
        let Some((take, at, others)) = anchors.choose(rng) else { break };
        let Some(&other) = others.choose(rng) else { continue };
        let cameras = take.rows[*at].len();
        let (one, another) = (rng.random_range(0..cameras), rng.random_range(0..cameras));
        let rows = (take.rows[*at][one], take.rows[*at][another], take.rows[other][another]);
        if let (Some(picture), Some(same), Some(apart)) = rows
            && one != another
        {
            triples.insert((picture, same, apart));
        }
        if triples.len() >= count {
            break;
        }
    }
    triples
}

fn scored(judge: &dyn Judge, triples: &BTreeSet<Triple>) -> Result<Vec<Scored>, LearnError> {
    let column = |of: fn(&Triple) -> u32| triples.iter().map(of).collect::<Vec<u32>>();
    let pictures = column(|triple| triple.0);
    let mut scored = Vec::with_capacity(2 * triples.len());
    for (partners, positive) in [(column(|triple| triple.1), true), (column(|triple| triple.2), false)] {
        let scores = judge.pairs(&pictures, &partners)?;
        scored.extend(scores.into_iter().map(|score| Scored { score, positive }));
    }
    Ok(scored)
}

fn apart_ms(material: &Material, &(one, _, other): &Triple) -> f64 {
    let (take, at) = material.place(one);
    Material::apart_ms(take, at.instant as usize, material.place(other).1.instant as usize)
}

fn point(gap_ms: f64, apart_ms: &[f64], scored: &[Scored]) -> Option<GapPoint> {
    let right = scored.iter().filter(|pair| (pair.score > 0.0) == pair.positive).count();
    (!scored.is_empty()).then(|| GapPoint {
        gap_ms,
        drawn_ms: window(gap_ms),
        mean_ms: apart_ms.iter().sum::<f64>() / apart_ms.len() as f64,
        pairs: scored.len(),
        accuracy: right as f64 / scored.len() as f64,
        interval: wilson(right, scored.len()),
        auc: auc(scored),
    })
}

/// Wilson's score interval of 95 % for a share.
fn wilson(right: usize, all: usize) -> [f64; 2] {
    const Z: f64 = 1.959_964;
    let (n, p) = (all as f64, right as f64 / all as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [middle - half, middle + half]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Knows, Witness, people, poses};
    use super::*;

    const GAPS_MS: [f64; 4] = [100.0, 200.0, 400.0, 800.0];

    fn pooled(knows: Knows, pairs: usize) -> GapCurve {
        let (takes, pictures) = people(&[(Split::HeldOut, "a"), (Split::HeldOut, "b"), (Split::Train, "c")], 24);
        let material = Material { takes: &takes, pictures: &pictures, poses: &poses(&pictures) };
        let judge = Witness { pictures: &pictures, knows };
        let curves = curves(&material, &judge, Split::HeldOut, &GAPS_MS, pairs, 3).unwrap();
        assert_eq!(curves.iter().map(|c| c.person.as_deref()).collect::<Vec<_>>(), [None, Some("a"), Some("b")]);
        curves[0].clone()
    }

    /// A judge who takes instants up to 300 ms apart for the same.
    #[test]
    fn a_judge_is_right_where_it_can_tell() {
        let curve = pooled(Knows::Time { same_ms: 310.0 }, 200);
        let found: Vec<f64> = curve.points.iter().map(|point| point.accuracy).collect();
        // Instants are 100 ms apart. From 260 to 560 ms it is wrong of 300 ms alone.
        assert_eq!((found[0], found[3]), (0.5, 1.0), "{found:?}");
        assert!(found[1] == 0.5 && found[2] > 0.75 && found[2] < 1.0, "{found:?}");
        assert!(curve.points.iter().all(|point| point.pairs == 400), "equally many of each person");
        assert_eq!(curve.points[3].auc, Some(1.0));
        // Of 100 ms there is only 100; of 800 there are 700, 800 and 900.
        assert_eq!(curve.points[0].mean_ms, 100.0);
        assert!((curve.points[3].mean_ms - 800.0).abs() < 30.0);
    }

    #[test]
    fn a_blind_judge_is_at_chance() {
        for point in pooled(Knows::Nothing, 400).points {
            assert!((point.accuracy - 0.5).abs() < 0.08, "{point:?}");
        }
    }

    #[test]
    fn gaps_are_the_papers_and_never_reach_the_instant_itself() {
        assert_eq!(window(320.0), [180.0, 480.0]);
        assert_eq!(window(80.0), [40.0, 120.0]);
    }

    /// From a table of Wilson's interval: 8 of 10.
    #[test]
    fn intervals_are_wilsons() {
        let [low, high] = wilson(8, 10);
        assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4, "{low} {high}");
    }
}
