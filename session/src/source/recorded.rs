//! A recorded take as a rig.

use std::path::Path;

use calibration_free_config::{Rig, TriggerMode};
use capture::PulseTrain;
use capture::drivers::replay::Playing;
use frame::{CameraId, Problem, TriggerIndex};
use take::TakeReader;

use super::{divisor, rig_of_replays};

/// The rig whose cameras play a take once, and the description of the rig that recorded it.
///
/// # Errors
/// The take cannot be read, or holds no frame.
pub fn take_rig(directory: &Path) -> Result<(Rig, String), Problem> {
    let take = TakeReader::open(directory).map_err(|error| Problem::new(error.to_string()))?;
    let rig = rig_of(&take)?;
    Ok((rig, take.info().rig_toml.clone()))
}

/// The rig whose cameras play a take again and again, such as one that was imported from videos.
///
/// # Errors
/// The folder is no take, or none that can be looped.
pub fn footage_rig(directory: &Path) -> Result<Rig, Problem> {
    let make = format!("make a take of videos by `genlock import videos {} --out TAKE`", directory.display());
    if !directory.is_dir() {
        return Err(Problem::with_remedy(format!("{} is no folder", directory.display()), "name the folder of a take"));
    }
    if directory.join("footage.json").is_file() {
        let what = format!("{} was prepared by an older version", directory.display());
        return Err(Problem::with_remedy(
            what,
            "make a take of the videos by `genlock import videos VIDEOS --out TAKE`",
        ));
    }
    if !directory.join("take.toml").is_file() {
        return Err(Problem::with_remedy(format!("{} is no take", directory.display()), make));
    }
    let take = TakeReader::open(directory).map_err(|error| Problem::new(error.to_string()))?;
    let rig = rig_of(&take)?;
    instants(&take)?;
    Ok(rig)
}

/// How a take is looped at these pulses.
pub(super) fn looping(take: &TakeReader, pulses: PulseTrain) -> Result<Playing, Problem> {
    let rate_hz = take.info().trigger_rate_hz;
    let divisor = divisor(take.directory(), rate_hz, pulses)?;
    Ok(Playing::Looping { instants: instants(take)?, period_ns: 1e9 / rate_hz, divisor })
}

/// Instants of a take that can be looped: of one segment, with triggers that count from 0.
fn instants(take: &TakeReader) -> Result<u32, Problem> {
    let cameras = (0..take.cameras().len()).map(|camera| CameraId(camera as u16));
    let frames = cameras.flat_map(|camera| (0..take.len(camera)).filter_map(move |at| take.frame_info(camera, at)));
    let (mut instants, mut segment) = (0, None);
    for info in frames {
        let lone = *segment.get_or_insert(info.segment) == info.segment;
        let length = info.source.map_or(0, |source| source.length);
        let TriggerIndex::Certain(pulse) = info.trigger else { return Err(not_looped(take)) };
        match u32::try_from(pulse) {
            Ok(pulse) if lone && (length == 0 || pulse < length) => instants = instants.max(length).max(pulse + 1),
            _ => return Err(not_looped(take)),
        }
    }
    Ok(instants)
}

fn not_looped(take: &TakeReader) -> Problem {
    let directory = take.directory().display();
    Problem::with_remedy(
        format!("{directory} cannot be played again and again: its instants do not count from 0 to its end"),
        format!("play it once by `genlock demo --from {directory}`"),
    )
}

fn rig_of(take: &TakeReader) -> Result<Rig, Problem> {
    let directory = take.directory();
    if take.is_empty() {
        return Err(Problem::with_remedy(format!("{} holds no frame", directory.display()), "choose another take"));
    }
    let info = take.info();
    // A take of another tool may have another rig description; then its triggers are all there is.
    let recorded = Rig::from_toml_str(&info.rig_toml, "the take's rig").ok().map(|(rig, _)| rig.trigger);
    let tolerance_ms =
        recorded.filter(|trigger| trigger.mode == TriggerMode::FreeRun).map(|trigger| trigger.tolerance_ms);
    let cameras = take.cameras().iter().map(|name| (&**name, directory));
    rig_of_replays("take", info.trigger_rate_hz, tolerance_ms, cameras)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_take_says_how_to_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| footage_rig(path).unwrap_err().to_string();
        assert!(said(&folder.path().join("nowhere")).contains("nowhere is no folder"));
        assert!(said(folder.path()).contains("is no take; make a take of videos by `genlock import videos"));
        std::fs::write(folder.path().join("footage.json"), "{}").unwrap();
        assert!(said(folder.path()).contains("was prepared by an older version"));
    }
}
