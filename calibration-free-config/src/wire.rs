//! The file as it is written, before its values are checked.

use serde::{Deserialize, Serialize};
use settings::{Document, Fault};
use subject::Preprocessing;

use crate::{
    CameraFormat, CameraSettings, ConfigError, Driver, LOCAL, LinkClock, Recording, Rig, TriggerMode, VERSION,
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WireRig {
    pub version: u32,
    pub name: String,
    pub trigger: WireTrigger,
    pub camera: Vec<WireCamera>,
    pub recording: Option<WireRecording>,
    #[serde(default)]
    pub subject: WireSubject,
    pub people: Option<WirePeople>,
    pub sync_health: Option<WireSyncHealth>,
    #[serde(default)]
    pub page: WirePage,
    pub link: Option<WireLink>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WireTrigger {
    pub mode: TriggerMode,
    pub rate_hz: f64,
    #[serde(rename = "box")]
    pub box_device: Option<String>,
    pub pulse_us: Option<i64>,
    pub primary: Option<String>,
    pub tolerance_ms: Option<f64>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WireCamera {
    pub name: String,
    pub driver: Driver,
    #[serde(default = "local")]
    pub host: String,
    #[serde(default)]
    pub source: String,
    pub width_px: Option<i64>,
    pub height_px: Option<i64>,
    pub format: Option<CameraFormat>,
    pub exposure_us: Option<f64>,
    pub gain_db: Option<f64>,
    pub trigger_line: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chunk_timestamps: bool,
    pub packet_bytes: Option<i64>,
    pub least_delay_ms: Option<f64>,
    pub least_delay_uncertainty_ms: Option<f64>,
}

fn local() -> String {
    LOCAL.into()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct WireRecording {
    pub directory: String,
    pub budget_gb: f64,
}

impl Default for WireRecording {
    fn default() -> Self {
        Self { directory: "takes".into(), budget_gb: Recording::DEFAULT_BUDGET_GB }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct WireSubject {
    pub crop_px: i64,
    pub crop_scale: f32,
    pub mask_threshold: i64,
}

impl Default for WireSubject {
    fn default() -> Self {
        let Preprocessing { crop_scale, mask_threshold, .. } = Preprocessing::default();
        Self { crop_px: 64, crop_scale, mask_threshold: mask_threshold.into() }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WirePeople {
    pub height_mm: i64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WireSyncHealth {
    pub network: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct WirePage {
    pub listen: String,
}

impl Default for WirePage {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8787".into() }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WireLink {
    pub listen: String,
    #[serde(default)]
    pub clock: LinkClock,
}

pub(crate) fn parse(document: &Document) -> Result<WireRig, ConfigError> {
    document.parse_version(VERSION).map_err(|error| match error.fault() {
        Fault::UnknownKey(name) if is_of_calibration(name) => {
            let problem = error.problem().to_owned();
            error.reworded(problem, "remove it: genlock needs no calibration and has no place for one")
        }
        Fault::MissingKey(name) if &**name == "camera" => {
            error.reworded("a [[camera]] section is missing", "add a [[camera]] section")
        }
        _ => error,
    })
}

fn is_of_calibration(key: &str) -> bool {
    const WORDS: [&str; 7] = ["calib", "intrins", "extrins", "distort", "focal", "matrix", "rotation"];
    WORDS.iter().any(|word| key.to_lowercase().contains(word))
}

impl From<&Rig> for WireRig {
    fn from(rig: &Rig) -> Self {
        Self {
            version: VERSION,
            name: rig.name.to_string(),
            trigger: WireTrigger {
                mode: rig.trigger.mode,
                rate_hz: rig.trigger.rate_hz,
                box_device: rig.trigger.box_device.clone(),
                pulse_us: rig.trigger.pulse_us.map(i64::from),
                primary: rig.trigger.primary.map(|camera| rig.cameras[camera].name.to_string()),
                tolerance_ms: (rig.trigger.mode == TriggerMode::FreeRun).then_some(rig.trigger.tolerance_ms),
            },
            camera: rig
                .cameras
                .iter()
                .map(|camera| {
                    let CameraSettings {
                        size_px,
                        format,
                        exposure_us,
                        gain_db,
                        trigger_line,
                        chunk_timestamps,
                        packet_bytes,
                        least_delay_ms,
                        least_delay_uncertainty_ms,
                    } = camera.settings.clone();
                    WireCamera {
                        name: camera.name.to_string(),
                        driver: camera.driver,
                        host: camera.host.clone(),
                        source: camera.source.clone(),
                        width_px: size_px.map(|(width, _)| width.into()),
                        height_px: size_px.map(|(_, height)| height.into()),
                        format,
                        exposure_us,
                        gain_db,
                        trigger_line,
                        chunk_timestamps,
                        packet_bytes: packet_bytes.map(i64::from),
                        least_delay_ms,
                        least_delay_uncertainty_ms,
                    }
                })
                .collect(),
            recording: rig.recording.as_ref().map(|recording| WireRecording {
                // It came from TOML, which is UTF-8.
                directory: recording.directory.to_string_lossy().into_owned(),
                budget_gb: recording.budget_gb,
            }),
            subject: WireSubject {
                crop_px: rig.subject.crop_px.into(),
                crop_scale: rig.subject.crop_scale,
                mask_threshold: rig.subject.mask_threshold.into(),
            },
            people: rig.people.map(|people| WirePeople { height_mm: people.height_mm.into() }),
            // It came from TOML, which is UTF-8.
            sync_health: rig
                .sync_health
                .as_ref()
                .map(|health| WireSyncHealth { network: health.network.to_string_lossy().into_owned() }),
            page: WirePage { listen: rig.page.listen.to_string() },
            link: rig.link.map(|link| WireLink { listen: link.listen.to_string(), clock: link.clock }),
        }
    }
}
