//! Opens each camera as a session does, and watches it for a moment.

use std::thread;
use std::time::{Duration, Instant};

use calibration_free_config::{Camera, CameraFormat, Driver, Exposes, Rig};
use capture::{CameraSpec, DriverError, DriverEvent, Role};
use crossbeam::channel::{Receiver, bounded};
use frame::{BayerPattern, BufferPool, Encoding, Picture, PixelFormat, Problem, monotonic_now_ns};
use session::Playback;
use session::source::{OpenRig, SourceProblem};

use super::finding::Finding;

/// How long a camera may take to open, and then to its first picture.
const OPENS: Duration = Duration::from_secs(10);
const FIRST_PICTURE: Duration = Duration::from_secs(5);
/// How long to wait for pictures if it is unknown whether pulses will come.
const PERHAPS: Duration = Duration::from_millis(1500);
/// How long to count pictures.
const LOOK: Duration = Duration::from_millis(1500);
const DRIVER_WAIT: Duration = Duration::from_millis(100);
/// Time for all cameras to open.
const LEAD_NS: i64 = 500_000_000;

/// What a camera delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub size_px: (u32, u32),
    /// Mean bytes of a unit.
    pub unit_bytes: f64,
    /// `None` if too few units came.
    pub rate_hz: Option<f64>,
    /// As named in rig files.
    pub format: String,
}

#[derive(Debug)]
enum Outcome {
    Refused(Problem),
    /// It opened, but delivered nothing.
    Silent(Duration),
    Hangs,
    Delivers(Seen),
}

/// Opens this host's cameras, all at once, as a session does. What they delivered is in the rig's order.
pub fn check(rig: &Rig) -> (Vec<Finding>, Vec<Option<Seen>>) {
    let period = Duration::from_secs_f64(1.0 / rig.trigger.rate_hz);
    let start_ns = monotonic_now_ns() + LEAD_NS;
    let mut outcomes: Vec<(usize, Result<Receiver<Outcome>, Outcome>)> = vec![];
    for group in groups(rig) {
        match specs(rig, &group, start_ns) {
            Ok(specs) => {
                for (index, spec) in group.into_iter().zip(specs) {
                    let wait = if expects(rig, index) { FIRST_PICTURE.max(3 * period) } else { PERHAPS };
                    outcomes.push((index, Ok(in_thread(move || watch(spec, wait, LOOK.max(3 * period))))));
                }
            }
            Err(found) => {
                let refused = |index| (index, Err(Outcome::Refused(found.problem.clone())));
                outcomes.extend(group.into_iter().map(refused));
            }
        }
    }
    outcomes.sort_by_key(|(index, _)| *index);
    let until = Instant::now() + OPENS + FIRST_PICTURE.max(3 * period) + LOOK.max(3 * period);
    let mut findings = vec![];
    let mut seen = vec![None; rig.cameras.len()];
    for (index, outcome) in outcomes {
        // A thread that hangs is abandoned: it ends with this process.
        let outcome = outcome.map_or_else(|refused| refused, |all| all.recv_deadline(until).unwrap_or(Outcome::Hangs));
        findings.push(judge(&rig.cameras[index], rig.trigger.rate_hz, expects(rig, index), &outcome));
        if let Outcome::Delivers(delivered) = outcome {
            seen[index] = Some(delivered);
        }
    }
    for camera in rig.cameras.iter().filter(|camera| !camera.is_local()) {
        let why = format!("it is on the host {}; run `genlock doctor` there", camera.host);
        findings.push(Finding::not_applicable(format!("camera {}", camera.name), why));
    }
    (findings, seen)
}

