//! The page over real sockets.

mod access;
mod openapi;
mod recording;
mod takes;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use frame::CameraId;
use futures_util::StreamExt;
use session::{PreviewPicture, PreviewSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use transport::{FrameOfReference, LearnerStatus, PoseMessage, ViewPose};

use super::history::LossPoint;
use super::*;
use crate::test_poses::message_without_people;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Running {
    page: PageState,
    address: SocketAddr,
    takes: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), PageError>>,
}

fn start() -> Running {
    start_for(None, &[])
}

fn start_for(token: Option<Token>, allowed: &[String]) -> Running {
    let page = PageState::new(vec!["left".into(), "right".into()]);
    let listener = bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let takes = tempfile::tempdir().unwrap();
    let access = Access::new(address, token, allowed).unwrap();
    let served = Page { state: page.clone(), access, takes: takes.path().to_owned() };
    let served = tokio::spawn(serve(listener, served, async { drop(stopped.await) }));
    Running { page, address, takes, stop, served }
}

impl Running {
    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }

    /// The raw response to one request, read until the server ends it.
    async fn request(&self, method: &str, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", self.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }

    async fn socket(&self, path: &str) -> Socket {
        tokio_tungstenite::connect_async(format!("ws://{}{path}", self.address)).await.unwrap().0
    }
}

