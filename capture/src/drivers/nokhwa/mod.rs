//! nokhwa: lists this machine's cameras, and captures from them where there is no better driver. It hides sequence
//! numbers, so its own losses are not counted, and does not tell what its time stamps mark.

mod grabber;

use std::collections::BTreeSet;
use std::time::Duration;

use calibration_free_config::{CameraFormat, CameraSettings, Exposes};
use crossbeam::channel::RecvTimeoutError;
use frame::{Encoding, LossReason, Picture, PixelFormat, SegmentId, Slot, TriggerIndex};
use nokhwa::utils::{
    ApiBackend, CameraFormat as Offer, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
};
use nokhwa::{Camera, NokhwaError, query};

use super::kernel_stamp::{KernelStamps, Marks};
use super::{FoundWebcam, jpeg};
use crate::{CameraDriver, DriverError, DriverEvent, Stamp, Unit};
use grabber::{Grabbed, Grabber};

/// All cameras of this machine, in the order of their devices; the list may be empty. Fails if the system cannot be
/// asked.
pub fn list() -> Result<Vec<FoundWebcam>, DriverError> {
    let found = query(ApiBackend::Auto)
        .map_err(|e| DriverError::open(format!("cannot list cameras: {e}"), "check the permissions of /dev/video*"))?;
    let mut cameras: Vec<_> = found
        .iter()
        .map(|camera| FoundWebcam {
            device: format!("/dev/video{}", camera.index()),
            name: camera.human_name(),
            description: camera.description().to_owned(),
        })
        .collect();
    cameras.sort_by(|a, b| a.device.cmp(&b.device));
    Ok(cameras)
}

/// A camera as a rig describes it.
#[derive(Clone, Debug)]
pub struct NokhwaCamera {
    /// The number of the camera, or its device on Linux.
    pub source: String,
    /// Format and size to request, and the delay of the time stamps if it was measured; no exposure and no gain.
    pub settings: CameraSettings,
    /// Must be [`Exposes::Freely`], since nokhwa does not support triggers.
    pub exposes: Exposes,
    /// Pictures per second: one of the rates that the camera offers.
    pub rate_hz: f64,
}

impl NokhwaCamera {
    /// Opens, configures and starts the camera. Fails if it is not there, or nokhwa cannot do what is set.
    pub fn open(&self) -> Result<NokhwaDriver, DriverError> {
        let (source, settings) = (&self.source, &self.settings);
        if self.exposes != Exposes::Freely {
            let remedy = "set trigger.mode to \"free-run\", or use driver \"aravis\" with a machine-vision camera";
            return Err(DriverError::open(format!("camera {source}: nokhwa does not support triggers"), remedy));
        }
        if settings.exposure_us.or(settings.gain_db).is_some() {
            let remedy = "leave exposure-us and gain-db out, or use driver \"v4l2\"";
            return Err(DriverError::open(format!("camera {source}: nokhwa cannot set exposure or gain"), remedy));
        }
        let index = index_of(source).ok_or_else(|| {
            DriverError::open(format!("{source} is no camera"), "`genlock cameras` lists the available ones")
        })?;
        let this = self.clone();
        let (grabber, format) = Grabber::start(move || this.start(index))?;
        let (delay, uncertainty) = (settings.least_delay_ms, settings.least_delay_uncertainty_ms);
        let stamps = KernelStamps::new(source, self.rate_hz, delay, uncertainty);
        Ok(NokhwaDriver { stamps, picture: picture(format), grabber })
    }

    fn start(&self, index: u32) -> Result<Camera, DriverError> {
        let failed = |error: NokhwaError| failed(&self.source, &error);
        let offer = self.choose(index)?;
        let mut camera = open(index, RequestedFormatType::Exact(offer)).map_err(failed)?;
        camera.open_stream().map_err(failed)?;
        Ok(camera)
    }

    /// The offered format that matches the rig. Values that the rig leaves out are those of nokhwa's first format.
    fn choose(&self, index: u32) -> Result<Offer, DriverError> {
        let (source, settings) = (&self.source, &self.settings);
        let mut camera = open(index, RequestedFormatType::None).map_err(|error| failed(source, &error))?;
        let mut offers = camera.compatible_camera_formats().map_err(|error| failed(source, &error))?;
        offers.retain(|offer| known(offer.format()));
        let first = camera.camera_format();
        let wanted = settings.format.map_or(Some(first.format()), format_of);
        let (width, height) = settings.size_px.unwrap_or((first.width(), first.height()));
        let fits = |offer: &&Offer| {
            Some(offer.format()) == wanted
                && (offer.width(), offer.height()) == (width, height)
                && f64::from(offer.frame_rate()) == self.rate_hz
        };
        offers.iter().find(fits).copied().ok_or_else(|| {
            let format = wanted.map_or("this format".into(), |format| format.to_string());
            let what =
                format!("camera {source} does not send {width}×{height} pixels in {format} at {} Hz", self.rate_hz);
            let near: BTreeSet<_> = offers
                .iter()
                .filter(|offer| settings.size_px.is_none_or(|size| (offer.width(), offer.height()) == size))
                .map(|offer| {
                    format!("{}×{} {} {} Hz", offer.width(), offer.height(), offer.format(), offer.frame_rate())
                })
                .collect();
            DriverError::open(what, format!("it offers {}", near.into_iter().collect::<Vec<_>>().join(", ")))
        })
    }
}

