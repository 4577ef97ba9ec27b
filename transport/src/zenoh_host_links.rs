//! The link between the hosts of one rig: the first host listens, the others connect and reconnect. Questions, answers
//! and views have keys of their own; sending never blocks.

use std::time::Duration;

use zenoh::Wait;
use zenoh::pubsub::Publisher;
use zenoh::qos::{CongestionControl, Priority};

use crate::host_messages::{Answer, Hello, PromisedInstant};
use crate::host_view::HostView;
use crate::zenoh_link::{Ring, ZenohLink, failed};
use crate::{CroppedView, TransportError, ViewLabel};

/// Views that queue for the receiver before the oldest is dropped.
const MAX_QUEUED_VIEWS: usize = 256;
const MAX_QUEUED_MESSAGES: usize = 64;
/// A link that is silent for this long is closed and reconnected.
const LEASE_MS: u32 = 3_000;

fn encode<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, TransportError> {
    postcard::to_stdvec(value).map_err(|e| TransportError::Malformed(e.to_string()))
}

fn decode<T: serde::de::DeserializeOwned>(sample: &zenoh::sample::Sample) -> Result<T, TransportError> {
    postcard::from_bytes(&sample.payload().to_bytes()).map_err(|e| TransportError::Malformed(e.to_string()))
}

/// The link of the first host, which assembles the sets.
#[derive(Clone)]
pub struct FirstHostLink(ZenohLink);

impl FirstHostLink {
    /// Listens on `address`; `rig` separates rigs that share a network.
    pub fn listen(address: &str, rig: &str) -> Result<Self, TransportError> {
        open("listen", address, rig).map(Self)
    }

    /// Receives the questions of all peer hosts.
    pub fn hellos(&self) -> Result<Hellos, TransportError> {
        Ok(Hellos { ring: self.0.ring("hosts/*/hello", MAX_QUEUED_MESSAGES)?, link: self.0.clone(), answers: vec![] })
    }

    /// Sends promises to all peer hosts.
    pub fn promise_sink(&self) -> Result<PromiseSink, TransportError> {
        words(&self.0, "promises").map(PromiseSink)
    }

    /// Receives the views of all peer hosts.
    pub fn views(&self) -> Result<Views, TransportError> {
        Ok(Views(self.0.ring("hosts/*/views", MAX_QUEUED_VIEWS)?))
    }
}

/// Tells peer hosts which instants the finder of joints gets pictures of.
pub struct PromiseSink(Publisher<'static>);

impl PromiseSink {
    /// Sends a promise without blocking.
    pub fn send(&self, promised: &PromisedInstant) -> Result<(), TransportError> {
        self.0.put(encode(promised)?).wait().map_err(failed("promising pictures"))
    }
}

/// Receives the promises on a peer host.
pub struct Promises(Ring);

impl Promises {
    /// The next promise, or `None` after `wait`.
    pub fn receive(&self, wait: Duration) -> Result<Option<PromisedInstant>, TransportError> {
        self.0.receive(wait)?.as_ref().map(decode).transpose()
    }
}

/// Receives and answers the questions of peer hosts.
pub struct Hellos {
    ring: Ring,
    link: ZenohLink,
    answers: Vec<(String, Publisher<'static>)>,
}

impl Hellos {
    /// The next question, or `None` after `wait`.
    pub fn receive(&self, wait: Duration) -> Result<Option<Hello>, TransportError> {
        self.ring.receive(wait)?.as_ref().map(decode).transpose()
    }

    /// Answers the peer host `host`.
    pub fn answer(&mut self, host: &str, answer: &Answer) -> Result<(), TransportError> {
        let known = self.answers.iter().position(|(name, _)| name == host);
        let index = match known {
            Some(index) => index,
            None => {
                self.answers.push((host.to_owned(), words(&self.link, &format!("hosts/{host}/answer"))?));
                self.answers.len() - 1
            }
        };
        self.answers[index].1.put(encode(answer)?).wait().map_err(failed("answering a host"))
    }
}

/// Receives views of peer hosts.
pub struct Views(Ring);

impl Views {
    /// The next view and the name of its host, or `None` after `wait`.
    pub fn receive(&self, wait: Duration) -> Result<Option<(String, HostView)>, TransportError> {
        let Some(sample) = self.0.receive(wait)? else { return Ok(None) };
        let host = sample.key_expr().as_str().rsplit('/').nth(1).unwrap_or_default().to_owned();
        HostView::decode(&sample.payload().to_bytes()).map(|view| Some((host, view)))
    }
}

/// The link of a peer host, whose cameras the first host puts into the sets.
pub struct PeerHostLink {
    hello: Publisher<'static>,
    answers: Ring,
    link: ZenohLink,
    name: String,
}

impl PeerHostLink {
    /// Connects to the first host's address, as soon as it is reachable.
    pub fn connect(address: &str, rig: &str, name: &str) -> Result<Self, TransportError> {
        let link = open("connect", address, rig)?;
        let answers = link.ring(&format!("hosts/{name}/answer"), MAX_QUEUED_MESSAGES)?;
        Ok(Self { hello: words(&link, &format!("hosts/{name}/hello"))?, answers, link, name: name.to_owned() })
    }

    /// Sends a question to the first host.
    pub fn say(&self, hello: &Hello) -> Result<(), TransportError> {
        self.hello.put(encode(hello)?).wait().map_err(failed("asking the first host"))
    }

    /// The next answer, or `None` after `wait`.
    pub fn receive(&self, wait: Duration) -> Result<Option<Answer>, TransportError> {
        self.answers.receive(wait)?.as_ref().map(decode).transpose()
    }

    /// Receives the promises of the first host.
    pub fn promises(&self) -> Result<Promises, TransportError> {
        Ok(Promises(self.link.ring("promises", MAX_QUEUED_MESSAGES)?))
    }

    /// Sends views to the first host.
    pub fn view_sink(&self) -> Result<ViewSink, TransportError> {
        Ok(ViewSink(self.link.publisher(&format!("hosts/{}/views", self.name))?))
    }
}

/// Sends views to the first host without blocking. Views that the network drops show there as gaps in the numbers.
pub struct ViewSink(Publisher<'static>);

impl ViewSink {
    /// Sends a view without blocking.
    pub fn send(&self, label: ViewLabel, view: &CroppedView) -> Result<(), TransportError> {
        self.0.put(HostView::encode(label, view)?).wait().map_err(failed("sending a view"))
    }
}

fn open(side: &str, address: &str, rig: &str) -> Result<ZenohLink, TransportError> {
    let lease = LEASE_MS.to_string();
    ZenohLink::open(
        side,
        format!("tcp/{address}"),
        rig,
        &[
            ("transport/shared_memory/enabled", "false"),
            ("transport/link/tx/lease", &lease),
            ("connect/retry", "{ period_init_ms: 250, period_max_ms: 1000, period_increase_factor: 2 }"),
        ],
    )
}

/// A publisher for small, time-critical messages: they overtake views and are not batched.
fn words(link: &ZenohLink, what: &str) -> Result<Publisher<'static>, TransportError> {
    link.session
        .declare_publisher(link.key(what))
        .congestion_control(CongestionControl::Drop)
        .priority(Priority::RealTime)
        .express(true)
        .wait()
        .map_err(failed("declaring a publisher"))
}
