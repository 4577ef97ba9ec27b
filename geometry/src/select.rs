//! Selects few instants to solve from, as different from one another as possible.

use nalgebra::Vector3;

use crate::observation::Observation;
use crate::points::{LEFT_HIP, POINT_COUNT, RIGHT_HIP};

/// Pairs of points whose directions characterise a pose: upper arms, forearms, thighs, shins, the shoulders and one
/// side of the trunk.
const LIMBS: [(usize, usize); 10] =
    [(3, 5), (4, 6), (5, 7), (6, 8), (9, 11), (10, 12), (11, 13), (12, 14), (3, 4), (3, 9)];

/// The weight of a step across the whole picture; a limb that turns round counts 2.
const PLACE_WEIGHT: f64 = 6.0;

/// Two instants nearer than this count as the same: about 10 degrees in all limbs, or a twentieth of the picture.
pub const MIN_VARIETY: f64 = 0.3;

/// What distinguishes one instant from another, per camera.
#[derive(Clone, Debug)]
struct Appearance(Vec<Option<ViewAppearance>>);

/// Where the hips are, in parts of the picture's longer side, and the direction of each limb.
type ViewAppearance = ([f64; 2], [Vector3<f64>; LIMBS.len()]);

impl Appearance {
    fn of(sizes_px: &[[f64; 2]], views: &[Option<Observation>]) -> Self {
        let one = |(size, view): (&[f64; 2], &Option<Observation>)| {
            let view = view.as_ref().filter(|view| view.usable())?;
            let side = size[0].max(size[1]);
            let hips = std::array::from_fn(|axis| 0.5 * (view.px[LEFT_HIP][axis] + view.px[RIGHT_HIP][axis]) / side);
            let points: [Vector3<f64>; POINT_COUNT] = view.points_mm();
            let limbs = LIMBS.map(|(from, to)| {
                let along = points[to] - points[from];
                along.try_normalize(1e-9).unwrap_or_else(Vector3::zeros)
            });
            hips.iter().all(|value| value.is_finite()).then_some((hips, limbs))
        };
        Self(sizes_px.iter().zip(views).map(one).collect())
    }

    fn views(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// How different two instants look: a mean over the cameras that both have, if any.
    fn distance(&self, other: &Self) -> Option<f64> {
        let mut sum = 0.0;
        let mut count = 0.0;
        for (a, b) in self.0.iter().zip(&other.0) {
            let (Some((place_a, limbs_a)), Some((place_b, limbs_b))) = (a, b) else { continue };
            let place = (place_a[0] - place_b[0]).hypot(place_a[1] - place_b[1]);
            let limbs: f64 = limbs_a.iter().zip(limbs_b).map(|(a, b)| (a - b).norm_squared()).sum();
            sum += (limbs / LIMBS.len() as f64 + (PLACE_WEIGHT * place).powi(2)).sqrt();
            count += 1.0;
        }
        (count > 0.0).then(|| sum / count)
    }
}

/// A bounded selection of instants from a stream. A new instant replaces one of the two that are most alike if it
/// differs more from all others than these do from each other. So the selection becomes varied, at a constant cost per
/// instant.
#[derive(Clone, Debug)]
pub struct Selection {
    capacity: usize,
    sizes_px: Vec<[f64; 2]>,
    kept: Vec<(u64, Vec<Option<Observation>>, Appearance)>,
}

impl Selection {
    /// For cameras with pictures of these sizes. Keeps at most `capacity` instants, or two if that is less.
    pub fn new(sizes_px: &[[f64; 2]], capacity: usize) -> Self {
        Self { capacity: capacity.max(2), sizes_px: sizes_px.to_vec(), kept: Vec::new() }
    }

    /// Offers an instant under a name of the caller's. Returns whether it is kept: it is not if fewer than two cameras
    /// see the person, or it looks like one that is kept already.
    pub fn offer(&mut self, name: u64, views: &[Option<Observation>]) -> bool {
        let appearance = Appearance::of(&self.sizes_px, views);
        if appearance.views() < 2 || views.len() != self.sizes_px.len() {
            return false;
        }
        let nearest = |without: Option<usize>| {
            let others = self.kept.iter().enumerate().filter(|(at, _)| Some(*at) != without);
            others.filter_map(|(_, kept)| kept.2.distance(&appearance)).fold(f64::INFINITY, f64::min)
        };
        if nearest(None) < MIN_VARIETY {
            return false;
        }
        if self.kept.len() < self.capacity {
            self.kept.push((name, views.to_vec(), appearance));
            return true;
        }
        let Some((closest, a, b)) = self.closest() else { return false };
        let (drop, gain) = [a, b]
            .map(|at| (at, nearest(Some(at))))
            .into_iter()
            .fold((a, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { next } else { best });
        if gain <= closest {
            return false;
        }
        self.kept[drop] = (name, views.to_vec(), appearance);
        true
    }

    /// The two kept instants that are most alike, and how different they are.
    fn closest(&self) -> Option<(f64, usize, usize)> {
        let count = self.kept.len();
        (0..count)
            .flat_map(|a| (a + 1..count).map(move |b| (a, b)))
            .filter_map(|(a, b)| Some((self.kept[a].2.distance(&self.kept[b].2)?, a, b)))
            .min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// How different the two kept instants are that are most alike; `None` for fewer than two.
    pub fn min_distance(&self) -> Option<f64> {
        self.closest().map(|(distance, ..)| distance)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The names of the kept instants.
    pub fn names(&self) -> Vec<u64> {
        self.kept.iter().map(|kept| kept.0).collect()
    }

    /// The kept instants, as [`crate::solve`] takes them.
    pub fn instants(&self) -> Vec<Vec<Option<Observation>>> {
        self.kept.iter().map(|kept| kept.1.clone()).collect()
    }
}

/// The indices of at most `wanted` out of `count` elements, evenly spread. Where varied instants are few, further ones
/// that look alike still average out the joint finder's errors.
pub fn evenly_spread(count: usize, wanted: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(count.div_ceil(wanted.max(1)).max(1)).take(wanted)
}

/// How varied instants are: the median distance of an instant to the one least like it, by the measure of [`Selection`]
/// (a limb that turns by 60 degrees counts 1, a step across the picture 6). `None` for fewer than two instants.
pub fn variety(sizes_px: &[[f64; 2]], instants: &[Vec<Option<Observation>>]) -> Option<f64> {
    let appearances: Vec<Appearance> = instants.iter().map(|views| Appearance::of(sizes_px, views)).collect();
    let mut farthest = Vec::new();
    for (at, appearance) in appearances.iter().enumerate() {
        let others = appearances.iter().enumerate().filter(|(other, _)| *other != at);
        let distance = others.filter_map(|(_, other)| appearance.distance(other)).max_by(f64::total_cmp);
        farthest.extend(distance);
    }
    crate::median::median(&mut farthest)
}
