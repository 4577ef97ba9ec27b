//! Bodies of a live stream: requests pictures, finds joints in them, and sends the person as seen by each view and by
//! the rig.

mod own;
mod report;
mod stream;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use body::CausalFilter;
use frame::{SegmentId, monotonic_now_ns};
use joints::{FinderError, JointFinder, Person};
use model::spent;
use tch::Device;
use transport::{CommandSource, FinderSet, FinderSetSource, FinderView, Hint, HintSink, PoseSink, TransportError};

use crate::InferError;
use crate::latencies::Latencies;
use crate::live_poses::is_due;
use crate::observations::{PointSources, view};
use crate::own_network::{OwnNetwork, Views};
use crate::pace::Pace;
use crate::picture_requests::PictureRequests;
use crate::rig::{Keeper, Placed, SeenInstant};

const REPORT_EVERY: Duration = Duration::from_millis(500);

/// The connections of a stream of bodies.
pub struct BodyLinks<S, P, H, C> {
    pub pictures: S,
    pub poses: P,
    pub hints: H,
    pub commands: C,
}

/// Runs on the calling thread. Give its source of pictures a depth of about four, since those of consecutive instants
/// arrive together.
pub struct LiveBodies<S, P, H, C> {
    links: BodyLinks<S, P, H, C>,
    finder: Box<dyn JointFinder>,
    points: PointSources,
    finder_name: String,
    /// `None` if pictures come without requests.
    requests: Option<PictureRequests>,
    keeper: Keeper,
    filter: CausalFilter,
    smoothed_with: Option<String>,
    segment: Option<SegmentId>,
    answered: u64,
    received: u64,
    /// Moments that a newer one replaced while the own network served.
    superseded: u64,
    recent: Latencies,
    pace: Pace,
    reported: Option<Instant>,
    reports: u32,
    own: Option<OwnNetwork>,
    /// Why nothing was known of the newest instant.
    not_known: Option<String>,
    /// When the finder last looked while the own network serves.
    looked: Option<Instant>,
}

impl<S: FinderSetSource, P: PoseSink, H: HintSink, C: CommandSource> LiveBodies<S, P, H, C> {
    pub fn new(
        links: BodyLinks<S, P, H, C>,
        finder: Box<dyn JointFinder>,
        finder_name: String,
        mut keeper: Keeper,
    ) -> Self {
        keeper.allow(finder.max_residual());
        Self {
            links,
            points: PointSources::of(finder.names()),
            finder,
            finder_name,
            requests: Some(PictureRequests::default()),
            keeper,
            filter: CausalFilter::default(),
            smoothed_with: None,
            segment: None,
            answered: 0,
            received: 0,
            superseded: 0,
            recent: Latencies::new(Instant::now()),
            pace: Pace::new(None),
            reported: None,
            reports: 0,
            own: None,
            not_known: None,
            looked: None,
        }
    }

    /// Lets the rig's own network serve when it has earned it, and sends labels for it.
    pub fn with_own_network(self, own: OwnNetwork) -> Self {
        Self { own: Some(own), ..self }
    }

    /// Limits the average use of all cores to this share, in (0, 1].
    pub fn with_share(self, share: Option<f64>) -> Self {
        Self { pace: Pace::new(share), ..self }
    }

    /// Takes pictures as they come, without requests.
    pub fn unasked(self) -> Self {
        Self { requests: None, ..self }
    }

    /// Runs until the source is closed, or until `go_on`, called with each report, returns false.
    ///
    /// # Errors
    /// If the joint finder fails.
    pub fn serve(&mut self, mut go_on: impl FnMut() -> bool) -> Result<(), InferError> {
        loop {
            let now = Instant::now();
            if is_due(self.reported, REPORT_EVERY, now) {
                if !go_on() {
                    break;
                }
                self.report(now);
            }
            self.carry_out_commands();
            let searches = self.keeper.is_searching();
            if let Some(own) = &mut self.own {
                own.others_compute(searches);
            }
            let wait = self.reported.map_or(Duration::ZERO, |at| (at + REPORT_EVERY).saturating_duration_since(now));
            let rest = self.pace.rest(now);
            if !rest.is_zero() {
                std::thread::sleep(rest.min(wait));
                continue;
            }
            let end = if self.own_network_serves() {
                self.own_turn(wait)?
            } else {
                let due = self.requests.as_mut().filter(|requests| requests.is_due(now));
                if let Some(wanted) = due.map(|requests| requests.request(now, Duration::ZERO)) {
                    self.hint(&Hint::WantedPictures(wanted));
                }
                self.turn(wait)?
            };
            if end.is_break() {
                break;
            }
        }
        self.report_end();
        Ok(())
    }

