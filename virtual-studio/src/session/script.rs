//! A scenario to render, and its source text.

use std::path::Path;

use settings::Document;

use super::RenderError;
use crate::scene::{Catalogue, Scenario, StudioPlan};

/// A scenario and its source text.
pub struct Script {
    pub scenario: Scenario,
    pub(super) document: Document,
    catalogue: Catalogue,
}

impl Script {
    /// Reads a scenario and lists its folders, which are relative to `assets`, or else to the file's own folder.
    /// `changes` are `key=value`, such as `takes=10`.
    ///
    /// # Errors
    /// The scenario is invalid, or its folders cannot be read.
    pub fn read(path: &Path, assets: Option<&Path>, changes: &[String]) -> Result<Self, RenderError> {
        let document = Document::read(path)?.set(changes)?;
        let scenario = Scenario::from_document(&document, assets.or(path.parent()))?;
        let catalogue = Catalogue::read(&scenario, document.origin())?;
        Ok(Self { scenario, document, catalogue })
    }

    /// The files from which it draws.
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
