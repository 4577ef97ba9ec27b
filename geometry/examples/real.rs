//! The accuracy on joints found in real pictures, against a published calibration and 3D points.
//!
//! The only argument is a JSON file:
//! `{"sizes_px": [[width, height], ...], "instants": [[view or null, ...], ...], "limb_points": [12 indices],
//! "truth_limbs_mm": [[[x, y, z], ...], ...], "published": [{"focal_px", "rotation": 3 x 3, "translation_mm"}, ...]}`,
//! one instant a frame, with `{"px": [[x, y], ...], "weight": [...], "root_relative_mm": [[x, y, z], ...]}` of 19
//! points as a view. Published data is used for scoring only, not for solutions. Distances are in millimetres.

use std::error::Error;
use std::time::Instant;

use geometry::{
    Camera, GeometryError, Observation, Options, POINT_COUNT, Selection, find_camera, fit_body, similarity, solve,
    velocities, verdict, world,
};
use nalgebra::{Matrix3, Rotation3, Vector3};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Views = Vec<Option<Observation>>;

struct Take {
    sizes: Vec<[f64; 2]>,
    instants: Vec<Views>,
    limbs: Vec<usize>,
    truth: Vec<Vec<Vector3<f64>>>,
    published: Vec<Published>,
}

struct Published {
    focal: f64,
    rotation: Matrix3<f64>,
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().ok_or_else(|| format!("{value} is no number").into())
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    value.as_array().ok_or_else(|| format!("{value} is no list"))?.iter().map(read).collect()
}

fn several<const N: usize>(value: &Value) -> Result<[f64; N]> {
    list(value, number)?.try_into().map_err(|_| format!("{value} has not {N} numbers").into())
}

fn points<const N: usize>(value: &Value) -> Result<[[f64; N]; POINT_COUNT]> {
    list(value, several::<N>)?.try_into().map_err(|_| format!("not {POINT_COUNT} points").into())
}

fn view(value: &Value) -> Result<Option<Observation>> {
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(Observation {
        px: points(&value["px"])?,
        weight: several(&value["weight"])?,
        root_relative_mm: points(&value["root_relative_mm"])?,
        velocity_px: None,
    }))
}

fn read(path: &str) -> Result<Take> {
    let file: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let mut take = Take {
        sizes: list(&file["sizes_px"], several)?,
        instants: list(&file["instants"], |views| list(views, view))?,
        limbs: list(&file["limb_points"], number)?.into_iter().map(|index| index as usize).collect(),
        truth: list(&file["truth_limbs_mm"], |limbs| list(limbs, |limb| Ok(Vector3::from(several(limb)?))))?,
        published: list(&file["published"], |camera| {
            Ok(Published {
                focal: number(&camera["focal_px"])?,
                rotation: Matrix3::from_row_iterator(list(&camera["rotation"], several::<3>)?.into_iter().flatten()),
            })
        })?,
    };
    for camera in 0..take.sizes.len() {
        let track: Vec<_> = take.instants.iter().map(|views| views[camera].as_ref().map(|view| view.px)).collect();
        for (views, velocity) in take.instants.iter_mut().zip(velocities(&track)) {
            if let Some(view) = &mut views[camera] {
                view.velocity_px = velocity;
            }
        }
    }
    Ok(take)
}

/// Which part of the take is solved, and how.
struct Case {
    cameras: Vec<usize>,
    chosen: Vec<usize>,
    /// Per camera of the take, in frames.
    shifts: Vec<isize>,
    options: Options,
}

impl Case {
    fn of(cameras: &[usize], chosen: Vec<usize>) -> Self {
        Self { cameras: cameras.to_vec(), chosen, shifts: Vec::new(), options: Options::default() }
    }

    fn views(&self, take: &Take, instant: usize) -> Views {
        let shifted = |camera: &usize| {
            let shift = self.shifts.get(*camera).copied().unwrap_or(0);
            let at = instant.saturating_add_signed(shift).min(take.instants.len() - 1);
            take.instants[at][*camera].clone()
        };
        self.cameras.iter().map(shifted).collect()
    }
}

/// The mean distance of the limbs after a similarity for each instant (P), and after one for all.
struct Score {
    own: f64,
    /// P of the instant where it is largest.
    worst: f64,
    rig: f64,
    scale: f64,
}

fn score(pairs: &[Vec<(Vector3<f64>, Vector3<f64>)>]) -> Option<Score> {
    let mean = |lay: &geometry::Similarity, pairs: &[(Vector3<f64>, Vector3<f64>)]| {
        pairs.iter().map(|(found, truth)| (lay.point(found) - truth).norm()).sum::<f64>() / pairs.len() as f64
    };
    let each: Vec<f64> = pairs.iter().map(|pairs| Some(mean(&similarity(pairs)?, pairs))).collect::<Option<_>>()?;
    let all: Vec<_> = pairs.concat();
    let lay = similarity(&all)?;
    Some(Score {
        own: each.iter().sum::<f64>() / each.len() as f64,
        worst: each.iter().copied().fold(0.0, f64::max),
        rig: mean(&lay, &all),
        scale: lay.scale,
    })
}

