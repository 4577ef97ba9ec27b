//! Openers of drivers, whatever their type.

use capture::{CameraDriver, DriverError, OpenDriver};

/// What opens a driver, for a camera's description.
pub(super) fn opener<D: CameraDriver + 'static>(
    mut open: impl FnMut() -> Result<D, DriverError> + Send + 'static,
) -> OpenDriver {
    Box::new(move || Ok(Box::new(open()?)))
}
