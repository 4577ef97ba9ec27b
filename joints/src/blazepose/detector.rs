//! The detector, which finds where in a picture a person is.

use super::anchors::{DETECTOR_PX, anchors};
use super::rotated_square::{Beyond, RotatedSquare};
use crate::network::Network;
use crate::{FinderError, View};

/// The detector's outputs per anchor: a box's centre and size, then four points.
const VALUES: usize = 12;
/// The lowest score of a person, MediaPipe's `min_detection_confidence`. Its default of 0.5 missed people in the
/// pictures that this was measured on; 0.3 missed none.
const MIN_SCORE: f32 = 0.3;
/// A candidate near the earlier person is preferred if its score is at least this part of the best one.
const NEAR_TO_BEST: f32 = 0.8;
/// Boxes with a larger intersection over union are the same person's.
const SAME_PERSON: f32 = 0.3;

/// The lowest score of somebody else. Beside one person, two in 325 pictures had a second candidate of any score.
const MIN_OTHER_SCORE: f32 = 0.5;

/// A person that the detector found.
#[derive(Clone, Copy, Debug)]
pub struct Detected {
    /// In pixels of the picture.
    pub region: RotatedSquare,
    /// Whether somebody else is there, too.
    pub others: bool,
}

/// Finds the region of a person in a picture.
pub struct Detector {
    network: Network,
    anchors: Vec<[f32; 2]>,
}

/// One candidate, in coordinates of the square that the detector saw, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    score: f32,
    /// Left, top, right, bottom.
    edges: [f32; 4],
    /// The middle of the hips.
    hips: [f32; 2],
    /// A point on the circle around the whole body.
    rim: [f32; 2],
}

impl Detector {
    pub fn new(network: Network) -> Self {
        Self { network, anchors: anchors() }
    }

    /// Searches a square of the picture for a person near `was`, or else for the candidate with the best score; both
    /// squares in pixels of the picture.
    pub fn find(
        &mut self,
        view: &View<'_>,
        square: RotatedSquare,
        was: Option<RotatedSquare>,
    ) -> Result<Option<Detected>, FinderError> {
        square.sample(view, DETECTOR_PX, [-1.0, 1.0], Beyond::Black, self.network.input()?);
        self.network.run()?;
        let boxes = self.network.output(self.anchors.len() * VALUES)?;
        let scores = self.network.output(self.anchors.len())?;
        let all = candidates(&boxes, &scores, &self.anchors);
        let region = |of: &Candidate| RotatedSquare::of_body(square.to_picture(of.hips), square.to_picture(of.rim));
        let best = most_certain(&all);
        let near: Vec<_> = all.iter().copied().filter(|of| was.is_some_and(|was| is_near(&region(of), &was))).collect();
        // The same person rather than somebody else, unless the score is so much lower that it is probably nobody.
        let same = most_certain(&near).filter(|same| best.is_some_and(|best| same.score >= NEAR_TO_BEST * best.score));
        let detected = |person: Candidate| Detected { region: region(&person), others: has_others(&all, &person) };
        Ok(same.or(best).map(detected))
    }
}

/// Whether a region may show the person who was in region `was` an instant before.
fn is_near(region: &RotatedSquare, was: &RotatedSquare) -> bool {
    const MAX_SHIFT: f32 = 0.25;
    let away = [region.centre[0] - was.centre[0], region.centre[1] - was.centre[1]];
    away[0].hypot(away[1]) <= MAX_SHIFT * was.side && (0.5..2.0).contains(&(region.side / was.side))
}

fn candidates(boxes: &[f32], scores: &[f32], anchors: &[[f32; 2]]) -> Vec<Candidate> {
    const SCORE_LIMIT: f32 = 100.0;
    let near = boxes.chunks_exact(VALUES).zip(scores).zip(anchors);
    near.filter_map(|((values, &score), anchor)| {
        let score = 1.0 / (1.0 + (-score.clamp(-SCORE_LIMIT, SCORE_LIMIT)).exp());
        let point =
            |at: usize| [values[at] / DETECTOR_PX as f32 + anchor[0], values[at + 1] / DETECTOR_PX as f32 + anchor[1]];
        let ([x, y], width, height) = (point(0), values[2] / DETECTOR_PX as f32, values[3] / DETECTOR_PX as f32);
        let edges = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
        (score >= MIN_SCORE).then(|| Candidate { score, edges, hips: point(4), rim: point(6) })
    })
    .collect()
}

/// Weighted non-maximum suppression: the best candidate, averaged with those that overlap it.
fn most_certain(candidates: &[Candidate]) -> Option<Candidate> {
    let best = candidates.iter().max_by(|a, b| a.score.total_cmp(&b.score))?;
    let mut mean = Candidate { score: best.score, edges: [0.0; 4], hips: [0.0; 2], rim: [0.0; 2] };
    let same = || candidates.iter().filter(|other| overlap(&best.edges, &other.edges) > SAME_PERSON);
    let total: f32 = same().map(|other| other.score).sum();
    if total <= 0.0 {
        return Some(*best);
    }
    for other in same() {
        let share = other.score / total;
        let add = |to: &mut [f32], from: &[f32]| to.iter_mut().zip(from).for_each(|(to, from)| *to += share * from);
        add(&mut mean.edges, &other.edges);
        add(&mut mean.hips, &other.hips);
        add(&mut mean.rim, &other.rim);
    }
    Some(mean)
}

/// Whether some candidate is certain, and not the same person.
fn has_others(candidates: &[Candidate], person: &Candidate) -> bool {
    candidates.iter().any(|other| other.score >= MIN_OTHER_SCORE && overlap(&person.edges, &other.edges) <= SAME_PERSON)
}

/// Intersection over union.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let area = |e: &[f32; 4]| (e[2] - e[0]).max(0.0) * (e[3] - e[1]).max(0.0);
    let shared = area(&[a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let union = area(a) + area(b) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_one_person_are_not_somebody_else() {
        let at = |left: f32, score: f32| Candidate {
            score,
            edges: [left, 0.2, left + 0.2, 0.8],
            hips: [left + 0.1, 0.5],
            rim: [left + 0.1, 0.1],
        };
        let person = at(0.3, 0.9);
        assert!(!has_others(&[person, at(0.32, 0.8), at(0.7, 0.4)], &person), "the same again, and hardly anybody");
        assert!(has_others(&[person, at(0.7, 0.6)], &person));
    }

    #[test]
    fn somebody_beside_is_not_the_person_who_was_there() {
        let at = |x: f32, side: f32| RotatedSquare { centre: [x, 100.0], side, turn: 0.0 };
        let was = at(100.0, 80.0);
        assert!(is_near(&at(115.0, 90.0), &was));
        assert!(!is_near(&at(150.0, 80.0), &was), "somebody beside");
        assert!(!is_near(&at(100.0, 200.0), &was), "somebody in front");
    }
}
