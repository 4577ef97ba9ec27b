//! The same load through genlock and through its alternatives in turn: the latency from the trigger to the whole set, and
//! what is known about lost pictures when the user of the sets is too slow.

mod gstreamer;
mod ros;

use std::time::Duration;

use crate::load::{self, Load, System, Yield};
use crate::statistics::quantile;
use crate::{Outcome, Plan, table::Row};

/// Longer than a period of 60 Hz.
const SLOW: Duration = Duration::from_millis(20);

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let load = Load::new(4, (1280, 720), 60.0, plan.pick(20.0, 2.0));
    let rounds = plan.pick(3, 1);
    let ours: System = ("genlock", std::sync::Arc::new(load::run));
    let mut systems = vec![ours, ("GStreamer's queues", std::sync::Arc::new(gstreamer::run))];
    let mut rows = vec![];
    match ros::prepare() {
        Ok(ros) => systems.push(("ROS message filters", std::sync::Arc::new(move |load| ros.run(load)))),
        Err(why) => rows.push(Row {
            what: "ROS message filters".into(),
            figure: format!("not here: {why}"),
            aim: "",
            bounded_by: "",
        }),
    }
    for (work, what) in [(Duration::ZERO, "trigger to set"), (SLOW, "sets that take 20 ms each")] {
        let mut yields = vec![Yield::default(); systems.len()];
        for _ in 0..rounds {
            for (system, total) in systems.iter().zip(&mut yields) {
                total.add(system.1(Load { work, ..load })?);
            }
        }
        rows.extend(systems.iter().zip(yields).map(|(system, total)| row(system.0, what, load, total)));
    }
    Ok(rows)
}

fn row(system: &str, what: &str, load: Load, mut got: Yield) -> Row {
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| quantile(&mut got.latency_ms, share));
    Row {
        what: format!("{what}, {}: {system}", load.name()),
        figure: format!(
            "p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.3} ms; {} pictures made, {} used, {} lost, of which it counted {}; \
             {:.1} µs CPU a picture",
            got.made,
            got.used,
            got.made.saturating_sub(got.used),
            got.counted_lost,
            1e6 * got.cpu_s / got.made.max(1) as f64,
        ),
        aim: if system == "genlock" { "ahead on p99; every loss counted" } else { "" },
        bounded_by: "how soon the scheduler wakes each thread on the way",
    }
}
