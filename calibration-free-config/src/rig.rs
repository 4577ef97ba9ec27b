//! A rig whose values are valid.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use subject::Preprocessing;

/// A valid rig. It is made by [`Rig::from_toml_str`] or [`Rig::read`] only.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rig {
    /// Its name, which can be a file name.
    pub name: SafeName,
    /// What exposes its cameras.
    pub trigger: Trigger,
    /// 1 to [`MAX_CAMERAS`](crate::MAX_CAMERAS), in the order of their `CameraId`s, with names that differ. Those of
    /// the host [`LOCAL`] come first, so that its own are numbered without holes.
    pub cameras: Vec<Camera>,
    /// `None` where the file has no `[recording]`: whether and where to record is then the program's choice.
    pub recording: Option<Recording>,
    /// How the subject is cut out of pictures.
    pub subject: Subject,
    /// `None` where the file says nothing about them.
    pub people: Option<People>,
    /// `None` where the file says nothing about it: then no network watches over the cameras.
    pub sync_health: Option<SyncHealth>,
    /// The web page that shows the rig.
    pub page: Page,
    /// How the hosts find each other; there wherever a camera is on another host.
    pub link: Option<Link>,
}

/// What exposes the cameras together, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// What exposes the cameras.
    pub mode: TriggerMode,
    /// Exposures per second, 0.1 to 1000. In free-run the rate that the cameras are set to.
    pub rate_hz: f64,
    /// Of mode `hardware`: the serial device of a trigger box that genlock starts. Without one the pulses are somebody
    /// else's, and are learned from the cameras' times.
    pub box_device: Option<String>,
    /// Length of a trigger box's pulses in µs, 1 to 1 000 000.
    pub pulse_us: Option<u32>,
    /// Of mode `primary`: the index of the camera that drives the others.
    pub primary: Option<usize>,
    /// Of mode `free-run`: how far pictures of one set may be apart, in ms.
    pub tolerance_ms: f64,
}

/// What makes one camera expose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposes {
    /// By itself, at the rig's rate.
    Freely,
    /// By itself, and it tells the others on its output line.
    AsPrimary,
    /// When a pulse comes on its line.
    OnPulse,
    /// When the host asks.
    OnRequest,
    /// At times that are set on a clock which the cameras share.
    OnSchedule,
}

impl Rig {
    /// The hosts beside [`LOCAL`], each once.
    pub fn other_hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<_> = self.cameras.iter().map(|camera| &*camera.host).filter(|host| *host != LOCAL).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// The rig as one of its hosts sees it: its own cameras alone, as if they were local. `None` where it has none.
    pub fn on(&self, host: &str) -> Option<Self> {
        let cameras: Vec<_> = self.cameras.iter().filter(|camera| camera.host == host).cloned().collect();
        if cameras.is_empty() {
            return None;
        }
        let primary = self.trigger.primary.map(|index| &self.cameras[index].name);
        let primary = primary.and_then(|name| cameras.iter().position(|camera| camera.name == *name));
        let cameras = cameras.into_iter().map(|camera| Camera { host: LOCAL.into(), ..camera }).collect();
        // The box is the first host's.
        Some(Self { trigger: Trigger { primary, box_device: None, ..self.trigger.clone() }, cameras, ..self.clone() })
    }

    /// What makes a camera of this rig expose.
    pub fn exposes(&self, camera: usize) -> Exposes {
        match self.trigger.mode {
            TriggerMode::Hardware => Exposes::OnPulse,
            TriggerMode::Primary if self.trigger.primary == Some(camera) => Exposes::AsPrimary,
            TriggerMode::Primary => Exposes::OnPulse,
            TriggerMode::Software => Exposes::OnRequest,
            TriggerMode::Ptp => Exposes::OnSchedule,
            TriggerMode::FreeRun => Exposes::Freely,
        }
    }
}

/// What exposes the cameras of a rig together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerMode {
    /// An external pulse on a line.
    Hardware,
    /// One camera drives the others.
    Primary,
    /// The host asks for each picture.
    Software,
    /// Exposures are scheduled on a clock that the cameras share (IEEE 1588).
    Ptp,
    /// Nothing: pictures are matched by time.
    FreeRun,
}

/// One camera of the rig.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Its name, which no other camera of the rig has.
    pub name: SafeName,
    /// What its pictures come through.
    pub driver: Driver,
    /// The machine that the camera is plugged into; [`LOCAL`] is the one that puts the sets together.
    pub host: String,
    /// What the driver opens: a file, a launch line, a device, a take, a scenario. Empty only for `simulated`.
    pub source: String,
    /// How it is set.
    pub settings: CameraSettings,
}

impl Camera {
    /// Whether it is attached to the host that puts the sets together, as this one opens the rig.
    pub fn is_local(&self) -> bool {
        self.host == LOCAL
    }

    /// Whether there is hardware behind it, which can fall silent.
    pub fn is_device(&self) -> bool {
        matches!(self.driver, Driver::Aravis | Driver::V4l2 | Driver::Nokhwa)
    }
}

