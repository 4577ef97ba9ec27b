//! What is to be rendered, and the words that said so.

use std::path::Path;

use settings::Document;

use super::RenderError;
use crate::scene::{Catalogue, Scenario, StudioPlan};

/// A scenario and what it was read from.
pub struct Script {
    pub scenario: Scenario,
    pub(super) document: Document,
    catalogue: Catalogue,
}

impl Script {
    /// Reads a scenario and lists its folders, which are meant from `assets`, or else from where the file lies.
    /// `changes` are `key=value`, as `takes=10`.
    ///
    /// # Errors
    /// A scenario that is wrong, or folders that it names and that cannot be read.
    pub fn read(path: &Path, assets: Option<&Path>, changes: &[String]) -> Result<Self, RenderError> {
        let document = Document::read(path)?.set(changes)?;
        let scenario = Scenario::from_document(&document, assets.or(path.parent()))?;
        let catalogue = Catalogue::read(&scenario, document.origin())?;
        Ok(Self { scenario, document, catalogue })
    }

    /// The files that it draws from.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(super) fn plan(&self, take: u64) -> StudioPlan {
        self.catalogue.plan(&self.scenario, take)
    }

    pub(super) fn take_name(&self, take: u64) -> String {
        take_name(&self.scenario.name, take)
    }
}

pub(super) fn take_name(scenario: &str, take: u64) -> String {
    format!("{scenario}-{take:05}")
}
