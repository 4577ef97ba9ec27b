//! Clocks, trigger pulses and frame sets: when and by which pulse each frame was exposed, and which belong together.

mod assembler;
mod clock_model;
mod envelope;
mod frame_set;
mod frame_timer;
mod interval;
mod line_bounds;
mod nearest_in_time;
mod pulse_estimator;
mod pulse_train;
mod round_trip_clock;
mod trigger_counter;
mod wrap;

pub use assembler::{Arrival, AssemblerConfig, FrameSetAssembler};
pub use clock_model::{ClockConfig, ClockModel, Observation};
pub use frame_set::{Action, Closed, FrameSet, MAX_CAMERAS};
pub use frame_timer::{
    DeviceClock, FrameStamp, FrameTimer, FrameTimerConfig, TimedFrame, TimingEvent, TimingStatistics,
};
pub use nearest_in_time::{NearestConfig, NearestInTime, TimedArrival};
pub use pulse_estimator::{PulseEstimator, PulseEstimatorConfig};
pub use pulse_train::PulseTrain;
pub use round_trip_clock::{RemoteTime, RoundTripClock, RoundTripConfig};
pub use trigger_counter::{Resolution, TriggerCounter, TriggerCounterConfig};
