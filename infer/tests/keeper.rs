//! A rig's geometry over time: found, refined, doubted when cameras move, and changed by commands.

#[path = "../../geometry/tests/support/mod.rs"]
mod support;

use std::time::Duration;

use body::UpSource;
use frame::{SegmentId, TriggerIndex};
use geometry::{Camera, similarity};
use infer::rig::{Keeper, Placed, SeenInstant};
use nalgebra::{Rotation3, Vector3};
use support::{Faults, Points, SIZE, Views, four, scene_of};
use transport::{RigCommand, RigEvent};

/// From one instant to the next.
const STEP_NS: i64 = 200_000_000;
const LONG: Duration = Duration::from_secs(60);

/// Feeds a keeper, and records its bodies beside the truth.
struct Stream {
    keeper: Keeper,
    now_ns: i64,
    pulse: u64,
    bodies: Vec<(Placed, Points)>,
    events: Vec<(i64, RigEvent)>,
    /// The number of the first body in a world whose up is found.
    up_at: Option<usize>,
}

impl Stream {
    fn new(cameras: usize) -> Self {
        let names = (0..cameras).map(|camera| format!("cam{camera}")).collect();
        let mut keeper = Keeper::new(names, None).unwrap();
        (0..cameras).for_each(|camera| keeper.picture_came(camera, SIZE));
        Self { keeper, now_ns: 0, pulse: 0, bodies: vec![], events: vec![], up_at: None }
    }

    /// Instants `step_ns` and so many pulses apart.
    fn play_at(&mut self, views: &[Views], points: &[Points], step_ns: i64, pulses: u64) {
        for (views, points) in views.iter().zip(points) {
            self.now_ns += step_ns;
            self.pulse += pulses;
            let mut views = views.clone();
            // Velocities come from the instants around, as in a stream.
            views.iter_mut().flatten().for_each(|view| view.velocity_px = None);
            let seen = SeenInstant {
                segment: SegmentId::seam(0),
                trigger: TriggerIndex::Certain(self.pulse),
                exposure_ns: self.now_ns,
                exposures_ns: vec![Some(self.now_ns); views.len()],
                views,
            };
            if let Some(body) = self.keeper.see(seen).unwrap() {
                self.bodies.push((body, *points));
            }
            self.keeper.wait(LONG);
            if self.up_at.is_none() && self.keeper.geometry().is_some_and(|known| known.up == UpSource::Found) {
                self.up_at = Some(self.bodies.len());
            }
            self.events.extend(self.keeper.take_events().into_iter().map(|event| (self.now_ns, event)));
        }
    }

    fn play(&mut self, views: &[Views], points: &[Points]) {
        self.play_at(views, points, STEP_NS, 7);
    }

    /// The mean distance of the bodies from the n-th on to the truth, after one similarity for all of these.
    fn error_mm(&self, from: usize, to: usize) -> f64 {
        let of = |bodies: &[(Placed, Points)]| -> Vec<_> {
            bodies.iter().flat_map(|(body, truth)| body.points_mm.into_iter().zip(*truth)).collect()
        };
        let pairs = of(&self.bodies[from..to]);
        let laid = similarity(&pairs).unwrap();
        pairs.iter().map(|(body, truth)| (laid.point(body) - truth).norm()).sum::<f64>() / pairs.len() as f64
    }

    fn first(&self, kind: &str) -> Option<i64> {
        self.events.iter().find(|(_, event)| event.kind.name() == kind).map(|(at, _)| *at)
    }

    /// Whether a geometry was refined after so many bodies.
    fn first_refined_after(&self, bodies: usize) -> bool {
        self.bodies.len() > bodies
            && self.events.iter().filter(|(_, event)| event.kind.name() == "geometry").count() >= 3
    }

    fn id(&self) -> Option<String> {
        self.keeper.geometry().map(|geometry| geometry.id.clone())
    }
}

