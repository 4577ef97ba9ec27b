mod sample;

pub use sample::{BackgroundId, Region, Sample};
