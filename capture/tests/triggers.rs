//! Triggers with real threads: simulated devices with clocks of their own, whose pictures carry the true pulse number.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use capture::trigger::{ObservedTrigger, SoftwareTrigger};
use capture::{
    CameraDriver, CameraEvent, CameraSpec, Capture, CaptureEvent, CaptureEventKind, CaptureOptions, DeviceClock,
    DriverError, DriverEvent, FrameConsumer, Pulses, Role, Stamp, TriggerEvent, Unit,
};
use frame::{
    CameraId, FrameInfo, FrameRef, LossLedger, LossReason, Picture, PixelFormat, SegmentId, Slot, SourcePosition,
    TriggerIndex, monotonic_now_ns,
};

const PERIOD_NS: i64 = 10_000_000;
const LEAST_DELAY_NS: i64 = 1_000_000;

/// A trigger line, with pulses from `start_ns` until `end_ns`.
struct Line {
    start_ns: AtomicI64,
    end_ns: AtomicI64,
}

enum Fault {
    CableOut,
    /// The camera's thread stalls for two and a half periods.
    Stall,
    /// The camera misses a pulse and does not count it.
    Deaf,
}

type Faults = Arc<Mutex<Option<Fault>>>;

/// A camera with a drifting microsecond clock, one-sided delays, and a counter that starts on opening.
struct Device {
    line: Arc<Line>,
    drift_ppm: f64,
    origin_ns: i64,
    /// The next pulse of the line, and how many pictures were taken.
    pulse: i64,
    taken: u64,
    fired: Vec<i64>,
    deaf: bool,
    noise: u64,
    fault: Faults,
}

impl Device {
    fn new(line: Arc<Line>, drift_ppm: f64, fault: Faults) -> Self {
        let origin_ns = monotonic_now_ns();
        let since = origin_ns - line.start_ns.load(Ordering::Acquire);
        let pulse = if since < 0 { 0 } else { since / PERIOD_NS + 2 };
        let noise = drift_ppm.to_bits() | 1;
        Self { line, drift_ppm, origin_ns, pulse, taken: 0, fired: vec![], deaf: false, noise, fault }
    }

    /// The least delay plus up to 2 ms, usually little.
    fn delay_ns(&mut self) -> i64 {
        self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (self.noise >> 40) as f64 / (1u64 << 24) as f64;
        LEAST_DELAY_NS + (2e6 * share.powi(3)) as i64
    }
}

impl CameraDriver for Device {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        match self.fault.lock().unwrap().take() {
            Some(Fault::CableOut) => return Err(DriverError::Stream("the cable is out".into())),
            Some(Fault::Stall) => std::thread::sleep(Duration::from_nanos(5 * PERIOD_NS as u64 / 2)),
            Some(Fault::Deaf) => self.deaf = true,
            None => {}
        }
        let start_ns = self.line.start_ns.load(Ordering::Acquire);
        let next_ns = start_ns.saturating_add(self.pulse * PERIOD_NS);
        let by_line = (start_ns != i64::MAX && next_ns < self.line.end_ns.load(Ordering::Acquire)).then_some(next_ns);
        let exposed = if self.fired.is_empty() { by_line } else { Some(self.fired[0]) };
        let Some(exposed_ns) = exposed.filter(|ns| ns - monotonic_now_ns() < wait.as_nanos() as i64) else {
            std::thread::sleep(wait.min(Duration::from_millis(20)));
            return Ok(DriverEvent::Idle);
        };
        let arrival_ns = exposed_ns + self.delay_ns();
        std::thread::sleep(Duration::from_nanos((arrival_ns - monotonic_now_ns()).max(0) as u64));
        let index = if self.fired.is_empty() { self.pulse } else { 0 };
        if self.fired.is_empty() {
            self.pulse += 1;
        } else {
            self.fired.remove(0);
        }
        self.taken += 1;
        if let Some(slot) = slot {
            slot.bytes_mut().resize(64, 0);
        }
        let ticks = (exposed_ns - self.origin_ns) as f64 * (1.0 + self.drift_ppm * 1e-6) / 1e3;
        Ok(DriverEvent::Unit(Unit {
            segment: SegmentId::seam(0),
            exposure: Stamp::Device { ticks: ticks as u64, arrival_ns: monotonic_now_ns() },
            exposure_duration_ns: 0,
            counter: Some(self.taken),
            trigger: TriggerIndex::Unresolved,
            source: Some(SourcePosition { index: index as u32, length: u32::MAX }),
            picture: Picture::packed(PixelFormat::Gray8, 8, 8),
        }))
    }

    fn clock(&self) -> Option<DeviceClock> {
        let (least_delay_ns, least_delay_uncertainty_ns) = (LEAST_DELAY_NS, 100_000);
        Some(DeviceClock { tick_ns: 1e3, tick_bits: 64, least_delay_ns, least_delay_uncertainty_ns })
    }

    fn fire(&mut self) -> Result<(), DriverError> {
        if !std::mem::take(&mut self.deaf) {
            self.fired.push(monotonic_now_ns());
        }
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<FrameInfo>>>);

