//! The rig's own network in a stream of bodies: it serves when it has earned it, and no longer when it is worse.

#[path = "../../geometry/tests/support/mod.rs"]
mod support;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use body::RigCameras;
use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex};
use frame_sync::pairs::{HoldOut, LiveHoldOut};
use geometry::{Observation, Options, POINT_COUNT};
use infer::own_network::{OfThisRig, OwnNetwork};
use infer::rig::Keeper;
use infer::{BodyLinks, LiveBodies, ModelFile, PrecisionChoice};
use joints::{FinderError, Joint, JointFinder, LANDMARK_NAMES, Person, View};
use recipe::RigTraining;
use subject::{BackgroundId, FinderPicture, Region, Sample};
use support::{Faults, SIZE, Views, four, scene_of};
use tch::Device;
use transport::{
    FinderSet, FinderSetSink, FinderView, Hint, HintSource, InProcessMoments, ModelOrigin, Moment, MomentSink,
    PoseMessage, PoseSource, RigEventKind, Serving, in_process_commands, in_process_finder_sets, in_process_hints,
    in_process_poses,
};

const CAMERAS: usize = 4;
/// Instants are this far apart.
const STEP_NS: i64 = 500_000_000;
/// The own network is good up to here.
const GOOD: usize = 60;
const INSTANTS: usize = 120;

/// Finds in each view the person of the instant whose number is its first pixel.
struct Scripted {
    people: Vec<Vec<Option<Person>>>,
    /// Processor time of a call.
    cost: Duration,
}

impl JointFinder for Scripted {
    fn names(&self) -> &'static [&'static str] {
        &LANDMARK_NAMES
    }

    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError> {
        let begun = model::spent(Device::Cpu);
        while model::spent(Device::Cpu) < begun + self.cost {}
        let person =
            |(camera, view): (usize, &Option<View>)| self.people[usize::from(view.as_ref()?.rgb[0])][camera].clone();
        Ok(views.iter().enumerate().map(person).collect())
    }

    fn forget(&mut self) {}
}

/// Which of BlazePose's landmarks each of geometry's points is.
const LANDMARK_OF_POINT: [usize; POINT_COUNT] =
    [0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32];

/// The person of a view, further right by some pixels.
fn person(seen: &Observation, shift_px: f64) -> Person {
    let unseen = Joint { px: [0.0; 2], confidence: 0.0, mm: [0.0; 3] };
    let mut joints = vec![unseen; LANDMARK_NAMES.len()];
    for (point, landmark) in LANDMARK_OF_POINT.into_iter().enumerate() {
        let [x, y] = seen.px[point];
        joints[landmark] = Joint {
            px: [(x + shift_px) as f32, y as f32],
            confidence: seen.weight[point] as f32,
            mm: seen.root_relative_mm[point].map(|value| value as f32),
        };
    }
    Person { joints, others: false }
}

/// Each instant's people, of the own network further right from instant [`GOOD`] on.
fn people(instants: &[Views], shift_px: impl Fn(usize) -> f64) -> Vec<Vec<Option<Person>>> {
    let of =
        |(at, views): (usize, &Views)| views.iter().map(|view| Some(person(view.as_ref()?, shift_px(at)))).collect();
    instants.iter().enumerate().map(of).collect()
}

fn exposure(number: usize) -> HostTime {
    HostTime::monotonic(STEP_NS * (number as i64 + 1), 0)
}

fn moment(number: usize) -> Moment {
    let view = |camera: usize| transport::View {
        camera: CameraId(camera as u16),
        exposure: exposure(number),
        frame_px: (SIZE[0] as u32, SIZE[1] as u32),
        samples: vec![Sample {
            size_px: 2,
            rgb: vec![number as u8; 12].into(),
            mask: vec![255; 4].into(),
            region: Region { centre_px: [600.0, 400.0], side_px: 300.0 },
            background: BackgroundId(0),
        }],
    };
    Moment {
        set: SetIndex(number as u64),
        trigger: TriggerIndex::Certain(number as u64),
        segment: SegmentId::seam(0),
        exposure: exposure(number),
        arrival_ns: 0,
        source: None,
        preprocessing: 0,
        views: (0..CAMERAS).map(view).collect(),
        unusable: vec![],
    }
}

fn set(number: usize) -> FinderSet {
    let view = |camera: usize| FinderView {
        camera: CameraId(camera as u16),
        exposure: exposure(number),
        picture: FinderPicture {
            width: 2,
            height: 2,
            rgb: vec![number as u8; 12].into(),
            origin_px: [10.0, 20.0],
            scale: 3.0,
            frame_px: (SIZE[0] as u32, SIZE[1] as u32),
            mask: None,
        },
    };
    FinderSet {
        set: SetIndex(number as u64),
        trigger: TriggerIndex::Certain(number as u64),
        segment: SegmentId::seam(0),
        exposure: exposure(number),
        source: None,
        views: (0..CAMERAS).map(view).collect(),
        unusable: vec![],
    }
}

struct Served {
    messages: Vec<PoseMessage>,
    hints: Vec<Hint>,
}

impl Served {
    fn events<'a>(&'a self, kind: RigEventKind) -> Vec<&'a str> {
        let text = |hint: &'a Hint| match hint {
            Hint::RigEvent(event) if event.kind == kind => Some(event.text.as_str()),
            _ => None,
        };
        self.hints.iter().filter_map(text).collect()
    }
}

