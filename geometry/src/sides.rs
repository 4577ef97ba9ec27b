//! Which view took left for right, by the views' own 3D joints; used where pixels cannot tell, as before the first
//! guess and with two cameras.
//!
//! A finder that exchanges the sides also inverts the depth, so that its body remains possible but, seen from the
//! front, is turned by 180 degrees. Comparison with the other views shows that, and exchanging one or the other shows
//! which it is.

use nalgebra::{Matrix3, Vector3};

use crate::points::{LEFT_HIP, POINT_COUNT, Points, RIGHT_HIP};
use crate::rotation::nearest;

/// A view is exchanged if that leaves less than this part of the distance between the views' bodies.
const MUCH_BETTER: f64 = 0.75;

/// Two bodies contradict each other if they are rotated by more than this to each other, in degrees.
const MAX_TURN_DEGREES: f64 = 60.0;

/// What the views of one instant tell about left and right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sides {
    /// They agree well enough.
    Agree,
    /// They agree once this camera's view is exchanged.
    Exchange(usize),
    /// They contradict each other, whichever view is exchanged.
    Contradict,
}

/// Judges one instant: per camera the view's own body in that camera's axes, as it is and exchanged.
pub(crate) fn judge(rotations: &[Matrix3<f64>], bodies: &[Option<(Points, Points)>]) -> Sides {
    let centred = |camera: usize, points: &Points| {
        let middle = points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
        points.map(|point| rotations[camera].transpose() * (point - middle))
    };
    let seen: Vec<(usize, Points, Points)> = bodies
        .iter()
        .enumerate()
        .filter_map(|(camera, body)| {
            let (plain, exchanged) = body.as_ref()?;
            Some((camera, centred(camera, plain), centred(camera, exchanged)))
        })
        .collect();
    let pick = |hypothesis: Option<usize>| -> Vec<&Points> {
        seen.iter()
            .map(|(camera, plain, exchanged)| if hypothesis == Some(*camera) { exchanged } else { plain })
            .collect()
    };
    let apart = |bodies: &[&Points]| -> f64 { pairs(bodies).map(|(a, b)| distance(a, b)).sum() };
    let none = apart(&pick(None));
    let best =
        seen.iter().map(|(camera, ..)| (*camera, apart(&pick(Some(*camera))))).min_by(|a, b| a.1.total_cmp(&b.1));
    let (chosen, sides) = match best {
        Some((camera, cost)) if cost < MUCH_BETTER * none => (pick(Some(camera)), Sides::Exchange(camera)),
        _ => (pick(None), Sides::Agree),
    };
    let contradict = pairs(&chosen).all(|(a, b)| turn_degrees(a, b).is_none_or(|turn| turn > MAX_TURN_DEGREES));
    if seen.len() >= 2 && contradict { Sides::Contradict } else { sides }
}

/// Whether two bodies in the same axes face contradictory ways.
pub(crate) fn contradicts(a: &Points, b: &Points) -> bool {
    let centred = |points: &Points| {
        let middle = points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
        points.map(|point| point - middle)
    };
    turn_degrees(&centred(a), &centred(b)).is_none_or(|turn| turn > MAX_TURN_DEGREES)
}

/// Whether toes and nose point to the front that a body's left and right imply: 1 for straight forward, −1 for straight
/// back, as if the sides of all views are exchanged.
pub(crate) fn forwardness(points: &Points) -> f64 {
    let left = points[3] - points[4] + points[LEFT_HIP] - points[RIGHT_HIP];
    let upward = points[3] + points[4] - points[LEFT_HIP] - points[RIGHT_HIP];
    let forward = left.cross(&upward);
    let ahead = [points[17] - points[15], points[18] - points[16], points[0] - 0.5 * (points[1] + points[2])];
    let cosine = |along: &Vector3<f64>| {
        let lengths = along.norm() * forward.norm();
        if lengths > 1e-9 { along.dot(&forward) / lengths } else { 0.0 }
    };
    ahead.iter().map(cosine).sum::<f64>() / ahead.len() as f64
}

fn pairs<'a>(bodies: &'a [&'a Points]) -> impl Iterator<Item = (&'a Points, &'a Points)> {
    (0..bodies.len()).flat_map(move |a| (a + 1..bodies.len()).map(move |b| (bodies[a], bodies[b])))
}

fn distance(a: &Points, b: &Points) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).norm()).sum::<f64>() / POINT_COUNT as f64
}

/// The angle of the best rotation between two centred bodies.
fn turn_degrees(a: &Points, b: &Points) -> Option<f64> {
    let rotation = nearest(&a.iter().zip(b).map(|(a, b)| b * a.transpose()).sum())?;
    Some((0.5 * (rotation.trace() - 1.0)).clamp(-1.0, 1.0).acos().to_degrees())
}