fn turned(cameras: &[Camera], camera: usize, degrees: f64) -> Vec<Camera> {
    let mut cameras = cameras.to_vec();
    let turn = Rotation3::from_axis_angle(&Vector3::y_axis(), degrees.to_radians());
    cameras[camera].rotation = turn.into_inner() * cameras[camera].rotation;
    cameras
}

#[test]
fn a_geometry_is_found_refined_and_its_world_stays() {
    let scene = scene_of(1, four(), 300, 11.0, &Faults::default());
    let mut stream = Stream::new(4);
    stream.play(&scene.instants, &scene.points);
    let found_ns = stream.first("geometry").expect("a geometry is found");
    assert!(found_ns <= 30_000_000_000, "after {found_ns} ns");
    // The first geometry was found before anybody had stood upright; with up the world begins.
    let up = stream.up_at.expect("up is found");
    assert!(stream.first_refined_after(up), "{:?}", stream.events);
    let (all, late) = (stream.error_mm(up, stream.bodies.len()), stream.error_mm(200, stream.bodies.len()));
    assert!(late < 30.0, "{late} mm");
    assert!(all < late + 15.0, "the world moved: {all} mm over all, {late} mm in the end");
    let status = stream.keeper.status();
    assert!(status.cameras.iter().all(|camera| camera.placed && camera.residual_px.unwrap() < 8.0), "{status:?}");
}

#[test]
fn while_others_are_in_view_no_geometry_is_found_and_once_they_left_it_is() {
    let scene = scene_of(1, four(), 300, 11.0, &Faults::default());
    let mut crowded = scene.instants.clone();
    crowded.iter_mut().flat_map(|views| views[..2].iter_mut().flatten()).for_each(|view| view.others = true);
    let mut stream = Stream::new(4);
    stream.play(&crowded, &scene.points);
    assert!(stream.keeper.geometry().is_none() && stream.bodies.is_empty());
    let state = stream.keeper.status().state;
    assert!(state.contains("50 % of the pictures show more than one person"), "{state}");
    let left_ns = stream.now_ns;
    stream.play(&scene.instants, &scene.points);
    let found_ns = stream.first("geometry").expect("a geometry is found") - left_ns;
    assert!((0..60_000_000_000).contains(&found_ns), "after {found_ns} ns");
}

#[test]
fn a_camera_that_is_turned_is_told_and_found_anew_while_the_others_go_on() {
    let before = scene_of(2, four(), 100, 11.0, &Faults::default());
    let after = scene_of(3, turned(&four(), 2, 10.0), 200, 11.0, &Faults::default());
    let mut stream = Stream::new(4);
    stream.play(&before.instants, &before.points);
    let (turned_ns, bodies) = (stream.now_ns, stream.bodies.len());
    let old = stream.keeper.geometry().unwrap().clone();
    stream.play(&after.instants, &after.points);
    let told_ns = stream.first("camera-moved").expect("it is told") - turned_ns;
    assert!((0..=5_000_000_000).contains(&told_ns), "after {told_ns} ns");
    let found_ns = stream.first("camera-found").expect("it is found again") - turned_ns;
    assert!(found_ns <= 30_000_000_000, "after {found_ns} ns");
    // The others went on in the same world.
    assert!(stream.bodies.len() - bodies >= 195, "{} bodies", stream.bodies.len() - bodies);
    let error_mm = stream.error_mm(bodies - 30, stream.bodies.len());
    assert!(error_mm < 40.0, "{error_mm} mm");
    let new = stream.keeper.geometry().unwrap();
    assert_ne!(new.id, old.id);
    assert!(stream.keeper.status().cameras[2].residual_px.unwrap() < 8.0);
    let by = Rotation3::from_matrix_unchecked(
        new.cameras["cam2"].camera().rotation * old.cameras["cam2"].camera().rotation.transpose(),
    );
    assert!((by.angle().to_degrees() - 10.0).abs() < 1.5, "turned by {}", by.angle().to_degrees());
}

