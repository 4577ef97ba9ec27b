//! `genlock export`: the bodies of a take, as they were streamed, in formats that other programs read.

mod bvh;
mod csv;
#[cfg(feature = "rerun")]
mod rrd;

use std::collections::BTreeSet;
use std::path::Path;

use body::{ConfirmedBody, MARKER_COUNT, MARKERS};
use miette::{IntoDiagnostic, WrapErr, miette};
use outputs::body_places;
use pose::markers::{MarkerFrame, Tracks};
use pose::{c3d, trc};
use take::TakeReader;
use transport::{BodyPose, PoseMessage};

use crate::cli::ExportArgs;

/// One streamed body.
struct Streamed {
    message: PoseMessage,
    body: BodyPose,
    places: ConfirmedBody,
}

/// What a file's ending asks for.
enum Format {
    Trc,
    C3d,
    Bvh,
    Csv,
    #[cfg(feature = "rerun")]
    Rrd,
}

fn format_of(out: &Path) -> miette::Result<Format> {
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("trc") => Ok(Format::Trc),
        Some("c3d") => Ok(Format::C3d),
        Some("bvh") => Ok(Format::Bvh),
        Some("csv") => Ok(Format::Csv),
        #[cfg(feature = "rerun")]
        Some("rrd") => Ok(Format::Rrd),
        #[cfg(not(feature = "rerun"))]
        Some("rrd") => Err(miette!("this genlock was built without the feature `rerun`, which writes .rrd")),
        _ => Err(miette!("{}: the name must end with .trc, .c3d, .bvh, .csv or .rrd", out.display())),
    }
}

pub fn run(args: &ExportArgs) -> miette::Result<()> {
    let format = format_of(&args.out)?;
    let take = TakeReader::open(&args.take).into_diagnostic()?;
    let bodies = bodies(&take).wrap_err_with(|| args.take.display().to_string())?;
    let rate_hz = take.info().trigger_rate_hz;
    if !(rate_hz.is_finite() && rate_hz > 0.0) {
        return Err(miette!("the take's rate is not known, so its bodies have no times"));
    }
    let written = match format {
        Format::Trc | Format::C3d => write_tracks(&args.out, &format, &bodies, rate_hz)?,
        Format::Bvh => bvh::write(&args.out, &bodies, rate_hz)?,
        Format::Csv => csv::write(&args.out, &bodies)?,
        #[cfg(feature = "rerun")]
        Format::Rrd => rrd::write(&args.out, &take, &bodies, rate_hz)?,
    };
    let geometries: BTreeSet<&str> = bodies.iter().map(|streamed| streamed.body.geometry_id.as_str()).collect();
    if geometries.len() > 1 {
        eprintln!(
            "warning: bodies stand in {} geometries of the rig, and may jump where it changed; `genlock infer` finds all in one",
            geometries.len()
        );
    }
    println!("{written} bodies written to {}", args.out.display());
    Ok(())
}

/// The bodies of a take in the order of their exposures.
fn bodies(take: &TakeReader) -> miette::Result<Vec<Streamed>> {
    let mut bodies = Vec::new();
    for (number, json) in take.poses().enumerate() {
        let message = PoseMessage::from_json(&json.into_diagnostic()?)
            .into_diagnostic()
            .wrap_err_with(|| format!("message {number} of the take's poses"))?;
        if let Some(body) = message.body.clone() {
            let places = places(&body).ok_or_else(|| miette!("message {number} has a body that is not whole"))?;
            bodies.push(Streamed { message, body, places });
        }
    }
    if bodies.is_empty() {
        return Err(miette!(
            help = "`genlock infer TAKE --out DIR` finds the bodies of a take from its pictures",
            "the session streamed no bodies"
        ));
    }
    bodies.sort_by_key(|streamed| streamed.message.exposure_ns);
    Ok(bodies)
}

/// `None` if joints or landmarks are missing.
fn places(body: &BodyPose) -> Option<ConfirmedBody> {
    let (joints, landmarks) = body_places(body).ok()?;
    let views = |all: &[u8]| all.iter().map(|&views| usize::from(views)).collect::<Vec<_>>();
    Some(ConfirmedBody {
        joints,
        landmarks,
        joint_views: views(&body.joint_views).try_into().ok()?,
        landmark_views: views(&body.landmark_views).try_into().ok()?,
    })
    .filter(|_| body.uncertainty_mm.len() == pose::JOINTS)
}

