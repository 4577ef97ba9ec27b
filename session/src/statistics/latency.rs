//! Distributions of delays.

use std::sync::{Arc, Mutex, PoisonError};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Delays from a microsecond to a minute, to three digits. Not used on the frame path, only after the rings.
#[derive(Clone)]
pub struct Latency(Arc<Mutex<Histogram<u32>>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    pub p50: Option<f64>,
    pub p99: Option<f64>,
}

impl Default for Latency {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, 60_000_000, 3).expect("constant bounds that the crate accepts");
        Self(Arc::new(Mutex::new(histogram)))
    }
}

impl Latency {
    pub fn record_ns(&self, ns: i64) {
        let us = (ns / 1_000).clamp(1, 60_000_000) as u64;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(us);
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).reset();
    }

    pub fn mean_ms(&self) -> Option<f64> {
        let histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!histogram.is_empty()).then(|| histogram.mean() / 1_000.0)
    }

    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64 / 1_000.0)
    }

    pub fn percentiles_ms(&self) -> Percentiles {
        Percentiles { p50: self.quantile_ms(0.5), p99: self.quantile_ms(0.99) }
    }
}