#[test]
fn of_two_cameras_one_that_is_turned_has_the_rig_found_anew() {
    let two = four()[..2].to_vec();
    let before = scene_of(4, two.clone(), 100, 11.0, &Faults::default());
    let after = scene_of(5, turned(&two, 1, 10.0), 200, 11.0, &Faults::default());
    let mut stream = Stream::new(2);
    stream.play(&before.instants, &before.points);
    let (id, bodies, turned_ns) = (stream.id().expect("found"), stream.bodies.len(), stream.now_ns);
    stream.play(&after.instants, &after.points);
    assert_ne!(stream.id(), Some(id));
    let told_ns = stream.first("geometry-doubted").expect("it is told") - turned_ns;
    assert!(told_ns <= 5_000_000_000, "after {told_ns} ns");
    let error_mm = stream.error_mm(stream.bodies.len() - 20, stream.bodies.len());
    assert!(stream.bodies.len() > bodies + 50 && error_mm < 60.0, "{error_mm} mm");
}

#[test]
fn a_camera_that_is_late_is_told() {
    let late = Faults { noise_px: 1.0, late_frames: vec![0.0, 0.0, 1.5, 0.0], ..Faults::default() };
    let scene = scene_of(6, four(), 900, 1.0, &late);
    let mut stream = Stream::new(4);
    stream.play_at(&scene.instants, &scene.points, 33_333_333, 1);
    let cameras = stream.keeper.status().cameras;
    for (camera, expected) in [0.0, 0.0, 1.5, 0.0].into_iter().enumerate() {
        let offset = cameras[camera].offset_frames.expect("it is known");
        assert!((offset - expected).abs() < 0.3, "{camera}: {offset}");
    }
    let told: Vec<_> = stream.events.iter().filter(|(_, event)| event.kind.name() == "camera-out-of-sync").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.text.starts_with("cam2"), "{told:?}");
}

/// 40 s in step, then one camera is late, on simulated joints with errors of 3 pixels. Every instant is seen, which is
/// more than a live session may have time for.
#[test]
fn a_camera_that_slips_is_told_within_half_a_minute() {
    const RATE_HZ: usize = 30;
    for frames in [1.0, 2.0, 5.0] {
        let slipped = Faults { late_frames: vec![0.0, 0.0, frames, 0.0], ..Faults::default() };
        let before = scene_of(6, four(), 40 * RATE_HZ, 1.0, &Faults::default());
        let after = scene_of(6, four(), 80 * RATE_HZ, 1.0, &slipped);
        let mut stream = Stream::new(4);
        stream.play_at(&before.instants, &before.points, 33_333_333, 1);
        assert_eq!(stream.first("camera-out-of-sync"), None);
        let slipped_ns = stream.now_ns;
        stream.play_at(&after.instants[40 * RATE_HZ..], &after.points[40 * RATE_HZ..], 33_333_333, 1);
        let told_s = (stream.first("camera-out-of-sync").expect("it is told") - slipped_ns) as f64 / 1e9;
        println!("{frames} frames: told after {told_s:.1} s");
        assert!(told_s < 30.0, "{frames} frames: after {told_s} s");
    }
}

#[test]
fn lenses_that_bend_are_told_once_and_clean_ones_never() {
    for k1 in [-0.2, 0.0] {
        let faults = Faults { k1: vec![0.0, k1, 0.0, 0.0], ..Faults::default() };
        let scene = scene_of(8, four(), 500, 11.0, &faults);
        let mut stream = Stream::new(4);
        stream.play(&scene.instants, &scene.points);
        let told: Vec<_> = stream.events.iter().filter(|(_, event)| event.kind.name() == "camera-lens").collect();
        assert_eq!(told.len(), usize::from(k1 != 0.0), "{told:?}");
        assert!(told.iter().all(|(_, event)| event.text.starts_with("cam1: its lens bends")), "{told:?}");
        assert_eq!(stream.first("camera-rolling-shutter"), None);
        let problems = stream.keeper.status().cameras.into_iter().map(|camera| camera.problem.is_some());
        assert!(problems.eq([false, k1 != 0.0, false, false]));
    }
}

