//! Live bodies: streamed bodies are those found offline from the same instants and geometry, and pictures are requested
//! as promised.

#[path = "../../geometry/tests/support/mod.rs"]
mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use body::{CausalFilter, RigCameras, RigGeometry, joints};
use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex, monotonic_now_ns};
use geometry::{Observation, Options, POINT_COUNT};
use infer::rig::{Keeper, Placing};
use infer::{BodyLinks, LiveBodies};
use joints::{FinderError, Joint, JointFinder, LANDMARK_NAMES, Person, View};
use nalgebra::Vector3;
use subject::{FinderPicture, SceneFault};
use support::{Faults, SIZE, Views, four, scene_of};
use transport::{
    FinderSet, FinderSetSink, FinderView, Hint, HintSource, PoseMessage, PoseSource, UnusableView, WantedPictures,
    in_process_commands, in_process_finder_sets, in_process_hints, in_process_poses,
};

/// Streamed and recomputed joints agree to this.
const WITHIN_MM: f64 = 0.1;

/// A view, and where the middle of the hips is in it.
type Hips = (usize, [f32; 2]);

/// Finds in the n-th set what the test prescribes.
struct Scripted {
    people: Vec<Vec<Option<Person>>>,
    next: usize,
    forgot: Arc<Mutex<usize>>,
    expected: Arc<Mutex<Vec<Hips>>>,
}

impl JointFinder for Scripted {
    fn names(&self) -> &'static [&'static str] {
        &LANDMARK_NAMES
    }

    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError> {
        let people = self.people[self.next].clone();
        self.next += 1;
        Ok(people.into_iter().zip(views).map(|(person, view)| person.filter(|_| view.is_some())).collect())
    }

    fn expect(&mut self, view: usize, hips_px: [f32; 2], rim_px: [f32; 2]) {
        assert!(rim_px[1] < hips_px[1], "above him");
        self.expected.lock().unwrap().push((view, hips_px));
    }

    fn forget(&mut self) {
        *self.forgot.lock().unwrap() += 1;
    }
}

/// Which of BlazePose's landmarks each of geometry's points is.
const LANDMARK_OF_POINT: [usize; POINT_COUNT] =
    [0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32];

fn person(seen: &Observation) -> Person {
    let unseen = Joint { px: [0.0; 2], confidence: 0.0, mm: [0.0; 3] };
    let mut joints = vec![unseen; LANDMARK_NAMES.len()];
    for (point, landmark) in LANDMARK_OF_POINT.into_iter().enumerate() {
        joints[landmark] = Joint {
            px: seen.px[point].map(|value| value as f32),
            confidence: seen.weight[point] as f32,
            mm: seen.root_relative_mm[point].map(|value| value as f32),
        };
    }
    Person { joints, others: false }
}

/// The scripted finder's answers as observations.
fn rounded(views: &Views) -> Views {
    let mut views = views.clone();
    for view in views.iter_mut().flatten() {
        view.px.iter_mut().flatten().for_each(|value| *value = f64::from(*value as f32));
        view.weight.iter_mut().for_each(|value| *value = f64::from(*value as f32));
        view.root_relative_mm.iter_mut().flatten().for_each(|value| *value = f64::from(*value as f32));
        view.velocity_px = None;
    }
    views
}

fn names() -> Vec<String> {
    (0..4).map(|camera| format!("cam{camera}")).collect()
}

fn geometry() -> RigGeometry {
    let scene = scene_of(20, four(), 60, 11.0, &Faults::default());
    let cameras = RigCameras { names: names(), sizes_px: vec![SIZE; 4] };
    let found = body::find_rig(&cameras, &scene.instants, &scene.instants, &Options::default(), None, "").unwrap();
    found.geometry
}

fn set(number: u64, exposure_ns: i64, segment: u32, cameras: &[u16]) -> FinderSet {
    let picture = FinderPicture {
        width: 2,
        height: 2,
        rgb: vec![0; 12].into(),
        origin_px: [10.0, 20.0],
        scale: 3.0,
        frame_px: (SIZE[0] as u32, SIZE[1] as u32),
        mask: None,
    };
    let view = |&camera: &u16| FinderView {
        camera: CameraId(camera),
        exposure: HostTime::monotonic(exposure_ns, 0),
        picture: picture.clone(),
    };
    FinderSet {
        set: SetIndex(number),
        trigger: TriggerIndex::Certain(number),
        segment: SegmentId::seam(segment),
        exposure: HostTime::monotonic(exposure_ns, 0),
        source: None,
        views: cameras.iter().map(view).collect(),
        unusable: vec![],
    }
}

struct Served {
    messages: Vec<PoseMessage>,
    hints: Vec<Hint>,
    forgot: usize,
    /// Views whose person is elsewhere.
    expected: Vec<Hips>,
}

