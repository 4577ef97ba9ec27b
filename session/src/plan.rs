//! The description of a session, and everything that is opened before its cameras.

use std::path::PathBuf;
use std::sync::Arc;

use calibration_free_config::Rig;
use frame::Problem;
use subject::{BackgroundConfig, SubjectCropper};

use crate::event::EventLog;
use crate::hosts::{HostLink, HostRole};
use crate::source::{OpenRig, Playback};
use crate::views::picture_plan::PicturePlan;
use crate::views::preview::PreviewSink;

/// The description of a session.
pub struct SessionPlan {
    /// The whole rig, the same on all its hosts.
    pub rig: Rig,
    /// How recorded sources are played.
    pub playback: Playback,
    /// `None` records nothing, ever.
    pub recording: Option<RecordingPlan>,
    /// `None` crops nothing and makes no frame sets, unless the rig has several hosts.
    pub learning: Option<LearningPlan>,
    /// Shows previews; `None` makes none.
    pub page: Option<Arc<dyn PreviewSink>>,
    /// Which host of the rig this one is.
    pub role: HostRole,
}

/// When a session's first take begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordingBegins {
    /// With the cameras.
    #[default]
    WithSession,
    /// With [`Session::begin_take`](crate::Session::begin_take).
    OnRequest,
}

/// Where a session is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingPlan {
    /// The name of the session in its take.
    pub name: String,
    pub begins: RecordingBegins,
    /// Each take is created as a new folder in this one.
    pub folder: PathBuf,
    /// A take closes after this many bytes.
    pub budget_bytes: u64,
    /// The rig to describe in the take instead of the session's own: in a replay, the rig that made the recording.
    pub rig_toml: Option<String>,
}

/// What frame sets are made for.
#[derive(Clone, Default)]
pub struct LearningPlan {
    /// Which frames become pictures for the finder of joints. Clones share one plan.
    pub pictures: PicturePlan,
}

impl SessionPlan {
    /// Cameras only: played once, nothing recorded, cropped or shown, on one host or as the first of several.
    pub fn new(rig: Rig) -> Self {
        let (playback, role) = (Playback::default(), HostRole::default());
        Self { rig, playback, recording: None, learning: None, page: None, role }
    }

    /// Opens what can fail at the start: the link between hosts, takes, videos, virtual studios, croppers.
    ///
    /// # Errors
    /// What is wrong, and the remedy. Nothing has been started then.
    pub fn open(self) -> Result<Prepared, Problem> {
        let Self { rig, playback, recording, learning, page, role } = self;
        let preprocessing = rig.subject.preprocessing();
        let link = HostLink::open(&rig, &role, preprocessing.hash())?;
        let names: Vec<_> = match &link {
            HostLink::Peer(peer) => peer.rig(),
            HostLink::None | HostLink::First(_) => &rig,
        }
        .cameras
        .iter()
        .map(|camera| camera.name.to_string())
        .collect();
        let rig = if let HostLink::Peer(peer) = &link { peer.rig().clone() } else { rig };
        let rig = OpenRig::open(rig).map_err(Problem::from)?;
        let crops = learning.is_some() || !matches!(link, HostLink::None);
        let cropper = |_| SubjectCropper::new(&preprocessing, BackgroundConfig::default());
        let croppers = (0..if crops { rig.local_cameras() } else { 0 }).map(cropper).collect::<Result<_, _>>();
        Ok(Prepared {
            croppers: croppers.map_err(|error| Problem::new(error.to_string()))?,
            events: EventLog::new(&names),
            names,
            preprocessing: preprocessing.hash(),
            rig,
            playback,
            recording,
            pictures: learning.unwrap_or_default().pictures,
            page,
            link,
            trial: None,
        })
    }
}

/// A session that is ready to start. A session that has ended returns it, with the learned backgrounds and the events
/// so far, so that another one can follow.
pub struct Prepared {
    /// The cameras' names; this host's come first.
    pub(crate) names: Vec<String>,
    pub(crate) rig: OpenRig,
    pub playback: Playback,
    pub recording: Option<RecordingPlan>,
    pub(crate) croppers: Vec<SubjectCropper>,
    /// Hash of how the croppers make their crops.
    pub(crate) preprocessing: u64,
    pub(crate) pictures: PicturePlan,
    pub(crate) page: Option<Arc<dyn PreviewSink>>,
    pub(crate) link: HostLink,
    pub events: EventLog,
    /// How recorded sources are played in a trial; `None` outside a trial.
    pub(crate) trial: Option<Playback>,
}

impl Prepared {
    /// All cameras' names, this host's first.
    pub fn camera_names(&self) -> &[String] {
        &self.names
    }

    /// How many cameras are attached to this host.
    pub fn local_cameras(&self) -> usize {
        self.rig.local_cameras()
    }

    /// Pulses a second, in a trial those of the trial.
    pub fn rate_hz(&self) -> f64 {
        self.rig.rate_hz(self.trial.unwrap_or(self.playback))
    }
}
