//! Virtual studios as live cameras: all cameras of a rig that name one scenario are the views of one studio.

mod player;
mod renderer;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use calibration_free_config::{Driver, Rig};
use capture::{CameraDriver, DriverError, DriverEvent, OpenDriver, PulseTrain};
use crossbeam::channel::{Receiver, RecvTimeoutError};
use frame::{Problem, Slot, monotonic_now_ns};
use virtual_studio::actor::gltf::LoadOptions;
use virtual_studio::live_studio::LiveStudio;
use virtual_studio::scene::Scenario;

use player::{Item, Player, Step};
use renderer::Renderer;

/// Approximate number of triangles to which people are simplified.
const TRIANGLES: usize = 8_000;

/// The studios that a rig's cameras show.
pub(super) struct Studios(Vec<Studio>);

struct Studio {
    /// Indices of its cameras in the rig.
    cameras: Vec<usize>,
    live: Arc<Mutex<LiveStudio>>,
}

impl Studios {
    /// Opens the studios of a rig that are on this host, and sets up their first takes.
    pub fn open(rig: &Rig) -> Result<Self, Problem> {
        let mut named: Vec<(&str, Vec<usize>)> = vec![];
        for (index, camera) in rig
            .cameras
            .iter()
            .enumerate()
            .filter(|(_, camera)| camera.is_local() && camera.driver == Driver::VirtualStudio)
        {
            match named.iter_mut().find(|(source, _)| *source == camera.source) {
                Some((_, cameras)) => cameras.push(index),
                None => named.push((&camera.source, vec![index])),
            }
        }
        let mut instants = None;
        let mut studios = vec![];
        for (source, cameras) in named {
            let people = LoadOptions { triangles: Some(TRIANGLES), ..LoadOptions::default() };
            let live = LiveStudio::open(Path::new(source), cameras.len(), people).map_err(problem)?;
            check(rig, source, live.scenario(), &mut instants)?;
            studios.push(Studio { cameras, live: Arc::new(Mutex::new(live)) });
        }
        Ok(Self(studios))
    }

    /// Starts all studios; returns how to open each virtual camera, with its index in the rig.
    pub fn start(&self, pulses: PulseTrain) -> Result<Vec<(usize, OpenDriver)>, Problem> {
        let mut all: Vec<(usize, OpenDriver)> = vec![];
        for studio in &self.0 {
            let renderer = Renderer::start(studio.live.clone(), studio.cameras.len(), pulses).map_err(problem)?;
            let renderer = Arc::new(renderer);
            for (view, &camera) in studio.cameras.iter().enumerate() {
                let renderer = renderer.clone();
                all.push((
                    camera,
                    Box::new(move || {
                        let player = Player::new(pulses.start_ns, monotonic_now_ns());
                        Ok(Box::new(StudioCamera { items: renderer.cameras[view].clone(), player }))
                    }),
                ));
            }
        }
        Ok(all)
    }
}

fn problem(error: impl std::fmt::Display) -> Problem {
    Problem::new(error.to_string())
}

/// The rig whose cameras are all views of a scenario's studio.
pub fn studio_rig(scenario: &Path) -> Result<Rig, Problem> {
    let read = Scenario::read(scenario).map_err(problem)?;
    let (rate_hz, views) = (read.rate_hz, read.views());
    let head =
        format!("version = 1\nname = \"virtual-studio\"\n\n[trigger]\nmode = \"hardware\"\nrate-hz = {rate_hz:?}\n");
    let source = super::source_text(scenario)?;
    let quoted = super::quoted(source);
    let camera = |view: usize| {
        format!("\n[[camera]]\nname = \"cam{view:02}\"\ndriver = \"virtual-studio\"\nsource = {quoted}\n")
    };
    let text: String = std::iter::once(head).chain((1..=views).map(camera)).collect();
    Rig::from_toml_str(&text, source).map(|(rig, _)| rig).map_err(problem)
}

/// The whole rig shares one trigger, and a seam affects all its cameras.
fn check(rig: &Rig, source: &str, scenario: &Scenario, instants: &mut Option<u64>) -> Result<(), Problem> {
    let (ours, theirs) = (rig.trigger.rate_hz, scenario.rate_hz);
    if ours != theirs {
        let what = format!("{source}: the scenario has {theirs} Hz and the rig's trigger {ours} Hz");
        return Err(Problem::with_remedy(what, "make rate-hz the same in both"));
    }
    if *instants.get_or_insert(scenario.instants) != scenario.instants {
        let what = format!("{source}: its takes are not as long as those of the rig's other scenario");
        return Err(Problem::with_remedy(what, "make `instants` the same"));
    }
    Ok(())
}

/// One view of a studio.
struct StudioCamera {
    items: Receiver<Item>,
    player: Player,
}

impl CameraDriver for StudioCamera {
    fn next(&mut self, mut slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let until_ns = monotonic_now_ns() + wait.as_nanos() as i64;
        loop {
            let now_ns = monotonic_now_ns();
            let left = Duration::from_nanos((until_ns - now_ns).max(0) as u64);
            match self.player.step(now_ns, slot.as_mut().map(|slot| slot.bytes_mut()))? {
                Step::Event(event) => return Ok(event),
                Step::WaitUntil(ns) if ns > until_ns => {
                    std::thread::sleep(left);
                    return Ok(DriverEvent::Idle);
                }
                Step::WaitUntil(ns) => std::thread::sleep(Duration::from_nanos((ns - now_ns) as u64)),
                Step::Hungry => match self.items.recv_timeout(left) {
                    Ok(item) => self.player.feed(item),
                    Err(RecvTimeoutError::Timeout) => return Ok(DriverEvent::Idle),
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(DriverError::Stream("the studio's renderer has stopped".into()));
                    }
                },
            }
        }
    }
}
