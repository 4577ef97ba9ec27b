//! How long recordings can be: until the disk is full, and until the budget is used up.

use session::RecordingPlan;

use super::disk::existing;
use super::finding::Finding;
use super::host::{free_bytes, megabytes};
use super::rate::DataRate;

/// A recording shorter than the first is a failure, shorter than the second a warning.
const FEWEST_S: f64 = 10.0;
const SHORT_S: f64 = 60.0;
/// The duration that a remedy suggests.
const OFFERED_S: f64 = 600.0;

pub fn check(recording: &RecordingPlan, rate: &DataRate) -> Finding {
    let folder = &recording.folder;
    match free_bytes(&existing(folder)) {
        Some(free) => judge(free as f64, recording.budget_bytes as f64, rate),
        None => Finding::not_applicable("space", format!("the system does not tell what {} holds", folder.display())),
    }
}

fn judge(free: f64, budget: f64, rate: &DataRate) -> Finding {
    let (free_s, budget_s) = (free / rate.bytes_per_s, budget / rate.bytes_per_s);
    let found = format!(
        "{} free: {} at {} a second ({}); the budget of {} lasts {}",
        megabytes(free),
        duration(free_s),
        megabytes(rate.bytes_per_s),
        rate.how,
        megabytes(budget),
        duration(budget_s)
    );
    let clear = "remove takes that are not needed, or another disk by `directory = \"FOLDER\"` in [recording]";
    let larger = format!("`budget-gb = {:.1}` in [recording]   (ten minutes)", OFFERED_S * rate.bytes_per_s / 1e9);
    if free_s < FEWEST_S {
        Finding::failure("space", found, clear)
    } else if budget_s < FEWEST_S {
        Finding::failure("space", found, larger)
    } else if free_s < SHORT_S {
        Finding::warning("space", found, clear)
    } else if budget_s < SHORT_S {
        Finding::warning("space", found, larger)
    } else if free < budget {
        let fits = format!("`budget-gb = {:.1}` in [recording], or {clear}", 0.9 * free / 1e9);
        Finding::warning("space", format!("{found}; the disk is full before"), fits)
    } else {
        Finding::ok("space", found)
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.1} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    fn verdict(free_gb: f64, budget_gb: f64) -> Finding {
        let rate = DataRate { bytes_per_s: 1e8, pixels_per_s: 0.0, how: "measured".into() };
        judge(free_gb * 1e9, budget_gb * 1e9, &rate)
    }

    #[test]
    fn disk_and_budget_must_last() {
        assert_eq!(verdict(500.0, 100.0).state, State::Ok);
        assert_eq!(verdict(0.5, 100.0).state, State::Failure);
        assert_eq!(verdict(3.0, 100.0).state, State::Warning);
        let budget = verdict(500.0, 0.1);
        assert_eq!(budget.state, State::Failure);
        assert!(budget.remedy.unwrap().contains("budget-gb = 60.0"));
        assert_eq!(verdict(500.0, 2.0).state, State::Warning);
        let before = verdict(50.0, 100.0);
        assert_eq!(before.state, State::Warning);
        assert!(before.remedy.unwrap().contains("budget-gb = 45.0"));
    }
}
