//! Time stamps that a camera sends in a chunk after each picture, instead of those in the stream's leader.

use ::aravis::prelude::*;
use ::aravis::{Buffer, Camera, ChunkParser};

use super::features::Features;
use super::latch::ns_per_gige_tick;
use crate::DriverError;

const VALUE: &str = "ChunkTimestamp";

/// Reads time stamps from chunks.
pub struct ChunkStamps {
    parser: ChunkParser,
    ns_per_tick: f64,
}

impl ChunkStamps {
    /// Enables them on the camera. This changes the payload size.
    pub fn enable(camera: &Camera, features: &Features) -> Result<Self, DriverError> {
        let what = "time stamps in chunks";
        let refused = |why: &str| features.refused(what, why, "leave chunk-timestamps out");
        if !features.has("ChunkModeActive") {
            return Err(refused("it has no chunks"));
        }
        features.ask(what, camera.set_chunks("Timestamp"))?;
        let parser = camera.create_chunk_parser().ok_or_else(|| refused("it does not describe its chunks"))?;
        let device = camera.device().ok_or_else(|| refused("it has no device"))?;
        Ok(Self { parser, ns_per_tick: ns_per_gige_tick(&device).unwrap_or(1.0) })
    }

    /// In ns, like the stream's own stamps and latches; `None` if the chunk is missing.
    pub fn read_ns(&self, buffer: &Buffer) -> Option<u64> {
        let ticks = self.parser.integer_value(buffer, VALUE).ok()?;
        Some((ticks as f64 * self.ns_per_tick) as u64)
    }
}
