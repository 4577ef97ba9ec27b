//! A folder of prepared footage: one MJPEG video per camera, and `footage.json` beside them.

use std::path::{Path, PathBuf};

use capture::drivers::gstreamer::VideoFile;
use capture::{CameraSpec, PulseTrain};
use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Deserialize;

use crate::session::POOL_BUFFERS;

#[derive(Clone, Debug, Deserialize)]
pub struct Footage {
    /// Frames per second, the same for all cameras.
    pub rate: f64,
    /// Frames in each video.
    pub frames: u32,
    pub cameras: Vec<FootageCamera>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
pub struct FootageCamera {
    pub name: String,
    file: String,
    width: u32,
    height: u32,
    frames: u32,
}

impl Footage {
    pub fn open(folder: &Path) -> miette::Result<Self> {
        const REMEDY: &str = "prepare a folder with one video per camera by `make demo FOOTAGE=dir`";
        if !folder.is_dir() {
            bail!("{} is no folder; {REMEDY}", folder.display());
        }
        let path = folder.join("footage.json");
        let text = std::fs::read_to_string(&path)
            .into_diagnostic()
            .wrap_err_with(|| format!("{} cannot be read; {REMEDY}", path.display()))?;
        let mut footage: Self = serde_json::from_str(&text)
            .into_diagnostic()
            .wrap_err_with(|| format!("{} is damaged; {REMEDY}", path.display()))?;
        footage.folder = folder.to_owned();
        if footage.cameras.is_empty() || footage.frames == 0 || !footage.rate.is_finite() || footage.rate <= 0.0 {
            bail!("{} names no camera, no frame or no rate; {REMEDY}", path.display());
        }
        for camera in &footage.cameras {
            if camera.frames != footage.frames {
                bail!(
                    "{}: {} has {} frames where the others have {}; cut all videos to the same length",
                    folder.display(),
                    camera.name,
                    camera.frames,
                    footage.frames
                );
            }
            let video = folder.join(&camera.file);
            if !video.is_file() {
                bail!("{} is missing; {REMEDY}", video.display());
            }
        }
        Ok(footage)
    }

    /// The cameras, triggered at every `divisor`-th frame from `start_ns` on.
    pub fn cameras(&self, divisor: u32, start_ns: i64) -> (Vec<CameraSpec>, PulseTrain) {
        let pulses = PulseTrain { start_ns, period_ns: f64::from(divisor) * 1e9 / self.rate };
        let specs = self
            .cameras
            .iter()
            .map(|camera| {
                let video = VideoFile {
                    path: self.folder.join(&camera.file),
                    frames: self.frames,
                    rate_hz: self.rate,
                    divisor,
                    looping: true,
                    pulses,
                };
                CameraSpec {
                    name: camera.name.clone(),
                    open: Box::new(move || Ok(Box::new(video.open()?))),
                    pool_buffers: POOL_BUFFERS,
                    // An MJPEG frame of good quality takes about a bit and a half per pixel.
                    unit_bytes: (camera.width * camera.height) as usize / 5,
                }
            })
            .collect();
        (specs, pulses)
    }
}
