//! The frame timer's answers for single frames.

use frame::{ClockId, HostTime, TriggerIndex};
use frame_sync::timing::{DeviceClock, FrameStamp, FrameTimer, FrameTimerConfig, PulseTrain, TimedFrame, TimingEvent};

const PERIOD_NS: i64 = 40_000_000;
const PULSES: PulseTrain = PulseTrain { start_ns: 0, period_ns: PERIOD_NS as f64, uncertainty_ns: 0 };
/// From exposure to arrival; the drivers here state 2 ms of it.
const DELAY_NS: i64 = 2_700_000;

fn timer(least_delay_uncertainty_ns: u32) -> FrameTimer {
    let clock = DeviceClock { tick_ns: 1.0, tick_bits: 64, least_delay_ns: 2_000_000, least_delay_uncertainty_ns };
    FrameTimer::new(FrameTimerConfig { clock: Some(clock), counter_bits: 16, host: ClockId::Monotonic })
}

/// Of a device that was 77 s old at the host's zero, and whose counter stood at 65,530.
fn stamp(pulse: i64) -> FrameStamp {
    let exposure_ns = pulse * PERIOD_NS;
    FrameStamp {
        ticks: Some((exposure_ns + 77_000_000_000) as u64),
        host: None,
        counter: Some((pulse as u64 + 65_530) % 65_536),
        arrival_ns: exposure_ns + DELAY_NS,
    }
}

fn time(timer: &mut FrameTimer, stamp: FrameStamp) -> TimedFrame {
    timer.time(stamp, Some(&PULSES))
}

#[test]
fn times_are_vague_at_first_and_arrivals_make_them_clear() {
    let mut timer = timer(800_000);
    for pulse in 0..100 {
        let timed = time(&mut timer, stamp(pulse));
        let error_ns = timed.exposure.ns - pulse * PERIOD_NS;
        assert_eq!(timed.device_ns, Some(pulse * PERIOD_NS + 77_000_000_000));
        assert!(error_ns.abs() <= i64::from(timed.exposure.uncertainty_ns), "{timed:?}");
        if pulse < 15 {
            assert_eq!((timed.exposure.ns, timed.trigger), (stamp(pulse).arrival_ns, TriggerIndex::Unresolved));
        } else {
            let index = pulse as u64;
            let tied = if pulse == 15 { TriggerIndex::Tentative(index) } else { TriggerIndex::Certain(index) };
            assert_eq!((error_ns, timed.trigger), (700_000, tied), "late by what the stated least delay lacks");
        }
    }
    let statistics = timer.statistics();
    assert_eq!((statistics.frames, statistics.unresolved, statistics.disagreements), (100, 15, 0));
    assert_eq!((statistics.interval_mean_ns, statistics.interval_spread_ns), (PERIOD_NS as f64, 0.0));
}

#[test]
fn latches_are_better_than_arrivals_and_what_the_driver_vouches_for_is_best() {
    let mut timer = timer(0);
    for pulse in 0..50 {
        time(&mut timer, stamp(pulse));
    }
    let at_ns = 50 * PERIOD_NS;
    timer.latch(at_ns - 60_000, (at_ns + 77_000_000_000) as u64, at_ns + 20_000);
    let timed = time(&mut timer, stamp(50));
    assert_eq!((timed.exposure.ns, timed.trigger), (at_ns - 20_000, TriggerIndex::Certain(50)), "the middle");
    assert!((40_000..50_000).contains(&timed.exposure.uncertainty_ns), "{timed:?}");
    let host = HostTime::monotonic(51 * PERIOD_NS + 5, 1000);
    assert_eq!(time(&mut timer, FrameStamp { host: Some(host), ..stamp(51) }).exposure, host);
}

