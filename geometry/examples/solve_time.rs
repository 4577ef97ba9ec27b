//! How long a solve takes and how near it comes, on a person that walks between four cameras.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use geometry::{Options, solve};
use support::{Faults, SIZE, errors, four, scene};

fn main() {
    for (cameras, count) in [(2, 25), (3, 25), (4, 25), (4, 100)] {
        for swapped in [0.0, 0.05] {
            let faults = Faults { swapped, late_frames: vec![0.0, 2.0, -1.0, 0.0], ..Faults::default() };
            let scene = scene(1, four()[..cameras].to_vec(), count, &faults);
            for time_offsets in [false, true] {
                let options = Options { time_offsets, ..Options::default() };
                let begin = Instant::now();
                let solution = solve(&vec![SIZE; cameras], &scene.instants, &options);
                let seconds = begin.elapsed().as_secs_f64();
                print!("{cameras} cameras, {count} instants, {} swapped, {seconds:.2} s: ", scene.swapped);
                match solution {
                    Ok(solution) => println!(
                        "{:?}, residuals {:?}, exchanged {}, offsets {:?}",
                        errors(&solution, &scene),
                        solution.cameras.iter().map(|camera| camera.residual_px).collect::<Vec<_>>(),
                        solution.exchanged_views,
                        solution.cameras().iter().map(|camera| camera.time_offset_frames).collect::<Vec<_>>()
                    ),
                    Err(error) => println!("{error}"),
                }
            }
        }
    }
}
