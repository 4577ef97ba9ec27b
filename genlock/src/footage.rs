//! A folder of prepared footage: one MJPEG video per camera, and `footage.json` beside them.

use std::path::{Path, PathBuf};

use capture::drivers::gstreamer::VideoFile;
use capture::{CameraSpec, PulseTrain, Role};
use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Deserialize;

/// How the folder of the example session begins, as `scripts/fetch-footage.sh` names it.
const EXAMPLE: &str = "footage-pose2sim-";

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

    /// Expected bytes of the largest unit: an MJPEG frame of good quality takes about a bit and a half per pixel.
    pub fn unit_bytes(&self) -> usize {
        self.cameras.iter().map(|camera| (camera.width * camera.height) as usize / 5).max().unwrap_or_default()
    }

    /// The rig that the footage stands for.
    pub fn rig_toml(&self) -> String {
        let head =
            format!("version = 1\nname = \"footage\"\n\n[trigger]\nmode = \"hardware\"\nrate-hz = {:?}\n", self.rate);
        let camera = |camera: &FootageCamera| {
            let (name, source) = (&camera.name, self.folder.join(&camera.file));
            format!("\n[[camera]]\nname = {name:?}\ndriver = \"replay\"\nsource = {:?}\n", source.display().to_string())
        };
        std::iter::once(head).chain(self.cameras.iter().map(camera)).collect()
    }

    /// The cameras, triggered at every `divisor`-th frame from `start_ns` on.
    pub fn cameras(&self, divisor: u32, start_ns: i64, pool_buffers: usize) -> (Vec<CameraSpec>, PulseTrain) {
        let pulses = PulseTrain::new(start_ns, f64::from(divisor) * 1e9 / self.rate);
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
                    pool_buffers,
                    unit_bytes: self.unit_bytes(),
                    role: Role::Follows,
                    watchdog: None,
                }
            })
            .collect();
        (specs, pulses)
    }
}

/// Where the scripts keep what they fetch, as `scripts/common.sh` finds it.
pub fn cache() -> Option<PathBuf> {
    // A variable that is empty counts as unset, as in the scripts.
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("GENLOCK_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("genlock")))
        .or_else(|| Some(folder("HOME")?.join(".cache/genlock")))
}

/// The example session there; of several versions, the one that was prepared last.
pub fn example_in(cache: &Path) -> Option<PathBuf> {
    let prepared = |folder: PathBuf| {
        let name = folder.file_name()?.to_str()?;
        let at = name.starts_with(EXAMPLE).then(|| folder.join("footage.json").metadata().ok()?.modified().ok())??;
        Some((at, folder))
    };
    std::fs::read_dir(cache).ok()?.flatten().filter_map(|entry| prepared(entry.path())).max().map(|(_, folder)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_found_where_it_was_prepared_to_its_end() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(example_in(&cache.path().join("nowhere")), None);
        for name in ["footage-pose2sim-1", "footage-pose2sim-2", "footage-0123456789abcdef", "libtorch"] {
            std::fs::create_dir(cache.path().join(name)).unwrap();
        }
        assert_eq!(example_in(cache.path()), None, "none is whole");
        std::fs::write(cache.path().join("footage-0123456789abcdef/footage.json"), "").unwrap();
        assert_eq!(example_in(cache.path()), None, "somebody's own videos");
        std::fs::write(cache.path().join("footage-pose2sim-1/footage.json"), "").unwrap();
        assert_eq!(example_in(cache.path()), Some(cache.path().join("footage-pose2sim-1")));
    }

    #[test]
    fn the_rig_that_footage_stands_for_is_a_valid_one() {
        let camera = |name: &str| FootageCamera {
            name: name.into(),
            file: format!("{name}.mov"),
            width: 1920,
            height: 1080,
            frames: 9,
        };
        let cameras = vec![camera("left"), camera("right")];
        let footage = Footage { rate: 60.0, frames: 9, cameras, folder: "some/where".into() };
        let (rig, _) = calibration_free_config::Rig::from_toml_str(&footage.rig_toml(), "the rig").unwrap();
        assert_eq!(rig.cameras.len(), 2);
        assert_eq!(rig.cameras[1].source, "some/where/right.mov");
    }
}
