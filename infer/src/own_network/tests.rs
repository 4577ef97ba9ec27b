//! What happens to a newer network while an older one serves.

use body::RigCameras;
use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex};
use geometry::{Observation, Options, POINT_COUNT};
use joints::{Joint, LANDMARK_NAMES};
use subject::FinderPicture;
use transport::{FinderView, InProcessMoments};

use super::judge::support::{Faults, SIZE, four, scene_of};
use super::*;
use crate::PrecisionChoice;

const CAMERAS: usize = 4;
const HELD_BACK: usize = 25;

/// Finds the person of the instant whose number is the first pixel, further right by some pixels.
struct Scripted {
    instants: Vec<Views>,
    shift_px: f32,
}

impl JointFinder for Scripted {
    fn names(&self) -> &'static [&'static str] {
        &LANDMARK_NAMES
    }

    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError> {
        let person = |(camera, view): (usize, &Option<View>)| {
            let seen = self.instants[usize::from(view.as_ref()?.rgb[0])][camera].as_ref()?;
            Some(person(seen, self.shift_px))
        };
        Ok(views.iter().enumerate().map(person).collect())
    }

    fn forget(&mut self) {}
}

/// Which of BlazePose's landmarks each of geometry's points is.
const LANDMARK_OF_POINT: [usize; POINT_COUNT] =
    [0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32];

fn person(seen: &Observation, shift_px: f32) -> Person {
    let mut joints = vec![Joint { px: [0.0; 2], confidence: 0.0, mm: [0.0; 3] }; LANDMARK_NAMES.len()];
    for (point, landmark) in LANDMARK_OF_POINT.into_iter().enumerate() {
        let [x, y] = seen.px[point].map(|value| value as f32);
        let mm = seen.root_relative_mm[point].map(|value| value as f32);
        joints[landmark] = Joint { px: [x + shift_px, y], confidence: seen.weight[point] as f32, mm };
    }
    Person { joints, others: false }
}

fn crops(number: usize) -> FinderSet {
    let picture = FinderPicture {
        width: 2,
        height: 2,
        rgb: vec![number as u8; 12].into(),
        origin_px: [0.0; 2],
        scale: 1.0,
        frame_px: (SIZE[0] as u32, SIZE[1] as u32),
        mask: None,
    };
    let exposure = HostTime::monotonic(number as i64, 0);
    let view = |camera: usize| FinderView { camera: CameraId(camera as u16), exposure, picture: picture.clone() };
    FinderSet {
        set: SetIndex(number as u64),
        trigger: TriggerIndex::Unresolved,
        segment: SegmentId::seam(0),
        exposure,
        source: None,
        views: (0..CAMERAS).map(view).collect(),
        unusable: vec![],
    }
}

fn training() -> RigTraining {
    RigTraining {
        started_from: "a test".into(),
        finder: "scripted".into(),
        cameras: (0..CAMERAS).map(|camera| format!("cam{camera}")).collect(),
        geometry: "g".into(),
        pictures: 1,
        label_minutes: 0.1,
        steps: 1,
        hold_out: HoldOut::default(),
    }
}

fn rig() -> OfThisRig {
    OfThisRig { cameras: training().cameras, hold_out: HoldOut::default(), preprocessing: 7 }
}

#[test]
fn networks_of_other_rigs_splits_and_crops_are_refused() {
    let check = |training: &RigTraining, hash: &str| rig().check(&serde_json::to_string(training).unwrap(), hash);
    let crops = format!("{:016x}", 7);
    assert_eq!(check(&training(), &crops), Ok(training()));
    let refused = |changed: RigTraining, why: &str| {
        let error = check(&changed, &crops).unwrap_err();
        assert!(error.contains(why), "{error}");
    };
    refused(RigTraining { cameras: vec!["left".into()], ..training() }, "a rig with other cameras: left");
    let hold_out = HoldOut { guard: HoldOut::default().guard + 1, ..HoldOut::default() };
    refused(RigTraining { hold_out, ..training() }, "instants that are held back here");
    assert!(check(&training(), &format!("{:016x}", 8)).unwrap_err().contains("other crops"));
    assert!(rig().check("a note", &crops).unwrap_err().contains("not made by a rig's learner"));
}

