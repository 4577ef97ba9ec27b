//! The views of peer hosts' cameras: a source of cropped views besides this host's own croppers, with its own accounts.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use capture::{CameraEvent, CaptureEvent, CaptureEventKind, RemoteCamera};
use crossbeam::channel::{Receiver, Sender, bounded};
use frame::{LossLedger, LossReason, Problem, monotonic_now_ns};
use transport::{CroppedView, HostView, TransportError, Views};

use super::inbox::Inbox;
use super::peers::{PeerCamera, Peers};
use super::spawn;
use crate::statistics::vitals::Vitals;
use crate::views::ViewEvent;
use crate::views::local::lost_for;
use crate::views::picture_plan::PicturePlan;
use crate::views::preview::ViewPreviews;

/// How long a camera may take to appear before it is reported as missing.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How often cameras that deliver nothing are checked.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Capacity of the queue of events for the session.
const EVENTS: usize = 256;

/// Where the views go besides the assembler.
pub(crate) struct Listeners {
    /// Must see every instant; the pictures themselves are made by the peers.
    pub pictures: PicturePlan,
    pub vitals: Vitals,
    pub previews: Option<ViewPreviews>,
}

/// A running source of views. It ends when the first host's side of the link is closed.
pub(crate) struct RemoteViews {
    thread: JoinHandle<()>,
    pub events: Receiver<CaptureEvent>,
}

impl RemoteViews {
    /// `cameras` share the pulses of this host; `ledgers` are those of all cameras of the rig.
    pub(super) fn start(
        peers: Arc<Peers>,
        views: Views,
        cameras: &[RemoteCamera],
        ledgers: &[LossLedger],
        listeners: Listeners,
        out: Sender<ViewEvent>,
    ) -> Result<Self, TransportError> {
        let (event_sender, events) = bounded(EVENTS);
        let lanes = peers.cameras().iter().zip(cameras).map(|(camera, pulses)| Lane {
            ledger: ledgers[camera.id.index()].clone(),
            camera: camera.clone(),
            pulses: pulses.clone(),
            inbox: Inbox::default(),
            sequence: 0,
            open: false,
            gone: false,
            reported: None,
            newest: Instant::now(),
        });
        let body =
            Body { lanes: lanes.collect(), peers, views, listeners, out, events: event_sender, began: Instant::now() };
        Ok(Self { thread: spawn("views", move || body.run())?, events })
    }

    /// Waits for the thread to end; `false` if it panicked.
    pub fn join(self) -> bool {
        self.thread.join().is_ok()
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Body {
    lanes: Vec<Lane>,
    peers: Arc<Peers>,
    views: Views,
    listeners: Listeners,
    out: Sender<ViewEvent>,
    events: Sender<CaptureEvent>,
    began: Instant,
}

/// One camera.
struct Lane {
    camera: PeerCamera,
    pulses: RemoteCamera,
    ledger: LossLedger,
    inbox: Inbox,
    /// Number of its next frame in the account of this session.
    sequence: u64,
    /// Its host reports it as ready or delivering.
    open: bool,
    /// The assembler does not wait for it until its next view.
    gone: bool,
    /// The last reported problem while it is not open.
    reported: Option<Problem>,
    /// When its newest view arrived.
    newest: Instant,
}

impl Body {
    fn run(mut self) {
        let mut look_at = Instant::now();
        while !self.peers.closed() {
            match self.views.receive(LOOK_EVERY) {
                Ok(Some((host, came))) => self.arrive(&host, came),
                Ok(None) => {}
                Err(TransportError::Closed) => return,
                Err(error) => tracing::warn!(%error, "received an invalid view from a host"),
            }
            if Instant::now() >= look_at {
                look_at = Instant::now() + LOOK_EVERY;
                (0..self.lanes.len()).for_each(|lane| self.look(lane));
            }
        }
    }

    fn arrive(&mut self, host: &str, came: HostView) {
        let Some(id) = self.peers.receive(host, &came).map(|camera| camera.id) else { return };
        let Some(at) = self.lanes.iter().position(|lane| lane.camera.id == id) else { return };
        self.open(at);
        if std::mem::take(&mut self.lanes[at].gone) {
            let _ = self.out.send(ViewEvent::Gone(id, false));
            self.tell(at, CameraEvent::Back);
        }
        let lane = &mut self.lanes[at];
        let Some(missing) = lane.inbox.missing(&came) else { return };
        for (reason, frames) in missing {
            lane.ledger.capture.enter_many(frames);
            lane.ledger.capture.lose_many(reason, frames);
            lane.sequence += frames;
        }
        let arrival_ns = monotonic_now_ns();
        let view = CroppedView { camera: id, sequence: lane.sequence, arrival_ns, ..came.view };
        lane.sequence += 1;
        lane.newest = Instant::now();
        lane.pulses.delivered(arrival_ns);
        // The view is complete, so it passes both edges of its account: to this host, and to its set.
        lane.ledger.capture.enter();
        lane.ledger.capture.leave();
        lane.ledger.subject.enter();
        if view.crop.is_none() {
            lane.ledger.subject.lose(lost_for(view.unusable));
        }
        self.listeners.pictures.due(id, view.segment, view.trigger, view.exposure);
        self.listeners.vitals.see(id, view.sequence, view.exposure.ns, arrival_ns);
        if let Some(previews) = &mut self.listeners.previews {
            previews.offer(&view);
        }
        let (ledger, has_crop) = (lane.ledger.clone(), view.crop.is_some());
        if self.out.send(ViewEvent::View(view)).is_err() && has_crop {
            ledger.subject.lose(LossReason::Shutdown);
        }
    }

    /// Detects that a camera became ready, or is gone.
    fn look(&mut self, at: usize) {
        let lane = &mut self.lanes[at];
        if lane.open && lane.newest.elapsed() < LOOK_EVERY {
            return;
        }
        match self.peers.state(&lane.camera) {
            Ok(()) => self.open(at),
            Err(_) if !lane.open && lane.reported.is_none() && self.began.elapsed() < FIRST_WAIT => {}
            Err(problem) => {
                lane.open = false;
                if lane.reported.as_ref() == Some(&problem) {
                    return;
                }
                lane.reported = Some(problem.clone());
                if !std::mem::replace(&mut lane.gone, true) {
                    let _ = self.out.send(ViewEvent::Gone(lane.camera.id, true));
                }
                self.tell(at, CameraEvent::Failed { problem, retry_in: None });
            }
        }
    }

    fn open(&mut self, at: usize) {
        let lane = &mut self.lanes[at];
        if !std::mem::replace(&mut lane.open, true) {
            lane.reported = None;
            lane.pulses.armed();
            self.tell(at, CameraEvent::Opened);
        }
    }

    fn tell(&self, at: usize, event: CameraEvent) {
        let kind = CaptureEventKind::Camera(self.lanes[at].camera.id, event);
        if self.events.try_send(CaptureEvent { at_ns: monotonic_now_ns(), kind }).is_err() {
            tracing::debug!(camera = self.lanes[at].camera.name, "dropped an event of a remote camera");
        }
    }
}
