//! Published poses of a take, and their calibration.

use std::collections::BTreeMap;
use std::path::Path;

use infer::recording::Instant;
use miette::{IntoDiagnostic, miette};
use pose::WorldJoints;
use pose::calibration::CalibratedCamera;
use pose::mapping::Mapping;

/// The published poses by source frame, and the published cameras.
pub struct Truth {
    by_source: BTreeMap<u32, WorldJoints>,
    pub cameras: Vec<CalibratedCamera>,
}

impl Truth {
    pub fn read(trc: &Path, calibration: &Path) -> miette::Result<Self> {
        let file = pose::trc::read(trc).into_diagnostic()?;
        let mapping = Mapping::new(&file).map_err(|problem| miette!("{}: {problem}", trc.display()))?;
        let joints = |frame: &pose::trc::TrcFrame| Some((frame.source_index, mapping.joints(&frame.markers_mm)?));
        let by_source = file.frames.iter().filter_map(joints).collect();
        Ok(Self { by_source, cameras: pose::calibration::read(calibration).into_diagnostic()? })
    }

    pub fn at(&self, instant: &Instant) -> Option<&WorldJoints> {
        self.by_source.get(&instant.source?.index)
    }
}
