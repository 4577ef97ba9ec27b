//! What is rendered: a scenario says it in TOML, a plan draws one take of it by seed, a studio renders that take.

mod check;
mod look;
mod plan;
mod scenario;
mod studio;
mod surroundings;
mod twin;
mod view;
mod wire;

pub use plan::{Catalogue, Light, TakePlan};
pub use scenario::{Background, Place, Rigging, Scenario, Selection, Split, Vary};
pub use settings::SettingsError as ScenarioError;
pub use studio::{Studio, StudioOptions};
pub use twin::Twin;
pub use view::{JpegError, RenderedView, ViewLabels};

#[cfg(test)]
mod tests;