#[test]
fn costs_do_not_count_while_other_threads_compute() {
    let file = ModelFile::new("no-such-file".into(), Device::Cpu, PrecisionChoice::F32);
    let mut own = OwnNetwork::new(file, rig(), Box::new(InProcessMoments::default().source(1)));
    own.others_compute(true);
    own.finder_took(Duration::from_secs(9));
    assert_eq!(own.status().finder_cpu_ms, None);
    own.others_compute(false);
    own.finder_took(Duration::from_millis(50));
    assert_eq!(own.status().finder_cpu_ms, Some(50.0));
}

/// Judges until all instants are.
fn decide(own: &mut OwnNetwork, placing: &Placing) -> Option<String> {
    let mut decided = None;
    while own.judge.next().is_some() {
        decided = own.judge_next("g", placing, &[SIZE; CAMERAS]).unwrap();
    }
    decided
}

/// A rig of four cameras, with a scene that it saw.
fn known_rig() -> (Placing, Vec<Views>) {
    let scene = scene_of(20, four(), 60, 11.0, &Faults::default());
    let names = training().cameras;
    let cameras = RigCameras { names: names.clone(), sizes_px: vec![SIZE; CAMERAS] };
    let found = body::find_rig(&cameras, &scene.instants, &scene.instants, &Options::default(), None, "").unwrap();
    (Placing::new(&found.geometry, &names, &[SIZE; CAMERAS]).unwrap(), scene.instants)
}

fn network(instants: &[Views], shift_px: f32) -> Box<Scripted> {
    Box::new(Scripted { instants: instants.to_vec(), shift_px })
}

/// A network "a" that serves, as it sees what the finder sees.
fn serving(placing: &Placing, instants: &[Views]) -> OwnNetwork {
    let file = ModelFile::new("no-such-file".into(), Device::Cpu, PrecisionChoice::F32);
    let moments = Box::new(InProcessMoments::default().source(1));
    let mut own = OwnNetwork::new(file, rig(), moments).with_network(network(instants, 0.0), "a".into(), training());
    for (number, by_finder) in instants.iter().take(HELD_BACK).cloned().enumerate() {
        own.judge.hold_back(HeldBack { crops: crops(number), by_finder, by_smaller: None });
    }
    // Dearer than any of these.
    (0..20).for_each(|_| own.finder_took(Duration::from_secs(1)));
    let decided = decide(&mut own, placing);
    assert!(decided.is_some() && own.serves(), "{decided:?}, {:?}", own.status());
    own
}

#[test]
fn an_hour_without_anybody_switches_nothing() {
    let (placing, instants) = known_rig();
    let mut own = serving(&placing, &instants);
    let points = PointSources::of(&LANDMARK_NAMES);
    let nobody = vec![None; CAMERAS];
    for second in 0..3600 {
        let exposure = HostTime::monotonic(second * 1_000_000_000, 0);
        let set = FinderSet { set: SetIndex(100 + second as u64), exposure, views: vec![], ..crops(0) };
        let closed = own
            .look(Look {
                set: &set,
                by_finder: &nobody,
                points: &points,
                placing: &placing,
                sizes_px: &[SIZE; CAMERAS],
            })
            .unwrap();
        assert_eq!(closed, None, "after {second} s");
    }
    assert!(own.serves() && own.status().switches == 1);
}

#[test]
fn a_newer_network_takes_over_only_when_it_has_earned_it_too() {
    let (placing, instants) = known_rig();
    let mut own = serving(&placing, &instants);
    let network = |shift_px: f32| network(&instants, shift_px);
    let status = own.status();
    let as_good = |own: &OwnNetwork| own.status().own_mm.is_some_and(|mm| mm < 0.01);
    assert!(status.instants >= 20 && as_good(&own), "{status:?}");

    own.install(network(30.0), "b".into(), training());
    assert!(own.serves() && own.version() == "a", "it serves while the newer one is judged");
    assert_eq!(decide(&mut own, &placing), None);
    assert!(own.version() == "a" && as_good(&own), "{:?}", own.status());

    own.install(network(0.0), "c".into(), training());
    assert!(decide(&mut own, &placing).is_some());
    assert_eq!((own.version().as_str(), own.status().switches), ("c", 1));

    own.install(network(0.0), "d".into(), training());
    own.close();
    assert!(!own.serves() && own.version() == "d", "the newer one may be next");
    assert_eq!(own.status().instants, 0, "on instants that are held back from now on");
}
