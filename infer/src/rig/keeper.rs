//! Keeps a live rig's geometry: finds it, refines it, and notices cameras that moved.

mod commands;
mod lenses;
mod offsets;

use std::collections::VecDeque;
use std::time::Duration;

use body::{CameraGeometry, RigCameras, RigGeometry, ScaleSource, UpSource};
use geometry::{GeometryError, Observation, Options, POINT_COUNT, SolvedCamera, lay_onto};
use nalgebra::{Vector2, Vector3};
use transport::{RigCameraStatus, RigEvent, RigStatus};

use super::followed::Followed;
use super::memory::Memory;
use super::motion::{Motion, Seen};
use super::placing::{Placed, Placing};
use super::search::{Rig, RigError, RigSearch, without_index};
use super::solver::{Job, Solved, Solver, SolverDied};
use super::witness::Witness;
use lenses::Lenses;
use offsets::OFFSET_INSTANTS;

/// Varied instants from which the geometry is first looked for.
const FIRST_TRY: usize = 12;
/// Without success it is tried again after so many further ones,
const FURTHER: usize = 4;
/// or after so long, in nanoseconds.
const TRY_AGAIN_NS: i64 = 5_000_000_000;
/// and at most so often: each time in vain doubles it, up to the second.
const VAIN_NS: [i64; 2] = [1_000_000_000, 20_000_000_000];
/// A geometry that serves is refined when so many varied instants are new, or twice as many came by,
const REFINE_NEWS: usize = 12;
/// and at most so often; each time that nothing is gained doubles it, up to the second.
const REFINE_NS: [i64; 2] = [10_000_000_000, 300_000_000_000];
/// What a refined geometry must be better by.
const GAIN: f64 = 0.97;
/// A first geometry without all cameras that see somebody is taken after so long alone: further instants may place them.
const COMPLETE_NS: i64 = 15_000_000_000;
/// Where joints show within so long that a second camera was moved, it is rather the geometry that is wrong.
const MOVED_TOGETHER_NS: i64 = 20_000_000_000;
/// A camera that misses the bodies for longer, and was not found to be moved, was placed too roughly.
const MISSES_NS: i64 = 10_000_000_000;
/// A camera is found anew from so many bodies that the others see.
const CAMERA_BODIES: usize = 12;
/// So long after a try that failed, in nanoseconds.
const CAMERA_AGAIN_NS: i64 = 2_000_000_000;
/// A geometry is in doubt with which, of the instants of so long in which people are seen, few have a body.
const DOUBT_NS: i64 = 4_000_000_000;
const DOUBT_INSTANTS: usize = 12;
const DOUBT_SHARE: f64 = 0.6;
/// Bodies that lay a new geometry onto the old one.
const LAID_BODIES: usize = 60;

type Points = [Vector3<f64>; POINT_COUNT];

/// Keeps the geometry of one rig. Its clock is the exposures of the instants that it is given.
pub struct Keeper {
    names: Vec<String>,
    memory: Memory,
    motion: Motion,
    /// Instants that told velocities.
    moving: Vec<Vec<Option<Observation>>>,
    lenses: Lenses,
    known: Option<Known>,
    frozen: bool,
    height_mm: Option<u16>,
    /// By how much the finder's views may miss bodies.
    most_miss: f64,
    solver: Solver,
    witnesses: Vec<Witness>,
    now_ns: i64,
    begun_ns: Option<i64>,
    found_after_s: Option<f64>,
    tried_ns: i64,
    vain_ns: i64,
    refine_ns: i64,
    offsets_ns: i64,
    /// Why the last search found nothing.
    in_vain: Option<String>,
    /// Since when a camera misses the bodies by more than it may, ns.
    misses_since_ns: Option<i64>,
    /// Of the last instants with people, when they were, ns, and whether a body came about.
    agreed: VecDeque<(i64, bool)>,
    /// The geometry does not fit what is seen; the next that is found replaces it.
    doubted: bool,
    last_body: Option<Points>,
    followed: Followed,
    /// By camera, how many pictures came.
    pictures: Vec<u64>,
    bodies: u64,
    withheld: u64,
    /// Instants in which anybody was seen.
    seen: u64,
    changed: bool,
    /// Cameras whose joints showed that they were moved.
    moved: Vec<usize>,
    /// When the last one was, ns.
    moved_ns: Option<i64>,
    events: Vec<RigEvent>,
}

