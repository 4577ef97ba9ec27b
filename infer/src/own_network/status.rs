//! What is reported of the rig's own network.

use transport::{HeldOutBy, OwnNetworkStatus};

use super::OwnNetwork;
use super::gate::Figures;

impl OwnNetwork {
    pub(crate) fn status(&self) -> OwnNetworkStatus {
        let judged = self.judge.figures();
        let costs = Figures { own_cpu_ms: judged.own_cpu_ms, finder_cpu_ms: judged.finder_cpu_ms, ..judged };
        let figures = self.decided.filter(|_| self.serves()).unwrap_or(costs);
        let state = match &self.network {
            None => "there is none yet".to_owned(),
            Some(_) if self.serves() => "serves; the finder looks at one set a second".to_owned(),
            Some(_) => figures.opens().1,
        };
        // Infinite numbers have no place in JSON.
        let finite = |mm: Option<f64>| mm.filter(|mm| mm.is_finite());
        let by_position = self.recent.back().map(|crops| crops.source.is_some());
        OwnNetworkStatus {
            serving: self.gate.serving(),
            state,
            version: self.network.as_ref().map(|network| network.version.clone()),
            lineage: self.network.as_ref().map(|network| network.training.to_string()),
            held_out_by: by_position.map(|yes| if yes { HeldOutBy::SourcePosition } else { HeldOutBy::Time }),
            instants: figures.instants as u64,
            own_mm: finite(figures.own_mm),
            finder_mm: finite(figures.finder_mm),
            own_cpu_ms: costs.own_cpu_ms,
            finder_cpu_ms: costs.finder_cpu_ms,
            switches: self.gate.switches,
        }
    }
}
