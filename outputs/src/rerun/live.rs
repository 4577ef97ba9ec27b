//! Bodies, cameras and their pictures in a running viewer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use body::RigGeometry;
use re_sdk::external::re_uri::{ProxyUri, RedapUri};
use re_sdk::log::{ChunkBatcherConfig, LogMsg};
use re_sdk::sink::{GrpcSink, GrpcSinkConnectionState, LogSink, SinkFlushError};
use re_sdk::{RecordingStream, RecordingStreamBuilder, RecordingStreamError};
use transport::{PoseMessage, PoseSink, TransportError};

use super::{APPLICATION, RerunError, RerunPictures, scene};
use crate::body_places;

/// Gives the newest geometry of the rig.
pub type GeometrySource = Box<dyn Fn() -> Option<RigGeometry> + Send>;

/// One viewer, which may come and go.
pub struct RerunSink {
    viewer: ProxyUri,
    /// The same in all connections, so that a viewer takes them for one session.
    recording: String,
    connection: Connection,
    geometry: GeometrySource,
    pictures: RerunPictures,
    /// Per camera the part of its frame's size that its pictures have.
    scales: BTreeMap<String, f64>,
}

/// To one run of the viewer.
struct Connection {
    stream: RecordingStream,
    sink: Arc<GrpcSink>,
    room_shown: bool,
    /// The id of the geometry that is shown.
    geometry: String,
}

/// Lets the state of the sink be seen from outside.
struct Watched(Arc<GrpcSink>);

impl LogSink for Watched {
    fn send(&self, message: LogMsg) {
        self.0.send(message);
    }

    fn flush_blocking(&self, timeout: Duration) -> Result<(), SinkFlushError> {
        self.0.flush_blocking(timeout)
    }
}

impl RerunSink {
    /// Shows bodies in the viewer that listens there, by custom on port 9876, and the cameras of the newest geometry
    /// with the pictures that come.
    ///
    /// # Errors
    /// If Rerun's library cannot begin.
    pub fn new(viewer: SocketAddr, geometry: GeometrySource, pictures: RerunPictures) -> Result<Self, RerunError> {
        let RedapUri::Proxy(viewer) =
            format!("rerun+http://{viewer}/proxy").parse().map_err(RecordingStreamError::from)?
        else {
            return Err(RecordingStreamError::NotAProxyEndpoint.into());
        };
        let recording = format!("session-{}-{}", std::process::id(), frame::monotonic_now_ns());
        let connection = Connection::open(viewer.clone(), &recording)?;
        Ok(Self { viewer, recording, connection, geometry, pictures, scales: BTreeMap::new() })
    }

    fn show(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        let Some(body) = &poses.body else { return Ok(()) };
        let (joints, landmarks) = body_places(body)?;
        match self.connection.sink.status() {
            GrpcSinkConnectionState::Connected => {}
            // It goes on trying.
            GrpcSinkConnectionState::Connecting { .. } => return Err(TransportError::Absent),
            GrpcSinkConnectionState::Disconnected(_) => {
                self.connection = Connection::open(self.viewer.clone(), &self.recording).map_err(not_taken)?;
                return Err(TransportError::Absent);
            }
        }
        let utc_ns = poses.exposure_utc_ns.unwrap_or(poses.exposure_ns);
        let pictures = self.pictures.take();
        let Connection { stream, room_shown, geometry, .. } = &mut self.connection;
        scene::set_time(stream, utc_ns);
        if !std::mem::replace(room_shown, true) {
            scene::room(stream).map_err(not_taken)?;
        }
        let mut rescaled = false;
        for (camera, picture) in &pictures {
            let scale = f64::from(picture.width_px) / f64::from(picture.frame_width_px.max(1));
            rescaled |= self.scales.insert(camera.clone(), scale) != Some(scale);
        }
        if (rescaled || *geometry != body.geometry_id)
            && let Some(newest) = (self.geometry)()
        {
            let scale = |camera: &str| self.scales.get(camera).copied().unwrap_or(1.0);
            scene::cameras(stream, &newest, scale).map_err(not_taken)?;
            *geometry = newest.id;
        }
        for (camera, picture) in pictures {
            scene::set_time(stream, picture.exposure_ns + utc_ns - poses.exposure_ns);
            scene::picture(stream, &camera, picture.jpeg).map_err(not_taken)?;
        }
        scene::set_time(stream, utc_ns);
        scene::body(stream, &joints, &landmarks).map_err(not_taken)
    }
}

fn not_taken(error: impl std::fmt::Display) -> TransportError {
    TransportError::NotTaken(error.to_string())
}

impl Connection {
    fn open(viewer: ProxyUri, recording: &str) -> Result<Self, RerunError> {
        let builder = RecordingStreamBuilder::new(APPLICATION).recording_id(recording);
        let stream = builder.batcher_config(ChunkBatcherConfig::LOW_LATENCY).buffered()?;
        let sink = Arc::new(GrpcSink::new(viewer));
        stream.set_sink(Box::new(Watched(sink.clone())));
        Ok(Self { stream, sink, room_shown: false, geometry: String::new() })
    }
}

impl PoseSink for RerunSink {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        self.show(poses)
    }
}