/// An open, streaming camera.
pub struct NokhwaDriver {
    stamps: KernelStamps,
    picture: Picture,
    grabber: Grabber,
}

impl CameraDriver for NokhwaDriver {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let Grabbed { buffer, stamp_ns, arrival_ns } = match self.grabber.units.recv_timeout(wait) {
            Ok(grabbed) => grabbed.map_err(DriverError::Stream)?,
            Err(RecvTimeoutError::Timeout) => return Ok(DriverEvent::Idle),
            Err(RecvTimeoutError::Disconnected) => return Err(DriverError::Stream("nokhwa's thread is gone".into())),
        };
        let Some(bytes) = whole(self.picture, buffer.buffer()) else {
            return Ok(DriverEvent::Lost { reason: LossReason::Incomplete, frames: 1 });
        };
        if let Some(slot) = slot {
            slot.bytes_mut().extend_from_slice(bytes);
        }
        Ok(DriverEvent::Unit(Unit {
            segment: SegmentId::seam(0),
            exposure: Stamp::Host(self.stamps.exposure(stamp_ns, Marks::Later, arrival_ns)),
            exposure_duration_ns: 0,
            counter: None,
            trigger: TriggerIndex::Unresolved,
            source: None,
            picture: self.picture,
        }))
    }
}

/// The bytes of a complete picture: nokhwa returns the whole buffer, however much of it the camera filled.
fn whole(picture: Picture, bytes: &[u8]) -> Option<&[u8]> {
    let length = match picture {
        Picture::Encoded { .. } => jpeg::length(bytes)?,
        Picture::Raw { format, width_px, height_px, .. } => {
            let pixels = width_px as usize * height_px as usize;
            match format {
                PixelFormat::Gray8 | PixelFormat::Bayer8(_) => pixels,
                PixelFormat::Nv12 => pixels * 3 / 2,
                PixelFormat::Yuyv => pixels * 2,
                PixelFormat::Rgb8 => pixels * 3,
            }
        }
    };
    bytes.get(..length)
}

fn open(index: u32, format: RequestedFormatType) -> Result<Camera, NokhwaError> {
    let any = [FrameFormat::MJPEG, FrameFormat::YUYV, FrameFormat::NV12, FrameFormat::GRAY, FrameFormat::RAWRGB];
    Camera::new(CameraIndex::Index(index), RequestedFormat::with_formats(format, &any))
}

/// The number of a camera; links to devices are resolved.
fn index_of(source: &str) -> Option<u32> {
    if let Ok(index) = source.parse() {
        return Some(index);
    }
    let path = std::fs::canonicalize(source).ok()?;
    path.to_str()?.strip_prefix("/dev/video")?.parse().ok()
}

fn failed(source: &str, error: &NokhwaError) -> DriverError {
    let remedy = "`genlock cameras` lists the available ones; driver \"v4l2\" gives more details";
    DriverError::open(format!("camera {source} does not open: {error}"), remedy)
}

fn format_of(format: CameraFormat) -> Option<FrameFormat> {
    match format {
        CameraFormat::Mono8 => Some(FrameFormat::GRAY),
        CameraFormat::Yuyv => Some(FrameFormat::YUYV),
        CameraFormat::Nv12 => Some(FrameFormat::NV12),
        CameraFormat::Mjpeg => Some(FrameFormat::MJPEG),
        CameraFormat::Rgb8 => Some(FrameFormat::RAWRGB),
        _ => None,
    }
}

fn known(format: FrameFormat) -> bool {
    format != FrameFormat::RAWBGR
}

fn picture(offer: Offer) -> Picture {
    let (width_px, height_px) = (offer.width(), offer.height());
    let format = match offer.format() {
        FrameFormat::MJPEG => return Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px },
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Gray8,
        FrameFormat::RAWRGB | FrameFormat::RAWBGR => PixelFormat::Rgb8,
    };
    Picture::packed(format, width_px, height_px)
}
