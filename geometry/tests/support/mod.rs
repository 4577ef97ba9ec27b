//! A person of constant bone lengths who walks about and moves, seen by cameras with known errors.
#![allow(dead_code, reason = "each test file uses its own part")]

pub use geometry::Points;
use geometry::{Camera, EXCHANGED, Observation, POINT_COUNT, Solution, similarity};
use nalgebra::{Matrix3, Rotation3, Vector2, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const SIZE: [f64; 2] = [1280.0, 960.0];
pub const FOCAL: f64 = 1400.0;

pub type Views = Vec<Option<Observation>>;

/// What is wrong with what the cameras report.
#[derive(Clone, Debug)]
pub struct Faults {
    pub noise_px: f64,
    pub noise_3d_mm: f64,
    /// The part of joints that lie up to 200 pixels off.
    pub outliers: f64,
    /// The part of views with left and right exchanged.
    pub swapped: f64,
    /// Per camera, in frames: its pictures show a later moment.
    pub late_frames: Vec<f64>,
    /// Per camera, how its lens bends: points are seen at 1 + k1 tan² times their distance from the middle.
    pub k1: Vec<f64>,
    /// Per camera, by how many frames its last row is exposed later than its first.
    pub readout_frames: Vec<f64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            noise_px: 3.0,
            noise_3d_mm: 40.0,
            outliers: 0.05,
            swapped: 0.0,
            late_frames: vec![],
            k1: vec![],
            readout_frames: vec![],
        }
    }
}

pub struct Scene {
    pub cameras: Vec<Camera>,
    pub points: Vec<Points>,
    pub instants: Vec<Views>,
    pub swapped: usize,
}

pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (rng.random_range(f64::EPSILON..1.0), rng.random_range(0.0..1.0));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

fn around(axis: Vector3<f64>, angle: f64) -> Matrix3<f64> {
    Rotation3::new(axis * angle).into_inner()
}

/// The person at a time in frames: y up, millimetres. Smooth in time, so that moments between frames exist.
pub fn person(frame: f64) -> Points {
    let swing = |speed: f64, phase: f64| (speed * frame + phase).sin();
    let x = Vector3::x();
    let body = around(Vector3::y(), 0.021 * frame) * around(Vector3::z(), 0.15 * swing(0.05, 0.4));
    let root = Vector3::new(900.0 * swing(0.023, 0.0), 900.0 + 30.0 * swing(0.2, 0.0), 800.0 * swing(0.017, 1.0));
    let mut local = [Vector3::zeros(); POINT_COUNT];
    for (side, sign) in [(0, 1.0), (1, -1.0)] {
        let phase = 2.0 * side as f64;
        let shoulder = Vector3::new(190.0 * sign, 480.0, 0.0);
        let upper =
            around(Vector3::z(), sign * (0.7 + 0.6 * swing(0.061, phase))) * around(x, swing(0.083, phase + 1.0));
        let lower = upper * around(x, -0.8 - 0.7 * swing(0.091, phase + 2.0));
        let elbow = shoulder + upper * Vector3::new(0.0, -290.0, 0.0);
        let hip = Vector3::new(120.0 * sign, 0.0, 0.0);
        let thigh = around(x, 0.5 * swing(0.077, phase * 1.57)) * around(Vector3::z(), sign * 0.12);
        let shin = thigh * around(x, 0.5 + 0.45 * swing(0.077, phase * 1.57 + 1.0));
        let knee = hip + thigh * Vector3::new(0.0, -420.0, 0.0);
        let ankle = knee + shin * Vector3::new(0.0, -410.0, 0.0);
        let head = around(Vector3::y(), 0.5 * swing(0.04, 0.0));
        local[1 + side] = Vector3::new(0.0, 680.0, 0.0) + head * Vector3::new(75.0 * sign, 0.0, 0.0);
        local[0] = Vector3::new(0.0, 680.0, 0.0) + head * Vector3::new(0.0, -20.0, 110.0);
        local[3 + side] = shoulder;
        local[5 + side] = elbow;
        local[7 + side] = elbow + lower * Vector3::new(0.0, -260.0, 0.0);
        local[9 + side] = hip;
        local[11 + side] = knee;
        local[13 + side] = ankle;
        local[15 + side] = ankle + shin * Vector3::new(0.0, -50.0, -50.0);
        local[17 + side] = ankle + shin * Vector3::new(20.0 * sign, -60.0, 160.0);
    }
    local.map(|point| root + body * point)
}

