//! The cost of four cameras that send nothing.

use std::time::{Duration, Instant};

use capture::{CameraDriver, CameraSpec, Capture, CaptureOptions, DriverError, DriverEvent, Pulses, Role};
use frame::{LossLedger, Slot};

use crate::machine::process_cpu_s;
use crate::{Outcome, Plan, table::Row};

const CAMERAS: usize = 4;

/// A device whose queue stays empty.
struct Silent;

impl CameraDriver for Silent {
    fn next(&mut self, _: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        std::thread::sleep(wait);
        Ok(DriverEvent::Idle)
    }
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let cameras = (0..CAMERAS).map(|index| CameraSpec {
        name: format!("silent-{index}"),
        open: Box::new(|| Ok(Box::new(Silent))),
        pool_buffers: 8,
        unit_bytes: 1280 * 720,
        role: Role::Follows,
        watchdog: None,
    });
    let ledgers = vec![LossLedger::default(); CAMERAS];
    let options = CaptureOptions::new(Pulses::Unknown);
    let capture = Capture::start(cameras.collect(), &ledgers, Vec::new(), options)?;
    // Do not count the creation of threads and pools.
    std::thread::sleep(Duration::from_millis(500));

    let (begun, used_s) = (Instant::now(), process_cpu_s());
    std::thread::sleep(Duration::from_secs(plan.pick(5, 1)));
    let used_s = process_cpu_s() - used_s;
    let share = 100.0 * used_s / begun.elapsed().as_secs_f64();
    capture.stop(Duration::from_secs(2))?;

    Ok(vec![Row {
        what: format!("idle CPU, {CAMERAS} cameras that send nothing"),
        figure: format!("{share:.2} % of one core ({:.1} ms in {:.1} s)", 1e3 * used_s, begun.elapsed().as_secs_f64()),
        aim: "",
        bounded_by: "each camera's thread looks 4 times a second whether to stop",
    }])
}
