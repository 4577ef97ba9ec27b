//! Whole rigs of cameras without cost of their own for ten minutes: losses, latency, processor time, memory.

use crate::load::{self, Load};
use crate::statistics::quantile;
use crate::{Outcome, Plan, table::Row};

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let seconds = plan.pick(600.0, 3.0);
    [Load::new(4, (1280, 720), 60.0, seconds), Load::new(8, (640, 512), 100.0, seconds)].into_iter().map(rig).collect()
}

fn rig(load: Load) -> Outcome<Row> {
    let mut got = load::run(load)?;
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| quantile(&mut got.latency_ms, share));
    let (early, late) = got.resident_mb;
    Ok(Row {
        what: format!("trigger to set, {}, {} s", load.name(), load.seconds),
        figure: format!(
            "p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.3} ms; {} pictures made, {} in sets, {} lost; {:.1} µs CPU a \
             picture; memory {early:.0} MB after a tenth, {late:.0} MB at the end",
            got.made,
            got.used,
            got.counted_lost,
            1e6 * got.cpu_s / got.made as f64,
        ),
        aim: "0 lost, memory flat",
        bounded_by: "filling pictures with zeroes, and how soon the scheduler wakes a thread a camera, the router's and \
                     the user's",
    })
}