impl FrameConsumer for Collector {
    fn offer(&mut self, frame: &FrameRef) {
        self.0.lock().unwrap().push(frame.info);
    }
}

const DRIFTS_PPM: [f64; 3] = [100.0, -100.0, 20.0];
/// Longest wait for anything that must happen.
const DEADLINE: Duration = Duration::from_secs(20);

struct Run {
    frames: Vec<FrameInfo>,
    events: Vec<CaptureEventKind>,
    ledgers: Vec<LossLedger>,
}

/// Three devices while they run.
struct Running<'a> {
    faults: &'a [Faults],
    capture: &'a Capture,
    consumer: &'a Collector,
    ledgers: &'a [LossLedger],
    received: RefCell<Vec<CaptureEvent>>,
}

impl Running<'_> {
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}; {:?}", self.received.borrow());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for an event and returns when it happened.
    fn until_told(&self, wanted: &CaptureEventKind) -> i64 {
        let told = || {
            self.received.borrow_mut().extend(self.capture.events().try_iter());
            self.received.borrow().iter().find(|event| event.kind == *wanted).map(|event| event.at_ns)
        };
        self.until(&format!("{wanted:?}"), || told().is_some());
        told().unwrap()
    }

    /// Waits until each camera has delivered this many frames after `since_ns`.
    fn until_delivered(&self, frames: usize, since_ns: i64) {
        self.until(&format!("{frames} frames of each camera"), || {
            let mut delivered = [0; DRIFTS_PPM.len()];
            for frame in self.consumer.0.lock().unwrap().iter() {
                delivered[frame.camera.index()] += usize::from(frame.arrival_ns > since_ns);
            }
            delivered.iter().all(|&delivered| delivered >= frames)
        });
    }
}

fn lost(ledger: &LossLedger, reason: LossReason) -> u64 {
    ledger.capture.counts().lost.get(&reason).copied().unwrap_or(0)
}