async fn json(socket: &mut Socket) -> serde_json::Value {
    let message = socket.next().await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

fn preview(camera: u16, sequence: u64, exposure_ns: i64, jpeg: &[u8]) -> PreviewPicture {
    let camera = CameraId(camera);
    PreviewPicture { camera, width_px: 8, frame_width_px: 8, sequence, exposure_ns, jpeg: jpeg.to_vec() }
}

fn status_at(steps: u64) -> LiveStatus {
    let camera =
        CameraView { name: "left".into(), lost: BTreeMap::from([("ring-full".into(), 2)]), ..Default::default() };
    let losses =
        LearnerStatus { loss_last: Some(1.5), loss_sync: Some(1.0), loss_flip: Some(0.5), ..Default::default() };
    let learner = LearnerStatus { steps, ..losses };
    LiveStatus { cameras: vec![camera], learner: Some(learner), rate_hz: 60.0, ..Default::default() }
}

fn poses_of(set_index: u64, joints: usize) -> PoseMessage {
    let view = ViewPose {
        camera: 0,
        person: 0,
        frame_of_reference: FrameOfReference::LookAtSubject,
        joints_mm: vec![[1.0, 2.0, 3.0]; joints],
        confidence: None,
        joints_2d_px: None,
        crop_centre_px: [0.0; 2],
        crop_side_px: 64.0,
    };
    PoseMessage { poses: vec![view], ..message_without_people(set_index) }
}

#[tokio::test]
async fn the_page_and_its_parts_are_served_with_a_strict_policy() {
    let running = start();
    for (path, kind) in [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/vendor/three.module.min.js", "text/javascript"),
        ("/vendor/three.core.min.js", "text/javascript"),
        ("/vendor/three.LICENSE", "text/plain"),
    ] {
        let response = running.request("GET", path, "").await;
        assert!(response.starts_with("HTTP/1.1 200"), "{path}: {response:.80}");
        assert!(response.contains(&format!("content-type: {kind}")), "{path}");
        assert!(response.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{path}");
    }
    for path in ["/nothing", "/../mod.rs", "/cam/2.mjpg", "/cam/left.mjpg", "/cam/0"] {
        assert!(running.request("GET", path, "").await.starts_with("HTTP/1.1 404"), "{path}");
    }
    running.stop().await;
}

#[test]
fn the_page_names_no_other_host() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    for entry in std::fs::read_dir(page).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).unwrap();
            let foreign = text
                .lines()
                .find(|line| line.contains("://") && !line.contains("${location.host}") && !line.contains("xmlns"));
            assert_eq!(foreign, None, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn status_and_history_are_json() {
    let running = start();
    assert!(running.request("GET", "/api/status", "").await.starts_with("HTTP/1.1 503"));
    running.page.set_status(status_at(1));
    running.page.set_status(status_at(2));
    let response = running.request("GET", "/api/status", "").await;
    let body = response.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<LiveStatus>(body).unwrap(), status_at(2));
    let response = running.request("GET", "/api/history", "").await;
    let history: History = serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap();
    let loss = |step| LossPoint { step, loss: 1.5, sync: Some(1.0), flip: Some(0.5) };
    assert_eq!(history.loss, [loss(1), loss(2)]);
    running.stop().await;
}

#[tokio::test]
async fn live_sends_the_present_status_and_each_change() {
    let running = start();
    running.page.set_status(status_at(1));
    let mut socket = running.socket("/live").await;
    assert_eq!(json(&mut socket).await["learner"]["steps"], 1);
    running.page.set_status(status_at(2));
    assert_eq!(json(&mut socket).await["learner"]["steps"], 2);
    running.stop().await;
}

#[tokio::test]
async fn the_background_is_asked_for_once_and_only_from_here() {
    let running = start();
    let cross = running.request("POST", "/api/background", "Origin: http://elsewhere.example\r\nContent-Length: 0\r\n");
    assert!(cross.await.starts_with("HTTP/1.1 403"));
    assert!(running.request("GET", "/api/background", "").await.starts_with("HTTP/1.1 405"));
    assert!(!running.page.take_background_requested());
    let own = format!("Origin: http://{}\r\nContent-Length: 0\r\n", running.address);
    assert!(running.request("POST", "/api/background", &own).await.starts_with("HTTP/1.1 202"));
    assert!(running.page.take_background_requested());
    assert!(!running.page.take_background_requested());
    running.stop().await;
}

#[tokio::test]
async fn sockets_of_other_origins_are_refused() {
    let running = start();
    for path in ["/live", "/preview", "/poses"] {
        for (origin, accepted) in
            [("http://elsewhere.example".to_owned(), false), (format!("http://{}", running.address), true)]
        {
            let mut request = format!("ws://{}{path}", running.address).into_client_request().unwrap();
            request.headers_mut().insert("origin", origin.parse().unwrap());
            match tokio_tungstenite::connect_async(request).await {
                Ok(_) => assert!(accepted, "{path} accepted {origin}"),
                Err(tungstenite::Error::Http(response)) => {
                    assert!(!accepted && response.status() == 403, "{path} refused {origin}: {}", response.status());
                }
                Err(error) => panic!("{path}: {error}"),
            }
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn previews_arrive_with_their_header_and_are_wanted_only_while_watched() {
    let running = start();
    assert!(!running.page.wanted());
    let mut socket = running.socket("/preview").await;
    assert!(running.page.wanted());
    running.page.show(preview(7, 1, 1, b"\0"));
    running.page.show(preview(1, 42, -5, b"jpeg"));
    let Message::Binary(message) = socket.next().await.unwrap().unwrap() else { panic!("not binary") };
    assert_eq!(&message[..4], [1, 1, 8, 0]);
    assert_eq!(u64::from_le_bytes(message[4..12].try_into().unwrap()), 42);
    assert_eq!(i64::from_le_bytes(message[12..20].try_into().unwrap()), -5);
    assert_eq!(&message[20..], b"jpeg");
    socket.close(None).await.unwrap();
    while socket.next().await.is_some() {}
    // The server has answered the close; its task ends right after, on this same thread.
    while running.page.wanted() {
        tokio::task::yield_now().await;
    }
    running.stop().await;
}

#[tokio::test]
async fn curl_gets_the_same_pictures() {
    let running = start();
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = format!("GET /cam/0.mjpg HTTP/1.1\r\nHost: {}\r\n\r\n", running.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    running.page.show(preview(0, 1, 1, b"a picture"));
    let mut seen = Vec::new();
    while !seen.windows(9).any(|window| window == b"a picture") {
        assert!(stream.read_buf(&mut seen).await.unwrap() > 0, "{}", String::from_utf8_lossy(&seen));
    }
    let head = String::from_utf8_lossy(&seen);
    assert!(head.contains("multipart/x-mixed-replace; boundary=genlock-frame"), "{head}");
    assert!(head.contains("Content-Length: 9\r\n\r\na picture"), "{head}");
    running.stop().await;
}

#[tokio::test]
async fn poses_come_in_order_and_as_documented() {
    let running = start();
    let mut socket = running.socket("/poses").await;
    for set in 0..5 {
        running.page.send_pose(&serde_json::to_string(&poses_of(set, 17)).unwrap());
    }
    for set in 0..5 {
        let text = socket.next().await.unwrap().unwrap();
        assert_eq!(serde_json::from_str::<PoseMessage>(text.to_text().unwrap()).unwrap(), poses_of(set, 17));
    }
    running.stop().await;
}

/// The sender never blocks although nobody reads, and the reader's count of messages adds up when it wakes up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_of_poses_loses_the_oldest_and_blocks_nobody() {
    const SENT: u64 = 1_000;
    let running = start();
    let mut socket = running.socket("/poses").await;
    // Large messages, so that socket buffers do not hide that nobody reads.
    for set in 0..SENT {
        running.page.send_pose(&serde_json::to_string(&poses_of(set, 10_000)).unwrap());
    }
    let (mut received, mut missed, mut newest) = (0, 0, None);
    while newest != Some(SENT - 1) {
        let message = json(&mut socket).await;
        let set = message["set_index"].as_u64();
        assert!(set > newest, "out of order");
        newest = set;
        received += 1;
        missed += message["missed"].as_u64().unwrap_or(0);
        assert_eq!(set, Some(received + missed - 1), "the account does not close");
    }
    assert!(missed > 0, "the reader was never slow");
    running.stop().await;
}

#[tokio::test]
async fn shutdown_ends_open_streams() {
    let running = start();
    let mut sockets = [running.socket("/live").await, running.socket("/preview").await, running.socket("/poses").await];
    let mut camera = TcpStream::connect(running.address).await.unwrap();
    let request = format!("GET /cam/0.mjpg HTTP/1.1\r\nHost: {}\r\n\r\n", running.address);
    camera.write_all(request.as_bytes()).await.unwrap();
    assert!(camera.read_buf(&mut Vec::new()).await.unwrap() > 0);
    running.stop().await;
    for socket in &mut sockets {
        while let Some(Ok(message)) = socket.next().await {
            assert!(message.is_close());
        }
        socket.close(None).await.ok();
    }
    camera.read_to_end(&mut Vec::new()).await.unwrap();
}

#[test]
fn a_busy_port_is_named_with_the_remedy() {
    let first = bind("127.0.0.1:0").unwrap();
    let address = first.local_addr().unwrap();
    let error = bind(&address.to_string()).unwrap_err();
    assert!(matches!(error, PageError::Busy { .. }));
    let text = error.to_string();
    assert!(text.contains(&address.port().to_string()) && text.contains("--listen") && text.contains("stop"), "{text}");
}

#[test]
fn an_address_that_is_none_is_named() {
    let text = bind("nowhere").unwrap_err().to_string();
    assert!(text.contains("nowhere") && text.contains("--listen HOST:PORT"), "{text}");
}
