//! From the values that a file holds to values that are valid.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use subject::Preprocessing;

use crate::rig::{
    Camera, CameraSettings, Driver, LOCAL, Link, Page, People, Recording, Rig, SafeName, Subject, SyncHealth, Trigger,
    TriggerMode,
};
use crate::wire::{WireCamera, WireLink, WirePeople, WireRecording, WireRig, WireSubject, WireSyncHealth, WireTrigger};
use crate::{ConfigError, MAX_CAMERAS, Warning};

/// Scenarios, takes and videos are meant from the folder `base`.
pub(crate) fn rig(wire: WireRig, origin: &str, base: Option<&Path>) -> Result<(Rig, Vec<Warning>), ConfigError> {
    let mut check = Check { origin, base, warnings: Vec::new() };
    let name = check.name("name", &wire.name)?;
    let cameras = check.cameras(wire.camera)?;
    let rig = Rig {
        name,
        link: check.link(wire.link, &cameras)?,
        trigger: check.trigger(wire.trigger, &cameras)?,
        cameras,
        recording: wire.recording.map(|recording| check.recording(recording)).transpose()?,
        subject: check.subject(wire.subject)?,
        people: wire.people.map(|people| check.people(&people)).transpose()?,
        sync_health: wire.sync_health.map(|wire| check.sync_health(&wire)).transpose()?,
        page: check.page(&wire.page.listen)?,
    };
    Ok((rig, check.warnings))
}

struct Check<'a> {
    origin: &'a str,
    base: Option<&'a Path>,
    warnings: Vec<Warning>,
}

