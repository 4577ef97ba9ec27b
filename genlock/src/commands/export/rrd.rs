//! Bodies, cameras and pictures as a recording of Rerun's.

use std::path::{Path, PathBuf};

use body::RigGeometry;
use frame::{CameraId, Encoding, Picture};
use miette::{IntoDiagnostic, WrapErr};
use outputs::RerunRecording;
use take::TakeReader;

use super::Streamed;
use crate::rig_board;

/// Writes all bodies, with the cameras where the take knows where they stand, and the pictures of the bodies' instants
/// where cameras sent JPEG. Returns how many bodies were written.
pub fn write(out: &Path, take: &TakeReader, bodies: &[Streamed], rate_hz: f64) -> miette::Result<usize> {
    let geometry = geometry(take.directory())?;
    let name = take.directory().file_name().unwrap_or_default().to_string_lossy();
    // The library logs what it cannot write, so the file gets its name only once it was read to its end.
    let mut draft = out.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let recording = RerunRecording::create(&draft, &name).into_diagnostic()?;
    match geometry {
        Some(geometry) => recording.cameras(bodies.first().map_or(0, utc_ns), &geometry).into_diagnostic()?,
        None => eprintln!("warning: the take does not know where its cameras stand, so they are not shown"),
    }
    for streamed in bodies {
        let places = &streamed.places;
        recording.body(utc_ns(streamed), &places.joints, &places.landmarks).into_diagnostic()?;
    }
    for (index, camera) in take.cameras().iter().enumerate() {
        let shown = pictures(&recording, take, (index, camera), bodies, rate_hz)?;
        println!("{camera}: {shown} pictures");
    }
    if let Err(error) = recording.finish() {
        // Half a file is of no use, and its disk may be full.
        let _ = std::fs::remove_file(&draft);
        return Err(error).into_diagnostic().wrap_err_with(|| draft.display().to_string());
    }
    std::fs::rename(&draft, out).into_diagnostic().wrap_err_with(|| out.display().to_string())?;
    Ok(bodies.len())
}

fn geometry(take: &Path) -> miette::Result<Option<RigGeometry>> {
    let file = take.join(rig_board::FILE);
    if !file.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&file).into_diagnostic().wrap_err_with(|| file.display().to_string())?;
    serde_json::from_str(&text).into_diagnostic().wrap_err_with(|| file.display().to_string()).map(Some)
}

fn utc_ns(streamed: &Streamed) -> i64 {
    streamed.message.exposure_utc_ns.unwrap_or(streamed.message.exposure_ns)
}

/// The camera's pictures of the bodies' instants. Returns how many.
fn pictures(
    recording: &RerunRecording,
    take: &TakeReader,
    (index, name): (usize, &str),
    bodies: &[Streamed],
    rate_hz: f64,
) -> miette::Result<usize> {
    let camera = CameraId(u16::try_from(index).into_diagnostic()?);
    let mut exposures: Vec<(i64, usize)> = (0..take.len(camera))
        .filter_map(|index| take.frame_info(camera, index).map(|info| (info.exposure.ns, index)))
        .collect();
    exposures.sort_unstable();
    let apart_ns = (0.5e9 / rate_hz) as i64;
    let mut shown = 0;
    for streamed in bodies {
        let at_ns = streamed.message.exposure_ns;
        let after = exposures.partition_point(|(exposure_ns, _)| *exposure_ns < at_ns);
        let near = exposures.get(after.saturating_sub(1)).into_iter().chain(exposures.get(after));
        let near = near.min_by_key(|(exposure_ns, _)| exposure_ns.abs_diff(at_ns));
        let Some((_, index)) = near.filter(|(exposure_ns, _)| (exposure_ns - at_ns).abs() < apart_ns) else { continue };
        let (info, bytes) = take.read(camera, *index).into_diagnostic()?;
        if matches!(info.picture, Picture::Encoded { encoding: Encoding::Mjpeg, .. }) {
            recording.picture(utc_ns(streamed), name, bytes).into_diagnostic()?;
            shown += 1;
        }
    }
    Ok(shown)
}
