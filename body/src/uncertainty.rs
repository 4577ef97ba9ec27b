//! How far off each joint of a body may be.
//!
//! Errors in pixels give the covariance of the point where rays meet; it grows where cameras are few, far away or on
//! one side. Systematic errors of the joint finder and of the geometry do not show in the rays, so two terms are added:
//! a constant per joint, and a share of the geometry's own uncertainty. With a single camera no rays meet: the error is
//! in the distance, known only from the person's size, and in each joint of the view. All constants were measured on
//! rendered people whose joints are known.

use geometry::{Camera, NEAR_PX, Observation, POINT_COUNT, Points, REFERENCE_SIDE_PX};
use nalgebra::{Matrix2x3, Matrix3, Vector3};
use pose::JOINTS;

use crate::skeleton::{joints, sources};

/// One camera's contribution to a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyView<'a> {
    /// The camera.
    pub camera: &'a Camera,
    /// What it saw, with left and right as in the body.
    pub view: &'a Observation,
}

/// The constant term per joint, in millimetres: only the head is further off than its rays tell.
const OWN_MM: [f64; JOINTS] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

/// The radius that holds nine of ten joints, in standard deviations of the rays.
const SPREAD: f64 = 0.8;

/// The share of the cameras' uncertainty that is added. That uncertainty is underestimated, but part of it moves the
/// body as a whole.
const OF_RIG: f64 = 0.6;

/// The cameras' uncertainty is taken to be at most this, in millimetres.
const MAX_RIG_MM: f64 = 250.0;

/// The error of a joint finder in a picture beyond what views miss by, in pixels of a longer side of 1,920.
const FINDER_PX: f64 = 6.0;

/// How far a point that no view comes near may be off, in millimetres.
const UNSEEN_MM: f64 = 100.0;

/// With a single camera: the error of a body's distance, as a part of it.
const SINGLE_OF_DISTANCE: f64 = 0.07;

/// With a single camera: the error of each joint, in millimetres.
const SINGLE_MM: [f64; JOINTS] =
    [0.0, 0.0, 105.0, 240.0, 0.0, 105.0, 240.0, 0.0, 0.0, 150.0, 150.0, 0.0, 35.0, 270.0, 0.0, 35.0, 270.0];

impl BodyView<'_> {
    /// The derivative of a point's pixels by the point, and by how many pixels the view misses it, both for pictures
    /// with a longer side of 1,920 pixels; `None` if the view does not come near.
    fn near(&self, point: usize, world: &Vector3<f64>) -> Option<(Matrix2x3<f64>, f64)> {
        let unit = self.camera.long_side_px() / REFERENCE_SIDE_PX;
        let shown = self.camera.project(world).filter(|_| self.view.weight[point] > 0.0)?;
        let velocity = self.view.velocity_px.map_or([0.0; 2], |velocity| velocity[point]);
        let offset = self.camera.time_offset_frames.unwrap_or(0.0);
        let miss = |axis: usize| shown[axis] - (self.view.px[point][axis] - offset * velocity[axis]);
        let miss_px = miss(0).hypot(miss(1)) / unit;
        let seen = self.camera.rotation * (world - self.camera.position_mm);
        let per_mm = self.camera.focal_px / unit / seen.z;
        let slope = seen.xy() / seen.z;
        let by_seen = Matrix2x3::new(per_mm, 0.0, -per_mm * slope.x, 0.0, per_mm, -per_mm * slope.y);
        (miss_px <= NEAR_PX).then(|| (by_seen * self.camera.rotation, miss_px))
    }
}

/// The radius, in millimetres, of the ball around each joint that holds the true joint nine times in ten, by the joint
/// finder's definition of, say, a hip. `views` are those that the body was made from, `rig_mm` is the uncertainty of
/// their cameras' positions by the geometry.
pub fn uncertainty(points: &Points, views: &[BodyView], rig_mm: f64) -> [f64; JOINTS] {
    let of_rig = OF_RIG * rig_mm.min(MAX_RIG_MM);
    if let [BodyView { camera, .. }] = views {
        let distance_mm = joints(points).map(|joint| (joint - camera.position_mm).norm());
        return std::array::from_fn(|joint| {
            SINGLE_MM[joint].hypot(SINGLE_OF_DISTANCE * distance_mm[joint]).hypot(of_rig)
        });
    }
    let variance: [f64; POINT_COUNT] = std::array::from_fn(|point| covariance(point, &points[point], views).trace());
    std::array::from_fn(|joint| {
        // A derived joint has the mean of its points.
        let from = sources(joint);
        let rays = from.iter().map(|&point| variance[point]).sum::<f64>() / (from.len() as f64).powi(2);
        OWN_MM[joint].hypot(SPREAD * rays.sqrt()).hypot(of_rig)
    })
}

