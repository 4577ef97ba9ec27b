//! A recorded take as a rig.

use std::path::Path;

use calibration_free_config::{Rig, TriggerMode};
use frame::Problem;
use take::TakeReader;

use super::rig_of_replays;

/// The rig whose cameras play a take once, and the description of the rig that recorded it.
///
/// # Errors
/// The take cannot be read, or holds no frame.
pub fn take_rig(directory: &Path) -> Result<(Rig, String), Problem> {
    let take = TakeReader::open(directory).map_err(|error| Problem::new(error.to_string()))?;
    if take.is_empty() {
        return Err(Problem::with_remedy(format!("{} holds no frame", directory.display()), "choose another take"));
    }
    let info = take.info();
    // A take of another tool may have another rig description; then its triggers are all there is.
    let recorded = Rig::from_toml_str(&info.rig_toml, "the take's rig").ok().map(|(rig, _)| rig.trigger);
    let tolerance_ms =
        recorded.filter(|trigger| trigger.mode == TriggerMode::FreeRun).map(|trigger| trigger.tolerance_ms);
    let cameras = take.cameras().iter().map(|name| (&**name, directory));
    let rig = rig_of_replays("take", info.trigger_rate_hz, tolerance_ms, cameras)?;
    Ok((rig, info.rig_toml.clone()))
}
