//! Reads the poses of a planned take, from whichever data set it is.

use crate::labels::TakePoses;
use crate::plan::PoseFiles;
use crate::{DatasetError, PlannedTake, human36m, mpi_inf_3dhp};

impl PlannedTake {
    pub(crate) fn read_poses(&self) -> Result<TakePoses, DatasetError> {
        match &self.poses {
            PoseFiles::Human36m(files) => human36m::read_poses(files),
            PoseFiles::MpiInf3dhp(annotations, cameras) => mpi_inf_3dhp::read_poses(annotations, cameras),
        }
    }
}
