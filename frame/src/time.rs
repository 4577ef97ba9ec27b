//! Times on a host's clock.

/// The clock that a time was read from. Only times of one clock may be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockId {
    /// `CLOCK_MONOTONIC` of this host since its boot.
    Monotonic,
    /// A clock that a test advances.
    Simulated,
}

/// An instant on a host's clock; for a frame, the *start of exposure*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostTime {
    /// Nanoseconds since the clock's origin.
    pub ns: i64,
    /// Half-width of the interval that holds the true instant 95 % of the time.
    pub uncertainty_ns: u32,
    /// The clock.
    pub clock: ClockId,
}

impl HostTime {
    /// A time of `CLOCK_MONOTONIC`.
    pub fn monotonic(ns: i64, uncertainty_ns: u32) -> Self {
        Self { ns, uncertainty_ns, clock: ClockId::Monotonic }
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds, the same in every process of this host.
pub fn monotonic_now_ns() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec, and this clock id exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
