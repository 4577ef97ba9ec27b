//! Runs the conformance checks on drivers that need no camera, and on faulty drivers that must fail them.

use std::time::Duration;

use capture::conformance::{Expected, conforms};
use capture::drivers::gstreamer::{StampDelay, open_launch_line};
use capture::drivers::simulated::SimulatedCamera;
use capture::{CameraDriver, DriverError, DriverEvent, PulseTrain, Stamp, Unit};
use frame::{HostTime, LossReason, Slot, monotonic_now_ns};

const SILENCE: Duration = Duration::from_secs(3);
const RAW: &str = "video/x-raw,format=GRAY8,width=162,height=120,framerate=60/1";

fn simulated() -> SimulatedCamera {
    let pulses = PulseTrain::new(monotonic_now_ns() + 20_000_000, 1e9 / 200.0);
    SimulatedCamera { lose_every: Some(7), ..SimulatedCamera::new(pulses, 64, 48) }
}

fn check(open: impl FnMut() -> Result<Box<dyn CameraDriver>, DriverError>, expected: Expected) {
    let wrong = conforms(open, expected);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn simulated_cameras_conform() {
    let endless = Expected::endless(60, SILENCE);
    check(|| Ok(Box::new(simulated().open(0))), endless);
    let camera = || SimulatedCamera { units: Some(70), ..simulated() };
    check(|| Ok(Box::new(camera().open(0))), Expected { ends: true, ..endless });
}

#[test]
fn launch_lines_conform() {
    let expected = Expected { counted: false, ..Expected::endless(40, SILENCE) };
    let line = |more: &str| {
        let line = format!("videotestsrc {more} ! {RAW} ! appsink name=sink");
        move || -> Result<Box<dyn CameraDriver>, _> { Ok(Box::new(open_launch_line(&line, StampDelay::default())?)) }
    };
    check(line("is-live=true"), expected);
    check(line("num-buffers=45"), Expected { ends: true, ..expected });
}

type Fault = fn(&mut DriverEvent, Option<&mut Slot>);

/// A driver with a fault.
struct Faulty(Box<dyn CameraDriver>, Fault);

impl CameraDriver for Faulty {
    fn next(&mut self, mut slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let mut event = self.0.next(slot.as_deref_mut(), wait)?;
        self.1(&mut event, slot);
        Ok(event)
    }
}

fn check_fault(word: &str, fault: Fault) {
    let open = || -> Result<Box<dyn CameraDriver>, _> { Ok(Box::new(Faulty(Box::new(simulated().open(0)), fault))) };
    let wrong = conforms(open, Expected::endless(12, Duration::from_millis(500)));
    assert!(wrong.iter().any(|what| what.contains(word)), "{word:?} is not in {wrong:#?}");
}

#[test]
fn the_suite_sees_what_is_wrong() {
    let faults: [(&str, Fault); 9] = [
        ("too few", |_, slot| slot.into_iter().for_each(|slot| slot.bytes_mut().truncate(9))),
        ("returned after", |_, _| std::thread::sleep(Duration::from_millis(450))),
        ("missing it should be", |event, _| {
            if let DriverEvent::Lost { .. } = event {
                *event = DriverEvent::Idle;
            }
        }),
        ("does not follow", |event, _| {
            if let DriverEvent::Unit(Unit { exposure, .. }) = event {
                *exposure = Stamp::Host(HostTime::monotonic(5, 0));
            }
        }),
        ("in the future", |event, _| {
            if let DriverEvent::Unit(Unit { exposure: Stamp::Host(at), .. }) = event {
                at.ns += 1_000_000_000;
            }
        }),
        ("has no clock", |event, _| {
            if let DriverEvent::Unit(Unit { exposure, .. }) = event {
                *exposure = Stamp::Device { ticks: 1, arrival_ns: 0 };
            }
        }),
        ("no unit for", |event, _| *event = DriverEvent::Idle),
        ("ended after", |event, _| *event = DriverEvent::Ended),
        ("a loss of no units", |event, _| {
            *event = DriverEvent::Lost { reason: LossReason::MissingAtSource, frames: 0 };
        }),
    ];
    // They wait most of the time, each for its own camera.
    std::thread::scope(|scope| {
        for (word, fault) in faults {
            scope.spawn(move || check_fault(word, fault));
        }
    });
}
