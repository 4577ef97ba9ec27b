//! nokhwa: which cameras this machine has. It drops sequence numbers and kernel times, so it lists, and does not
//! capture where cameras must be in step.

use nokhwa::query;
use nokhwa::utils::ApiBackend;

use crate::DriverError;

/// A camera as the system names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCamera {
    /// What a rig file puts into `source`.
    pub device: String,
    pub name: String,
    pub description: String,
}

/// All cameras of this machine; an empty list where there is none.
pub fn list() -> Result<Vec<FoundCamera>, DriverError> {
    let found = query(ApiBackend::Auto)
        .map_err(|e| DriverError::open(format!("cannot list cameras: {e}"), "check the permissions of /dev/video*"))?;
    let mut cameras: Vec<_> = found
        .iter()
        .map(|camera| FoundCamera {
            device: format!("/dev/video{}", camera.index()),
            name: camera.human_name(),
            description: camera.description().to_owned(),
        })
        .collect();
    cameras.sort_by(|a, b| a.device.cmp(&b.device));
    Ok(cameras)
}
