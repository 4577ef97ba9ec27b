//! Zenoh: shared memory between the processes of one host, the network between hosts. Scouting is off; a link
//! listens or connects on exactly the endpoint that it is given.

use std::net::TcpListener;
use std::time::Duration;

use zenoh::Wait;
use zenoh::handlers::{RingChannel, RingChannelHandler};
use zenoh::pubsub::{Publisher, Subscriber};
use zenoh::qos::CongestionControl;
use zenoh::shm::{GarbageCollect, PosixShmProviderBackend, ShmProvider, ShmProviderBuilder};

use crate::packed::Packed;
use crate::{
    BodyLabels, CommandSink, CommandSource, FinderSet, FinderSetSink, FinderSetSource, Hint, HintSink, HintSource,
    LabelSource, Moment, MomentSink, MomentSource, PoseMessage, PoseSink, PoseSource, Received, RigCommand,
    TransportError, codec, finder_set,
};

/// Shared memory for messages of one kind in transit, in bytes. Receivers copy out at once, so this only has to cover
/// their rings.
pub const POOL_BYTES: usize = 32 << 20;

/// Only messages with pixels go through shared memory, and they are allocated there.
const SHARED_MEMORY: [(&str, &str); 2] =
    [("transport/shared_memory/enabled", "true"), ("transport/shared_memory/transport_optimization/enabled", "false")];

/// One end of the link between the processes of a session. Keep it as long as its sinks and sources are used.
#[derive(Clone)]
pub struct ZenohLink {
    pub(crate) session: zenoh::Session,
    name: String,
    endpoint: String,
}

pub(crate) fn failed(doing: &'static str) -> impl Fn(zenoh::Error) -> TransportError {
    move |e| TransportError::Zenoh { doing, message: e.to_string() }
}