#[test]
fn a_counter_that_slips_in_silence_is_noticed_and_made_good_within_a_second() {
    for by in [1, 65_535] {
        let mut timer = timer(0);
        let (mut events, mut back) = (Vec::new(), None);
        for pulse in 0..100 {
            let mut stamp = stamp(pulse);
            if pulse >= 40 {
                stamp.counter = stamp.counter.map(|counter| (counter + by) % 65_536);
            }
            let timed = time(&mut timer, stamp);
            assert!(timed.trigger.pulse().is_none_or(|index| index == pulse as u64), "{timed:?} of {pulse}");
            events.extend(timed.event.map(|event| (pulse, event)));
            if pulse >= 40 && timed.trigger.pulse().is_some() {
                back = back.or(Some(pulse));
            }
        }
        assert_eq!(events, [(40, TimingEvent::Disagreement)]);
        assert_eq!(back, Some(56), "16 frames later, 0.64 s at 25 Hz");
        assert_eq!(timer.statistics().disagreements, 1);
    }
}

#[test]
fn a_device_that_starts_anew_and_a_clock_that_jumps_are_told_apart() {
    for (jump_ns, event) in [(-77_000_000_000, TimingEvent::DeviceRestarted), (5_000_000_000, TimingEvent::ClockJumped)]
    {
        let mut timer = timer(0);
        timer.latch(-60_000, 77_000_000_000, 20_000);
        let mut events = Vec::new();
        for pulse in 0..100 {
            let mut stamp = stamp(pulse);
            if pulse >= 40 {
                stamp.ticks = stamp.ticks.map(|ticks| ticks.wrapping_add_signed(jump_ns));
                stamp.counter = Some(pulse as u64 - 40);
            }
            let timed = time(&mut timer, stamp);
            assert!(timed.trigger.pulse().is_none_or(|index| index == pulse as u64), "{timed:?} of {pulse}");
            assert_eq!(timed.trigger.pulse().is_none(), (40..55).contains(&pulse));
            events.extend(timed.event.map(|event| (pulse, event)));
        }
        assert_eq!(events, [(40, event)]);
    }
}

/// Its clock happens to show nearly what it did before, so only the counter tells.
#[test]
fn a_device_that_starts_anew_while_it_is_learned_is_noticed() {
    let mut timer = timer(0);
    let mut events = Vec::new();
    for pulse in 0..60 {
        let mut stamp = stamp(pulse);
        if pulse >= 8 {
            stamp.ticks = stamp.ticks.map(|ticks| ticks - 25_000_000);
            stamp.counter = Some(pulse as u64 + 1000);
        }
        let timed = time(&mut timer, stamp);
        assert_eq!(timed.trigger.pulse(), (pulse >= 8 + 15).then_some(pulse as u64));
        events.extend(timed.event.map(|event| (pulse, event)));
    }
    assert_eq!(events, [(8, TimingEvent::DeviceRestarted)]);
}

#[test]
fn a_camera_without_a_clock_is_timed_by_its_driver_or_stays_unresolved() {
    let config = FrameTimerConfig { clock: None, counter_bits: 64, host: ClockId::Monotonic };
    let mut timer = FrameTimer::new(config);
    timer.latch(0, 0, 1);
    for pulse in 0..50 {
        let timed = time(&mut timer, FrameStamp { ticks: None, ..stamp(pulse) });
        assert_eq!((timed.trigger, timed.device_ns), (TriggerIndex::Unresolved, None));
        assert!(timed.exposure.uncertainty_ns > 100_000_000);
    }
    let host = Some(HostTime::monotonic(50 * PERIOD_NS, 1000));
    let timed = time(&mut timer, FrameStamp { ticks: None, host, ..stamp(50) });
    assert_eq!(timed.trigger, TriggerIndex::Tentative(50));
}

#[test]
fn without_pulses_there_are_times_and_no_indices() {
    let mut timer = timer(0);
    let last = (0..50).map(|pulse| timer.time(stamp(pulse), None)).last();
    assert!(
        last.is_some_and(|timed| timed.trigger == TriggerIndex::Unresolved && timed.exposure.uncertainty_ns < 1000)
    );
}
