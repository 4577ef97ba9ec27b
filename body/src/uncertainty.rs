//! How far off each joint of a body may be.
//!
//! Pixels err, and cameras that are few, far or on one side make more of it: that much is the covariance of the rays that
//! meet in a point. What a finder gets wrong in every picture, and cameras that are not quite where the geometry has them,
//! do not show in rays, and come on top: so much for each joint, and a part of what the geometry tells of its cameras, both
//! as measured on rendered people whose joints are known. A camera that is alone has no rays that meet: there it is how far away
//! people are, which their size alone tells, and what one view has wrong of each joint, measured likewise.

use geometry::{Camera, NEAR_PX, Observation, POINT_COUNT, REFERENCE_SIDE_PX};
use nalgebra::{Matrix2x3, Matrix3, Vector3};
use pose::JOINTS;

use crate::skeleton::{joints, sources};

type Points = [Vector3<f64>; POINT_COUNT];

/// One camera's part in a body: its view, with left and right as the body has them.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub camera: &'a Camera,
    pub view: &'a Observation,
}

/// What comes on top for each joint, in millimetres: the head errs by more than its rays tell.
const OWN_MM: [f64; JOINTS] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

/// Nine in ten lie within so many standard deviations of the rays,
const SPREAD: f64 = 0.8;

/// and within this part of what cameras may be off by, which is told too small, but moves bodies as a whole, too.
const OF_RIG: f64 = 0.6;

/// A rig is not told to be worse than this, in millimetres.
const MOST_RIG_MM: f64 = 250.0;

/// By how much a finder errs in a picture, in pixels of one whose longer side has 1,920, beside what views miss by.
const FINDER_PX: f64 = 6.0;

/// How far a point that no view is near may stand from where its bones allow, in millimetres.
const UNSEEN_MM: f64 = 100.0;

/// Of a body that one camera alone sees: the part of its distance by which it may be nearer or farther,
const ALONE_OF_DISTANCE: f64 = 0.07;

/// and what comes on top for each joint, in millimetres.
const ALONE_MM: [f64; JOINTS] =
    [0.0, 0.0, 105.0, 240.0, 0.0, 105.0, 240.0, 0.0, 0.0, 150.0, 150.0, 0.0, 35.0, 270.0, 0.0, 35.0, 270.0];

impl Sight<'_> {
    /// How a point's pixels move with it, and by how much the view misses it, in pixels of a picture whose longer side has
    /// 1,920; nothing where it does not come near.
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

/// The radius, in millimetres, of the ball around each joint that holds it nine times in ten. Joints are meant as the
/// finder has them: other definitions of, say, a hip lie elsewhere on the body. Sights are those that made the body, `rig_mm`
/// is by how much their cameras may be from their places, as the geometry tells it.
pub fn uncertainty(points: &Points, sights: &[Sight], rig_mm: f64) -> [f64; JOINTS] {
    let of_rig = OF_RIG * rig_mm.min(MOST_RIG_MM);
    if let [Sight { camera, .. }] = sights {
        let distance_mm = joints(points).map(|joint| (joint - camera.position_mm).norm());
        return std::array::from_fn(|joint| {
            ALONE_MM[joint].hypot(ALONE_OF_DISTANCE * distance_mm[joint]).hypot(of_rig)
        });
    }
    let variance: [f64; POINT_COUNT] = std::array::from_fn(|point| covariance(point, &points[point], sights).trace());
    std::array::from_fn(|joint| {
        // Of a derived joint, the mean of what it comes from.
        let from = sources(joint);
        let rays = from.iter().map(|&point| variance[point]).sum::<f64>() / (from.len() as f64).powi(2);
        OWN_MM[joint].hypot(SPREAD * rays.sqrt()).hypot(of_rig)
    })
}

/// Of where the rays meet, in mm².
fn covariance(point: usize, world: &Vector3<f64>, sights: &[Sight]) -> Matrix3<f64> {
    let (mut information, mut squares, mut views) = (Matrix3::zeros(), 0.0, 0.0_f64);
    for sight in sights {
        if let Some((by_world, miss_px)) = sight.near(point, world) {
            information += by_world.transpose() * by_world * sight.view.weight[point];
            squares += miss_px * miss_px;
            views += 1.0;
        }
    }
    let pixel = FINDER_PX * FINDER_PX + squares / views.max(1.0);
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
        }
    }

    fn told(turns: &[f64], change: impl Fn(&mut Observation), rig_mm: f64) -> [f64; JOINTS] {
        let cameras: Vec<Camera> = turns.iter().map(|&turn| camera(turn)).collect();
        let mut views: Vec<Observation> = cameras.iter().map(|camera| seen(camera, &body())).collect();
        views.iter_mut().for_each(change);
        let sights: Vec<Sight> = cameras.iter().zip(&views).map(|(camera, view)| Sight { camera, view }).collect();
        uncertainty(&body(), &sights, rig_mm)
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
        let farther = uncertainty(&behind, &[Sight { camera: &camera, view: &seen(&camera, &behind) }], 40.0);
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
