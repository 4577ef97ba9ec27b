//! The cost of finding a rig's geometry and its bodies, by the number of cameras and instants.

#[path = "../../../geometry/tests/support/mod.rs"]
mod support;

use std::time::Instant;

use geometry::{Options, fit_body, solve};
use support::{Faults, SIZE, camera, scene};

use crate::statistics::quantile;
use crate::{Outcome, Plan, table::Row};

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for cameras in [2, 4, 8, 16] {
        // In a ring around the person.
        let ring = (0..cameras).map(|at| {
            let angle = std::f64::consts::TAU * at as f64 / cameras as f64 + 0.3;
            camera(nalgebra::Vector3::new(4500.0 * angle.sin(), 1600.0, 4500.0 * angle.cos()), 100.0)
        });
        let scene = scene(1, ring.collect(), 60, &Faults::default());
        let sizes = vec![SIZE; cameras];
        let mut solved = None;
        for instants in [12, 25, 60] {
            let mut ms = Vec::new();
            for _ in 0..plan.pick(5, 1) {
                let begun = Instant::now();
                solved = Some(solve(&sizes, &scene.instants[..instants], &Options::default())?);
                ms.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            rows.push(Row {
                what: format!("geometry of {cameras} cameras from {instants} instants"),
                figure: format!("p50 {:.0} ms", quantile(&mut ms, 0.5)),
                aim: "",
                bounded_by: "least squares on one core",
            });
        }
        let solved = solved.ok_or("nothing was solved")?;
        let placed = solved.cameras();
        let mut ms = Vec::new();
        for _ in 0..plan.pick(5, 1) {
            for views in &scene.instants {
                let begun = Instant::now();
                fit_body(&placed, &solved.bone_lengths_mm, views)?;
                ms.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut ms, share));
        rows.push(Row {
            what: format!("one body from the joints of {cameras} views"),
            figure: format!("p50 {p50:.2} ms, p99 {p99:.2} ms"),
            aim: "",
            bounded_by: "the same",
        });
    }
    Ok(rows)
}
