//! Records one take from its videos or JPEGs.

use std::path::Path;

use frame::{CameraId, Encoding, FrameInfo, HostTime, Picture, SegmentId, SourcePosition, TriggerIndex};
use serde::Serialize;
use take::{TakeInfo, TakeWriter};

use crate::pictures::Jpegs;
use crate::{DatasetError, Fault, PictureFiles, PictureSource, PlannedTake, PlannedView};

/// A video may be shorter than the poses by this part.
const MAX_MISSING: f64 = 0.1;

/// What was recorded.
pub(crate) struct RecordedViews {
    pub frames: u32,
    /// The camera whose pictures ended before the poses.
    pub cut_by: Option<String>,
    /// Names, and the size of their pictures.
    pub cameras: Vec<(String, [u32; 2])>,
}

/// Writes at most `length` pictures of each view and finishes the take, which ends where the first view does.
pub(crate) fn record(
    planned: &PlannedTake,
    mut writer: TakeWriter,
    length: u32,
    mut open: impl FnMut(&Path) -> Result<Box<dyn PictureSource>, Fault>,
    progress: impl FnMut(u32, u32),
) -> Result<RecordedViews, DatasetError> {
    let mut views = Vec::new();
    for view in &planned.views {
        let source = match &view.pictures {
            PictureFiles::Video(video) => open(video).map_err(|fault| of_pictures(planned, view, fault))?,
            PictureFiles::Jpegs { files, .. } => Box::new(Jpegs::new(files)) as Box<dyn PictureSource + '_>,
        };
        views.push(OpenSource { view, source, jpeg: Vec::new(), size_px: None });
    }
    // An incomplete take is worthless, so it is synced only at its end.
    drop(writer.hand_over_sync()?);
    let (frames, ended) = write_pictures(planned, &mut writer, &mut views, length, progress)?;
    match ended {
        Some(view) if f64::from(frames) < f64::from(length) * (1.0 - MAX_MISSING) => {
            return Err(DatasetError::ShortVideo {
                take: planned.take.name.clone(),
                video: view.pictures.path().into(),
                pictures: frames,
                poses: length,
            });
        }
        _ => {}
    }
    writer.finish()?;
    let cameras = views.iter().map(|open| (open.view.camera.clone(), open.size_px.unwrap_or_default())).collect();
    Ok(RecordedViews { frames, cut_by: ended.map(|view| view.camera.clone()), cameras })
}

struct OpenSource<'a> {
    view: &'a PlannedView,
    source: Box<dyn PictureSource + 'a>,
    jpeg: Vec<u8>,
    size_px: Option<[u32; 2]>,
}

/// Returns the frames written, and the view whose pictures ended before the poses.
fn write_pictures<'a>(
    planned: &PlannedTake,
    writer: &mut TakeWriter,
    views: &mut [OpenSource<'a>],
    length: u32,
    mut progress: impl FnMut(u32, u32),
) -> Result<(u32, Option<&'a PlannedView>), DatasetError> {
    for index in 0..length {
        for OpenSource { view, source, jpeg, size_px } in views.iter_mut() {
            let Some(size) = source.next(jpeg).map_err(|fault| of_pictures(planned, view, fault))? else {
                return Ok((index, Some(*view)));
            };
            if *size_px.get_or_insert(size) != size {
                let fault = format!("picture {index} has another size than those before it");
                return Err(of_pictures(planned, view, fault.into()));
            }
        }
        for (number, view) in views.iter().enumerate() {
            let [width_px, height_px] = view.size_px.unwrap_or_default();
            let exposure_ns = (f64::from(index) * 1e9 / planned.rate_hz).round() as i64;
            let info = FrameInfo {
                camera: CameraId(number as u16),
                sequence: u64::from(index),
                segment: SegmentId::seam(0),
                trigger: TriggerIndex::Certain(u64::from(index)),
                exposure: HostTime::monotonic(exposure_ns, 0),
                exposure_duration_ns: 0,
                arrival_ns: exposure_ns,
                device: frame::DeviceStamp::default(),
                source: Some(SourcePosition { index, length }),
                picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px },
            };
            writer.write_frame(&info, &view.jpeg)?;
        }
        progress(index + 1, length);
    }
    Ok((length, None))
}

/// The description of the take.
pub(crate) fn take_info(planned: &PlannedTake) -> Result<TakeInfo, DatasetError> {
    Ok(TakeInfo {
        name: planned.take.name.clone(),
        rig_toml: rig_toml(planned)?,
        cameras: planned.views.iter().map(|view| view.camera.clone()).collect(),
        host: "local".into(),
        trigger_rate_hz: planned.rate_hz,
        source_rate_hz: Some(planned.rate_hz),
    })
}

/// A rig that would replay the take's videos.
fn rig_toml(planned: &PlannedTake) -> Result<String, DatasetError> {
    #[derive(Serialize)]
    struct Rig<'a> {
        version: u32,
        name: &'a str,
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
    let camera = |view: &'_ PlannedView| view.pictures.path().display().to_string();
    let cameras =
        planned.views.iter().map(|view| Camera { name: &view.camera, driver: "replay", source: camera(view) });
    let rig = Rig {
        version: 1,
        name: &planned.take.environment,
        trigger: Trigger { mode: "hardware", rate_hz: planned.rate_hz },
        camera: cameras.collect(),
    };
    toml::to_string(&rig).map_err(|e| DatasetError::Selection(format!("{}: {e}", planned.take.name)))
}

fn of_pictures(planned: &PlannedTake, view: &PlannedView, source: Fault) -> DatasetError {
    DatasetError::Pictures { take: planned.take.name.clone(), video: view.pictures.path().into(), source }
}