impl ZenohLink {
    /// Listens on a free port of the loopback interface. `name` separates sessions that share a network.
    pub fn listen(name: &str) -> Result<Self, TransportError> {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|e| TransportError::Zenoh { doing: "finding a free loopback port", message: e.to_string() })?
            .port();
        Self::open("listen", format!("tcp/127.0.0.1:{port}"), name, &SHARED_MEMORY)
    }

    /// Connects to the endpoint of a listening link, as its [`Self::endpoint`] gives it.
    pub fn connect(endpoint: &str, name: &str) -> Result<Self, TransportError> {
        Self::open("connect", endpoint.to_owned(), name, &SHARED_MEMORY)
    }

    pub(crate) fn open(
        side: &str,
        endpoint: String,
        name: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self, TransportError> {
        let mut config = zenoh::Config::default();
        let set = |config: &mut zenoh::Config, key: &str, value: &str| {
            config.insert_json5(key, value).map_err(failed("setting up"))
        };
        set(&mut config, "mode", "\"peer\"")?;
        set(&mut config, "scouting/multicast/enabled", "false")?;
        set(&mut config, "scouting/gossip/enabled", "false")?;
        set(&mut config, "listen/endpoints", "[]")?;
        set(&mut config, &format!("{side}/endpoints"), &format!("[\"{endpoint}\"]"))?;
        settings.iter().try_for_each(|(key, value)| set(&mut config, key, value))?;
        let session = zenoh::open(config).wait().map_err(failed("opening a session"))?;
        Ok(Self { session, name: name.to_owned(), endpoint })
    }

    /// What the other side gives to [`Self::connect`].
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// True while at least one other process is connected.
    pub fn has_peer(&self) -> bool {
        self.session.info().peers_zid().wait().next().is_some()
    }

    pub(crate) fn key(&self, what: &str) -> String {
        format!("genlock/{}/{what}", self.name)
    }

    pub(crate) fn publisher(&self, what: &str) -> Result<Publisher<'static>, TransportError> {
        self.session
            .declare_publisher(self.key(what))
            .congestion_control(CongestionControl::Drop)
            .wait()
            .map_err(failed("declaring a publisher"))
    }

    /// A publisher whose messages go through shared memory of their own.
    fn shared_publisher(&self, what: &'static str) -> Result<SharedPublisher, TransportError> {
        let pool = PosixShmProviderBackend::builder(POOL_BYTES)
            .wait()
            .map(|backend| ShmProviderBuilder::backend(backend).wait())
            .inspect_err(|e| tracing::warn!("no shared memory for {what} ({e}); sending them by loopback TCP"))
            .ok();
        Ok(SharedPublisher { publisher: self.publisher(what)?, pool, copied: 0 })
    }

    pub(crate) fn ring(&self, what: &str, depth: usize) -> Result<Ring, TransportError> {
        self.session
            .declare_subscriber(self.key(what))
            .with(RingChannel::new(depth))
            .wait()
            .map_err(failed("declaring a subscriber"))
            .map(Ring)
    }

    /// Sends moments through shared memory.
    pub fn moment_sink(&self) -> Result<ZenohMomentSink, TransportError> {
        Ok(ZenohMomentSink { publisher: self.shared_publisher("moments")?, next: 0 })
    }

    /// `depth`: how many moments queue for this receiver before the oldest is dropped.
    pub fn moment_source(&self, depth: usize) -> Result<ZenohMomentSource, TransportError> {
        Ok(ZenohMomentSource { ring: self.ring("moments", depth)?, by_shared_memory: None })
    }

    /// Sends sets of pictures through shared memory.
    pub fn finder_set_sink(&self) -> Result<ZenohFinderSetSink, TransportError> {
        Ok(ZenohFinderSetSink(self.shared_publisher("finder-pictures")?))
    }

    /// `depth`: how many sets of pictures queue for this receiver before the oldest is dropped.
    pub fn finder_set_source(&self, depth: usize) -> Result<ZenohFinderSetSource, TransportError> {
        Ok(ZenohFinderSetSource(self.ring("finder-pictures", depth)?))
    }

    /// Sends commands to inference.
    pub fn command_sink(&self) -> Result<ZenohCommandSink, TransportError> {
        Ok(ZenohCommandSink(self.publisher("commands")?))
    }

    /// `depth`: how many commands queue for this receiver before the oldest is dropped.
    pub fn command_source(&self, depth: usize) -> Result<ZenohCommandSource, TransportError> {
        Ok(ZenohCommandSource(self.ring("commands", depth)?))
    }

    /// Sends poses.
    pub fn pose_sink(&self) -> Result<ZenohPoseSink, TransportError> {
        Ok(ZenohPoseSink(self.publisher("poses")?))
    }

    /// `depth`: how many messages queue for this receiver before the oldest is dropped.
    pub fn pose_source(&self, depth: usize) -> Result<ZenohPoseSource, TransportError> {
        Ok(ZenohPoseSource(self.ring("poses", depth)?))
    }

    /// Sends labels to the learner.
    pub fn label_sink(&self) -> Result<ZenohLabelSink, TransportError> {
        Ok(ZenohLabelSink(self.publisher("labels")?))
    }

    /// `depth`: how many labels queue for this receiver before the oldest are dropped.
    pub fn label_source(&self, depth: usize) -> Result<ZenohLabelSource, TransportError> {
        Ok(ZenohLabelSource(self.ring("labels", depth)?))
    }

    /// Sends hints.
    pub fn hint_sink(&self) -> Result<ZenohHintSink, TransportError> {
        Ok(ZenohHintSink(self.publisher("hints")?))
    }

    /// `depth`: how many hints queue for this receiver before the oldest is dropped.
    pub fn hint_source(&self, depth: usize) -> Result<ZenohHintSource, TransportError> {
        Ok(ZenohHintSource(self.ring("hints", depth)?))
    }
}

pub(crate) struct Ring(Subscriber<RingChannelHandler<zenoh::sample::Sample>>);

impl Ring {
    pub(crate) fn receive(&self, wait: Duration) -> Result<Option<zenoh::sample::Sample>, TransportError> {
        self.0.handler().recv_timeout(wait).map_err(|_| TransportError::Closed)
    }
}

/// Sends messages with pixels.
struct SharedPublisher {
    publisher: Publisher<'static>,
    pool: Option<ShmProvider<PosixShmProviderBackend>>,
    /// Messages that did not fit into the shared memory and went as ordinary ones.
    copied: u64,
}

impl SharedPublisher {
    fn send(&mut self, message: &Packed) -> zenoh::Result<()> {
        let shared =
            self.pool.as_ref().and_then(|pool| pool.alloc(message.len()).with_policy::<GarbageCollect>().wait().ok());
        match shared {
            Some(mut buffer) => {
                message.write_to(&mut buffer);
                self.publisher.put(buffer).wait()
            }
            None => {
                self.copied += 1;
                self.publisher.put(message.to_vec()).wait()
            }
        }
    }
}

/// See [`ZenohLink::moment_sink`].
pub struct ZenohMomentSink {
    publisher: SharedPublisher,
    next: u64,
}

impl ZenohMomentSink {
    /// Moments that did not fit into the shared memory and went as ordinary messages.
    pub fn sent_outside_shared_memory(&self) -> u64 {
        self.publisher.copied
    }
}

impl MomentSink for ZenohMomentSink {
    fn send(&mut self, moment: &Moment) -> Result<(), TransportError> {
        let encoded = codec::encode(self.next, moment)?;
        self.next += 1;
        self.publisher.send(&encoded).map_err(failed("sending a moment"))
    }
}