/// The covariance of the point where the rays meet, in mm².
fn covariance(point: usize, world: &Vector3<f64>, views: &[BodyView]) -> Matrix3<f64> {
    let (mut information, mut squares, mut near) = (Matrix3::zeros(), 0.0, 0.0_f64);
    for view in views {
        if let Some((by_world, miss_px)) = view.near(point, world) {
            information += by_world.transpose() * by_world * view.view.weight[point];
            squares += miss_px * miss_px;
            near += 1.0;
        }
    }
    let pixel = FINDER_PX * FINDER_PX + squares / near.max(1.0);
    let free = UNSEEN_MM * UNSEEN_MM;
    (information / pixel + Matrix3::identity() / free).try_inverse().unwrap_or_else(|| Matrix3::identity() * free)
}

#[cfg(test)]
mod tests {
    use nalgebra::{Rotation3, Vector2};

    use super::*;

    /// Cameras around somebody at the origin, four metres away, the first one ahead.
    fn camera(turn_degrees: f64) -> Camera {
        let turn = Rotation3::from_axis_angle(&Vector3::z_axis(), turn_degrees.to_radians());
        let level = Matrix3::new(0.0, 1.0, 0.0, 0.0, 0.0, -1.0, -1.0, 0.0, 0.0);
        Camera {
            rotation: level * turn.inverse().matrix(),
            position_mm: turn * Vector3::new(4000.0, 0.0, 1000.0),
            focal_px: 1500.0,
            principal_point_px: Vector2::new(960.0, 540.0),
            time_offset_frames: None,
        }
    }

    fn body() -> Points {
        std::array::from_fn(|point| Vector3::new(10.0, 30.0 * (point % 5) as f64, 100.0 * point as f64))
    }

    fn seen(camera: &Camera, points: &Points) -> Observation {
        Observation {
            px: points.map(|point| camera.project(&point).unwrap().into()),
            weight: [1.0; POINT_COUNT],
            root_relative_mm: [[0.0; 3]; POINT_COUNT],
            velocity_px: None,
            others: false,
        }
    }

    fn told(turns: &[f64], change: impl Fn(&mut Observation), rig_mm: f64) -> [f64; JOINTS] {
        let cameras: Vec<Camera> = turns.iter().map(|&turn| camera(turn)).collect();
        let mut views: Vec<Observation> = cameras.iter().map(|camera| seen(camera, &body())).collect();
        views.iter_mut().for_each(change);
        let views: Vec<BodyView> = cameras.iter().zip(&views).map(|(camera, view)| BodyView { camera, view }).collect();
        uncertainty(&body(), &views, rig_mm)
    }

    #[test]
    fn more_is_known_of_what_is_seen_by_more_cameras_from_more_sides() {
        let as_is = |_: &mut Observation| ();
        let [many, two, beside] =
            [&[0.0, 90.0, 180.0, 270.0][..], &[0.0, 90.0], &[0.0, 20.0]].map(|turns| told(turns, as_is, 40.0));
        for joint in 0..JOINTS {
            assert!(many[joint] < two[joint] && two[joint] < beside[joint], "{joint}: {many:?} {two:?} {beside:?}");
        }
        let vague = told(&[0.0, 90.0], as_is, 200.0);
        assert!((0..JOINTS).all(|joint| vague[joint] > two[joint]));
    }

    #[test]
    fn one_camera_alone_knows_less_the_farther_away_it_is() {
        let two = told(&[0.0, 20.0], |_| (), 40.0);
        let alone = told(&[0.0], |_| (), 40.0);
        assert!((0..JOINTS).all(|joint| alone[joint] > two[joint]), "{alone:?} {two:?}");
        let behind = body().map(|point| point - Vector3::new(3000.0, 0.0, 0.0));
        let camera = camera(0.0);
        let farther = uncertainty(&behind, &[BodyView { camera: &camera, view: &seen(&camera, &behind) }], 40.0);
        assert!((0..JOINTS).all(|joint| farther[joint] > alone[joint]), "{farther:?} {alone:?}");
    }

    #[test]
    fn what_no_view_confirms_is_vague_and_its_neighbours_are_not() {
        let sure = told(&[0.0, 90.0, 180.0], |_| (), 40.0);
        // The left wrist is hidden, or each view has it elsewhere.
        for change in [|view: &mut Observation| view.weight[7] = 0.0, |view: &mut Observation| view.px[7][0] += 80.0] {
            let vague = told(&[0.0, 90.0, 180.0], change, 40.0);
            for joint in 0..JOINTS {
                assert_eq!(vague[joint] > sure[joint] + 20.0, joint == 13, "{joint}");
                assert_eq!(vague[joint] == sure[joint], joint != 13, "{joint}");
            }
        }
    }
}
