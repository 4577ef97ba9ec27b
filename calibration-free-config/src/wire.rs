//! The file as it is written, before its values are checked.

use serde::{Deserialize, Serialize};

use crate::{ConfigError, Driver, Rig, TriggerMode, VERSION};

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
    #[serde(default)]
    pub page: WirePage,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WireTrigger {
    pub mode: TriggerMode,
    pub rate_hz: f64,
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
}

fn local() -> String {
    "local".into()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct WireRecording {
    pub directory: String,
    pub budget_gb: f64,
}

impl Default for WireRecording {
    fn default() -> Self {
        Self { directory: "takes".into(), budget_gb: 8.0 }
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
        Self { crop_px: 224, crop_scale: 1.25, mask_threshold: 32 }
    }
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

pub(crate) fn parse(text: &str, origin: &str) -> Result<WireRig, ConfigError> {
    let syntax = |error: toml::de::Error| {
        let line = line_of(text, &error);
        ConfigError::new(origin, "", error.message(), "correct the TOML syntax there").at_line(line)
    };
    let version = toml::from_str::<toml::Table>(text).map_err(syntax)?.remove("version");
    // Before all else: another version may have other keys, and complaints about those would mislead.
    if let Some(version) = version.filter(|version| version.as_integer() != Some(i64::from(VERSION))) {
        let problem = format!("version {version} is not one that this program knows");
        return Err(ConfigError::new(origin, "version", problem, format!("write version = {VERSION}")));
    }
    let deserializer = toml::Deserializer::parse(text).map_err(syntax)?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let line = line_of(text, &inner);
        explain(origin, if path == "." { "" } else { &path }, inner.message()).at_line(line)
    })
}

fn line_of(text: &str, error: &toml::de::Error) -> Option<usize> {
    let start = error.span()?.start.min(text.len());
    Some(text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1)
}

const CALIBRATION_WORDS: [&str; 7] = ["calib", "intrins", "extrins", "distort", "focal", "matrix", "rotation"];

/// Turns a message of serde into one with a remedy.
fn explain(origin: &str, path: &str, message: &str) -> ConfigError {
    // serde puts names in backquotes: first the one at fault, then those that it knows.
    let mut names = message.split('`').skip(1).step_by(2);
    let first = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    if message.starts_with("unknown field") {
        let problem = format!("there is no key `{first}`");
        let remedy = if CALIBRATION_WORDS.iter().any(|word| first.to_lowercase().contains(word)) {
            "remove it: genlock needs no calibration and has no place for one".to_owned()
        } else {
            suggest(first, &known)
        };
        return ConfigError::new(origin, path, problem, remedy);
    }
    if message.starts_with("unknown variant") {
        return ConfigError::new(origin, path, format!("`{first}` is not possible here"), suggest(first, &known));
    }
    if message.starts_with("missing field") {
        let key = if first == "camera" { "a [[camera]] section".to_owned() } else { format!("`{first}`") };
        return ConfigError::new(origin, path, format!("{key} is missing"), format!("add {key}"));
    }
    ConfigError::new(origin, path, message, "give a value of the expected type")
}

fn suggest(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(word, a).total_cmp(&strsim::jaro_winkler(word, b)));
    match nearest {
        Some(nearest) if strsim::jaro_winkler(word, nearest) > 0.75 => format!("did you mean `{nearest}`?"),
        _ => format!("use one of {}", known.join(", ")),
    }
}

impl From<&Rig> for WireRig {
    fn from(rig: &Rig) -> Self {
        Self {
            version: VERSION,
            name: rig.name.to_string(),
            trigger: WireTrigger { mode: rig.trigger.mode, rate_hz: rig.trigger.rate_hz },
            camera: rig
                .cameras
                .iter()
                .map(|camera| WireCamera {
                    name: camera.name.to_string(),
                    driver: camera.driver,
                    host: camera.host.clone(),
                    source: camera.source.clone(),
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
            page: WirePage { listen: rig.page.listen.to_string() },
        }
    }
}