#[test]
fn commands_are_obeyed() {
    let scene = scene_of(7, four(), 400, 11.0, &Faults::default());
    let mut stream = Stream::new(4);
    stream.play(&scene.instants[..120], &scene.points[..120]);
    let found = stream.id().expect("found");

    stream.keeper.command(RigCommand::FloorAndFront);
    let shown = stream.id().unwrap();
    assert_ne!(shown, found);
    stream.play(&scene.instants[119..120], &scene.points[119..120]);
    let body = &stream.bodies.last().unwrap().0.points_mm;
    let stands = (body[13] + body[14]) / 2.0;
    assert!(stands.xy().norm() < 200.0 && body[3].z > 900.0, "{stands:?}");
    let leftward = body[3] - body[4];
    assert!(leftward.y > 0.9 * leftward.xy().norm(), "{leftward:?} is to the left of x");

    stream.keeper.command(RigCommand::Freeze(true));
    assert!(stream.keeper.status().frozen);
    stream.play(&scene.instants[120..300], &scene.points[120..300]);
    assert_eq!(stream.id(), Some(shown), "it is frozen");

    stream.keeper.command(RigCommand::FindAnew);
    assert_eq!(stream.id(), None);
    assert!(!stream.keeper.status().frozen);
    stream.play(&scene.instants[300..], &scene.points[300..]);
    assert!(stream.id().is_some(), "found anew");
}

#[test]
fn an_earlier_geometry_serves_at_once_and_one_of_another_rig_is_refused() {
    let scene = scene_of(8, four(), 120, 11.0, &Faults::default());
    let mut stream = Stream::new(4);
    stream.play(&scene.instants, &scene.points);
    let geometry = stream.keeper.geometry().unwrap().clone();

    let mut next = Stream::new(4);
    next.keeper.begin_with(geometry.clone()).unwrap();
    next.play(&scene.instants[..20], &scene.points[..20]);
    assert_eq!(next.bodies.len(), 20);
    assert_eq!(next.id(), Some(geometry.id.clone()));

    let names = vec!["left".to_owned(), "right".to_owned()];
    assert!(Keeper::new(names, None).unwrap().begin_with(geometry.clone()).is_err());

    // The same names with other pictures.
    let names = (0..4).map(|camera| format!("cam{camera}")).collect();
    let mut other = Keeper::new(names, None).unwrap();
    other.begin_with(geometry).unwrap();
    other.picture_came(0, [640.0, 480.0]);
    assert!(other.geometry().is_none());
    assert!(other.take_events().iter().any(|event| event.kind.name() == "geometry-refused"));
}

#[test]
fn a_view_of_somebody_else_is_left_out() {
    let scene = scene_of(9, four(), 140, 11.0, &Faults::default());
    let mut stream = Stream::new(4);
    stream.play(&scene.instants[..100], &scene.points[..100]);
    let bodies = stream.bodies.len();
    // One camera follows the person of another instant.
    let mut mixed = scene.instants[100..120].to_vec();
    for (at, views) in mixed.iter_mut().enumerate() {
        if at % 4 == 0 {
            views[1] = scene.instants[at + 20][1].clone();
        }
    }
    stream.play(&mixed, &scene.points[100..120]);
    let mixed = stream.bodies[bodies..].iter().filter(|(body, _)| body.views == [0, 2, 3]).count();
    assert_eq!(stream.bodies.len() - bodies, 20);
    assert!(mixed >= 4, "{mixed} of 5 were noticed");
    assert!(stream.error_mm(bodies - 30, stream.bodies.len()) < 35.0);
    assert!(stream.first("camera-moved").is_none(), "a moment of somebody else is no move: {:?}", stream.events);
}