/// Serves these sets until they are used up.
fn serve(sets: &[FinderSet], people: Vec<Vec<Option<Person>>>, geometry: Option<RigGeometry>) -> Served {
    let (mut sink, pictures) = in_process_finder_sets(sets.len().max(1));
    let (poses, mut sent) = in_process_poses(4096);
    let (hints, mut said) = in_process_hints(4096);
    let (_commands, commands) = in_process_commands(1);
    sets.iter().for_each(|set| sink.send(set).unwrap());
    drop(sink);
    let mut keeper = Keeper::new(names(), None).unwrap();
    geometry.into_iter().for_each(|geometry| keeper.begin_with(geometry).unwrap());
    let forgot = Arc::new(Mutex::new(0));
    let expected = Arc::new(Mutex::new(Vec::new()));
    let finder = Scripted { people, next: 0, forgot: forgot.clone(), expected: expected.clone() };
    let links = BodyLinks { pictures, poses, hints, commands };
    LiveBodies::new(links, Box::new(finder), "scripted".into(), keeper).serve(|| true).unwrap();
    let messages = std::iter::from_fn(|| sent.receive(Duration::ZERO).ok().flatten()).collect();
    let hints = std::iter::from_fn(|| said.receive(Duration::ZERO).ok().flatten()).collect();
    let forgot = *forgot.lock().unwrap();
    let expected = std::mem::take(&mut *expected.lock().unwrap());
    Served { messages, hints, forgot, expected }
}

#[test]
fn streamed_bodies_are_those_that_the_same_instants_give_offline() {
    let mut scene = scene_of(21, four(), 60, 2.0, &Faults::default());
    // One camera alone sees the person for a while.
    for views in &mut scene.instants[10..14] {
        views[1..].fill(None);
    }
    let geometry = geometry();
    let begin_ns = monotonic_now_ns() - 60_000_000_000;
    let at = |number: usize| (begin_ns + 66_666_667 * number as i64, u32::from(number >= 30));
    let sets: Vec<_> = (0..60).map(|number| set(number as u64, at(number).0, at(number).1, &[0, 1, 2, 3])).collect();
    let people = scene.instants.iter().map(|views| views.iter().map(|view| view.as_ref().map(person)).collect());
    let served = serve(&sets, people.collect(), Some(geometry.clone()));
    assert_eq!(served.messages.len(), 60);
    assert_eq!(served.forgot, 2, "at the begin and at the seam");

    let placing = Placing::new(&geometry, &names(), &[SIZE; 4]).unwrap();
    let mut filter = CausalFilter::default();
    let mut bodies = 0;
    for (number, (message, views)) in served.messages.iter().zip(&scene.instants).enumerate() {
        if number == 30 {
            filter.restart();
        }
        let placed = placing.body(&rounded(views)).unwrap();
        assert_eq!(message.body.is_some(), placed.is_some());
        let seen = views.iter().flatten().count();
        assert_eq!((message.set_index, message.poses.len()), (number as u64, seen));
        assert!(seen > 1 || placed.as_ref().is_some_and(|placed| placed.is_alone()), "{number}");
        let (Some(body), Some(placed)) = (&message.body, placed) else { continue };
        bodies += 1;
        assert_eq!(body.geometry_id, geometry.id);
        // One view's own body is no motion of the bodies before and after it.
        let points_mm = if placed.is_alone() {
            filter.restart();
            placed.points_mm
        } else {
            filter.smooth(at(number).0, &placed.points_mm)
        };
        let expected = joints(&points_mm);
        for (streamed, expected) in body.joints_mm.iter().zip(expected) {
            let apart = (0..3).map(|axis| f64::from(streamed[axis]) - expected[axis]).map(f64::abs).fold(0.0, f64::max);
            assert!(apart < WITHIN_MM, "{apart} mm in {number}");
        }
        // Each view by itself: in pixels of the frame, and around its own root.
        for pose in &message.poses {
            let seen = views[usize::from(pose.camera)].as_ref().unwrap();
            let px = pose.joints_2d_px.as_ref().unwrap()[3];
            assert!((f64::from(px[0]) - seen.px[14][0]).abs() < 0.01, "the right foot is the right ankle");
            assert_eq!(pose.crop_side_px, 6.0);
        }
    }
    assert!(bodies >= 55, "{bodies} bodies");
}

