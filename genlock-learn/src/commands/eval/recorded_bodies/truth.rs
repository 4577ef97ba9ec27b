//! Published poses of a take, and their calibration.

use std::collections::BTreeMap;
use std::path::Path;

use infer::recording::Instant;
use miette::{IntoDiagnostic, miette};
use pose::WorldJoints;
use pose::calibration::CalibratedCamera;
use pose::mapping::Mapping;
use take::TakeReader;

/// The published poses by source frame, and the published cameras.
pub struct Truth {
    by_source: BTreeMap<u32, WorldJoints>,
    pub cameras: Vec<CalibratedCamera>,
}

impl Truth {
    pub fn read(markers: &Path, calibration: &Path, take: &TakeReader) -> miette::Result<Self> {
        let file = pose::markers::read(markers, None).into_diagnostic()?.tracks;
        let of_markers = |problem| miette!("{}: {problem}", markers.display());
        if let Some(source_hz) = take.info().source_rate_hz {
            pose::labels::check_rate(file.rate_hz, source_hz).map_err(of_markers)?;
        }
        let mapping = Mapping::new(&file).map_err(of_markers)?;
        let joints =
            |frame: &pose::markers::MarkerFrame| Some((frame.source_index, mapping.joints(&frame.markers_mm)?));
        let by_source = file.frames.iter().filter_map(joints).collect();
        Ok(Self { by_source, cameras: pose::calibration::read(calibration).into_diagnostic()? })
    }

    pub fn at(&self, instant: &Instant) -> Option<&WorldJoints> {
        self.by_source.get(&instant.source?.index)
    }
}
