//! The file as it is written, before its values are checked.

use std::path::Path;

use serde::Deserialize;

use super::scenario::{Background, Selection, Split, Vary};
use super::{Scenario, ScenarioError, Twin};
use crate::render::Sky;
use crate::rig::Layout;
use crate::trigger::Faults;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireScenario {
    /// Checked before all else, because another version may have other keys.
    #[serde(rename = "version")]
    pub _version: u32,
    pub name: String,
    pub split: Option<Split>,
    pub seed: u64,
    #[serde(default = "one")]
    pub takes: u64,
    pub instants: Option<u64>,
    pub rate_hz: Option<f64>,
    #[serde(default)]
    pub people: Selection,
    #[serde(default)]
    pub motions: Selection,
    #[serde(default)]
    pub widened: f64,
    pub twin: Option<Twin>,
    #[serde(default)]
    pub place: WirePlace,
    pub rig: Option<Layout>,
    #[serde(default)]
    pub camera: Vec<WireCamera>,
    #[serde(default)]
    pub vary: Vary,
    #[serde(default)]
    pub trigger: Faults,
}

fn one() -> u64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WirePlace {
    pub environments: Selection,
    pub skies: Vec<Sky>,
    pub backgrounds: Vec<Background>,
}

impl Default for WirePlace {
    fn default() -> Self {
        let backgrounds = vec![Background::Environment, Background::Room];
        Self { environments: Selection::default(), skies: Sky::ALL.to_vec(), backgrounds }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireCamera {
    pub size_px: [u32; 2],
    /// Across the picture's width; or `focal-px`.
    pub field_of_view_degrees: Option<f32>,
    pub focal_px: Option<[f32; 2]>,
    pub centre_px: Option<[f32; 2]>,
    #[serde(default)]
    pub distortion: [f32; 2],
    pub position_m: [f32; 3],
    pub look_at_m: [f32; 3],
    #[serde(default)]
    pub roll_degrees: f32,
}

/// A relative folder is meant from `base`.
pub(super) fn resolve(selection: &mut Selection, base: Option<&Path>) {
    if let Some(base) = base {
        for folder in &mut selection.folders {
            *folder = base.join(&*folder);
        }
    }
}

pub(super) fn parse(text: &str, origin: &str) -> Result<WireScenario, ScenarioError> {
    let syntax = |error: toml::de::Error| {
        let line = line_of(text, &error);
        ScenarioError::new(origin, "", error.message(), "correct the TOML syntax there").at_line(line)
    };
    let version = toml::from_str::<toml::Table>(text).map_err(syntax)?.remove("version");
    if let Some(version) = version.filter(|version| version.as_integer() != Some(i64::from(Scenario::VERSION))) {
        let problem = format!("version {version} is not one that this program knows");
        return Err(ScenarioError::new(origin, "version", problem, format!("write version = {}", Scenario::VERSION)));
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

/// Turns a message of serde into one with a remedy.
fn explain(origin: &str, path: &str, message: &str) -> ScenarioError {
    // serde puts names in backquotes: first the one at fault, then those that it knows.
    let mut names = message.split('`').skip(1).step_by(2);
    let first = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    let (problem, remedy) = if message.starts_with("unknown field") {
        (format!("there is no key `{first}`"), suggest(first, &known))
    } else if message.starts_with("unknown variant") {
        (format!("`{first}` is not possible here"), suggest(first, &known))
    } else if message.starts_with("missing field") {
        (format!("`{first}` is missing"), format!("add `{first}`"))
    } else {
        (message.to_owned(), "give a value of the expected type".to_owned())
    };
    ScenarioError::new(origin, path, problem, remedy)
}

fn suggest(word: &str, known: &[&str]) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(word, name);
    match known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(nearest) if likeness(nearest) > 0.75 => format!("did you mean `{nearest}`?"),
        _ => format!("use one of {}", known.join(", ")),
    }
}
