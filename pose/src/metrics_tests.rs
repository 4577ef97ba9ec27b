//! Tests of the metrics: examples by hand, and properties of every fit.

use nalgebra::Rotation3;
use proptest::prelude::*;

use super::*;

type Joints = [Vector3<f64>; JOINTS];

fn pose(f: impl Fn(usize) -> [f32; 3]) -> Pose3d {
    std::array::from_fn(f)
}

/// A pose without symmetry, root at zero.
fn someone() -> Pose3d {
    pose(|j| {
        let j = j as f32;
        [100.0 * (1.3 * j).sin(), 50.0 * j, 80.0 * (0.7 * j * j).sin()]
    })
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-3, "{a} is not {b}");
}

fn one(prediction: Pose3d, truth: Pose3d) -> Metrics {
    compute_metrics(&[prediction], &[truth]).unwrap()
}

#[test]
fn equal_poses_are_no_distance_apart() {
    let m = one(someone(), someone());
    for value in [m.mpjpe17, m.mpjpe16, m.nmpjpe17, m.nmpjpe16, m.pmpjpe17] {
        close(value, 0.0);
    }
}

#[test]
fn moved_limbs_count_once_each_and_the_root_is_left_out_of_sixteen() {
    let moved = pose(|j| if j == ROOT { [0.0; 3] } else { someone()[j].map(|v| v + 10.0) });
    let m = one(moved, someone());
    let each = 300f64.sqrt();
    close(m.mpjpe16, each);
    close(m.mpjpe17, each * 16.0 / 17.0);
}

#[test]
fn a_pure_scale_costs_only_mpjpe() {
    let m = one(someone().map(|joint| joint.map(|v| 0.5 * v)), someone());
    let size = someone().iter().map(|j| j.iter().map(|v| f64::from(v * v)).sum::<f64>().sqrt()).sum::<f64>() / 17.0;
    close(m.mpjpe17, size / 2.0);
    close(m.nmpjpe17, 0.0);
    close(m.pmpjpe17, 0.0);
}

#[test]
fn the_scale_is_the_least_squares_one() {
    // Joint 1 at (1, 0, 0) predicts (3, 4, 0): s = <p, g> / <p, p> = 3, not the norm ratio 5.
    let at = |joint: [f32; 3]| pose(|j| if j == 1 { joint } else { [0.0; 3] });
    let m = one(at([1.0, 0.0, 0.0]), at([3.0, 4.0, 0.0]));
    close(m.nmpjpe16, 4.0 / 16.0);
    close(m.nmpjpe17, 4.0 / 17.0);
}

#[test]
fn a_mirror_image_is_no_similar_pose() {
    let mirrored = someone().map(|[x, y, z]| [-x, y, z]);
    let m = one(mirrored, someone());
    assert!(m.pmpjpe17 > 20.0, "{}", m.pmpjpe17);
}

#[test]
fn a_box_and_its_mirror_image_differ_by_their_thinnest_side() {
    // Singular values 2·(9², 4², 1²), the last negated: scale (81 + 16 − 1) / (81 + 16 + 1), and the thin axis turned.
    let axes = [[9.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 1.0]];
    let truth = pose(|j| match j {
        1..=3 => axes[j - 1],
        4..=6 => axes[j - 4].map(|v| -v),
        _ => [0.0; 3],
    });
    let mirrored = truth.map(|[x, y, z]| [x, y, -z]);
    let scale = 96.0 / 98.0;
    let expect = 2.0 * (9.0 * (1.0 - scale) + 4.0 * (1.0 - scale) + (1.0 + scale)) / 17.0;
    close(one(mirrored, truth).pmpjpe17, expect);
}

#[test]
fn metrics_are_means_over_poses() {
    let off = someone().map(|[x, y, z]| [x, y, z + 8.0]);
    let m = compute_metrics(&[off, someone()], &[someone(), someone()]).unwrap();
    close(m.mpjpe17, 4.0);
    close(m.pmpjpe17, 0.0);
}

#[test]
fn subsets_average_their_joints() {
    let moved = pose(|j| if j == 16 { someone()[j].map(|v| v + 10.0) } else { someone()[j] });
    let errors = joint_errors(&[moved], &[someone()]).unwrap();
    close(errors.plain[16], 300f64.sqrt());
    close(errors.plain[15], 0.0);
    close(errors.over(&crate::LIMB_JOINTS).unwrap().mpjpe, 300f64.sqrt() / 12.0);
    let all: Vec<usize> = (0..JOINTS).collect();
    let (over, metrics) = (errors.over(&all).unwrap(), errors.metrics());
    assert_eq!([over.mpjpe, over.nmpjpe, over.pmpjpe], [metrics.mpjpe17, metrics.nmpjpe17, metrics.pmpjpe17]);
    assert!(matches!(errors.over(&[17]), Err(PoseError::NoSuchJoint { joint: 17 })));
    assert!(errors.over(&[]).is_err());
}

