//! Pure logic of time: which pictures belong together, and which pairs to learn from.
//!
//! Nothing here opens, spawns or reads a clock. Every core takes events with their times and hands back actions, so
//! a simulated clock drives it, single-threaded, from one seed.

mod all_pairs;
mod assembler;
mod clock_model;
mod envelope;
mod evaluation_pairs;
mod frame_timer;
mod gap_index;
mod history;
mod hold_out;
mod interval;
mod line_bounds;
mod nearest_in_time;
mod pair_gap;
mod pulse_estimator;
mod pulse_train;
mod round_trip_clock;
mod sampler;
mod trigger_counter;
mod tuple;
mod views;
mod wrap;

pub use all_pairs::{AllPairsDraw, WeightedPair};
pub use assembler::{Action, Arrival, AssemblerConfig, Closed, FrameSet, FrameSetAssembler, MAX_CAMERAS};
pub use clock_model::{ClockConfig, ClockModel, Observation};
pub use evaluation_pairs::LabelledPair;
pub use frame_timer::{
    DeviceClock, FrameStamp, FrameTimer, FrameTimerConfig, TimedFrame, TimingEvent, TimingStatistics,
};
pub use history::{InstantMeta, MomentHistory};
pub use hold_out::{HoldOut, LiveHoldOut, Side};
pub use nearest_in_time::{NearestConfig, NearestInTime, TimedArrival};
pub use pair_gap::{PairGap, PairGapError};
pub use pulse_estimator::{PulseEstimator, PulseEstimatorConfig};
pub use pulse_train::PulseTrain;
pub use round_trip_clock::{RemoteTime, RoundTripClock, RoundTripConfig};
pub use sampler::{ImageRef, Pair, PairSampler, SamplerConfig};
pub use trigger_counter::{Resolution, TriggerCounter, TriggerCounterConfig};
pub use tuple::TupleDraw;