/// A camera at a place that looks at the middle of the floor's person; `aside_mm` moves its target, so that hips are
/// off its centre.
pub fn camera(position_mm: Vector3<f64>, aside_mm: f64) -> Camera {
    let target = Vector3::new(aside_mm, 950.0, -aside_mm);
    let z = (target - position_mm).normalize();
    let x = z.cross(&Vector3::y()).normalize();
    let y = z.cross(&x);
    Camera {
        rotation: Matrix3::from_rows(&[x.transpose(), y.transpose(), z.transpose()]),
        position_mm,
        focal_px: FOCAL,
        principal_point_px: Vector2::new(SIZE[0] / 2.0, SIZE[1] / 2.0),
        time_offset_frames: None,
    }
}

/// Four cameras about the room, at different heights and distances.
pub fn four() -> Vec<Camera> {
    vec![
        camera(Vector3::new(4800.0, 1500.0, 2200.0), 200.0),
        camera(Vector3::new(-3900.0, 2300.0, 3700.0), -150.0),
        camera(Vector3::new(-4500.0, 1300.0, -3000.0), 300.0),
        camera(Vector3::new(3500.0, 2600.0, -4400.0), 0.0),
    ]
}

/// Where a camera shows the person at a frame, each point when its row is exposed.
fn show(camera: &Camera, frame: f64, k1: f64, readout_frames: f64) -> [Vector2<f64>; POINT_COUNT] {
    let at = |points: &Points, point: usize| {
        let out = camera.project(&points[point]).expect("the person is before the camera") - camera.principal_point_px;
        out * (1.0 + k1 * (out / camera.focal_px).norm_squared()) + camera.principal_point_px
    };
    let points = person(frame);
    std::array::from_fn(|point| {
        let px = at(&points, point);
        if readout_frames == 0.0 {
            return px;
        }
        at(&person(frame + readout_frames * (px.y / SIZE[1] - 0.5)), point)
    })
}

fn observe(rng: &mut ChaCha8Rng, camera: &Camera, frame: f64, faults: &Faults, index: usize) -> Observation {
    let points = person(frame);
    let of = |faults: &[f64]| faults.get(index).copied().unwrap_or(0.0);
    let see = |frame: f64| show(camera, frame, of(&faults.k1), of(&faults.readout_frames));
    let (pixels, before, after) = (see(frame), see(frame - 0.5), see(frame + 0.5));
    let hips = 0.5 * (points[9] + points[10]);
    let ray = camera.rotation * (hips - camera.position_mm);
    let onto = Rotation3::rotation_between(&ray, &Vector3::z()).expect("not behind").into_inner();
    let mut seen = Observation {
        px: [[0.0; 2]; POINT_COUNT],
        weight: [0.0; POINT_COUNT],
        root_relative_mm: [[0.0; 3]; POINT_COUNT],
        velocity_px: Some(std::array::from_fn(|point| (after[point] - before[point]).into())),
        others: false,
    };
    for point in 0..POINT_COUNT {
        let mut px = pixels[point] + faults.noise_px * Vector2::new(normal(rng), normal(rng));
        if rng.random_range(0.0..1.0) < faults.outliers {
            px += Vector2::new(rng.random_range(-200.0..200.0), rng.random_range(-200.0..200.0));
        }
        let inside = px.x >= 0.0 && px.y >= 0.0 && px.x < SIZE[0] && px.y < SIZE[1];
        seen.px[point] = px.into();
        seen.weight[point] = if inside { rng.random_range(0.6..1.0) } else { 0.0 };
        let noise = faults.noise_3d_mm * Vector3::new(normal(rng), normal(rng), normal(rng));
        seen.root_relative_mm[point] = (onto * camera.rotation * (points[point] - hips) + noise).into();
    }
    seen
}