/// See [`ZenohLink::moment_source`].
pub struct ZenohMomentSource {
    ring: Ring,
    by_shared_memory: Option<bool>,
}

impl MomentSource for ZenohMomentSource {
    fn receive(&mut self, wait: Duration) -> Result<Option<Received<Moment>>, TransportError> {
        let Some(sample) = self.ring.receive(wait)? else { return Ok(None) };
        let shared = sample.payload().as_shm().is_some();
        if self.by_shared_memory.replace(shared) != Some(shared) {
            tracing::info!("moments come by {}", if shared { "shared memory" } else { "network messages" });
        }
        codec::decode_moment(&sample.payload().to_bytes()).map(Some)
    }
}

/// See [`ZenohLink::finder_set_sink`].
pub struct ZenohFinderSetSink(SharedPublisher);

impl FinderSetSink for ZenohFinderSetSink {
    fn send(&mut self, set: &FinderSet) -> Result<(), TransportError> {
        self.0.send(&finder_set::encode(set)?).map_err(failed("sending pictures"))
    }
}

/// See [`ZenohLink::finder_set_source`].
pub struct ZenohFinderSetSource(Ring);

impl FinderSetSource for ZenohFinderSetSource {
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError> {
        let Some(sample) = self.0.receive(wait)? else { return Ok(None) };
        finder_set::decode_finder_set(&sample.payload().to_bytes()).map(Some)
    }
}

/// See [`ZenohLink::command_sink`].
pub struct ZenohCommandSink(Publisher<'static>);

impl CommandSink for ZenohCommandSink {
    fn send(&mut self, command: &RigCommand) -> Result<(), TransportError> {
        self.0.put(to_json(command)?).wait().map_err(failed("sending a command"))
    }
}

/// See [`ZenohLink::command_source`].
pub struct ZenohCommandSource(Ring);

impl CommandSource for ZenohCommandSource {
    fn receive(&mut self) -> Result<Option<RigCommand>, TransportError> {
        self.0.receive(Duration::ZERO)?.as_ref().map(from_json).transpose()
    }
}

/// See [`ZenohLink::label_sink`].
pub struct ZenohLabelSink(Publisher<'static>);

impl ZenohLabelSink {
    /// Sends labels without waiting for a receiver.
    ///
    /// # Errors
    /// If the link is closed.
    pub fn send(&mut self, labels: &BodyLabels) -> Result<(), TransportError> {
        self.0.put(to_json(labels)?).wait().map_err(failed("sending labels"))
    }
}

/// See [`ZenohLink::label_source`].
pub struct ZenohLabelSource(Ring);

impl LabelSource for ZenohLabelSource {
    fn receive(&mut self) -> Result<Option<BodyLabels>, TransportError> {
        self.0.receive(Duration::ZERO)?.as_ref().map(from_json).transpose()
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, TransportError> {
    serde_json::to_vec(value).map_err(|e| TransportError::Malformed(e.to_string()))
}

fn from_json<T: serde::de::DeserializeOwned>(sample: &zenoh::sample::Sample) -> Result<T, TransportError> {
    serde_json::from_slice(&sample.payload().to_bytes()).map_err(|e| TransportError::Malformed(e.to_string()))
}

/// See [`ZenohLink::pose_sink`].
pub struct ZenohPoseSink(Publisher<'static>);

impl PoseSink for ZenohPoseSink {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        self.0.put(to_json(poses)?).wait().map_err(failed("sending poses"))
    }
}

/// See [`ZenohLink::pose_source`].
pub struct ZenohPoseSource(Ring);

impl PoseSource for ZenohPoseSource {
    fn receive(&mut self, wait: Duration) -> Result<Option<PoseMessage>, TransportError> {
        let sample = self.0.receive(wait)?;
        sample.map(|sample| PoseMessage::from_json(&sample.payload().to_bytes())).transpose()
    }
}

/// See [`ZenohLink::hint_sink`].
pub struct ZenohHintSink(Publisher<'static>);

impl HintSink for ZenohHintSink {
    fn send(&mut self, hint: &Hint) -> Result<(), TransportError> {
        self.0.put(to_json(hint)?).wait().map_err(failed("sending a hint"))
    }
}

/// See [`ZenohLink::hint_source`].
pub struct ZenohHintSource(Ring);

impl HintSource for ZenohHintSource {
    fn receive(&mut self, wait: Duration) -> Result<Option<Hint>, TransportError> {
        self.0.receive(wait)?.as_ref().map(from_json).transpose()
    }
}
