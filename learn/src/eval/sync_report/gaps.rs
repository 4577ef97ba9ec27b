//! Sync accuracy against the time between the two pictures (SYNC, Fig. 4).

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::material::{Judge, Material, Person};
use crate::LearnError;
use crate::data::rendered::{DatasetTake, Split};
use crate::eval::separation::{Scored, auc};
use crate::seeds::seed_of;

/// The paper draws gaps from 7 frames less to 8 more, at 50 Hz.
const LESS_MS: f64 = 140.0;
const MORE_MS: f64 = 160.0;

/// Sets of takes that are drawn for an interval.
const RESAMPLES: usize = 2000;

/// Draws that may fail for each pair, where a person has few pairs.
const TRIES: usize = 20;

/// How often the sync head is right, at one gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Interval of 95 % for it, from drawing the takes again with replacement, since pairs of one take are much alike;
    /// `None` of a single take.
    pub interval: Option<[f64; 2]>,
    /// Takes that the pairs are of.
    pub takes: usize,
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
    let points = points(material, judge, &people, gaps_ms, pairs, [seed, split as u64])?;
    let names = std::iter::once(None).chain(people.iter().map(|person| Some(person.name.clone())));
    let mut curves: Vec<GapCurve> =
        names.zip(points).map(|(person, points)| GapCurve { person, split, points }).collect();
    curves.retain(|curve| !curve.points.is_empty());
    Ok(curves)
}

/// Accuracies by gap of people together, then of each. Gaps without pairs are left out.
pub(super) fn points(
    material: &Material,
    judge: &dyn Judge,
    people: &[Person],
    gaps_ms: &[f64],
    pairs: usize,
    [seed, stream]: [u64; 2],
) -> Result<Vec<Vec<GapPoint>>, LearnError> {
    let mut points = vec![Vec::new(); people.len() + 1];
    for (at, &gap_ms) in (0..).zip(gaps_ms) {
        let (mut together, mut all_apart) = (Vec::new(), Vec::new());
        for (index, person) in people.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[seed, 41, stream, index as u64, at]));
            let triples = drawn(material, person, window(gap_ms), pairs / 2, &mut rng);
            let scored = scored(judge, &triples)?;
            let apart: Vec<Apart> = triples.iter().map(|triple| apart(material, triple)).collect();
            points[index + 1].extend(point(gap_ms, &apart, &scored, &mut rng));
            together.extend(scored);
            all_apart.extend(apart);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[seed, 43, stream, at]));
        points[0].extend(point(gap_ms, &all_apart, &together, &mut rng));
    }
    Ok(points)
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

/// Of each triple the pair of the same instant, then the one of different instants.
fn scored(judge: &dyn Judge, triples: &BTreeSet<Triple>) -> Result<Vec<[Scored; 2]>, LearnError> {
    let column = |of: fn(&Triple) -> u32| triples.iter().map(of).collect::<Vec<u32>>();
    let pictures = column(|triple| triple.0);
    let same = judge.pairs(&pictures, &column(|triple| triple.1))?;
    let apart = judge.pairs(&pictures, &column(|triple| triple.2))?;
    let both = |(same, apart)| [Scored { score: same, positive: true }, Scored { score: apart, positive: false }];
    Ok(same.into_iter().zip(apart).map(both).collect())
}

/// The take of a triple, and how far apart its two instants are.
struct Apart {
    take: u32,
    ms: f64,
}

fn apart(material: &Material, &(one, _, other): &Triple) -> Apart {
    let (take, at) = material.place(one);
    Apart { take: at.take, ms: Material::apart_ms(take, at.instant as usize, material.place(other).1.instant as usize) }
}

fn point(gap_ms: f64, apart: &[Apart], scored: &[[Scored; 2]], rng: &mut ChaCha8Rng) -> Option<GapPoint> {
    let right = |pair: &&Scored| (pair.score > 0.0) == pair.positive;
    let mut by_take: BTreeMap<u32, Share> = BTreeMap::new();
    for (apart, pairs) in apart.iter().zip(scored) {
        let share = by_take.entry(apart.take).or_default();
        share.right += pairs.iter().filter(right).count();
        share.all += pairs.len();
    }
    let shares: Vec<Share> = by_take.into_values().collect();
    (!scored.is_empty()).then(|| GapPoint {
        gap_ms,
        drawn_ms: window(gap_ms),
        mean_ms: apart.iter().map(|apart| apart.ms).sum::<f64>() / apart.len() as f64,
        pairs: scored.as_flattened().len(),
        accuracy: Share::together(shares.iter()),
        interval: interval(&shares, rng),
        takes: shares.len(),
        auc: auc(scored.as_flattened()),
    })
}

/// How many of how many pairs are judged right.
#[derive(Clone, Copy, Default)]
struct Share {
    right: usize,
    all: usize,
}

impl Share {
    fn together<'a>(shares: impl Iterator<Item = &'a Self>) -> f64 {
        let (right, all) = shares.fold((0, 0), |(right, all), one| (right + one.right, all + one.all));
        right as f64 / all as f64
    }
}

/// The middle 95 % of what sets of as many takes give that are drawn from these with replacement.
fn interval(takes: &[Share], rng: &mut ChaCha8Rng) -> Option<[f64; 2]> {
    if takes.len() < 2 {
        return None;
    }
    let mut draw = |_| Share::together((0..takes.len()).filter_map(|_| takes.choose(rng)));
    let mut drawn: Vec<f64> = (0..RESAMPLES).map(&mut draw).collect();
    drawn.sort_by(f64::total_cmp);
    Some([drawn[RESAMPLES / 40], drawn[RESAMPLES - 1 - RESAMPLES / 40]])
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

    /// Drawing takes again tells how far they differ, however many pairs each of them has.
    #[test]
    fn intervals_are_as_wide_as_takes_differ() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let alike = vec![Share { right: 700, all: 1000 }; 20];
        assert_eq!(interval(&alike, &mut rng), Some([0.7, 0.7]));
        let unlike: Vec<Share> =
            (0..20).map(|at| Share { right: if at < 10 { 500 } else { 900 }, all: 1000 }).collect();
        let [low, high] = interval(&unlike, &mut rng).unwrap();
        // The mean of 20 draws of .5 and .9 has a deviation of .2 / √20 = .045.
        assert!(
            (low - (0.7 - 1.96 * 0.045)).abs() < 0.015 && (high - (0.7 + 1.96 * 0.045)).abs() < 0.015,
            "{low} {high}"
        );
        assert_eq!(interval(&unlike[..1], &mut rng), None);
    }
}