/// Cameras that are opened together: the views of one studio. All others are opened separately, so that one that fails
/// does not affect the others.
fn groups(rig: &Rig) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = vec![];
    for (index, camera) in rig.cameras.iter().enumerate().filter(|(_, camera)| camera.is_local()) {
        let shares = |group: &&mut Vec<usize>| {
            let other = &rig.cameras[group[0]];
            [camera, other].iter().all(|camera| camera.driver == Driver::VirtualStudio) && camera.source == other.source
        };
        match groups.iter_mut().find(shares) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// How a session would open these cameras.
fn specs(rig: &Rig, group: &[usize], start_ns: i64) -> Result<Vec<CameraSpec>, SourceProblem> {
    let mut part = rig.clone();
    part.cameras = group.iter().map(|&index| rig.cameras[index].clone()).collect();
    part.trigger.primary = rig.trigger.primary.and_then(|primary| group.iter().position(|&index| index == primary));
    // The trigger box has its own check.
    part.trigger.box_device = None;
    OpenRig::open(part)?.cameras(Playback::default(), start_ns).map(|(specs, _)| specs)
}

/// Whether pictures come without external pulses.
fn expects(rig: &Rig, index: usize) -> bool {
    let by_itself = matches!(rig.exposes(index), Exposes::Freely | Exposes::AsPrimary | Exposes::OnRequest);
    by_itself || !rig.cameras[index].is_device()
}

fn in_thread(work: impl FnOnce() -> Outcome + Send + 'static) -> Receiver<Outcome> {
    let (done, outcome) = bounded(1);
    let watching = thread::Builder::new().name("doctor".into()).spawn(move || done.send(work()));
    if let Err(error) = watching {
        tracing::error!(%error, "could not check a camera");
    }
    outcome
}

fn watch(mut spec: CameraSpec, wait: Duration, look: Duration) -> Outcome {
    look_at(&mut spec, wait, look).unwrap_or_else(|error| Outcome::Refused(error.into()))
}

fn look_at(spec: &mut CameraSpec, wait: Duration, look: Duration) -> Result<Outcome, DriverError> {
    let mut driver = (spec.open)()?;
    if spec.role == Role::Fired {
        driver.fire()?;
    }
    let pool = BufferPool::new(1, spec.unit_bytes);
    let opened = Instant::now();
    let (mut first, mut last) = (None, opened);
    let (mut units, mut bytes, mut picture) = (0u32, 0, None);
    loop {
        let mut slot = pool.acquire();
        match driver.next(slot.as_mut(), DRIVER_WAIT)? {
            DriverEvent::Unit(unit) => {
                last = Instant::now();
                first.get_or_insert(last);
                units += 1;
                bytes += slot.map_or(0, |mut slot| slot.bytes_mut().len());
                picture = Some(unit.picture);
                if spec.role == Role::Fired {
                    break;
                }
            }
            DriverEvent::Ended => break,
            DriverEvent::Lost { .. } | DriverEvent::Idle => {}
        }
        if first.map_or(opened.elapsed() > wait, |first| first.elapsed() > look) {
            break;
        }
    }
    let (Some(first), Some(picture)) = (first, picture) else { return Ok(Outcome::Silent(opened.elapsed())) };
    let rate_hz = (units > 2).then(|| f64::from(units - 1) / (last - first).as_secs_f64());
    let unit_bytes = bytes as f64 / f64::from(units);
    Ok(Outcome::Delivers(Seen { size_px: picture.size_px(), unit_bytes, rate_hz, format: format_of(&picture) }))
}

fn judge(camera: &Camera, rate_hz: f64, expected: bool, outcome: &Outcome) -> Finding {
    let name = format!("camera {}", camera.name);
    let seen = match outcome {
        Outcome::Refused(Problem { what, remedy }) => {
            let remedy = remedy.as_deref().unwrap_or("see what the error names, and run this again");
            return Finding::failure(name, what, remedy);
        }
        Outcome::Hangs => {
            let found = "it neither opens nor fails within the time that a camera may take";
            return Finding::failure(name, found, "end other programs that use it, and plug it in again");
        }
        Outcome::Silent(_) if !expected => {
            return Finding::ok(name, "it opens; pictures come with the pulses, and none came now");
        }
        Outcome::Silent(waited) => {
            let found = format!("it opens, but no picture came within {:.1} s", waited.as_secs_f64());
            return Finding::failure(name, found, "look whether the source delivers in another program");
        }
        Outcome::Delivers(seen) => seen,
    };
    let (width, height) = seen.size_px;
    let rate = seen.rate_hz.map_or(String::new(), |rate_hz| format!(", {rate_hz:.1} a second"));
    let found = format!("{width}x{height} {}, {:.0} kB a picture{rate}", seen.format, seen.unit_bytes / 1e3);
    if let Some((w, h)) = camera.settings.size_px.filter(|asked| *asked != seen.size_px) {
        let remedy = format!("`width-px = {width}` and `height-px = {height}`, or another mode of the camera");
        return Finding::failure(name, format!("{found}; the rig asks for {w}x{h}"), remedy);
    }
    if let Some(asked) = camera.settings.format.map(asked).filter(|asked| *asked != seen.format) {
        let remedy = format!("`format = \"{}\"`, or another mode of the camera", seen.format);
        return Finding::failure(name, format!("{found}; the rig asks for {asked}"), remedy);
    }
    match seen.rate_hz {
        // Ten per cent: a moment of a second and a half counts one picture more or less.
        Some(seen_hz) if expected && seen_hz < 0.9 * rate_hz => {
            let remedy =
                format!("`rate-hz = {}`, or smaller pictures, or a shorter exposure", seen_hz.floor().max(1.0));
            Finding::warning(name, format!("{found}; the rig asks for {rate_hz}"), remedy)
        }
        _ => Finding::ok(name, found),
    }
}

/// Formats as named in rig files.
fn format_of(picture: &Picture) -> String {
    match picture {
        Picture::Raw { format, .. } => match format {
            PixelFormat::Gray8 => "mono8",
            PixelFormat::Rgb8 => "rgb8",
            PixelFormat::Yuyv => "yuyv",
            PixelFormat::Nv12 => "nv12",
            PixelFormat::Bayer8(BayerPattern::Rggb) => "bayer-rg8",
            PixelFormat::Bayer8(BayerPattern::Grbg) => "bayer-gr8",
            PixelFormat::Bayer8(BayerPattern::Gbrg) => "bayer-gb8",
            PixelFormat::Bayer8(BayerPattern::Bggr) => "bayer-bg8",
        },
        Picture::Encoded { encoding: Encoding::Mjpeg, .. } => "mjpeg",
        Picture::Encoded { encoding: Encoding::H264, .. } => "h264",
    }
    .into()
}

fn asked(format: CameraFormat) -> &'static str {
    match format {
        CameraFormat::Mono8 => "mono8",
        CameraFormat::BayerRg8 => "bayer-rg8",
        CameraFormat::BayerGr8 => "bayer-gr8",
        CameraFormat::BayerGb8 => "bayer-gb8",
        CameraFormat::BayerBg8 => "bayer-bg8",
        CameraFormat::Yuyv => "yuyv",
        CameraFormat::Nv12 => "nv12",
        CameraFormat::Mjpeg => "mjpeg",
        CameraFormat::Rgb8 => "rgb8",
    }
}

#[cfg(test)]
mod tests;