fn rotation_error(take: &Take, case: &Case, cameras: &[Camera]) -> f64 {
    let mut angles = Vec::new();
    for (a, &true_a) in case.cameras.iter().enumerate() {
        for (b, &true_b) in case.cameras.iter().enumerate().skip(a + 1) {
            let found = cameras[b].rotation * cameras[a].rotation.transpose();
            let truth = take.published[true_b].rotation * take.published[true_a].rotation.transpose();
            angles.push(Rotation3::from_matrix_unchecked(found * truth.transpose()).angle().to_degrees());
        }
    }
    angles.iter().sum::<f64>() / angles.len() as f64
}

/// Solves from the chosen instants, labels every instant, and prints one line.
fn run(take: &Take, name: &str, case: &Case) -> Result<()> {
    let sizes: Vec<[f64; 2]> = case.cameras.iter().map(|&camera| take.sizes[camera]).collect();
    let chosen: Vec<Views> = case.chosen.iter().map(|&instant| case.views(take, instant)).collect();
    let begin = Instant::now();
    let solution = match solve(&sizes, &chosen, &case.options) {
        Ok(solution) => solution,
        Err(error) => {
            println!("{name:24} refused: {error}");
            return Ok(());
        }
    };
    let seconds = begin.elapsed().as_secs_f64();
    let cameras = solution.cameras();
    let limbs = |points: &[Vector3<f64>; POINT_COUNT], instant: usize| {
        take.limbs.iter().zip(&take.truth[instant]).map(|(&point, truth)| (points[point], *truth)).collect::<Vec<_>>()
    };
    let solved: Vec<_> = solution
        .points_mm
        .iter()
        .zip(&case.chosen)
        .filter_map(|(points, &instant)| Some(limbs(points.as_ref()?, instant)))
        .collect();
    let labelled: std::result::Result<Vec<_>, GeometryError> = (0..take.instants.len())
        .map(|instant| {
            let body = fit_body(&cameras, &solution.bone_lengths_mm, &case.views(take, instant))?;
            Ok(body.map(|body| limbs(&body.points_mm, instant)))
        })
        .collect();
    let labelled: Vec<_> = labelled?.into_iter().flatten().collect();
    let Score { own, rig, scale, .. } = score(&solved).ok_or("points without extent")?;
    let Score { own: own_all, worst, rig: rig_all, .. } = score(&labelled).ok_or("points without extent")?;
    let residuals: Vec<String> = solution.cameras.iter().map(|camera| format!("{:.1}", camera.residual_px)).collect();
    let focal = 100.0 * (cameras[0].focal_px / take.published[case.cameras[0]].focal - 1.0);
    print!(
        "{name:24} P {own:5.1} rig {rig:5.1} | all P {own_all:5.1} (worst {worst:3.0}) rig {rig_all:5.1} | scale {scale:.3} rotation {:4.1} \
         focal {focal:+5.1} % | residuals {} px, {} exchanged, {seconds:.2} s",
        rotation_error(take, case, &cameras),
        residuals.join(" "),
        solution.exchanged_views,
    );
    if case.options.time_offsets {
        let offsets: Vec<String> =
            cameras.iter().map(|camera| format!("{:.2}", camera.time_offset_frames.unwrap_or(f64::NAN))).collect();
        print!(" | offsets {} frames", offsets.join(" "));
    }
    let uncertain: Vec<String> = solution
        .cameras
        .iter()
        .map(|camera| {
            camera.uncertainty.as_ref().map_or("unknown".into(), |of| {
                let focal = of.focal_percent.map_or("held".into(), |focal| format!("{focal:.1} %"));
                format!("{:.2}° {:.0} mm {focal}", of.rotation_degrees, of.position_mm)
            })
        })
        .collect();
    println!(
        " | {} of {} labelled, {} contradict | told uncertain by {}",
        labelled.len(),
        take.instants.len(),
        solution.contradicting_instants,
        uncertain.join(", ")
    );
    Ok(())
}

