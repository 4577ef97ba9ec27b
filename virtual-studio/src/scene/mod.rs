//! What is rendered: a scenario describes it in TOML, a plan draws one take of it by seed, a studio renders that take,
//! and a cast holds the files of all takes.

mod cast;
mod check;
mod imaging;
mod plan;
mod scenario;
mod studio;
mod surroundings;
mod twin;
mod view;
mod wire;

pub use cast::{Cast, StudioError};
pub use plan::{Catalogue, LightSource, StudioPlan};
pub use scenario::{FileSelection, Place, Rigging, Scenario, SurroundKind, Vary};
pub use settings::SettingsError as ScenarioError;
pub use studio::Studio;
pub use twin::Twin;
pub use view::{JpegError, RenderedView, ViewLabels};

#[cfg(test)]
mod tests;