impl Check<'_> {
    fn error(
        &self,
        key: impl Into<Box<str>>,
        problem: impl Into<Box<str>>,
        remedy: impl Into<Box<str>>,
    ) -> ConfigError {
        ConfigError::new(self.origin, key, problem, remedy)
    }

    fn warn_if(&mut self, unwise: bool, key: impl Into<String>, message: impl Into<String>) {
        if unwise {
            self.warnings.push(Warning { key: key.into(), message: message.into() });
        }
    }

    fn within<T: PartialOrd + Display>(&self, key: &str, value: T, range: RangeInclusive<T>) -> Result<T, ConfigError> {
        settings::within(self.origin, key, value, range)
    }

    fn name(&self, key: impl Into<Box<str>>, name: &str) -> Result<SafeName, ConfigError> {
        SafeName::new(name).ok_or_else(|| {
            let remedy = "use letters, digits, `-`, `_` and `.`, 64 at most, starting with a letter, a digit or `_`";
            self.error(key, format!("{name:?} cannot name a file"), remedy)
        })
    }

    fn trigger(&mut self, wire: WireTrigger, cameras: &[Camera]) -> Result<Trigger, ConfigError> {
        let rate_hz = self.within("trigger.rate-hz", wire.rate_hz, 0.1..=1000.0)?;
        let key = "trigger.rate-hz";
        self.warn_if(
            rate_hz < 5.0,
            key,
            "below 5 Hz a person moves far between pictures, and pairs in time get scarce",
        );
        self.warn_if(rate_hz > 240.0, key, "few cameras deliver more than 240 pictures per second");
        let message = "without a common trigger pictures match by time only, to half a period at worst";
        self.warn_if(wire.mode == TriggerMode::FreeRun, "trigger.mode", message);
        let mut only = |key: &str, given: bool, mode: TriggerMode, name: &str| {
            let unwise = given && wire.mode != mode;
            self.warn_if(unwise, format!("trigger.{key}"), format!("means something with mode = \"{name}\" only"));
        };
        only("box", wire.box_device.is_some(), TriggerMode::Hardware, "hardware");
        only("pulse-us", wire.pulse_us.is_some(), TriggerMode::Hardware, "hardware");
        only("primary", wire.primary.is_some(), TriggerMode::Primary, "primary");
        only("tolerance-ms", wire.tolerance_ms.is_some(), TriggerMode::FreeRun, "free-run");
        let period_ms = 1e3 / rate_hz;
        let free_run = wire.mode == TriggerMode::FreeRun;
        let tolerance_ms = wire.tolerance_ms.filter(|_| free_run).unwrap_or(0.45 * period_ms);
        let learned = matches!(wire.mode, TriggerMode::Hardware | TriggerMode::Ptp) && wire.box_device.is_none();
        if learned && cameras.iter().all(|camera| camera.host != LOCAL) {
            let problem = format!("the host {LOCAL} has no camera from whose times it could learn the pulses");
            return Err(self.error("trigger", problem, "attach a camera or a trigger box to it"));
        }
        let pulse_us = wire.pulse_us.map(|us| self.within("trigger.pulse-us", us, 1..=1_000_000)).transpose()?;
        Ok(Trigger {
            mode: wire.mode,
            rate_hz,
            box_device: wire.box_device.map(|device| self.filled("trigger.box", device)).transpose()?,
            pulse_us: pulse_us.map(|us| us as u32),
            primary: self.primary(wire.mode, wire.primary, cameras)?,
            tolerance_ms: self.within("trigger.tolerance-ms", tolerance_ms, 0.01..=1e4)?,
        })
    }

    /// The camera that drives the others, where the mode has one.
    fn primary(
        &self,
        mode: TriggerMode,
        name: Option<String>,
        cameras: &[Camera],
    ) -> Result<Option<usize>, ConfigError> {
        let key = "trigger.primary";
        match (mode, name) {
            (TriggerMode::Primary, None) => {
                let problem = "mode = \"primary\" does not say which camera drives the others";
                Err(self.error(key, problem, "name it"))
            }
            (_, None) => Ok(None),
            (_, Some(name)) => match cameras.iter().position(|camera| *camera.name == *name) {
                Some(index) if cameras[index].host != LOCAL => {
                    let remedy = format!("let a camera of the host {LOCAL} drive the others");
                    Err(self.error(key, format!("{name:?} is on another host"), remedy))
                }
                Some(index) => Ok(Some(index)),
                None => {
                    let names: Vec<_> = cameras.iter().map(|camera| &*camera.name).collect();
                    let remedy = format!("use one of {}", names.join(", "));
                    Err(self.error(key, format!("there is no camera {name:?}"), remedy))
                }
            },
        }
    }

    fn filled(&self, key: impl Into<Box<str>>, text: String) -> Result<String, ConfigError> {
        if text.trim().is_empty() {
            return Err(self.error(key, "it is empty", "name it, or leave the key out"));
        }
        Ok(text)
    }

    fn cameras(&mut self, wire: Vec<WireCamera>) -> Result<Vec<Camera>, ConfigError> {
        let count = wire.len();
        if count == 0 {
            return Err(self.error("camera", "the rig has no camera", "add a [[camera]] section"));
        }
        if count > MAX_CAMERAS {
            return Err(self.error(
                "camera",
                format!("the rig has {count} cameras"),
                format!("use at most {MAX_CAMERAS}"),
            ));
        }
        self.warn_if(count < 2, "camera", "one view alone has nothing to be in step with; learning needs two or more");
        self.warn_if(count > 16, "camera", "more than 16 cameras were never tried on one rig");
        let mut cameras: Vec<Camera> = Vec::with_capacity(count);
        for (index, wire) in wire.into_iter().enumerate() {
            let camera = self.camera(&format!("camera[{index}]"), wire)?;
            // Some file systems do not tell upper from lower case.
            let twin = cameras.iter().position(|other| other.name.eq_ignore_ascii_case(&camera.name));
            if let Some(twin) = twin {
                let problem = format!("{:?} is also the name of camera[{twin}]", &*camera.name);
                return Err(self.error(format!("camera[{index}].name"), problem, "give each camera its own name"));
            }
            cameras.push(camera);
        }
        cameras.sort_by_key(|camera| camera.host != LOCAL);
        Ok(cameras)
    }

    fn camera(&mut self, key: &str, wire: WireCamera) -> Result<Camera, ConfigError> {
        let name = self.name(format!("{key}.name"), &wire.name)?;
        self.name(format!("{key}.host"), &wire.host)?;
        let settings = self.settings(key, &wire)?;
        let source_missing = wire.source.trim().is_empty();
        if source_missing && wire.driver != Driver::Simulated {
            let remedy = format!("say what to open: {}", source_hint(wire.driver));
            return Err(self.error(format!("{key}.source"), "there is no source", remedy));
        }
        let source = match self.base {
            Some(base) if matches!(wire.driver, Driver::VirtualStudio | Driver::Replay) => {
                base.join(wire.source).to_string_lossy().into_owned()
            }
            _ => wire.source,
        };
        Ok(Camera { name, driver: wire.driver, host: wire.host, source, settings })
    }

    fn settings(&mut self, key: &str, wire: &WireCamera) -> Result<CameraSettings, ConfigError> {
        let whole = |name: &str, value: Option<i64>, range: RangeInclusive<i64>| {
            value.map(|value| self.within(&format!("{key}.{name}"), value, range)).transpose()
        };
        let real = |name: &str, value: Option<f64>, range: RangeInclusive<f64>| {
            value.map(|value| self.within(&format!("{key}.{name}"), value, range)).transpose()
        };
        let size_px =
            match (whole("width-px", wire.width_px, 1..=16384)?, whole("height-px", wire.height_px, 1..=16384)?) {
                (Some(width), Some(height)) => Some((width as u32, height as u32)),
                (None, None) => None,
                _ => return Err(self.error(key, "one of width-px and height-px is missing", "give both or neither")),
            };
        let settings = CameraSettings {
            size_px,
            format: wire.format,
            exposure_us: real("exposure-us", wire.exposure_us, 1.0..=1e7)?,
            gain_db: real("gain-db", wire.gain_db, 0.0..=100.0)?,
            trigger_line: match &wire.trigger_line {
                Some(line) => Some(self.filled(format!("{key}.trigger-line"), line.clone())?),
                None => None,
            },
            chunk_timestamps: wire.chunk_timestamps,
            packet_bytes: whole("packet-bytes", wire.packet_bytes, 576..=16_000)?.map(|bytes| bytes as u32),
            least_delay_ms: real("least-delay-ms", wire.least_delay_ms, 0.0..=1e3)?,
            least_delay_uncertainty_ms: real("least-delay-uncertainty-ms", wire.least_delay_uncertainty_ms, 0.0..=1e3)?,
        };
        Ok(settings)
    }

    fn recording(&mut self, wire: WireRecording) -> Result<Recording, ConfigError> {
        if wire.directory.trim().is_empty() {
            return Err(self.error("recording.directory", "the directory is empty", "name it, or leave the key out"));
        }
        let budget_gb = self.within("recording.budget-gb", wire.budget_gb, 0.001..=1e6)?;
        self.warn_if(budget_gb < 0.1, "recording.budget-gb", "less than 0.1 GB is full within seconds");
        Ok(Recording { directory: wire.directory.into(), budget_gb })
    }

    fn people(&self, wire: &WirePeople) -> Result<People, ConfigError> {
        let height_mm = self.within("people.height-mm", wire.height_mm, 500..=2499)? as u16;
        Ok(People { height_mm })
    }

    fn sync_health(&self, wire: &WireSyncHealth) -> Result<SyncHealth, ConfigError> {
        let network = self.filled("sync-health.network", wire.network.clone())?;
        let network = self.base.map_or_else(|| PathBuf::from(&network), |base| base.join(&network));
        Ok(SyncHealth { network })
    }

    fn subject(&mut self, wire: WireSubject) -> Result<Subject, ConfigError> {
        let whole = |range: RangeInclusive<u16>| i64::from(*range.start())..=i64::from(*range.end());
        let crop_px = self.within("subject.crop-px", wire.crop_px, whole(Preprocessing::CROP_PX))? as u16;
        let crop_scale = self.within("subject.crop-scale", wire.crop_scale, Preprocessing::CROP_SCALE)?;
        let mask_threshold =
            self.within("subject.mask-threshold", wire.mask_threshold, whole(Preprocessing::MASK_THRESHOLD))? as u16;
        let message = "networks halve their input five times: a multiple of 32 wastes nothing";
        self.warn_if(!crop_px.is_multiple_of(32), "subject.crop-px", message);
        self.warn_if(crop_scale > 2.0, "subject.crop-scale", "the subject fills less than half of such a crop");
        let message = "so low a threshold takes camera noise for the subject";
        self.warn_if(mask_threshold < 3 * 8, "subject.mask-threshold", message);
        let message = "so high a threshold loses most of the subject";
        self.warn_if(mask_threshold > 3 * 128, "subject.mask-threshold", message);
        Ok(Subject { crop_px, crop_scale, mask_threshold })
    }

    fn page(&mut self, listen: &str) -> Result<Page, ConfigError> {
        let listen = self.address("page.listen", listen, "127.0.0.1:8787")?;
        let message = "everyone who reaches this address sees the cameras; 127.0.0.1 shows them on this machine only";
        self.warn_if(!listen.ip().is_loopback(), "page.listen", message);
        Ok(Page { listen })
    }

    fn address(&self, key: &str, text: &str, example: &str) -> Result<SocketAddr, ConfigError> {
        text.parse().map_err(|_| {
            let remedy = format!("give an IP address and a port, as {example}");
            self.error(key, format!("{text:?} is no address to listen on"), remedy)
        })
    }

    fn link(&mut self, wire: Option<WireLink>, cameras: &[Camera]) -> Result<Option<Link>, ConfigError> {
        let elsewhere = cameras.iter().find(|camera| camera.host != LOCAL);
        let Some(wire) = wire else {
            return match elsewhere {
                Some(Camera { name, host, .. }) => {
                    let problem = format!("camera {name} is on the host {host}, and no section says how hosts meet");
                    Err(self.error("link", problem, "add a [link] section with listen = \"ADDRESS:PORT\""))
                }
                None => Ok(None),
            };
        };
        self.warn_if(elsewhere.is_none(), "link", "means something where a camera names another host only");
        let listen = self.address("link.listen", &wire.listen, "192.168.1.10:7448")?;
        let message = "everyone who reaches this address can send pictures; let the rig's own network alone reach it";
        self.warn_if(!listen.ip().is_loopback(), "link.listen", message);
        Ok(Some(Link { listen, clock: wire.clock }))
    }
}

fn source_hint(driver: Driver) -> &'static str {
    match driver {
        Driver::Gstreamer => "a GStreamer launch line that ends in `appsink name=sink`",
        Driver::Replay => "a take with a camera of that name, or an MJPEG video",
        Driver::Simulated => "nothing",
        Driver::VirtualStudio => "a scenario file",
        Driver::Aravis => "the id or address of the camera",
        Driver::V4l2 => "a device such as /dev/video0",
        Driver::Nokhwa => "the number of the camera",
    }
}