#[test]
fn where_one_camera_is_left_its_own_body_goes_on_and_nobody_elses() {
    let scene = scene_of(12, four(), 150, 11.0, &Faults::default());
    let mut stream = Stream::new(4);
    stream.play(&scene.instants[..100], &scene.points[..100]);
    stream.keeper.command(RigCommand::Freeze(true));
    let bodies = stream.bodies.len();
    let only = |views: &Views, camera: usize| -> Views {
        (0..4).map(|at| views[at].clone().filter(|_| at == camera)).collect()
    };
    let alone: Vec<Views> = scene.instants[100..130].iter().map(|views| only(views, 2)).collect();
    stream.play(&alone, &scene.points[100..130]);
    assert_eq!(stream.bodies.len(), bodies + 30);
    let placed = &stream.bodies[bodies..];
    assert!(placed.iter().all(|(body, _)| body.is_alone() && body.views == [2]), "{placed:?}");
    // The world is that of the bodies before, and so is the place in it.
    let before: Vec<_> =
        stream.bodies[bodies - 40..bodies].iter().flat_map(|(b, truth)| b.points_mm.into_iter().zip(*truth)).collect();
    let laid = similarity(&before).unwrap();
    let errors = placed.iter().flat_map(|(body, truth)| {
        body.points_mm.into_iter().zip(*truth).map(|(found, truth)| (laid.point(&found) - truth).norm())
    });
    let error_mm = errors.sum::<f64>() / (30.0 * 19.0);
    println!("{error_mm} mm");
    assert!(error_mm < 300.0, "{error_mm} mm");
    let sure = |bodies: &[(Placed, Points)]| {
        bodies.iter().map(|(body, _)| body.uncertainty_mm[5]).sum::<f64>() / bodies.len() as f64
    };
    assert!(sure(placed) > 2.0 * sure(&stream.bodies[..bodies]), "what nothing confirms is less sure");
    // It does not count for the geometry, and no camera was moved.
    assert!(
        stream.first("camera-moved").is_none() && stream.first("geometry-doubted").is_none(),
        "{:?}",
        stream.events
    );

    // Somebody else, three metres away, is not the person.
    let withheld = stream.keeper.status().withheld;
    let aside = |points: &Points| points.map(|point| point + Vector3::new(3000.0, 0.0, 0.0));
    let others: Vec<Views> = (130..135)
        .map(|at| {
            let mut views = only(&scene.instants[at], 2);
            let view = views[2].as_mut().unwrap();
            let camera = &scene.cameras[2];
            view.px = aside(&scene.points[at]).map(|point| camera.project(&point).unwrap().into());
            views
        })
        .collect();
    let bodies = stream.bodies.len();
    stream.play_at(&others, &scene.points[130..135], STEP_NS / 10, 1);
    assert_eq!(stream.bodies.len(), bodies);
    assert_eq!(stream.keeper.status().withheld, withheld + 5);
}

#[test]
fn a_camera_that_comes_later_joins_and_one_that_comes_back_is_where_it_was() {
    let scene = scene_of(14, four(), 260, 11.0, &Faults::default());
    let without = |views: &[Views]| -> Vec<Views> {
        let mut views = views.to_vec();
        views.iter_mut().for_each(|views| views[3] = None);
        views
    };
    let mut stream = Stream::new(4);
    stream.play(&without(&scene.instants[..100]), &scene.points[..100]);
    let placed =
        |stream: &Stream| stream.keeper.status().cameras.iter().map(|camera| camera.placed).collect::<Vec<_>>();
    assert_eq!(placed(&stream), [true, true, true, false]);
    let bodies = stream.bodies.len();

    stream.play(&scene.instants[100..180], &scene.points[100..180]);
    assert_eq!(placed(&stream), [true; 4], "{:?}", stream.events);
    assert!(stream.error_mm(bodies - 30, stream.bodies.len()) < 40.0, "the world stayed");

    stream.keeper.command(RigCommand::Freeze(true));
    let id = stream.id();
    stream.play(&without(&scene.instants[180..220]), &scene.points[180..220]);
    let away = stream.bodies.len();
    stream.play(&scene.instants[220..], &scene.points[220..]);
    assert_eq!((placed(&stream), stream.id()), (vec![true; 4], id));
    let seen_by_it = stream.bodies[away..].iter().filter(|(body, _)| body.views.contains(&3)).count();
    assert!(seen_by_it >= 35, "{seen_by_it} of 40");
    assert!(stream.keeper.status().cameras[3].residual_px.unwrap() < 8.0);
}
