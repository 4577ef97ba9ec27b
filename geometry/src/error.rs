//! Why no geometry could be found.

/// Why no geometry could be found, in words for the person at the rig.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say it")]
pub enum GeometryError {
    #[error("at least two cameras are needed, not {count}")]
    TooFewCameras { count: usize },

    #[error("instant {instant} has {views} views, and there are {cameras} cameras")]
    WrongViewCount { instant: usize, views: usize, cameras: usize },

    #[error("camera {camera}: pictures of {width} x {height} pixels cannot be used")]
    BadPictureSize { camera: usize, width: f64, height: f64 },

    #[error("{count} focal lengths are given for {cameras} cameras, or one of them is not above zero")]
    BadFocalLengths { count: usize, cameras: usize },

    #[error("two cameras see the person in {found} instants, and at least {needed} are needed")]
    TooFewInstants { found: usize, needed: usize },

    #[error(
        "camera {camera} sees the person together with the other cameras in {found} instants, and at least {needed} \
         are needed"
    )]
    CameraApart { camera: usize, found: usize, needed: usize },

    #[error("the 3D joints have no extent, so the scale is unknown")]
    NoExtent,

    #[error(
        "the cameras stand at one place: they are {baseline_mm:.0} mm apart and the person is {distance_mm:.0} mm away"
    )]
    CamerasAtOnePlace { baseline_mm: f64, distance_mm: f64 },

    #[error(
        "the cameras disagree about left and right in {contradicting} of {instants} instants, so none can be trusted"
    )]
    SidesInconsistent { contradicting: usize, instants: usize },

    #[error("camera {camera} seems to be {frames:+.1} frames apart, beyond the {most} that were searched")]
    OffsetTooLarge { camera: usize, frames: f64, most: usize },

    #[error("the search for the cameras did not converge")]
    NotConverged,

    #[error(
        "camera {camera} misses the points by {residual_px:.1} pixels (median), and at most {limit_px:.1} is allowed"
    )]
    ResidualTooHigh { camera: usize, residual_px: f64, limit_px: f64 },
}
