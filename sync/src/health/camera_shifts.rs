//! From the shifts of pairs to those of cameras.

use nalgebra::{DMatrix, DVector};

/// By how many frames the second camera's pictures are exposed later than the first one's, and how much that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairShift {
    pub cameras: [usize; 2],
    pub frames: f64,
    pub weight: f64,
}

/// The shift of each camera that fits the pairs best (least squares), from the median of all that are known: most
/// cameras are right. `None` for a camera of no pair. With two cameras nothing shows which one is off: the first is
/// taken to be right. All cameras of a rig have to be joined by pairs, directly or by way of others, or none is known.
pub(super) fn camera_shifts(cameras: usize, pairs: &[PairShift]) -> Vec<Option<f64>> {
    let known: Vec<usize> =
        (0..cameras).filter(|&camera| pairs.iter().any(|pair| pair.cameras.contains(&camera))).collect();
    if !are_joined(&known, pairs) {
        return vec![None; cameras];
    }
    let place = |camera: usize| known.iter().position(|&of| of == camera);
    let n = known.len();
    let mut normal = DMatrix::<f64>::zeros(n, n);
    let mut right = DVector::<f64>::zeros(n);
    for pair in pairs {
        let (Some(a), Some(b)) = (place(pair.cameras[0]), place(pair.cameras[1])) else { continue };
        normal[(a, a)] += pair.weight;
        normal[(b, b)] += pair.weight;
        normal[(a, b)] -= pair.weight;
        normal[(b, a)] -= pair.weight;
        right[a] -= pair.weight * pair.frames;
        right[b] += pair.weight * pair.frames;
    }
    // Only differences are known: let the sum be 0.
    let scale = normal.trace() / n.max(1) as f64;
    normal.add_scalar_mut(scale.max(f64::MIN_POSITIVE));
    let mut shifts = vec![None; cameras];
    let Some(found) = normal.cholesky().map(|normal| normal.solve(&right)) else { return shifts };
    let zero = if n == 2 { found[0] } else { median(found.as_slice()) };
    for (at, &camera) in known.iter().enumerate() {
        shifts[camera] = Some(found[at] - zero);
    }
    shifts
}

/// Whether every one of these cameras is joined to every other by pairs.
fn are_joined(cameras: &[usize], pairs: &[PairShift]) -> bool {
    let mut reached: Vec<usize> = cameras.first().copied().into_iter().collect();
    let mut next = 0;
    while let Some(&camera) = reached.get(next) {
        for pair in pairs.iter().filter(|pair| pair.cameras.contains(&camera)) {
            let other = pair.cameras[usize::from(pair.cameras[0] == camera)];
            if !reached.contains(&other) {
                reached.push(other);
            }
        }
        next += 1;
    }
    reached.len() == cameras.len()
}

/// The middle value, or the mean of the two in the middle; 0 of none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs_of(shifts: &[f64], noise: &[f64]) -> Vec<PairShift> {
        let mut noise = noise.iter().cycle();
        let mut pairs = Vec::new();
        for a in 0..shifts.len() {
            for b in a + 1..shifts.len() {
                let frames = shifts[b] - shifts[a] + noise.next().unwrap();
                pairs.push(PairShift { cameras: [a, b], frames, weight: 1.0 });
            }
        }
        pairs
    }

    #[test]
    fn one_camera_that_slipped_is_told_from_the_others() {
        for slipped in 0..4 {
            let mut truth = [0.0; 4];
            truth[slipped] = -2.0;
            let found = camera_shifts(4, &pairs_of(&truth, &[0.1, -0.1, 0.05]));
            for (found, truth) in found.iter().zip(truth) {
                assert!((found.unwrap() - truth).abs() < 0.15, "{found:?} for {truth}");
            }
        }
    }

    #[test]
    fn of_two_cameras_the_first_is_taken_to_be_right() {
        let found = camera_shifts(2, &pairs_of(&[0.0, 3.0], &[0.0]));
        assert!(found[0] == Some(0.0) && (found[1].unwrap() - 3.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_camera_of_no_pair_is_unknown_and_two_rigs_of_two_are_not_joined() {
        let one = [PairShift { cameras: [0, 2], frames: 1.0, weight: 1.0 }];
        assert_eq!(camera_shifts(3, &one)[1], None);
        let apart = [one[0], PairShift { cameras: [1, 3], frames: 1.0, weight: 1.0 }];
        assert_eq!(camera_shifts(4, &apart), [None; 4]);
    }
}
