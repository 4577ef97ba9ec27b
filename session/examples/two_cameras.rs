//! Records two simulated cameras for about a second, without page or learner, and counts their frames. The first
//! trigger comes after 1.5 seconds.

use std::error::Error;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use session::{RecordedTake, RecordingBegins, RecordingPlan, SessionPlan, Sinks};

const RIG: &str = r#"
version = 1
name = "two-cameras"
[trigger]
mode = "hardware"
rate-hz = 30.0
[[camera]]
name = "left"
driver = "simulated"
[[camera]]
name = "right"
driver = "simulated"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let (rig, _) = Rig::from_toml_str(RIG, "the example")?;
    let (name, folder) = (rig.name.to_string(), std::env::temp_dir());
    let begins = RecordingBegins::WithSession;
    let recording = RecordingPlan { name, begins, folder, budget_bytes: 1_000_000_000, rig_toml: None };
    let plan = SessionPlan { recording: Some(recording), ..SessionPlan::new(rig) };
    let mut session = plan.open()?.start(Sinks::default())?;
    let until = Instant::now() + Duration::from_secs(3);
    let end = session.run(&crossbeam::channel::never(), Some(until), |_| ControlFlow::Continue(()));
    let outcome = session.stop();
    let RecordedTake { directory, counters } = outcome.takes.last().ok_or("nothing was recorded")?;
    println!("{end:?}: {} frames in {}", counters.frames(), directory.display());
    if counters.frames() < 30 || !outcome.errors.is_empty() {
        return Err(format!("too few frames, or {:?}", outcome.errors).into());
    }
    Ok(std::fs::remove_dir_all(directory)?)
}

#[test]
fn it_records_both_cameras() {
    main().unwrap();
}
