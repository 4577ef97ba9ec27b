//! Whether a calibration agrees with the geometry that the rig found for itself.

use body::RigGeometry;
use body::metrics::camera_errors;
use miette::{Context, IntoDiagnostic, bail};
use pose::calibration::{self, CalibratedCamera};
use take::TakeReader;

use crate::cli::LabelsImportArgs;
use crate::rig_board;

/// How far the turns between cameras may be apart, on average. The rig's own are usually within 3°.
const MAX_DEGREES: f64 = 12.0;

/// Compares the calibration with the geometry that was found for the take, where there is one.
///
/// # Errors
/// By how much they differ; or the geometry's file cannot be read.
pub fn check(args: &LabelsImportArgs, take: &TakeReader) -> miette::Result<()> {
    let stored = take.directory().join(rig_board::FILE);
    let Some(file) = args.geometry.clone().or_else(|| stored.is_file().then_some(stored)) else { return Ok(()) };
    let read = || -> miette::Result<RigGeometry> {
        serde_json::from_str(&std::fs::read_to_string(&file).into_diagnostic()?).into_diagnostic()
    };
    let geometry = read().wrap_err_with(|| format!("{} cannot be read", file.display()))?;
    let calibrated = calibration::read(&args.calibration).into_diagnostic()?;
    let renamed = |camera: CalibratedCamera| {
        let named = args.cameras.iter().find(|named| named.calibrated == camera.name);
        CalibratedCamera { name: named.map_or(camera.name, |named| named.name.clone()), ..camera }
    };
    let calibrated: Vec<CalibratedCamera> = calibrated.into_iter().map(renamed).collect();
    let Some(errors) = camera_errors(&geometry, &calibrated) else { return Ok(()) };
    if errors.rotation_degrees > MAX_DEGREES {
        bail!(
            "the calibration turns cameras against each other by {:.0}° otherwise than the geometry that the rig found for \
             itself ({}), where {MAX_DEGREES:.0}° would pass; exchanged cameras or another rig do that",
            errors.rotation_degrees,
            file.display()
        );
    }
    println!("the calibration and the rig's own geometry agree to {:.1}°", errors.rotation_degrees);
    Ok(())
}