/// Costs are processor time of this process, so only one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Streams a scene, in which the own network costs this much.
fn serve(own_cost: Duration) -> Served {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let scene = scene_of(20, four(), INSTANTS, 11.0, &Faults::default());
    let names: Vec<String> = (0..CAMERAS).map(|camera| format!("cam{camera}")).collect();
    let cameras = RigCameras { names: names.clone(), sizes_px: vec![SIZE; CAMERAS] };
    let instants: Vec<Views> = scene.instants.iter().take(60).cloned().collect();
    let found = body::find_rig(&cameras, &instants, &instants, &Options::default(), None, "").unwrap();

    let (mut pictures, picture_source) = in_process_finder_sets(INSTANTS);
    let (poses, mut sent) = in_process_poses(4096);
    let (hints, mut said) = in_process_hints(4096);
    let (_commands, commands) = in_process_commands(1);
    let mut moments = InProcessMoments::default();
    let moment_source = moments.source(64);

    let cost = Duration::from_millis(4);
    let finder = Scripted { people: people(&scene.instants, |_| 0.0), cost };
    let worse = |at: usize| if at < GOOD { 0.0 } else { 80.0 };
    let own = Scripted { people: people(&scene.instants, worse), cost: own_cost };
    // All instants are held back.
    let live = LiveHoldOut { period_ms: 1000, block_ms: 1000, guard_ms: 0 };
    let hold_out = HoldOut { live, ..HoldOut::default() };
    let training = RigTraining {
        started_from: "a test".into(),
        finder: "scripted".into(),
        cameras: vec![],
        geometry: found.geometry.id.clone(),
        pictures: 1,
        label_minutes: 0.1,
        steps: 1,
        hold_out,
    };
    let file = ModelFile::new("no-such-file".into(), Device::Cpu, PrecisionChoice::F32);
    let held = OfThisRig { cameras: vec![], hold_out, preprocessing: 0 };
    let own = OwnNetwork::new(file, held, Box::new(moment_source)).with_network(Box::new(own), "v1".into(), training);
    let mut keeper = Keeper::new(names, None).unwrap();
    keeper.begin_with(found.geometry).unwrap();
    let links = BodyLinks { pictures: picture_source, poses, hints, commands };
    let mut bodies =
        LiveBodies::new(links, Box::new(finder), "scripted".into(), keeper).unasked().with_own_network(own);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..INSTANTS {
                // As a session sends them.
                pictures.send(&set(number)).unwrap();
                moments.send(&moment(number)).unwrap();
                // Each is answered before the next comes.
                std::thread::sleep(Duration::from_millis(30));
            }
        });
        let began = Instant::now();
        bodies.serve(|| began.elapsed() < Duration::from_secs(60)).unwrap();
    });
    let messages = std::iter::from_fn(|| sent.receive(Duration::ZERO).ok().flatten()).collect();
    let hints = std::iter::from_fn(|| said.receive(Duration::ZERO).ok().flatten()).collect();
    Served { messages, hints }
}

#[test]
fn it_serves_once_it_has_earned_it_and_the_finder_again_when_it_is_worse() {
    let served = serve(Duration::from_micros(100));
    let opened = served.events(RigEventKind::OwnNetworkServes);
    assert!(matches!(opened[..], [text] if text.contains("differ") && text.contains("ms a set")), "{opened:?}");
    let closed = served.events(RigEventKind::FinderServes);
    assert!(matches!(closed[..], [text] if text.contains("over 10 s")), "{closed:?}");
    let by_own: Vec<u64> = served
        .messages
        .iter()
        .filter(|message| message.model_origin == Some(ModelOrigin::Own))
        .map(|message| message.set_index)
        .collect();
    let (first, last) = (by_own[0], by_own[by_own.len() - 1]);
    println!("the own network served instants {first} to {last}, {} of them", by_own.len());
    // Twenty instants are judged before, and ten seconds, twenty instants, pass after it became worse.
    assert!((19..GOOD as u64 - 5).contains(&first), "{first}");
    assert!((GOOD as u64 + 10..INSTANTS as u64 - 25).contains(&last), "{last}");
    let mut while_good = served.messages.iter().filter(|message| message.set_index < GOOD as u64);
    assert!(while_good.all(|message| message.body.is_some()), "an answer without a body");
    let after = served.messages.iter().filter(|message| message.set_index > last);
    assert!(after.clone().count() > 20 && after.clone().all(|message| message.model_origin.is_none()));
    let labels = served.hints.iter().filter(|hint| matches!(hint, Hint::Labels(_))).count();
    assert!(labels > INSTANTS / 2, "{labels} sets of labels");
    let Some(Hint::Infer(status)) = served.hints.iter().rev().find(|hint| matches!(hint, Hint::Infer(_))) else {
        panic!("no status");
    };
    let own = status.own_network.as_ref().unwrap();
    assert_eq!((own.serving, own.switches, own.version.as_deref()), (Serving::Finder, 2, Some("v1")));
}

#[test]
fn a_network_that_costs_a_half_does_not_serve() {
    let served = serve(Duration::from_millis(2));
    assert!(served.events(RigEventKind::OwnNetworkServes).is_empty());
    assert!(served.messages.iter().all(|message| message.model_origin.is_none()));
}