/// How a camera is set. What is left out stays as the device has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraSettings {
    /// Width and height of its pictures in pixels, each 1 to 16384.
    pub size_px: Option<(u32, u32)>,
    /// The format of its pictures.
    pub format: Option<CameraFormat>,
    /// Duration of exposure in µs, 1 to 10 000 000.
    pub exposure_us: Option<f64>,
    /// Gain in dB, 0 to 100. For V4L2 devices it is their own number, without a unit.
    pub gain_db: Option<f64>,
    /// The input on which pulses come, by the device's own name.
    pub trigger_line: Option<String>,
    /// Whether times are those of a chunk behind each picture, for cameras that send one.
    pub chunk_timestamps: bool,
    /// Size of GigE Vision packets in bytes, 576 to 16 000; negotiated when left out.
    pub packet_bytes: Option<u32>,
    /// Least time from the start of exposure to a picture's arrival in ms, 0 to 1000.
    pub least_delay_ms: Option<f64>,
    /// How far that may be off, in ms, 0 to 1000.
    pub least_delay_uncertainty_ms: Option<f64>,
}

/// What a camera is asked to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraFormat {
    /// One byte of luminance per pixel.
    Mono8,
    /// One byte of one colour per pixel, in cells of 2×2 pixels; rows RG, GB.
    BayerRg8,
    /// The same with rows GR, BG.
    BayerGr8,
    /// The same with rows GB, RG.
    BayerGb8,
    /// The same with rows BG, GR.
    BayerBg8,
    /// 4:2:2, packed Y0 U Y1 V.
    Yuyv,
    /// 4:2:0, a plane of Y, then one of interleaved U and V.
    Nv12,
    /// One JPEG per picture.
    Mjpeg,
    /// Three bytes per pixel: red, green, blue.
    Rgb8,
}

/// What a camera's pictures come through, and so what [`Camera::source`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// A GStreamer launch line that ends in `appsink name=sink`.
    Gstreamer,
    /// A take with a camera of this name, or an MJPEG video.
    Replay,
    /// A simulated camera, which needs no source.
    Simulated,
    /// A scenario file. The cameras that name the same one are the views of one studio.
    VirtualStudio,
    /// A GigE Vision or USB3 Vision camera through Aravis, by its id or address.
    Aravis,
    /// A Video4Linux device, such as `/dev/video0`.
    V4l2,
    /// A webcam through nokhwa, by its number.
    Nokhwa,
}

/// Where takes go.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Relative paths start at the working directory.
    pub directory: PathBuf,
    /// Bytes that recording may use on disk, in units of 10⁹; 0.001 to 1 000 000.
    pub budget_gb: f64,
}

impl Recording {
    /// The budget of a rig that states none.
    pub const DEFAULT_BUDGET_GB: f64 = 100.0;
}

/// How the subject is cut out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// Side of a crop in pixels, within [`Preprocessing::CROP_PX`].
    pub crop_px: u16,
    /// Side of the crop relative to the longer side of the subject's box, within [`Preprocessing::CROP_SCALE`].
    pub crop_scale: f32,
    /// A pixel belongs to the subject where its differences to the background, summed over the three channels, exceed
    /// this; within [`Preprocessing::MASK_THRESHOLD`].
    pub mask_threshold: u16,
}

impl Subject {
    /// How the rig's pictures become crops.
    pub fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            crop_scale: self.crop_scale,
            mask_threshold: self.mask_threshold,
            ..Preprocessing::with_crop_px(self.crop_px)
        }
    }
}

/// What is known of the people before the cameras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct People {
    /// How tall the person stands, 500 to 2499 mm. It sets the scale of the world; without it that is a guess.
    pub height_mm: u16,
}

/// The trained network that watches whether cameras show the same instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncHealth {
    /// A file of a pretraining on known-good sync, as `genlock train` writes it.
    pub network: PathBuf,
}

/// The page that shows the rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The address at which it is served.
    pub listen: SocketAddr,
}

/// The host that puts frame sets together, and the default of [`Camera::host`].
pub const LOCAL: &str = "local";

/// How the hosts of one rig find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where the host [`LOCAL`] listens for the others.
    pub listen: SocketAddr,
    /// What relates the hosts' clocks.
    pub clock: LinkClock,
}

/// What relates the clocks of two hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkClock {
    /// Round trips over the link.
    #[default]
    Network,
    /// Both system clocks are kept in step by others (IEEE 1588, `ptp4l` and `phc2sys`), and taken as one.
    Ptp,
}

/// A name that can be a file name on every system: letters, digits, `-`, `_` and `.`, not starting with `.` or `-`, at
/// most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeName(String);

impl SafeName {
    /// `None` for a name that is not safe.
    pub fn new(name: &str) -> Option<Self> {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let valid = starts && !name.ends_with('.') && name.len() <= 64 && name.chars().all(safe);
        valid.then(|| Self(name.to_owned()))
    }
}

impl Deref for SafeName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SafeName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
