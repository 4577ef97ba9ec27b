//! What rendering costs: this crate's renderers, and the `euc` crate on the same person with simpler light.
//!
//!     cargo run --release -p virtual-studio [--features gpu] --example speed [-- THREADS [ONLY WHAT CONTAINS THIS]]

use std::error::Error;
use std::time::{Duration, Instant};

use virtual_studio::render::{Backend, CpuOptions, Environment, Light, Set, Shot, Sky, Surround};
use virtual_studio::rig::{Camera, Intrinsics};
use virtual_studio::scene::{Catalogue, Scenario, Studio, StudioOptions};
use virtual_studio::surface::{Performance, Posed};

#[path = "../tests/figure/mod.rs"]
mod figure;
#[path = "speed/with_euc.rs"]
mod with_euc;

const VIEWS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let threads = std::env::args().nth(1).map_or(Ok(1), |count| count.parse())?;
    let only = std::env::args().nth(2).unwrap_or_default();
    let mut backends = vec![("own", Backend::Cpu)];
    match Backend::gpu() {
        Ok(card) => {
            println!("card: {card}");
            backends.push(("card", card));
        }
        Err(error) => println!("no card: {error}"),
    }
    // As many vertices as an avatar has, and as many as a decimated one.
    for figure in [figure::Figure::new(34, 36), figure::Figure::new(16, 15)] {
        compare(&figure, &backends, threads, &only)?;
    }
    live(threads)
}

/// Four cameras as a rig has them, with lens and sensor: what a second of them costs at 25 Hz.
fn live(threads: usize) -> Result<(), Box<dyn Error>> {
    const TEXT: &str =
        "version = 1\nname = \"live\"\nseed = 4\ninstants = 200\nrate-hz = 25.0\nplace = { backgrounds = [\"room\"] }";
    let scenario = Scenario::from_toml_str(TEXT, "speed")?;
    let plan = Catalogue::read(&scenario, "speed")?.plan(&scenario, 0);
    for (samples, jpeg) in [(1, false), (2, false), (2, true)] {
        let renderer = CpuOptions { samples_per_side: samples, threads, ..CpuOptions::default() };
        let environment = Environment::built_in(Sky::Evening);
        let figure = Box::new(figure::Figure::new(16, 15));
        let mut studio =
            Studio::new(&scenario, &plan, figure, environment, StudioOptions { renderer, ..StudioOptions::default() })?;
        studio.view_all(0.0)?;
        let (start, before) = (Instant::now(), processor_time());
        for instant in 1..=100 {
            for view in studio.view_all(f64::from(instant) * 0.04)? {
                if jpeg {
                    view.jpeg()?;
                }
            }
        }
        let (wall, processor) = (start.elapsed().as_secs_f64() / 4.0, (processor_time() - before).as_secs_f64() / 4.0);
        let jpeg = if jpeg { ", JPEG" } else { "" };
        println!(
            "four cameras of 640x480 at 25 Hz, 8,064 triangles, {} samples{jpeg}: {processor:.2} of a core ({wall:.2} s a second)",
            samples * samples
        );
    }
    Ok(())
}

fn compare(
    figure: &figure::Figure,
    backends: &[(&str, Backend)],
    threads: usize,
    only: &str,
) -> Result<(), Box<dyn Error>> {
    let report = |what: &str, size: [u32; 2], work: &mut dyn FnMut()| {
        if format!("{}x{} {what}", size[0], size[1]).contains(only) {
            report(what, size, work);
        }
    };
    let bodies: Vec<Posed> = (0..8)
        .map(|i| {
            let mut body = Posed::default();
            figure.pose(f64::from(i) * 0.37, &mut body);
            body
        })
        .collect();
    let triangles: usize = figure.parts().iter().map(|part| part.triangles.len()).sum();
    let vertices: usize = figure.parts().iter().map(|part| part.uvs.len()).sum();
    println!("{vertices} vertices, {triangles} triangles, {VIEWS} views of each instant, {threads} threads");
    for (size, field) in [([224, 224], 0.62), ([640, 480], 0.9)] {
        let cameras = cameras(size, field)?;
        let ways = [
            ("black surround, no sun, 1 sample", false, 1),
            ("black surround, no sun, 4 samples", false, 2),
            ("light, floor and shadow, 1 sample", true, 1),
            ("light, floor and shadow, 4 samples", true, 2),
        ];
        for ((name, backend), (what, lit, samples)) in
            backends.iter().flat_map(|backend| ways.map(|way| (backend, way)))
        {
            let what = format!("{name}, {what}");
            let options = CpuOptions { samples_per_side: samples, threads, ..CpuOptions::default() };
            let mut renderer = backend.renderer(figure.parts(), set(lit), options);
            let shots: Vec<_> = cameras.iter().map(|&camera| Shot { camera, gain: [1.0; 3] }).collect();
            report(&what, size, &mut || {
                for body in &bodies {
                    renderer.set_body(body);
                    renderer.draw_all(&shots);
                }
            });
            if !lit {
                continue;
            }
            let mut step = 0.0;
            report(&format!("{what}, moving cameras"), size, &mut || {
                for body in &bodies {
                    step += 1e-4;
                    let moved = |shot: &Shot| {
                        let camera = Camera { position: shot.camera.position + step, ..shot.camera };
                        Shot { camera, ..*shot }
                    };
                    renderer.set_body(body);
                    renderer.draw_all(&shots.iter().map(moved).collect::<Vec<_>>());
                }
            });
        }
        for (what, scale) in [("euc, one light, 1 sample", 1), ("euc, one light, 4 samples", 2)] {
            report(what, size, &mut || {
                for (body, camera) in bodies.iter().flat_map(|body| cameras.iter().map(move |camera| (body, camera))) {
                    with_euc::draw(figure.parts(), body, camera, scale);
                }
            });
        }
    }
    Ok(())
}

fn cameras(size: [u32; 2], field: f32) -> Result<Vec<Camera>, Box<dyn Error>> {
    (0..VIEWS)
        .map(|view| {
            let angle = view as f32 * std::f32::consts::TAU / VIEWS as f32 + 0.3;
            let place = glam::Vec3::new(3.2 * angle.sin(), 1.6, 3.2 * angle.cos());
            let lens = Intrinsics::with_field_of_view(size, field)?;
            Ok(Camera::looking_at(lens, place, glam::Vec3::new(0.0, 0.9, 0.0), 0.0)?)
        })
        .collect()
}

fn set(lit: bool) -> Set {
    let environment = Environment::built_in(if lit { Sky::Noon } else { Sky::Overcast });
    let light = Light::of(&environment);
    let surround = if lit { Surround::Environment(environment) } else { Surround::Black };
    Set { surround, blocks: Vec::new(), light }
}

/// Runs `work`, which draws 8 × [`VIEWS`] pictures, for two seconds after a first time, and says what one takes.
fn report(what: &str, [width, height]: [u32; 2], work: &mut dyn FnMut()) {
    work();
    let (start, mut pictures) = (Instant::now(), 0);
    let before = processor_time();
    while start.elapsed() < Duration::from_secs(2) {
        work();
        pictures += 8 * VIEWS;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e3 / pictures as f64;
    let (wall, processor) = (each(start.elapsed()), each(processor_time() - before));
    println!("{width}x{height}  {what:55} {wall:6.2} ms  {:5.0}/s  {processor:6.2} ms of processor", 1e3 / wall);
}

/// User and system time of this process.
fn processor_time() -> Duration {
    // Fields 14 and 15 after the name in brackets, in hundredths of a second (proc(5)).
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}