#[test]
fn a_view_that_shows_somebody_else_is_told_where_the_person_is() {
    let scene = scene_of(21, four(), 2, 2.0, &Faults::default());
    let mut views: Vec<_> = scene.instants[0].iter().map(|view| view.as_ref().map(person)).collect();
    // Somebody else, who stands beside and is half as tall.
    for joint in &mut views[2].as_mut().unwrap().joints {
        joint.px = [0.5 * joint.px[0] + 500.0, 0.3 * joint.px[1] + 50.0];
    }
    let served = serve(&[set(0, monotonic_now_ns(), 0, &[0, 1, 2, 3])], vec![views], Some(geometry()));
    assert_eq!(served.messages[0].body.as_ref().unwrap().cameras, [0, 1, 3]);
    let [(2, hips)] = served.expected[..] else { panic!("{:?}", served.expected) };
    let seen = scene.instants[0][2].as_ref().unwrap();
    let truth: [f64; 2] = std::array::from_fn(|axis| (seen.px[9][axis] + seen.px[10][axis]) / 2.0);
    let apart = (f64::from(hips[0]) - truth[0]).hypot(f64::from(hips[1]) - truth[1]);
    assert!(apart < 15.0, "{hips:?}, and {truth:?} is true");
}

#[test]
fn before_the_geometry_is_known_views_are_fused() {
    let scene = scene_of(21, four(), 1, 2.0, &Faults::default());
    let views: Vec<_> = scene.instants[0].iter().map(|view| view.as_ref().map(person)).collect();
    let served = serve(&[set(0, monotonic_now_ns(), 0, &[0, 1, 2, 3])], vec![views], None);
    let message = &served.messages[0];
    assert!(message.body.is_none());
    let shape = message.fused_mm.as_ref().unwrap();
    // Of his own joints: nothing else has the distances between them.
    let between =
        |points: &[[f32; 3]], a: usize, b: usize| (Vector3::from(points[a]) - Vector3::from(points[b])).norm();
    let truth = joints(&scene.points[0]).map(|point| [point.x as f32, point.y as f32, point.z as f32]);
    for (a, b) in [(0, 10), (13, 16), (3, 6), (6, 13)] {
        let (fused, true_mm) = (between(shape, a, b), between(&truth, a, b));
        assert!((fused - true_mm).abs() < 0.2 * true_mm, "{a} to {b}: {fused} mm, {true_mm} mm");
    }
}

#[test]
fn nothing_is_invented_where_too_few_cameras_can_be_used() {
    let scene = scene_of(21, four(), 3, 2.0, &Faults::default());
    let people = scene.instants.iter().map(|views| views.iter().map(|view| view.as_ref().map(person)).collect());
    let fault = SceneFault::LightsChange(27);
    let unusable = |cameras: &[u16]| -> Vec<UnusableView> {
        cameras.iter().map(|&camera| UnusableView { camera: CameraId(camera), fault }).collect()
    };
    let now_ns = monotonic_now_ns();
    let sets = [
        set(0, now_ns, 0, &[1, 3]),
        // Enough cameras can be used, and see nobody.
        set(1, now_ns + 1, 0, &[]),
        FinderSet { unusable: unusable(&[0, 1, 3]), ..set(2, now_ns + 2, 0, &[2]) },
    ];
    let mut people: Vec<Vec<_>> = people.collect();
    people[0][0] = None;
    people[0][2] = None;
    people[1].fill(None);
    let served = serve(&sets, people, Some(geometry()));
    let [of_two, of_one] = &served.messages[..] else { panic!("{:?}", served.messages) };
    assert_eq!(of_two.body.as_ref().map(|body| &body.cameras[..]), Some(&[1, 3][..]));
    assert_eq!((of_two.not_known.as_ref(), of_one.set_index), (None, 2));
    assert!(of_one.body.is_none() && of_one.poses.is_empty());
    let why = of_one.not_known.as_ref().unwrap();
    assert!(why.contains("too few cameras") && why.contains("cam3: the light changed, to 27 %"), "{why}");
}

#[test]
fn pictures_are_asked_for_again_and_again_whole_ones_and_some_in_a_row_among_them() {
    let nobody = || vec![None; 4];
    // Nothing moves, then somebody whom nobody finds, then pictures of a camera that the rig does not have.
    let now_ns = monotonic_now_ns();
    let sets = [set(0, now_ns, 0, &[]), set(1, now_ns, 0, &[0, 1]), set(2, now_ns, 0, &[1, 9])];
    let served = serve(&sets, vec![nobody(), nobody(), nobody()], None);
    assert!(served.messages.is_empty(), "nobody is no message");
    let wanted: Vec<WantedPictures> = served
        .hints
        .iter()
        .filter_map(|hint| if let Hint::WantedPictures(wanted) = hint { Some(wanted.clone()) } else { None })
        .collect();
    assert!(wanted.len() >= 2, "{wanted:?}");
    assert!(wanted[0].framing.whole_still && wanted[0].in_a_row == 3, "{wanted:?}");
    assert!(wanted[1..].iter().all(|wanted| !wanted.framing.whole_still && wanted.in_a_row == 1), "{wanted:?}");
    let last =
        served.hints.iter().rev().find_map(|hint| if let Hint::Infer(status) = hint { Some(status) } else { None });
    let rig = last.and_then(|status| status.rig.as_ref()).unwrap();
    assert_eq!((rig.state.as_str(), rig.cameras.len()), ("nobody is in view", 4));
}
