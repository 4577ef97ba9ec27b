//! A suite that every sink of bodies must pass.
//!
//! A sink is asked in its queue beside a witness, which must get every body in order whatever happens to the sink's
//! receiver. Bodies are known by where they stand: body number n at x = n mm.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver as Channel, Sender, unbounded};
use nalgebra::Vector3;
use skeleton::{Bone, Posed, Proportions, Turn, forward};
use transport::{BodyPose, POSE_SCHEMA_VERSION, PoseMessage, PoseSink, TransportError, TriggerState};

use crate::{Counts, PoseOutputs, Told};

/// Everything that may take a while must happen within this time.
const SOON: Duration = Duration::from_secs(10);

/// To hand over a body may take this long, on a machine that does other things, too.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What a test provides of a format.
pub trait Format {
    /// A sink that sends to where [`receiver`](Self::receiver) receives.
    fn sink(&self) -> Box<dyn PoseSink>;
    /// Opens a receiver. It is closed when it is dropped, and at most one is open at a time.
    fn receiver(&self) -> Box<dyn Receiver>;
    /// Whether the sink learns that nobody receives.
    fn knows_absence(&self) -> bool;
}

/// A receiver of the format.
pub trait Receiver {
    /// The x of the middle of the hips of the next body, in millimetres of the rig's world; `None` if none comes in time.
    fn next(&mut self, wait: Duration) -> Option<f64>;
}

/// A message with somebody who stands in the rest pose at x = `number` mm.
pub fn body(number: u64) -> PoseMessage {
    let posed = Posed::from_local(Vector3::new(number as f64, 0.0, 950.0), &[Turn::identity(); Bone::COUNT]);
    message(number, &Proportions::of_height(1750.0), &posed)
}

/// A message with somebody in this pose.
pub fn message(number: u64, proportions: &Proportions, posed: &Posed) -> PoseMessage {
    let (joints, landmarks) = forward(proportions, posed);
    let place = |place: &Vector3<f64>| <[f64; 3]>::from(*place).map(|mm| mm as f32);
    let body = BodyPose {
        person: 0,
        geometry_id: "g".into(),
        joints_mm: joints.iter().map(place).collect(),
        landmarks_mm: landmarks.iter().map(place).collect(),
        uncertainty_mm: vec![20.0; joints.len()],
        joint_views: vec![2; joints.len()],
        landmark_views: vec![2; landmarks.len()],
        cameras: vec![0, 1],
    };
    PoseMessage {
        version: POSE_SCHEMA_VERSION,
        set_index: number,
        trigger_index: Some(number),
        trigger_state: TriggerState::Certain,
        segment: 0,
        exposure_ns: 1_000_000_000 + number as i64 * 33_333_333,
        exposure_utc_ns: None,
        source_index: None,
        model: "model".into(),
        model_origin: None,
        latency_ms: 1.0,
        body: Some(body),
        fused_mm: None,
        poses: vec![],
    }
}

/// What is wrong with the format's sink, in words; nothing where it passes.
pub fn conforms(format: &dyn Format) -> Vec<String> {
    let questions: [(&str, Question); 3] = [
        ("a receiver that is there", gets_all),
        ("a receiver that is absent, comes and goes", comes_and_goes),
        ("a receiver that does not read", does_not_read),
    ];
    questions
        .into_iter()
        .filter_map(|(of, ask)| Asked::of(format, ask).err().map(|wrong| format!("{of}: {wrong}")))
        .collect()
}

/// What a sink is asked; the error says what is wrong.
type Question = fn(&mut Asked) -> Result<(), String>;

/// Gets every body.
struct Witness(Sender<u64>);

impl PoseSink for Witness {
    fn send(&mut self, message: &PoseMessage) -> Result<(), TransportError> {
        self.0.send(message.set_index).map_err(|_| TransportError::Absent)
    }
}

/// One sink that is being asked.
struct Asked<'a> {
    format: &'a dyn Format,
    outputs: PoseOutputs,
    witnessed: Channel<u64>,
    told: Channel<Told>,
    /// The number of the next body.
    next: u64,
}

impl<'a> Asked<'a> {
    fn of(format: &'a dyn Format, ask: Question) -> Result<(), String> {
        let ((tell, told), (witness, witnessed)) = (unbounded(), unbounded());
        let mut outputs = PoseOutputs::new(Arc::new(move |what| drop(tell.send(what))));
        let started = |error: crate::OutputError| error.to_string();
        outputs.add("the sink".into(), format.sink()).map_err(started)?;
        outputs.add("the witness".into(), Box::new(Witness(witness))).map_err(started)?;
        let mut asked = Self { format, outputs, witnessed, told, next: 0 };
        ask(&mut asked)?;
        let witness = asked.outputs.counts().get()[1].counts;
        if witness.lost() > 0 {
            return Err(format!("the witness lost {} bodies", witness.lost()));
        }
        Ok(())
    }

