//! The link between the hosts of one rig: the first listens, the others connect, and again whenever they lost it.
//! Question, answer and views have keys of their own; nothing on any of them blocks.

use std::time::Duration;

use zenoh::Wait;
use zenoh::pubsub::Publisher;
use zenoh::qos::{CongestionControl, Priority};

use crate::host_messages::{Answer, Hello, PromisedInstant};
use crate::host_view::HostView;
use crate::zenoh_link::{Ring, ZenohLink, failed};
use crate::{CroppedView, TransportError, ViewLabel};

/// Views that wait for the receiver before the oldest goes.
const WAITING_VIEWS: usize = 256;
const WAITING_WORDS: usize = 64;
/// A link that is silent for so long is closed and made anew.
const LEASE_MS: u32 = 3_000;

fn encode<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, TransportError> {
    postcard::to_stdvec(value).map_err(|e| TransportError::Malformed(e.to_string()))
}

fn decode<T: serde::de::DeserializeOwned>(sample: &zenoh::sample::Sample) -> Result<T, TransportError> {
    postcard::from_bytes(&sample.payload().to_bytes()).map_err(|e| TransportError::Malformed(e.to_string()))
}

/// The host that puts the sets together.
#[derive(Clone)]
pub struct FirstHostLink(ZenohLink);

impl FirstHostLink {
    /// Listens on `address`; `rig` separates rigs that share a network.
    pub fn listen(address: &str, rig: &str) -> Result<Self, TransportError> {
        open("listen", address, rig).map(Self)
    }

    pub fn hellos(&self) -> Result<Hellos, TransportError> {
        Ok(Hellos { ring: self.0.ring("hosts/*/hello", WAITING_WORDS)?, link: self.0.clone(), answers: vec![] })
    }

    pub fn promise_sink(&self) -> Result<PromiseSink, TransportError> {
        words(&self.0, "promises").map(PromiseSink)
    }

    pub fn views(&self) -> Result<Views, TransportError> {
        Ok(Views(self.0.ring("hosts/*/views", WAITING_VIEWS)?))
    }
}

/// Tells peer hosts which instants the finder of joints gets pictures of.
pub struct PromiseSink(Publisher<'static>);

impl PromiseSink {
    pub fn send(&self, promised: &PromisedInstant) -> Result<(), TransportError> {
        self.0.put(encode(promised)?).wait().map_err(failed("promising pictures"))
    }
}

/// Where a peer host hears of them.
pub struct Promises(Ring);

impl Promises {
    /// The next one, or `None` once `wait` is over.
    pub fn receive(&self, wait: Duration) -> Result<Option<PromisedInstant>, TransportError> {
        self.0.receive(wait)?.as_ref().map(decode).transpose()
    }
}

/// Where peer hosts ask.
pub struct Hellos {
    ring: Ring,
    link: ZenohLink,
    answers: Vec<(String, Publisher<'static>)>,
}

impl Hellos {
    /// The next question, or `None` once `wait` is over.
    pub fn receive(&self, wait: Duration) -> Result<Option<Hello>, TransportError> {
        self.ring.receive(wait)?.as_ref().map(decode).transpose()
    }

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

/// Where views of peer hosts come out.
pub struct Views(Ring);

impl Views {
    /// The next view and the name of its host, or `None` once `wait` is over.
    pub fn receive(&self, wait: Duration) -> Result<Option<(String, HostView)>, TransportError> {
        let Some(sample) = self.0.receive(wait)? else { return Ok(None) };
        let host = sample.key_expr().as_str().rsplit('/').nth(1).unwrap_or_default().to_owned();
        HostView::decode(&sample.payload().to_bytes()).map(|view| Some((host, view)))
    }
}

/// A peer host: the first host puts its cameras into the sets.
pub struct PeerHostLink {
    hello: Publisher<'static>,
    answers: Ring,
    link: ZenohLink,
    name: String,
}

impl PeerHostLink {
    /// Connects to the first host's address, now or whenever it is there.
    pub fn connect(address: &str, rig: &str, name: &str) -> Result<Self, TransportError> {
        let link = open("connect", address, rig)?;
        let answers = link.ring(&format!("hosts/{name}/answer"), WAITING_WORDS)?;
        Ok(Self { hello: words(&link, &format!("hosts/{name}/hello"))?, answers, link, name: name.to_owned() })
    }

    pub fn say(&self, hello: &Hello) -> Result<(), TransportError> {
        self.hello.put(encode(hello)?).wait().map_err(failed("asking the first host"))
    }

    /// The next answer, or `None` once `wait` is over.
    pub fn receive(&self, wait: Duration) -> Result<Option<Answer>, TransportError> {
        self.answers.receive(wait)?.as_ref().map(decode).transpose()
    }

    pub fn promises(&self) -> Result<Promises, TransportError> {
        Ok(Promises(self.link.ring("promises", WAITING_WORDS)?))
    }

    pub fn view_sink(&self) -> Result<ViewSink, TransportError> {
        Ok(ViewSink(self.link.publisher(&format!("hosts/{}/views", self.name))?))
    }
}

/// Takes views to the first host without waiting for it. What the network does not take shows there as a hole in the
/// numbers.
pub struct ViewSink(Publisher<'static>);

impl ViewSink {
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

/// Small words that tell the time: they overtake the views, and wait for no batch.
fn words(link: &ZenohLink, what: &str) -> Result<Publisher<'static>, TransportError> {
    link.session
        .declare_publisher(link.key(what))
        .congestion_control(CongestionControl::Drop)
        .priority(Priority::RealTime)
        .express(true)
        .wait()
        .map_err(failed("declaring a publisher"))
}
