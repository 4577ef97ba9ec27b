//! The assembler's thread: turns views into moments for learner and inference.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError};
use frame::{ClockId, HostTime, LossLedger, monotonic_now_ns};
use frame_sync::timing::{Action, FrameSet};
use transport::{
    Asked, CroppedView, FinderSet, FinderSetSink, FinderView, Moment, MomentSink, UnusableView, View, too_few_usable,
};

use super::matching::{Matching, Sets};
use crate::statistics::latency::Latency;
use crate::views::ViewEvent;

#[derive(Clone, Default)]
pub struct SetStatistics {
    pub complete: Arc<AtomicU64>,
    pub incomplete: Arc<AtomicU64>,
    /// Moments handed to the sinks.
    pub moments: Arc<AtomicU64>,
    /// From the arrival of a set's last frame to the complete moment, cropping included.
    pub latency: Latency,
}

/// Where sets go.
#[derive(Default)]
pub struct Sinks {
    pub moments: Vec<Box<dyn MomentSink>>,
    /// Pictures for the finder of joints.
    pub pictures: Option<Box<dyn FinderSetSink>>,
}

/// Runs until every sender of `views` is dropped.
pub fn start(
    views: Receiver<ViewEvent>,
    matching: Matching,
    ledgers: &[LossLedger],
    preprocessing: u64,
    sinks: Sinks,
    statistics: SetStatistics,
) -> std::io::Result<JoinHandle<Sinks>> {
    let ledgers = ledgers.to_vec();
    let body = Moments { assembler: Sets::new(matching, ledgers.len()), ledgers, preprocessing, sinks, statistics };
    std::thread::Builder::new().name("assembler".into()).spawn(move || body.run(views))
}

struct Moments {
    assembler: Sets,
    ledgers: Vec<LossLedger>,
    preprocessing: u64,
    sinks: Sinks,
    statistics: SetStatistics,
}

impl Moments {
    fn run(mut self, views: Receiver<ViewEvent>) -> Sinks {
        let mut actions = vec![];
        loop {
            let event = match self.assembler.next_deadline_ns() {
                None => views.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline_ns) => {
                    let left_ns = (deadline_ns - monotonic_now_ns()).max(0) as u64;
                    views.recv_timeout(Duration::from_nanos(left_ns))
                }
            };
            match event {
                Ok(ViewEvent::View(view)) => {
                    let now_ns = monotonic_now_ns();
                    self.assembler.arrive(now_ns, view, &mut actions);
                    self.assembler.advance(now_ns, &mut actions);
                }
                Ok(ViewEvent::Gone(camera, gone)) => {
                    self.assembler.camera_gone(camera, gone);
                    self.assembler.advance(monotonic_now_ns(), &mut actions);
                }
                Err(RecvTimeoutError::Timeout) => self.assembler.advance(monotonic_now_ns(), &mut actions),
                Err(RecvTimeoutError::Disconnected) => {
                    self.assembler.flush(&mut actions);
                    actions.drain(..).for_each(|action| self.carry_out(action));
                    return self.sinks;
                }
            }
            let done = std::mem::take(&mut actions);
            done.into_iter().for_each(|action| self.carry_out(action));
        }
    }

    fn carry_out(&mut self, action: Action<CroppedView>) {
        match action {
            Action::Set(set) => self.close(set),
            Action::Reject { camera, reason, item } => {
                // The loss of a view without a crop is already counted.
                if item.crop.is_some() {
                    self.ledgers[camera.index()].subject.lose(reason);
                }
            }
        }
    }

    fn close(&mut self, set: FrameSet<CroppedView>) {
        let complete = set.missing() == 0;
        let counter = if complete { &self.statistics.complete } else { &self.statistics.incomplete };
        counter.fetch_add(1, Ordering::Relaxed);
        let members: Vec<_> = set.items.into_iter().flatten().collect();
        let arrival_ns = members.iter().map(|view| view.arrival_ns).max().unwrap_or_default();
        self.statistics.latency.record_ns(monotonic_now_ns() - arrival_ns);
        let exposure = members
            .iter()
            .map(|view| view.exposure)
            .min_by_key(|exposure| exposure.ns)
            .unwrap_or(HostTime { ns: 0, uncertainty_ns: u32::MAX, clock: ClockId::Monotonic });
        let present = members.len();
        let source = members.iter().find_map(|view| view.source);
        let mut views = Vec::with_capacity(members.len());
        let (mut asked, mut pictures, mut unusable) = (false, Vec::new(), Vec::new());
        for CroppedView { camera, exposure, frame_px, crop, picture, unusable: fault, .. } in members {
            unusable.extend(fault.map(|fault| UnusableView { camera, fault }));
            asked |= picture != Asked::No;
            if let Asked::Picture(picture) = picture {
                pictures.push(FinderView { camera, exposure, picture });
            }
            let Some(crop) = crop else { continue };
            self.ledgers[camera.index()].subject.leave();
            views.push(View { camera, exposure, frame_px, samples: vec![crop] });
        }
        if !too_few_usable(present, unusable.len()) {
            unusable.clear();
        }
        if let Some(sink) = self.sinks.pictures.as_mut().filter(|_| asked) {
            let FrameSet { index: set, trigger, segment, .. } = set;
            let unusable = unusable.clone();
            let pictures = FinderSet { set, trigger, segment, exposure, source, views: pictures, unusable };
            if let Err(error) = sink.send(&pictures) {
                tracing::error!(%error, set = set.0, "could not send pictures for the finder of joints");
            }
        }
        // Nobody was seen, unless nothing can be known of the instant.
        if views.is_empty() && unusable.is_empty() {
            return;
        }
        let moment = Moment {
            set: set.index,
            trigger: set.trigger,
            segment: set.segment,
            exposure,
            arrival_ns,
            source,
            preprocessing: self.preprocessing,
            views,
            unusable,
        };
        self.statistics.moments.fetch_add(1, Ordering::Relaxed);
        for sink in &mut self.sinks.moments {
            if let Err(error) = sink.send(&moment) {
                tracing::error!(%error, set = moment.set.0, "could not send a moment");
            }
        }
    }
}