#[test]
fn predictions_without_extent_have_defined_errors() {
    let truth = someone();
    let m = one([[0.0; 3]; JOINTS], truth);
    assert_eq!(m.nmpjpe17, m.mpjpe17);
    let centroid: Vector3<f64> = truth.iter().map(|j| Vector3::from(j.map(f64::from))).sum::<Vector3<f64>>() / 17.0;
    let spread = truth.iter().map(|j| (Vector3::from(j.map(f64::from)) - centroid).norm()).sum::<f64>() / 17.0;
    close(m.pmpjpe17, spread);
    // One third is not exact: the centroid of 17 copies need not be the point itself.
    close(one([[1.0 / 3.0, 700.1, 0.1]; JOINTS], truth).pmpjpe17, spread);
}

#[test]
fn poses_on_a_line_are_still_similar() {
    let line = pose(|j| [j as f32, 2.0 * j as f32, 0.0]);
    let other = pose(|j| [0.0, 0.0, 7.0 * j as f32]);
    close(one(line, other).pmpjpe17, 0.0);
}

#[test]
fn bad_input_is_an_error_that_names_its_place() {
    let message = |p: &[Pose3d], g: &[Pose3d]| compute_metrics(p, g).unwrap_err().to_string();
    assert_eq!(message(&[], &[]), "there are no poses to compare");
    assert!(message(&[someone()], &[]).starts_with("1 predicted poses against 0 true ones"));
    assert_eq!(
        message(&[someone()], &[[[5.0; 3]; JOINTS]]),
        "true pose 0 has all its joints in one point, which is not a pose"
    );
    let mut broken = someone();
    broken[13][1] = f32::NAN;
    let expect = "pose 1, joint 13 (left wrist): a coordinate is not a finite number";
    assert_eq!(message(&[someone(), broken], &[someone(); 2]), format!("predicted {expect}"));
    assert_eq!(message(&[someone(); 2], &[someone(), broken]), format!("true {expect}"));
}

fn joints() -> impl Strategy<Value = Joints> {
    proptest::collection::vec([-900.0..900.0f64, -900.0..900.0f64, -900.0..900.0f64], JOINTS)
        .prop_map(|all| std::array::from_fn(|j| if j == ROOT { Vector3::zeros() } else { Vector3::from(all[j]) }))
}

fn errors(p: &Joints, g: &Joints) -> JointErrors {
    joint_errors64(&[p.map(Into::into)], &[g.map(Into::into)]).unwrap()
}

fn squares(errors: &[f64; JOINTS]) -> f64 {
    errors.iter().map(|e| e * e).sum()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * (1.0 + a.abs())
}

proptest! {
    #[test]
    fn p_ignores_similarities(p in joints(), g in joints(), angles in [-3.0..3.0f64, -1.5..1.5f64, -3.0..3.0f64],
                              scale in 0.01..100.0f64, shift in [-1e3..1e3f64, -1e3..1e3f64, -1e3..1e3f64]) {
        let rotation = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]);
        let moved = p.map(|joint| rotation * joint * scale + Vector3::from(shift));
        prop_assert!(near(errors(&p, &g).metrics().pmpjpe17, errors(&moved, &g).metrics().pmpjpe17));
        prop_assert!(near(errors(&moved, &p).metrics().pmpjpe17, 0.0));
    }

    #[test]
    fn p_notices_reflections(p in joints()) {
        let mirrored = p.map(|joint| Vector3::new(-joint.x, joint.y, joint.z));
        prop_assert!(errors(&mirrored, &p).metrics().pmpjpe17 > 1.0);
    }

    #[test]
    fn n_ignores_scale(p in joints(), g in joints(), scale in 0.01..100.0f64) {
        let scaled = p.map(|joint| joint * scale);
        prop_assert!(near(errors(&p, &g).metrics().nmpjpe17, errors(&scaled, &g).metrics().nmpjpe17));
    }

    #[test]
    fn every_fit_lowers_the_squared_error(p in joints(), g in joints()) {
        let errors = errors(&p, &g);
        prop_assert!(squares(&errors.scaled) <= squares(&errors.plain) * (1.0 + 1e-9));
        // The similarity includes every positive scale; plain is the scale 1.
        prop_assert!(squares(&errors.procrustes) <= squares(&errors.plain) * (1.0 + 1e-9));
    }

    #[test]
    fn sixteen_is_seventeen_sixteenths_while_roots_are_zero(p in joints(), g in joints()) {
        let m = errors(&p, &g).metrics();
        prop_assert!(near(m.mpjpe16, m.mpjpe17 * 17.0 / 16.0));
        prop_assert!(near(m.nmpjpe16, m.nmpjpe17 * 17.0 / 16.0));
    }

    #[test]
    fn no_neighbouring_similarity_beats_the_fit(p in joints(), g in joints(), turn in [-0.1..0.1f64, -0.1..0.1f64, -0.1..0.1f64],
                                               grow in 0.9..1.1f64, shift in [-9.0..9.0f64, -9.0..9.0f64, -9.0..9.0f64]) {
        let fit = Alignment::fit(&p, &g);
        let turn = Rotation3::new(Vector3::from(turn));
        let cost = |f: &dyn Fn(Vector3<f64>) -> Vector3<f64>| p.iter().zip(&g).map(|(p, g)| (f(*p) - g).norm_squared()).sum::<f64>();
        let best = cost(&|x| fit.apply(x));
        let other = cost(&|x| turn * (fit.apply(x) - fit.to) * grow + fit.to + Vector3::from(shift));
        prop_assert!(best <= other * (1.0 + 1e-9));
    }
}