/// Marker tracks, as `genlock infer` writes them: without what no view confirms, and without bodies of one camera alone.
fn write_tracks(out: &Path, format: &Format, bodies: &[Streamed], rate_hz: f64) -> miette::Result<usize> {
    let kept: Vec<&Streamed> = bodies.iter().filter(|streamed| streamed.body.cameras.len() > 1).collect();
    let numbers = trc::numbers_by_time(kept.iter().map(|streamed| streamed.message.exposure_ns), rate_hz);
    let frame = |(source_index, streamed): (u32, &&Streamed)| MarkerFrame {
        source_index,
        markers_mm: <[_; MARKER_COUNT]>::into(streamed.places.markers()),
    };
    let tracks = Tracks {
        rate_hz,
        names: MARKERS.map(|(name, _)| name.to_owned()).to_vec(),
        frames: numbers.into_iter().zip(&kept).map(frame).collect(),
    };
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let written = match format {
        Format::C3d => c3d::write(out, &tracks),
        _ => trc::write(out, &name, &tracks),
    };
    written.into_diagnostic()?;
    Ok(kept.len())
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector3;

    use super::*;
    use crate::test_poses::message_without_people;

    /// Somebody who faces along x, with the right arm up and the left foot forward, `at_ms` after the first body.
    fn streamed(at_ms: i64, cameras: &[u16]) -> Streamed {
        let mut joints_mm = vec![[0.0, 0.0, 1000.0]; 17];
        joints_mm[16] = [0.0, -200.0, 2100.0];
        joints_mm[13] = [0.0, 300.0, 800.0];
        joints_mm[6] = [400.0, 100.0, 50.0];
        joints_mm[3] = [0.0, -100.0, 50.0];
        let body = BodyPose {
            person: 0,
            geometry_id: "g".into(),
            joints_mm,
            landmarks_mm: vec![[0.0; 3]; 7],
            uncertainty_mm: vec![20.0; 17],
            joint_views: (0..17).map(|joint| if joint == 2 { 0 } else { 3 }).collect(),
            landmark_views: vec![2; 7],
            cameras: cameras.to_vec(),
        };
        let message = PoseMessage {
            exposure_ns: 5_000_000_000 + at_ms * 1_000_000,
            body: Some(body.clone()),
            ..message_without_people(at_ms as u64)
        };
        Streamed { places: places(&body).unwrap(), message, body }
    }

    /// The values of a row, by the names of their columns.
    fn value(rows: &[Vec<String>], column: &str, row: usize) -> f64 {
        let at = rows[0].iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
        rows[row + 1][at].parse().unwrap()
    }

    #[test]
    fn tracks_have_y_up_and_the_person_looks_along_z() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.trc");
        let bodies = [streamed(0, &[0, 1]), streamed(70, &[0, 1]), streamed(100, &[1]), streamed(199, &[0, 1, 2])];
        assert_eq!(write_tracks(&out, &Format::Trc, &bodies, 10.0).unwrap(), 3, "without that of one camera");
        let text = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let at = |marker: &str| lines[3].iter().position(|name| *name == marker).unwrap();
        let first = lines.iter().skip(5).find(|line| line.len() > 10).unwrap();
        let place =
            |marker: &str| -> [f64; 3] { std::array::from_fn(|axis| first[at(marker) + axis].parse().unwrap()) };
        assert_eq!(place("RWrist"), [-0.2, 2.1, 0.0]);
        assert_eq!(place("LAnkle"), [0.1, 0.05, 0.4]);
        assert!(first[at("RKnee")].is_empty(), "no view confirms it");
        let read = trc::read(&out).unwrap();
        assert_eq!(read.frames.iter().map(|frame| frame.source_index).collect::<Vec<_>>(), [0, 1, 2]);
        let c3d = folder.path().join("a.c3d");
        write_tracks(&c3d, &Format::C3d, &bodies, 10.0).unwrap();
        let again = pose::markers::read(&c3d, None).unwrap().tracks;
        let wrist = again.names.iter().position(|name| name == "RWrist").unwrap();
        let apart = again.frames[0].markers_mm[wrist].unwrap() - read.frames[0].markers_mm[wrist].unwrap();
        assert!(again.names == read.names && apart.norm() < 0.01, "{apart}");
    }

    #[test]
    fn motions_are_files_of_stretches_without_holes_at_a_constant_rate() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.bvh");
        let whole = |at_ms: i64| {
            let proportions = skeleton::Proportions::of_height(1750.0);
            let shift = Vector3::new(at_ms as f64, 0.0, 950.0);
            let rest = skeleton::Posed::from_local(shift, &[skeleton::Turn::identity(); skeleton::Bone::COUNT]);
            let (joints, landmarks) = skeleton::forward(&proportions, &rest);
            let mut streamed = streamed(at_ms, &[0, 1]);
            (streamed.places.joints, streamed.places.landmarks) = (joints, landmarks);
            streamed
        };
        // Irregular for 1.2 s, then a hole, two bodies, another hole, and 1 s.
        let times = [0, 130, 200, 400, 800, 1200, 3000, 3100, 5000, 5500, 6000];
        let bodies: Vec<Streamed> = times.into_iter().map(whole).collect();
        assert_eq!(bvh::write(&out, &bodies, 10.0).unwrap(), 9, "without the two of a tenth of a second");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let (first, second) = (read("a.bvh"), read("a-2.bvh"));
        assert!(first.contains("Frames: 13\nFrame Time: 0.1") && second.contains("Frames: 11\n"), "{first}");
        // Forward is z, in centimetres; the person moved by 1 mm in 1 ms.
        let forward = |line: &str| -> f64 { line.split(' ').nth(2).unwrap().parse().unwrap() };
        let steps: Vec<f64> = first.lines().rev().take(13).map(forward).collect();
        assert!(steps.iter().rev().zip(0..).all(|(z, step)| (z - 10.0 * f64::from(step)).abs() < 1e-3), "{steps:?}");
        assert!(!folder.path().join("a-3.bvh").exists());
    }

    #[test]
    fn tables_have_z_up_in_millimetres() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.csv");
        assert_eq!(csv::write(&out, &[streamed(0, &[0, 1]), streamed(40, &[1])]).unwrap(), 2);
        let text = std::fs::read_to_string(&out).unwrap();
        let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        assert!(rows.iter().all(|row| row.len() == 7 + 3 * (17 + 7) + 17), "{text}");
        assert_eq!(value(&rows, "time_s", 1), 0.04);
        assert_eq!(value(&rows, "right_wrist_z_mm", 0), 2100.0);
        assert_eq!(value(&rows, "left_foot_x_mm", 0), 400.0);
        assert_eq!(value(&rows, "head_uncertainty_mm", 0), 20.0);
    }
}