/// Left and right exchanged in everything a view says.
pub fn swap(seen: &Observation) -> Observation {
    Observation {
        px: EXCHANGED.map(|from| seen.px[from]),
        weight: EXCHANGED.map(|from| seen.weight[from]),
        root_relative_mm: EXCHANGED.map(|from| seen.root_relative_mm[from]),
        velocity_px: seen.velocity_px.map(|velocity| EXCHANGED.map(|from| velocity[from])),
        others: seen.others,
    }
}

/// The person at `count` instants, 11 frames apart.
pub fn scene(seed: u64, cameras: Vec<Camera>, count: usize, faults: &Faults) -> Scene {
    scene_of(seed, cameras, count, 11.0, faults)
}

/// The same, `step` frames apart.
pub fn scene_of(seed: u64, cameras: Vec<Camera>, count: usize, step: f64, faults: &Faults) -> Scene {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut swapped = 0;
    let mut instants = Vec::new();
    let mut points = Vec::new();
    for instant in 0..count {
        let frame = step * instant as f64;
        points.push(person(frame));
        let mut views = Vec::new();
        for (index, camera) in cameras.iter().enumerate() {
            let late = faults.late_frames.get(index).copied().unwrap_or(0.0);
            let mut seen = observe(&mut rng, camera, frame + late, faults, index);
            if rng.random_range(0.0..1.0) < faults.swapped {
                seen = swap(&seen);
                swapped += 1;
            }
            views.push(Some(seen));
        }
        instants.push(views);
    }
    Scene { cameras, points, instants, swapped }
}

/// How far a solution is from the truth.
#[derive(Debug)]
pub struct Errors {
    /// The largest error of a rotation between two cameras, in degrees.
    pub rotation_degrees: f64,
    /// The largest error of a focal length, in percent.
    pub focal_percent: f64,
    /// The mean distance of points after one similarity for all, in millimetres.
    pub rig_mm: f64,
    /// The largest distance of a camera after that similarity, in millimetres.
    pub position_mm: f64,
    /// How large the truth is against the solution.
    pub scale: f64,
}

pub fn angle_degrees(a: &Matrix3<f64>, b: &Matrix3<f64>) -> f64 {
    Rotation3::from_matrix_unchecked(a * b.transpose()).angle().to_degrees()
}

pub fn errors(solution: &Solution, scene: &Scene) -> Errors {
    let mut pairs = Vec::new();
    for (found, truth) in solution.points_mm.iter().zip(&scene.points) {
        let Some(found) = found else { continue };
        pairs.extend(found.iter().copied().zip(truth.iter().copied()));
    }
    let lay = similarity(&pairs).expect("points have an extent");
    let rig_mm = pairs.iter().map(|(found, truth)| (lay.point(found) - truth).norm()).sum::<f64>() / pairs.len() as f64;
    let mut found = Errors { rotation_degrees: 0.0, focal_percent: 0.0, rig_mm, position_mm: 0.0, scale: lay.scale };
    let cameras = solution.cameras();
    for (a, true_a) in cameras.iter().zip(&scene.cameras) {
        for (b, true_b) in cameras.iter().zip(&scene.cameras) {
            let angle =
                angle_degrees(&(a.rotation * b.rotation.transpose()), &(true_a.rotation * true_b.rotation.transpose()));
            found.rotation_degrees = found.rotation_degrees.max(angle);
        }
        found.focal_percent = found.focal_percent.max(100.0 * (a.focal_px / true_a.focal_px - 1.0).abs());
        found.position_mm = found.position_mm.max((lay.point(&a.position_mm) - true_a.position_mm).norm());
    }
    found
}