struct Known {
    geometry: RigGeometry,
    placing: Placing,
}

impl Keeper {
    /// For cameras of these names. `height_mm` is the person's stated standing height.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub fn new(names: Vec<String>, height_mm: Option<u16>) -> std::io::Result<Self> {
        let cameras = names.len();
        Ok(Self {
            names,
            memory: Memory::new(cameras),
            motion: Motion::default(),
            moving: Vec::new(),
            lenses: Lenses::default(),
            known: None,
            frozen: false,
            height_mm,
            most_miss: Options::default().most_residual,
            solver: Solver::start()?,
            witnesses: (0..cameras).map(|_| Witness::default()).collect(),
            now_ns: 0,
            begun_ns: None,
            found_after_s: None,
            tried_ns: i64::MIN / 2,
            vain_ns: 0,
            refine_ns: REFINE_NS[0],
            offsets_ns: 0,
            in_vain: None,
            misses_since_ns: None,
            agreed: VecDeque::new(),
            doubted: false,
            last_body: None,
            followed: Followed::default(),
            pictures: vec![0; cameras],
            bodies: 0,
            withheld: 0,
            seen: 0,
            changed: false,
            moved: Vec::new(),
            moved_ns: None,
            events: Vec::new(),
        })
    }

    /// Begins with a geometry of an earlier session. It is checked by what is seen, as any other.
    ///
    /// # Errors
    /// Why it does not serve this rig.
    pub fn begin_with(&mut self, geometry: RigGeometry) -> Result<(), super::PlacingError> {
        let placing = self.placing(&geometry)?;
        self.known = Some(Known { geometry, placing });
        self.changed = true;
        Ok(())
    }

    /// Tells that a geometry is of no use.
    pub fn tell_refused(&mut self, why: &str) {
        self.tell("geometry-refused", why.to_owned());
    }

    /// The finder's views may miss bodies by so much; see [`joints::JointFinder::most_miss`].
    pub(crate) fn allow(&mut self, most_miss: f64) {
        self.most_miss = most_miss;
        self.known = self.known.take().map(|known| Known { placing: known.placing.allowing(most_miss), ..known });
    }

    fn placing(&self, geometry: &RigGeometry) -> Result<Placing, super::PlacingError> {
        Ok(Placing::new(geometry, &self.names, self.memory.sizes_px())?.allowing(self.most_miss))
    }

    /// Views that show somebody else than the body, each with where the body is in it, as [`Placing::circle_px`] tells it.
    pub fn shown_elsewhere(&self, placed: &Placed) -> Vec<(usize, [Vector2<f64>; 2])> {
        let Some(known) = &self.known else { return Vec::new() };
        let others = (0..self.names.len()).filter(|&camera| known.placing.shows_somebody_else(camera, placed));
        others.filter_map(|camera| Some((camera, known.placing.circle_px(camera, &placed.points_mm)?))).collect()
    }

    /// How many cameras the rig has.
    pub fn cameras(&self) -> usize {
        self.names.len()
    }

    /// How large a camera's pictures are; zero until it is known.
    pub fn size_px(&self, camera: usize) -> [f64; 2] {
        self.memory.sizes_px()[camera]
    }

    /// A picture of a camera came, and this is how large its frames are.
    pub fn picture_came(&mut self, camera: usize, size_px: [f64; 2]) {
        self.pictures[camera] += 1;
        if self.memory.sizes_px()[camera] == size_px {
            return;
        }
        self.memory.set_size(camera, size_px);
        let Some(known) = &self.known else { return };
        if let Err(why) = self.placing(&known.geometry) {
            self.tell("geometry-refused", format!("the geometry {} is of no use: {why}", known.geometry.id));
            self.forget_geometry();
        }
    }

    /// Takes what was seen at an instant, and gives the body in it, where the geometry is known and enough views agree.
    ///
    /// # Errors
    /// Observations that are none; a solver that died.
    pub fn see(&mut self, seen: Seen) -> Result<Option<Placed>, GeometryError> {
        self.now_ns = seen.exposure_ns;
        let body = self.place(&seen)?;
        if seen.views.iter().flatten().next().is_some() {
            self.seen += 1;
            self.begun_ns.get_or_insert(self.now_ns);
        }
        if let Some(complete) = self.motion.push(seen) {
            self.memory.offer(&complete.views);
            self.lenses.offer(self.now_ns, &complete.views);
            if complete.views.iter().flatten().any(|view| view.velocity_px.is_some()) {
                if self.moving.len() == OFFSET_INSTANTS {
                    self.moving.remove(0);
                }
                self.moving.push(complete.views);
            }
        }
        self.work();
        Ok(body)
    }

    fn place(&mut self, seen: &Seen) -> Result<Option<Placed>, GeometryError> {
        let Some(known) = &self.known else { return Ok(None) };
        let body = known.placing.body(&seen.views)?;
        let placed_views = (0..self.names.len()).filter(|&c| known.placing.is_placed(c) && seen.views[c].is_some());
        let views = placed_views.count();
        let Some(placed) = body.filter(|body| self.followed.is_same(seen.segment, seen.exposure_ns, body)) else {
            self.withheld += u64::from(views >= 1);
            if views >= 2 {
                self.agreed.push_back((self.now_ns, false));
            }
            return Ok(None);
        };
        self.bodies += 1;
        // What nothing confirms says nothing of the geometry.
        if placed.is_alone() {
            return Ok(Some(placed));
        }
        self.agreed.push_back((self.now_ns, true));
        self.last_body = Some(placed.points_mm);
        let mut moved: Option<(usize, f64, f64)> = None;
        for (camera, witness) in self.witnesses.iter_mut().enumerate() {
            match (placed.misses_px[camera], &seen.views[camera]) {
                (Some(miss_px), _) => {
                    let limit_px = known.placing.limit_px(camera);
                    let same_shape = placed.shapes_px[camera].is_some_and(|shape_px| shape_px <= limit_px);
                    witness.missed(self.now_ns, miss_px, same_shape);
                    let placed_px = known.geometry.cameras.get(&self.names[camera]).map_or(0.0, |of| of.residual_px);
                    // The worst alone: bodies that one camera pulls aside are off in others, too.
                    let by_limit = |miss_px: f64| miss_px / known.placing.limit_px(camera);
                    let misses =
                        witness.has_moved(placed_px, limit_px).map(|miss_px| (camera, miss_px, by_limit(miss_px)));
                    moved = misses.into_iter().chain(moved).max_by(|a, b| a.2.total_cmp(&b.2));
                }
                (None, Some(view)) if !known.placing.is_placed(camera) => {
                    witness.saw(self.now_ns, &placed.points_mm, view);
                }
                _ => {}
            }
        }
        // Which of them was moved two cameras alone do not say, nor three that all disagree.
        let agrees = |&other: &usize| {
            let witness = &self.witnesses[other];
            witness.residual_px().is_some() && witness.agrees(known.placing.limit_px(other))
        };
        let moved = moved.filter(|(camera, ..)| {
            let others = (0..self.names.len()).filter(|other| other != camera && known.placing.is_placed(*other));
            others.filter(agrees).count() >= 2
        });
        if let Some((camera, miss_px, _)) = moved {
            self.moved.push(camera);
            self.camera_moved(camera, &format!("it misses the bodies by {miss_px:.0} px"));
            if self.moved_ns.replace(self.now_ns).is_some_and(|before_ns| self.now_ns - before_ns < MOVED_TOGETHER_NS) {
                self.doubt("two cameras that seem to be moved are rather two that were wrongly placed");
            }
        }
        Ok(Some(placed))
    }

    fn forget_long_ago(&mut self) {
        while self.agreed.front().is_some_and(|(at_ns, _)| self.now_ns - at_ns > DOUBT_NS) {
            self.agreed.pop_front();
        }
    }

    /// Of the last instants with people, the share without a body.
    fn withheld_share(&self) -> f64 {
        self.agreed.iter().filter(|(_, agreed)| !agreed).count() as f64 / self.agreed.len().max(1) as f64
    }

    /// The camera stands elsewhere: the others go on without it, and it is found anew.
    fn camera_moved(&mut self, camera: usize, why: &str) {
        let name = self.names[camera].clone();
        self.memory.forget_camera(camera);
        self.moving.clear();
        self.lenses.forget();
        self.witnesses.iter_mut().for_each(Witness::forget_misses);
        self.witnesses[camera].lost(self.now_ns);
        let Some(known) = self.known.as_mut().filter(|known| known.placing.is_placed(camera)) else { return };
        known.placing.leave_out(camera);
        let left = (0..self.names.len()).filter(|&other| known.placing.is_placed(other)).count();
        self.tell("camera-moved", format!("{name} was moved: {why}"));
        if left < 2 {
            self.doubt("fewer than two cameras stand where they did");
        } else {
            self.witnesses[camera].problem =
                Some(format!("moved: {why}; it is found anew while somebody moves in view"));
        }
    }

    fn doubt(&mut self, why: &str) {
        if self.frozen {
            self.tell("geometry-doubted", format!("the geometry does not fit any more, and is frozen: {why}"));
        } else if !self.doubted {
            self.doubted = true;
            self.memory.forget();
            self.moving.clear();
            self.lenses.forget();
            self.agreed.clear();
            self.tried_ns = self.now_ns;
            self.tell("geometry-doubted", format!("the geometry does not fit any more and is found anew: {why}"));
        }
    }

    /// Looks after what is found in the background, and gives it what is due.
    fn work(&mut self) {
        let solved = self.solver.poll();
        self.take_up(solved);
        self.forget_long_ago();
        self.look_for_misses();
        let long = self.agreed.front().is_some_and(|(first_ns, _)| self.now_ns - first_ns > DOUBT_NS * 3 / 4);
        if long && self.agreed.len() >= DOUBT_INSTANTS && self.withheld_share() > DOUBT_SHARE && !self.frozen {
            self.doubt("people are seen, and hardly any body comes about");
        }
        if self.solver.is_busy() {
            return;
        }
        if let Some(job) = self.due() {
            self.solver.give(job);
        }
    }

    fn take_up(&mut self, solved: Result<Option<Solved>, SolverDied>) {
        match solved {
            Ok(Some(Solved::Rig(found))) => self.found_rig(found),
            Ok(Some(Solved::Camera { camera, size_px, found })) => self.found_camera(camera, size_px, found),
            Ok(Some(Solved::Offsets { indices, found })) => self.found_offsets(&indices, found),
            Ok(Some(Solved::Lenses(found))) => self.found_lenses(found),
            Ok(None) => {}
            Err(SolverDied) => self.revive_solver(),
        }
    }

    /// Waits for what is being found in the background, at most so long: for streams that are faster than time.
    pub fn wait(&mut self, most: Duration) {
        if self.solver.is_busy() {
            let solved = self.solver.wait(most);
            self.take_up(solved);
        }
    }

    fn revive_solver(&mut self) {
        self.tell("solver-died", "the search for the geometry failed unexpectedly and begins anew".into());
        self.memory.forget();
        self.moving.clear();
        self.lenses.forget();
        match Solver::start() {
            Ok(solver) => self.solver = solver,
            Err(error) => tracing::error!(%error, "no thread for the geometry"),
        }
    }

    fn due(&mut self) -> Option<Job> {
        // A camera that stands elsewhere is found in no time; the whole rig may take a while.
        self.due_camera().or_else(|| self.due_rig()).or_else(|| self.due_offsets()).or_else(|| self.due_lenses())
    }

    fn due_rig(&mut self) -> Option<Job> {
        let passed_ns = self.now_ns - self.tried_ns;
        let due = match &self.known {
            Some(_) if self.frozen => false,
            Some(_) if !self.doubted => {
                let more = self.memory.news() >= REFINE_NEWS || self.memory.has_doubled();
                more && passed_ns >= self.refine_ns && self.fits_now()
            }
            _ => {
                let further = self.memory.news() >= FURTHER || passed_ns >= TRY_AGAIN_NS && self.memory.news() > 0;
                self.memory.len() >= FIRST_TRY && (self.in_vain.is_none() || further && passed_ns >= self.vain_ns)
            }
        };
        if !due {
            return None;
        }
        self.tried_ns = self.now_ns;
        self.memory.looked_at();
        let cameras = RigCameras { names: self.names.clone(), sizes_px: self.memory.sizes_px().to_vec() };
        let search = RigSearch { cameras, instants: self.memory.instants(), standing: self.memory.standing().to_vec() };
        let now_utc = utc_now();
        Some(Job::Rig { search, height_mm: self.height_mm.map(f64::from), now_utc })
    }

    /// Whether the geometry fits what was seen of late. While it does not, a camera may have been moved, and the instants
    /// kept from before and after say nothing together.
    fn fits_now(&self) -> bool {
        let misses = self.misses_since_ns.is_some_and(|since_ns| self.now_ns - since_ns < MISSES_NS);
        self.known.is_none() || self.withheld_share() < 0.5 * DOUBT_SHARE && !misses
    }

    fn look_for_misses(&mut self) {
        let Some(known) = &self.known else { return };
        let fits = |(camera, witness): (usize, &Witness)| witness.agrees(known.placing.limit_px(camera));
        if self.witnesses.iter().enumerate().all(fits) {
            self.misses_since_ns = None;
        } else {
            self.misses_since_ns.get_or_insert(self.now_ns);
        }
    }

    fn due_camera(&mut self) -> Option<Job> {
        let known = self.known.as_ref().filter(|_| !self.frozen && !self.doubted)?;
        let ready = |&camera: &usize| {
            let witness = &self.witnesses[camera];
            !known.placing.is_placed(camera)
                && witness.bodies.len() >= CAMERA_BODIES
                && self.now_ns >= witness.not_before_ns
        };
        let camera = (0..self.names.len()).find(ready)?;
        let witness = &mut self.witnesses[camera];
        witness.not_before_ns = self.now_ns + CAMERA_AGAIN_NS;
        // A camera that was moved kept its lens.
        let focal_px = known.geometry.cameras.get(&self.names[camera]).map(|camera| vec![camera.focal_px]);
        Some(Job::Camera {
            camera,
            size_px: self.memory.sizes_px()[camera],
            points_mm: witness.bodies.iter().map(|(_, points, _)| Some(*points)).collect(),
            views: witness.bodies.iter().map(|(.., view)| Some(view.clone())).collect(),
            options: Options { focal_px, ..Options::default() },
        })
    }

    fn found_rig(&mut self, found: Result<Rig, RigError>) {
        let Rig { geometry, left_out } = match found {
            Ok(rig) => rig,
            Err(error) => {
                self.in_vain = Some(error.to_string());
                self.vain_ns = (2 * self.vain_ns).clamp(VAIN_NS[0], VAIN_NS[1]);
                self.refine_ns = (2 * self.refine_ns).min(REFINE_NS[1]);
                return;
            }
        };
        if self.known.is_some() && self.frozen {
            return;
        }
        let first = self.known.is_none();
        let since_ns = self.begun_ns.map_or(0, |begun_ns| self.now_ns - begun_ns);
        if first
            && since_ns < COMPLETE_NS
            && let [(name, why), ..] = left_out.as_slice()
        {
            self.in_vain = Some(format!("{name}: {why}"));
            return;
        }
        (self.in_vain, self.vain_ns) = (None, 0);
        if let Some(known) = self.known.as_ref().filter(|_| !self.doubted) {
            if !self.fits_now() {
                return;
            }
            let has_a_place = |name: &String| {
                self.names.iter().position(|known| known == name).is_some_and(|camera| known.placing.is_placed(camera))
            };
            let loses_one = self.names.iter().any(|name| has_a_place(name) && !geometry.cameras.contains_key(name));
            // What is known of a camera that was moved meanwhile is of no use for comparing.
            let gained = !loses_one
                && (certainty(&geometry) < GAIN * certainty(&known.geometry)
                    || geometry.cameras.len() > known.geometry.cameras.len()
                    || geometry.up == UpSource::Found && known.geometry.up == UpSource::Unknown);
            if !gained {
                self.refine_ns = (2 * self.refine_ns).min(REFINE_NS[1]);
                return;
            }
        }
        self.refine_ns = REFINE_NS[0];
        let text = format!("{} from {} instants", if first { "found" } else { "refined" }, geometry.instants);
        let laid = match &self.known {
            Some(known) if !self.doubted => self.laid(&geometry, known).unwrap_or(geometry),
            _ => geometry,
        };
        self.adopt(laid, &text);
        for (name, why) in left_out {
            if let Some(camera) = self.names.iter().position(|known| *known == name) {
                let problem = format!("not placed: {why}");
                if self.witnesses[camera].problem.as_ref() != Some(&problem) {
                    self.tell("camera-left-out", format!("{name} has no part in the geometry: {why}"));
                    self.witnesses[camera].problem = Some(problem);
                }
            }
        }
        if first {
            self.found_after_s = self.begun_ns.map(|begun_ns| (self.now_ns - begun_ns) as f64 / 1e9);
        }
    }

    /// A new geometry in the old one's world, by the cameras and bodies that both have; where only the new one knows up,
    /// or a stated height, it brings a world of its own.
    fn laid(&self, new: &RigGeometry, known: &Known) -> Option<RigGeometry> {
        let old = &known.geometry;
        let better = new.up == UpSource::Found && old.up == UpSource::Unknown
            || new.scale == ScaleSource::Stated && old.scale == ScaleSource::Guess;
        if better {
            return None;
        }
        let in_both = |camera: usize| {
            let name = &self.names[camera];
            Some((new.cameras.get(name)?.camera(), known.placing.camera(camera)?.clone()))
        };
        let cameras: Vec<_> = (0..self.names.len()).filter_map(in_both).collect();
        let placing = self.placing(new).ok()?;
        let standing = self.memory.standing();
        let mut points = Vec::new();
        for views in standing.iter().step_by(standing.len().div_ceil(LAID_BODIES).max(1)) {
            if let (Ok(Some(new)), Ok(Some(old))) = (placing.body(views), known.placing.body(views))
                && !new.is_alone()
                && !old.is_alone()
            {
                points.extend(new.points_mm.into_iter().zip(old.points_mm));
            }
        }
        let mut laid = new.moved_by(&lay_onto(&cameras, &points)?);
        (laid.scale, laid.up) = (old.scale, old.up);
        Some(laid.with_id())
    }

    fn adopt(&mut self, geometry: RigGeometry, text: &str) {
        match self.placing(&geometry) {
            Ok(placing) => {
                for (camera, witness) in self.witnesses.iter_mut().enumerate() {
                    let placed = placing.is_placed(camera);
                    let before = self.known.as_ref().is_some_and(|known| known.placing.is_placed(camera));
                    if placed && !before {
                        *witness = Witness::default();
                    }
                }
                self.tell("geometry", format!("the rig's geometry {} is {text}", geometry.id));
                self.known = Some(Known { geometry, placing });
                (self.doubted, self.changed) = (false, true);
                self.followed = Followed::default();
                self.agreed.clear();
            }
            Err(why) => self.in_vain = Some(why.to_string()),
        }
    }

    fn found_camera(&mut self, camera: usize, size_px: [f64; 2], found: Result<SolvedCamera, GeometryError>) {
        let name = self.names[camera].clone();
        let Some(known) = self.known.as_ref().filter(|known| !known.placing.is_placed(camera)) else { return };
        match found {
            Ok(solved) => {
                let mut geometry = known.geometry.clone();
                // Cameras that are still to be found stay out of it.
                geometry.cameras.retain(|name, _| {
                    self.names.iter().position(|known| known == name).is_none_or(|at| known.placing.is_placed(at))
                });
                let residual_px = solved.residual_px;
                let again = if known.geometry.cameras.contains_key(&name) { " again" } else { "" };
                geometry.cameras.insert(name.clone(), CameraGeometry::new(&solved, &solved.camera, size_px, 1.0));
                geometry.found_utc = utc_now();
                self.adopt(geometry.with_id(), &format!("found anew with {name}, which fits by {residual_px:.1} px"));
                self.tell("camera-found", format!("{name} has its place{again}"));
            }
            Err(why) => {
                self.witnesses[camera].problem = Some(format!("not placed yet: {}", without_index(&why)));
            }
        }
    }

    fn forget_geometry(&mut self) {
        (self.known, self.doubted, self.last_body, self.in_vain) = (None, false, None, None);
        self.followed = Followed::default();
        self.agreed.clear();
        self.witnesses = self.names.iter().map(|_| Witness::default()).collect();
        (self.tried_ns, self.vain_ns) = (i64::MIN / 2, 0);
    }

    fn tell(&mut self, kind: &str, text: String) {
        tracing::info!(kind, "{text}");
        self.events.push(RigEvent { kind: kind.to_owned(), text });
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<RigEvent> {
        std::mem::take(&mut self.events)
    }

    /// Cameras that joints showed to have been moved since the last call.
    pub fn take_moved(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.moved)
    }

    /// The geometry, where it changed since the last call.
    pub fn take_changed(&mut self) -> Option<RigGeometry> {
        let geometry = &self.known.as_ref().filter(|_| std::mem::take(&mut self.changed))?.geometry;
        Some(geometry.clone())
    }

    pub fn geometry(&self) -> Option<&RigGeometry> {
        Some(&self.known.as_ref()?.geometry)
    }

    /// How it stands.
    pub fn status(&self) -> RigStatus {
        let camera = |(camera, witness): (usize, &Witness)| RigCameraStatus {
            pictures: self.pictures[camera],
            placed: self.known.as_ref().is_some_and(|known| known.placing.is_placed(camera)),
            residual_px: witness.residual_px(),
            offset_frames: witness.offset_frames.map(|(frames, _)| frames),
            offset_uncertainty_frames: witness.offset_frames.map(|(_, uncertainty)| uncertainty),
            problem: witness.problem.clone(),
        };
        RigStatus {
            state: self.state(),
            geometry_id: self.geometry().map(|geometry| geometry.id.clone()),
            frozen: self.frozen,
            instants: self.memory.len(),
            bodies: self.bodies,
            withheld: self.withheld,
            found_after_s: self.found_after_s,
            cameras: self.witnesses.iter().enumerate().map(camera).collect(),
        }
    }

    fn state(&self) -> String {
        let in_vain = self.in_vain.as_ref().map(|why| format!("; the last try: {why}")).unwrap_or_default();
        match &self.known {
            Some(_) if self.doubted => {
                format!("the geometry does not fit any more; move about to find it anew{in_vain}")
            }
            Some(known) => {
                let placed = (0..self.names.len()).filter(|&camera| known.placing.is_placed(camera)).count();
                let frozen = if self.frozen { ", frozen" } else { "" };
                format!("{placed} of {} cameras placed{frozen}", self.names.len())
            }
            None if self.names.len() < 2 => "one camera alone has no geometry: it takes two or more".into(),
            None if self.seen == 0 => "nobody is in view".into(),
            None if self.memory.len() < FIRST_TRY => {
                format!("move about in view of two cameras or more: {} of {FIRST_TRY} instants", self.memory.len())
            }
            None if self.in_vain.is_some() => format!("move about{in_vain}"),
            None => "the geometry is being found".into(),
        }
    }
}

/// How far the cameras may be off together; less is better.
fn certainty(geometry: &RigGeometry) -> f64 {
    let degrees = |camera: &CameraGeometry| camera.uncertainty.map_or(10.0, |of| of.rotation_degrees);
    geometry.cameras.values().map(degrees).sum::<f64>() / geometry.cameras.len().max(1) as f64
}

fn utc_now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