    /// Sends the next body. It must not wait, and the witness must get it.
    fn send(&mut self) -> Result<u64, String> {
        let (number, begun) = (self.next, Instant::now());
        self.outputs.send(&body(number));
        self.next += 1;
        let took = begun.elapsed();
        if took > AT_ONCE {
            return Err(format!("body {number} made the sender wait for {took:?}"));
        }
        match self.witnessed.recv_timeout(SOON) {
            Ok(witnessed) if witnessed == number => Ok(number),
            other => Err(format!("the witness should have got body {number}, and got {other:?}")),
        }
    }

    fn counts(&self) -> Counts {
        self.outputs.counts().get()[0].counts
    }

    /// Sends bodies until something happens.
    fn until<T>(&mut self, what: &str, mut happened: impl FnMut(&mut Self) -> Option<T>) -> Result<T, String> {
        let begun = Instant::now();
        while begun.elapsed() < SOON {
            self.send()?;
            if let Some(result) = happened(self) {
                return Ok(result);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("{what}: not within {SOON:?}; counted were {:?}", self.counts()))
    }

    /// Sends until a receiver has got the newest body, so that nothing is on its way any more.
    fn until_received(&mut self, receiver: &mut dyn Receiver) -> Result<(), String> {
        self.until("the receiver gets a body", |asked| {
            std::iter::from_fn(|| receiver.next(Duration::from_millis(100))).find(|at| is(*at, asked.next - 1))
        })
        .map(drop)
    }

    fn until_told(&mut self, lost: bool) -> Result<(), String> {
        let what = if lost { "it is told that nobody receives" } else { "it is told that bodies are received again" };
        self.until(what, |asked| asked.told.try_iter().find(|told| matches!(told, Told::Lost(_)) == lost)).map(drop)
    }

    /// Sends bodies that all arrive, in order.
    fn all_arrive(&mut self, receiver: &mut dyn Receiver) -> Result<(), String> {
        for _ in 0..20 {
            let numbers = [self.send()?, self.send()?, self.send()?];
            for number in numbers {
                let got = receiver.next(SOON);
                if !got.is_some_and(|at| is(at, number)) {
                    return Err(format!("body {number} should have come next, and {got:?} did"));
                }
            }
        }
        Ok(())
    }
}

/// Whether a body that stands there is that of this number. Formats round.
fn is(at_mm: f64, number: u64) -> bool {
    (at_mm - number as f64).abs() < 0.4
}

fn gets_all(asked: &mut Asked) -> Result<(), String> {
    let mut receiver = asked.format.receiver();
    asked.until_received(&mut *receiver)?;
    let before = asked.counts();
    asked.told.try_iter().for_each(drop);
    asked.all_arrive(&mut *receiver)?;
    // A body that is not whole is left out, and the stream goes on.
    let mut broken = body(asked.next);
    broken.body.iter_mut().for_each(|body| body.joints_mm.truncate(3));
    asked.outputs.send(&broken);
    let _ = asked.witnessed.recv_timeout(SOON);
    asked.all_arrive(&mut *receiver)?;
    let counts = asked.counts();
    let expected = Counts { sent: before.sent + 120, not_whole: before.not_whole + 1, ..before };
    if counts != expected {
        return Err(format!("{counts:?} were counted in place of {expected:?}"));
    }
    match asked.told.try_recv() {
        Ok(told) => Err(format!("nothing was lost, and it was told {told:?}")),
        Err(_) => Ok(()),
    }
}

fn comes_and_goes(asked: &mut Asked) -> Result<(), String> {
    let knows = asked.format.knows_absence();
    for _ in 0..2 {
        // Nobody is there: at first, and then again after one closed in the middle of the stream.
        if knows {
            asked.until_told(true)?;
        }
        for _ in 0..20 {
            asked.send()?;
        }
        if knows && asked.counts().lost() == 0 {
            return Err("nobody received, and no loss was counted".into());
        }
        let mut receiver = asked.format.receiver();
        if knows {
            asked.until_told(false)?;
        }
        asked.until_received(&mut *receiver)?;
        asked.all_arrive(&mut *receiver)?;
    }
    Ok(())
}

/// More than a second of bodies that nobody reads, then it reads again.
fn does_not_read(asked: &mut Asked) -> Result<(), String> {
    let mut receiver = asked.format.receiver();
    asked.until_received(&mut *receiver)?;
    for _ in 0..1_500 {
        asked.send()?;
    }
    asked.until_received(&mut *receiver)
}