/// The line carries no pulses for this long.
fn stays_silent_for(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Runs three devices on a line; `meanwhile` changes the line and injects faults.
fn run(pulses: Pulses, role: Role, line: &Arc<Line>, meanwhile: impl FnOnce(&Running)) -> Run {
    let faults: Vec<Faults> = DRIFTS_PPM.iter().map(|_| Arc::default()).collect();
    let specs = DRIFTS_PPM.iter().zip(&faults).map(|(&drift_ppm, fault)| {
        let (line, fault) = (line.clone(), fault.clone());
        CameraSpec {
            name: format!("{drift_ppm} ppm"),
            open: Box::new(move || Ok(Box::new(Device::new(line.clone(), drift_ppm, fault.clone())))),
            pool_buffers: 32,
            unit_bytes: 64,
            role,
            watchdog: Some(Duration::from_secs(1)),
        }
    });
    let ledgers: Vec<LossLedger> = DRIFTS_PPM.iter().map(|_| LossLedger::default()).collect();
    let consumer = Collector::default();
    let capture =
        Capture::start(specs.collect(), &ledgers, vec![Box::new(consumer.clone())], CaptureOptions::new(pulses))
            .unwrap();
    let received = RefCell::default();
    let running = Running { faults: &faults, capture: &capture, consumer: &consumer, ledgers: &ledgers, received };
    meanwhile(&running);
    let events = running.received.into_inner().into_iter().chain(capture.events().try_iter());
    let events = events.map(|event| event.kind).collect();
    capture.stop(Duration::from_secs(5)).unwrap();
    let frames = consumer.0.lock().unwrap().clone();
    Run { frames, events, ledgers }
}

impl Run {
    fn lost(&self, camera: usize, reason: LossReason) -> u64 {
        lost(&self.ledgers[camera], reason)
    }
}

/// Numbered frames of one segment by camera; asserts that numbers and true pulses differ by one constant.
fn numbered_truly(frames: &[FrameInfo]) -> HashMap<u16, Vec<FrameInfo>> {
    let mut offset = None;
    let mut by_camera: HashMap<u16, Vec<FrameInfo>> = HashMap::new();
    for frame in frames {
        let Some(pulse) = frame.trigger.pulse() else { continue };
        let truth = i64::from(frame.source.unwrap().index);
        let expected = *offset.get_or_insert(pulse as i64 - truth);
        assert_eq!(pulse as i64 - truth, expected, "{frame:?}");
        by_camera.entry(frame.camera.0).or_default().push(*frame);
    }
    by_camera
}

#[test]
fn pulses_that_nobody_tells_of_are_numbered_alike_in_all_cameras_and_after_a_cable_was_out() {
    let line = Arc::new(Line { start_ns: AtomicI64::new(i64::MAX), end_ns: AtomicI64::new(i64::MAX) });
    let mut back_ns = 0;
    let Run { frames, events, .. } =
        run(Pulses::From(Box::new(ObservedTrigger::new(100.0, None))), Role::Follows, &line, |running| {
            running.until_told(&CaptureEventKind::Trigger(TriggerEvent::Started { unarmed: vec![] }));
            line.start_ns.store(monotonic_now_ns() + 100_000_000, Ordering::Release);
            running.until_delivered(290, i64::MIN);
            *running.faults[0].lock().unwrap() = Some(Fault::CableOut);
            back_ns = running.until_told(&CaptureEventKind::Camera(CameraId(0), CameraEvent::Back));
            running.until_delivered(230, back_ns);
            line.end_ns.store(monotonic_now_ns(), Ordering::Release);
            running.until_told(&CaptureEventKind::Trigger(TriggerEvent::Stopped));
            // Longer than the watchdogs allow while another camera delivers.
            stays_silent_for(500);
        });
    let by_camera = numbered_truly(&frames);
    assert_eq!(by_camera.len(), 3);
    for (camera, numbered) in &by_camera {
        let all = frames.iter().filter(|frame| frame.camera.0 == *camera).count();
        println!("camera {camera}: {} of {all} numbered", numbered.len());
        assert!(numbered.len() * 10 >= all * 6, "camera {camera}: {} of {all}", numbered.len());
    }
    // The camera whose clock and counter restarted has true numbers again within a second of its first new picture.
    let again = by_camera[&0].iter().find(|frame| frame.arrival_ns > back_ns).unwrap();
    let waited_ms = (again.arrival_ns - back_ns) / 1_000_000;
    println!("numbered again after {waited_ms} ms");
    assert!(waited_ms < 1100, "{waited_ms} ms");
    let told = |wanted: &CaptureEventKind| events.iter().filter(|event| *event == wanted).count();
    assert_eq!(told(&CaptureEventKind::Trigger(TriggerEvent::Stopped)), 1, "{events:?}");
    assert_eq!(told(&CaptureEventKind::Trigger(TriggerEvent::Started { unarmed: vec![] })), 1, "{events:?}");
    let failed = |event: &&CaptureEventKind| matches!(event, CaptureEventKind::Camera(_, CameraEvent::Failed { .. }));
    assert_eq!(events.iter().filter(failed).count(), 1, "a line without pulses is no camera's fault: {events:?}");
}

#[test]
fn cameras_that_the_host_fires_take_one_picture_a_pulse() {
    let line = Arc::new(Line { start_ns: AtomicI64::new(i64::MAX), end_ns: AtomicI64::new(i64::MAX) });
    let trigger = Pulses::From(Box::new(SoftwareTrigger::new(1e9 / PERIOD_NS as f64)));
    let run = run(trigger, Role::Fired, &line, |running| {
        running.until_delivered(150, i64::MIN);
        let faulty_ns = monotonic_now_ns();
        *running.faults[1].lock().unwrap() = Some(Fault::Stall);
        *running.faults[2].lock().unwrap() = Some(Fault::Deaf);
        running.until("a pulse without a request, and a missed one", || {
            lost(&running.ledgers[1], LossReason::NotAsked) > 0
                && lost(&running.ledgers[2], LossReason::MissedPulse) > 0
        });
        running.until_delivered(200, faulty_ns);
    });
    assert!(run.lost(1, LossReason::NotAsked) > 0);
    let missed: Vec<_> = (0..3).map(|camera| run.lost(camera, LossReason::MissedPulse)).collect();
    assert_eq!(missed, [0, 0, 1]);
    let Run { frames, .. } = run;
    for camera in 0..3 {
        let numbered = |frame: &&FrameInfo| Some((frame.sequence, frame.trigger.pulse()?));
        let of_camera: Vec<_> = frames.iter().filter(|frame| frame.camera.0 == camera).collect();
        let numbers: Vec<_> = of_camera.iter().filter_map(numbered).collect();
        let (first, pulse) = numbers[0];
        assert!(numbers.iter().all(|(at, number)| number - pulse == at - first), "{camera}: {numbers:?}");
        // Skipped requests leave later numbers certain; a missed pulse makes them uncertain, for a second at most.
        let vague = of_camera.iter().skip_while(|frame| frame.trigger.pulse().is_none()).count() - numbers.len();
        assert!(
            vague < if missed[camera as usize] > 0 { 100 } else { 10 },
            "{camera}: {vague} frames without a number"
        );
    }
    let mut pulses: HashMap<u64, Vec<i64>> = HashMap::new();
    for frame in frames.iter().filter(|frame| frame.trigger.pulse().is_some()) {
        pulses.entry(frame.trigger.pulse().unwrap()).or_default().push(frame.exposure.ns);
    }
    println!("{} frames, {} numbered pulses", frames.len(), pulses.len());
    assert!(pulses.len() > 200, "{} pulses", pulses.len());
    let most = pulses.values().map(Vec::len).max();
    assert_eq!(most, Some(3), "no camera takes two pictures at one pulse");
    for (pulse, exposures) in pulses {
        let apart_ns = exposures.iter().max().unwrap() - exposures.iter().min().unwrap();
        assert!(apart_ns < PERIOD_NS / 2, "pulse {pulse}: exposures {apart_ns} ns apart");
    }
}