/// What else the crate tells of a rig from some instants: up, verdict, and each camera found again by the others.
fn run_more(take: &Take, case: &Case) -> Result<()> {
    let sizes: Vec<[f64; 2]> = case.cameras.iter().map(|&camera| take.sizes[camera]).collect();
    let chosen: Vec<Views> = case.chosen.iter().map(|&instant| case.views(take, instant)).collect();
    let solution = solve(&sizes, &chosen, &case.options)?;
    let cameras = solution.cameras();
    match world(&cameras, &solution.points_mm, None) {
        Some(world) => {
            // The published world has z up; the solution's axes are the first camera's.
            let published = take.published[case.cameras[0]].rotation * Vector3::z();
            println!(
                "up from {} standing instants: {:.1} degrees from the published one, spread {:.1}; standing height {:.0}",
                world.up.instants,
                world.up.direction.angle(&published).to_degrees(),
                world.up.spread_degrees,
                world.height_mm
            );
            println!("{:?}", verdict(&sizes, &chosen, &case.options, &solution, Some(&world.up)));
        }
        None => println!("up is not known; {:?}", verdict(&sizes, &chosen, &case.options, &solution, None)),
    }
    for camera in 0..cameras.len() {
        let others: Vec<usize> = (0..cameras.len()).filter(|&other| other != camera).collect();
        let part = |views: &Views| -> Views { others.iter().map(|&other| views[other].clone()).collect() };
        let without: Vec<Views> = chosen.iter().map(part).collect();
        let other_sizes: Vec<[f64; 2]> = others.iter().map(|&other| sizes[other]).collect();
        let rest = match solve(&other_sizes, &without, &case.options) {
            Ok(rest) => rest,
            Err(error) => {
                println!("without camera {camera}: {error}");
                continue;
            }
        };
        let views: Vec<_> = chosen.iter().map(|views| views[camera].clone()).collect();
        let options = Options { focal_px: Some(vec![rest.cameras[0].camera.focal_px]), ..case.options.clone() };
        match find_camera(sizes[camera], &rest.points_mm, &views, &options) {
            Ok(found) => {
                let mut all = rest.cameras();
                all.insert(camera, found.camera.clone());
                println!(
                    "camera {camera} found by the others: residual {:.1} px, rotations of all {:.1} degrees off",
                    found.residual_px,
                    rotation_error(take, case, &all)
                );
            }
            Err(error) => println!("camera {camera} not found by the others: {error}"),
        }
    }
    Ok(())
}

/// The instants that a stream of the whole take leaves.
fn selected(take: &Take, count: usize) -> Vec<usize> {
    let mut selection = Selection::new(&take.sizes, count);
    for (instant, views) in take.instants.iter().enumerate() {
        selection.offer(instant as u64, views);
    }
    selection.names().into_iter().map(|name| name as usize).collect()
}

/// `count` instants from the whole take, evenly.
fn spread(take: &Take, count: usize) -> Vec<usize> {
    let last = take.instants.len() - 1;
    (0..count).map(|at| (at * last) / (count - 1).max(1)).collect()
}

/// Recordings shifted against one another, whose offsets are then found, less what was made.
fn offsets(take: &Take) {
    for late in [[0, 0, 0, 0], [0, 7, 0, 0], [0, 0, 12, 3], [5, 0, 11, 2], [0, 0, 5, 0], [12, 0, 0, 0], [0, 9, 4, 0]] {
        let track = |camera: usize| take.instants[late[camera]..].iter().map(|views| views[camera].clone()).collect();
        let found = geometry::time_offsets(&take.sizes, &(0..4).map(track).collect::<Vec<_>>(), 30);
        print!("late {late:?}: ");
        match found {
            Ok(found) => {
                for (camera, found) in found.iter().enumerate().skip(1) {
                    let made = late[0] as f64 - late[camera] as f64;
                    let uncertainty = found.uncertainty_frames.unwrap_or(f64::NAN);
                    print!("{:+.2} ±{uncertainty:.2} ({:.2}) ", found.frames - made, found.confidence);
                }
                println!();
            }
            Err(error) => println!("{error}"),
        }
    }
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or("give the JSON file with the take")?;
    let take = read(&path)?;
    let all: Vec<usize> = (0..take.sizes.len()).collect();
    run(&take, "all instants", &Case::of(&all, (0..take.instants.len()).collect()))?;
    for count in [25, 12, 6, 3] {
        run(&take, &format!("{count} instants"), &Case::of(&all, spread(&take, count)))?;
    }
    for count in [25, 12, 6] {
        let chosen = selected(&take, count);
        run(&take, &format!("{} selected", chosen.len()), &Case::of(&all, chosen))?;
    }
    for begin in [0, 25, 50, 75] {
        run(&take, &format!("{begin} to {}", begin + 24), &Case::of(&all, (begin..begin + 25).collect()))?;
    }
    for left_out in 0..all.len() {
        let cameras: Vec<usize> = all.iter().copied().filter(|&camera| camera != left_out).collect();
        run(&take, &format!("cameras {cameras:?}"), &Case::of(&cameras, spread(&take, 25)))?;
    }
    for a in 0..all.len() {
        for b in a + 1..all.len() {
            run(&take, &format!("cameras {:?}", [a, b]), &Case::of(&[a, b], spread(&take, 25)))?;
        }
    }
    for shifts in [[0, 0, 0, 0], [0, 1, 0, 0], [0, 2, 0, 0], [0, 5, 0, 0], [0, 0, -2, 0], [0, 0, 0, 1], [0, 2, 0, -2]] {
        for chosen in [spread(&take, 25), (0..take.instants.len()).collect()] {
            let name = format!("{} {shifts:?} late", chosen.len());
            let mut case = Case::of(&all, chosen);
            case.shifts = shifts.to_vec();
            case.options.time_offsets = true;
            run(&take, &name, &case)?;
        }
    }
    run_more(&take, &Case::of(&all, spread(&take, 25)))?;
    offsets(&take);
    Ok(())
}
