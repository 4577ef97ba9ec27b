//! Writes the take.

use std::path::Path;

use frame::{
    CameraId, DeviceStamp, Encoding, FrameInfo, HostTime, LossReason, Picture, Problem, SegmentId, SourcePosition,
    TriggerIndex,
};
use serde::Serialize;
use take::{Gap, TakeInfo, TakeWriter};

use crate::axis::Axis;
use crate::decode::Decoder;
use crate::draft::Draft;
use crate::error::FootageError;
use crate::smjpeg::Jpeg;
use crate::tools::Tools;
use crate::video::Video;

/// The kind of the take's notes.
const NOTE: &str = "import";

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Pictures of all cameras.
    pub pictures: u64,
    /// Instants of all cameras that lack a picture.
    pub lacking: u64,
    /// Size of the take.
    pub bytes: u64,
}

/// Decodes the videos again and writes the take `out`, which must not exist or be empty. `remarks` are kept in it, with
/// those of the videos and of the axis. `progress` gets the number of pictures done, and of all.
///
/// # Errors
/// A video gives fewer pictures than before, or the disk fails. Nothing is left of the take then.
pub fn write(
    videos: &[Video],
    axis: &Axis,
    remarks: &[String],
    out: &Path,
    tools: &Tools,
    mut progress: impl FnMut(u64, u64),
) -> Result<Written, FootageError> {
    let draft = Draft::begin(out)?;
    let info = take_info(videos, axis, out)?;
    let mut writer = TakeWriter::create_named(&draft.parent, &draft.name, &info)?;
    // What is not whole is worth nothing, so it is synced only at its end.
    drop(writer.hand_over_sync()?);
    let of_videos =
        videos.iter().flat_map(|video| video.remarks.iter().map(|remark| format!("{}: {remark}", video.camera.name)));
    for remark in remarks.iter().cloned().chain(of_videos).chain(axis.remarks.iter().cloned()) {
        writer.write_note(0, NOTE, &remark)?;
    }
    let mut views = videos
        .iter()
        .zip(&axis.chosen)
        .enumerate()
        .map(|(number, (video, chosen))| View::start(number, video, chosen, tools))
        .collect::<Result<Vec<_>, Problem>>()?;
    let of = axis.chosen.iter().map(|chosen| chosen.len() as u64).sum();
    let mut done = 0;
    for instant in 0..axis.instants {
        for view in &mut views {
            done += u64::from(view.write(instant, axis, &mut writer)?);
        }
        progress(done, of);
    }
    drop(views);
    let summary = writer.finish()?;
    draft.finish()?;
    Ok(Written { pictures: summary.frames, lacking: summary.lost, bytes: summary.bytes })
}

/// A camera of the take.
struct View<'a> {
    camera: CameraId,
    video: &'a Video,
    chosen: std::iter::Peekable<std::slice::Iter<'a, (u32, u32)>>,
    decoder: Decoder,
    /// The first instant that is not in the take yet.
    next: u32,
}

impl<'a> View<'a> {
    fn start(number: usize, video: &'a Video, chosen: &'a [(u32, u32)], tools: &Tools) -> Result<Self, Problem> {
        let decoder = Decoder::start(video, tools)?;
        Ok(Self { camera: CameraId(number as u16), video, chosen: chosen.iter().peekable(), decoder, next: 0 })
    }

    /// Writes the camera's picture of an instant. Returns whether there is one.
    fn write(&mut self, instant: u32, axis: &Axis, writer: &mut TakeWriter) -> Result<bool, FootageError> {
        let Some(&(_, number)) = self.chosen.next_if(|(at, _)| *at == instant) else { return Ok(false) };
        let decoded = self.video.numbers[number as usize];
        let jpeg = self.decoder.picture(decoded).map_err(|problem| problem.of(self.video.camera.path.display()))?;
        self.gap(instant, axis.rate_hz, writer)?;
        self.next = instant + 1;
        writer.write_frame(&self.info(instant, number, axis, &jpeg), &jpeg.bytes)?;
        Ok(true)
    }

    /// Notes that this camera has no pictures from the next instant to this one.
    fn gap(&self, until: u32, rate_hz: f64, writer: &mut TakeWriter) -> Result<(), FootageError> {
        if until > self.next {
            writer.write_gap(&Gap {
                camera: self.camera,
                reason: LossReason::MissingAtSource,
                first_sequence: self.next.into(),
                frames: (until - self.next).into(),
                at_ns: (f64::from(until) * 1e9 / rate_hz) as i64,
            })?;
        }
        Ok(())
    }

    fn info(&self, instant: u32, number: u32, axis: &Axis, jpeg: &Jpeg) -> FrameInfo {
        let exposure_ns = (self.video.times_s[number as usize] * 1e9).round() as i64;
        let [width_px, height_px] = jpeg.size_px;
        FrameInfo {
            camera: self.camera,
            sequence: instant.into(),
            segment: SegmentId::seam(0),
            trigger: TriggerIndex::Certain(instant.into()),
            exposure: HostTime::monotonic(exposure_ns, (self.video.track.tick_s * 0.5e9) as u32),
            exposure_duration_ns: 0,
            arrival_ns: exposure_ns,
            device: DeviceStamp::default(),
            source: Some(SourcePosition { index: instant, length: axis.instants }),
            picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px },
        }
    }
}

fn take_info(videos: &[Video], axis: &Axis, out: &Path) -> Result<TakeInfo, FootageError> {
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(TakeInfo {
        name,
        rig_toml: rig_toml(videos, axis)?,
        cameras: videos.iter().map(|video| video.camera.name.to_string()).collect(),
        host: "local".into(),
        trigger_rate_hz: axis.rate_hz,
        source_rate_hz: Some(axis.rate_hz),
    })
}

/// The rig that filmed: its cameras, and where their videos were.
fn rig_toml(videos: &[Video], axis: &Axis) -> Result<String, FootageError> {
    #[derive(Serialize)]
    struct Rig<'a> {
        version: u32,
        name: &'static str,
        trigger: Trigger,
        camera: Vec<Camera<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Trigger {
        mode: &'static str,
        rate_hz: f64,
    }
    #[derive(Serialize)]
    struct Camera<'a> {
        name: &'a str,
        driver: &'static str,
        source: String,
    }
    let camera = |video: &'_ Video| {
        let path = video.camera.path.canonicalize().unwrap_or_else(|_| video.camera.path.clone());
        path.to_string_lossy().into_owned()
    };
    let rig = Rig {
        version: 1,
        name: "videos",
        trigger: Trigger { mode: "hardware", rate_hz: axis.rate_hz },
        camera: videos
            .iter()
            .map(|video| Camera { name: &video.camera.name, driver: "replay", source: camera(video) })
            .collect(),
    };
    toml::to_string(&rig).map_err(|error| Problem::new(format!("the rig cannot be written: {error}")).into())
}