    /// Waits for pictures and answers them.
    fn turn(&mut self, wait: Duration) -> Result<ControlFlow<()>, InferError> {
        match self.links.pictures.receive(wait) {
            Ok(Some(set)) => {
                let begun = Pace::begin();
                let at = Instant::now();
                self.request_next(&set, at);
                self.answer(&set)?;
                self.judge();
                self.pace.end(begun);
                if let Some(requests) = self.requests.as_mut().filter(|_| !set.views.is_empty()) {
                    requests.answered(at.elapsed() + self.pace.rest(Instant::now()));
                }
            }
            Ok(None) => {}
            Err(TransportError::Closed) => return Ok(ControlFlow::Break(())),
            Err(error) => tracing::error!(%error, "pictures cannot be decoded"),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Requests the next pictures if these are the last requested ones.
    fn request_next(&mut self, set: &FinderSet, now: Instant) {
        self.received += 1;
        let age_ns = monotonic_now_ns() - set.exposure.ns;
        let age = Duration::from_nanos(age_ns.max(0) as u64);
        let next = self.requests.as_mut().and_then(|requests| requests.arrived(now, age, set.views.is_empty()));
        if let Some(wanted) = next {
            self.hint(&Hint::WantedPictures(wanted));
        }
    }

    /// Finds the person and streams its body.
    fn answer(&mut self, set: &FinderSet) -> Result<(), InferError> {
        if self.says_not_known(set) {
            return Ok(());
        }
        let Some((observations, placed)) = self.see(set)? else { return Ok(()) };
        self.hold_back(set, &observations);
        let model = self.finder_name.clone();
        self.stream(set, &observations, placed.as_ref(), model, None);
        Ok(())
    }

    /// What the finder sees, and the body in it; `None` if it sees nobody.
    fn see(&mut self, set: &FinderSet) -> Result<Option<(Views, Option<Placed>)>, InferError> {
        if self.segment.replace(set.segment) != Some(set.segment) {
            self.filter.restart();
            self.finder.forget();
        }
        let people = self.find(set)?;
        let observations: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(camera, person)| {
                person.as_ref().map(|person| self.points.observation(person, self.keeper.size_px(camera)))
            })
            .collect();
        if observations.iter().flatten().next().is_none() {
            return Ok(None);
        }
        let seen = SeenInstant {
            segment: set.segment,
            trigger: set.trigger,
            exposure_ns: set.exposure.ns,
            exposures_ns: self.by_camera(set, |view| view.exposure.ns),
            views: observations.clone(),
        };
        let placed = self.keeper.see(seen).unwrap_or_else(|error| {
            tracing::error!(%error, "no body can be found in what was seen");
            None
        });
        for camera in self.keeper.take_moved() {
            if let Some(requests) = &mut self.requests {
                requests.framer.moved(camera, Instant::now());
            }
            if let Some(own) = &mut self.own {
                own.camera_moved();
            }
        }
        // Views that follow a second person are directed back to the first.
        for (camera, circle) in placed.iter().flat_map(|placed| self.keeper.shown_elsewhere(placed)) {
            let [hips, rim] = circle.map(|at| [at.x as f32, at.y as f32]);
            self.finder.expect(camera, hips, rim);
        }
        if let Some(placed) = &placed {
            self.send_labels(set, placed);
        }
        Ok(Some((observations, placed)))
    }

    /// The person in each camera's picture.
    fn find(&mut self, set: &FinderSet) -> Result<Vec<Option<Person>>, InferError> {
        for FinderView { camera, picture, .. } in &set.views {
            if camera.index() < self.cameras() {
                let (width, height) = picture.frame_px;
                self.keeper.picture_came(camera.index(), [f64::from(width), f64::from(height)]);
            }
        }
        let views: Vec<_> = self.by_camera(set, |found| view(&found.picture));
        let begun = spent(Device::Cpu);
        let found = self.finder.find(&views);
        if let Some(own) = &mut self.own {
            own.finder_took(spent(Device::Cpu).saturating_sub(begun));
        }
        match found {
            Ok(people) => {
                let now = Instant::now();
                let whole = self.by_camera(set, |found| found.picture.is_whole());
                for (camera, (whole, person)) in whole.into_iter().zip(&people).enumerate() {
                    if let Some((whole, requests)) = whole.zip(self.requests.as_mut()) {
                        requests.framer.looked(camera, whole, person.is_some(), now);
                    }
                }
                Ok(people)
            }
            Err(error @ (FinderError::Picture { .. } | FinderError::Size { .. })) => {
                tracing::error!(%error, "no joints in these pictures");
                Ok(vec![None; views.len()])
            }
            Err(error) => Err(error.into()),
        }
    }

    fn cameras(&self) -> usize {
        self.keeper.cameras()
    }

    fn by_camera<'a, T>(&self, set: &'a FinderSet, of: impl Fn(&'a FinderView) -> T) -> Vec<Option<T>> {
        let view = |camera: usize| set.views.iter().find(|view| view.camera.index() == camera).map(&of);
        (0..self.cameras()).map(view).collect()
    }

    fn carry_out_commands(&mut self) {
        loop {
            match self.links.commands.receive() {
                Ok(Some(command)) => self.keeper.command(command),
                Ok(None) | Err(TransportError::Closed) => return,
                Err(error) => tracing::error!(%error, "a command cannot be decoded"),
            }
        }
    }

    fn hint(&mut self, hint: &Hint) {
        self.links.hints.send(hint).unwrap_or_else(|error| tracing::warn!(%error, "a hint was not sent"));
    }
}
