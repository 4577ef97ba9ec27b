//! `docs/openapi.json` and the server, held against each other: each route is described, and each status that is
//! described is answered, with the JSON that is described.

use std::collections::BTreeSet;
use std::sync::Arc;

use outputs::PoseOutputs;
use serde_json::{Value, json};
use session::NoTake;
use take::TakeError;
use transport::{InferStatus, RigStatus};

use super::routes::{Needs, OPENAPI, routes};
use super::*;

const TOKEN: &str = "correct-horse-battery-staple";

/// A path, a method and a status.
type Answer = (String, String, u16);

struct Description {
    json: Value,
    /// What was answered so far.
    seen: BTreeSet<Answer>,
}

impl Description {
    fn read() -> Self {
        Self { json: serde_json::from_str(OPENAPI).unwrap(), seen: BTreeSet::new() }
    }

    fn operations(&self) -> impl Iterator<Item = (&String, &String, &Value)> {
        let paths = self.json["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, all)| all.as_object().unwrap().iter().map(move |(m, op)| (path, m, op)))
    }

    fn answers(&self) -> BTreeSet<Answer> {
        let statuses = |op: &Value| op["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        self.operations()
            .flat_map(|(path, method, op)| {
                statuses(op).into_iter().map(move |status| (path.clone(), method.clone(), status.parse().unwrap()))
            })
            .collect()
    }

    /// Holds one answer against its description.
    #[track_caller]
    fn check(&mut self, route: &str, method: &str, answer: &Answered) {
        let method = method.to_lowercase();
        let responses = &self.json["paths"][route][&method]["responses"];
        let what = format!("{method} {route} answered {}", answer.status);
        let mut described = &responses[answer.status.to_string()];
        if let Some(name) = described["$ref"].as_str() {
            described = self.json.pointer(name.trim_start_matches('#')).unwrap();
        }
        assert!(described.is_object(), "{what}, which is not described: {}", answer.body);
        let kinds = described["content"].as_object().map(|content| content.iter().next().unwrap());
        match kinds {
            None => assert_eq!(answer.body, "", "{what} with more than is described"),
            Some((kind, media)) => {
                assert_eq!(&answer.kind, kind, "{what}");
                match kind.as_str() {
                    "application/json" => self.valid(&what, &media["schema"], &answer.json()),
                    kind if kind.starts_with("text/") => {
                        assert!(answer.body.trim().len() > 10, "{what} without a sentence")
                    }
                    _ => {}
                }
            }
        }
        self.seen.insert((route.to_owned(), method, answer.status));
    }

    #[track_caller]
    fn valid(&self, what: &str, schema: &Value, json: &Value) {
        let mut schema = schema.clone();
        schema["components"] = self.json["components"].clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let wrong: Vec<_> =
            validator.iter_errors(json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:#?} in {json:#}");
    }
}

struct Answered {
    status: u16,
    kind: String,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A request, with its head as given after the first line. An endless answer is read up to its head.
async fn ask(running: &Running, method: &str, path: &str, host: &str, headers: &str, body: &str) -> Answered {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut answer, mut expected) = (Vec::new(), None);
    while expected.is_none_or(|expected| answer.len() < expected) {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{path}: {}", String::from_utf8_lossy(&answer));
        let text = String::from_utf8_lossy(&answer);
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text[..head].lines().find_map(|line| line.strip_prefix("content-length: "));
            expected = Some(head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap()));
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default().to_owned();
    let status: u16 = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    let endless = status == 101 || kind.starts_with("multipart");
    Answered { status, kind, body: if endless { String::new() } else { body.to_owned() } }
}

/// Of `geometry::BONES`.
const BONE_GROUPS: usize = 13;
const JSON: &str = "Content-Type: application/json\r\n";
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn geometry() -> body::RigGeometry {
    let camera = json!({
        "rotation": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "position_mm": [0.0, 0.0, 1000.0],
        "focal_px": 900.0, "principal_point_px": [480.0, 270.0], "size_px": [960.0, 540.0], "distortion": "none",
        "residual_px": 1.0,
    });
    let json = json!({
        "id": "g", "found_utc": "2030-01-01T00:00:00Z", "instants": 60, "world": "z-up", "scale": "guess",
        "up": "found", "bone_lengths_mm": vec![100.0; BONE_GROUPS], "cameras": { "left": camera },
    });
    serde_json::from_value(json).unwrap()
}

fn full_status() -> LiveStatus {
    let failed = frame::Problem::with_remedy("it is unplugged", "plug it in");
    let camera = |state| CameraView { name: "left".into(), state, ..status_at(1).cameras[0].clone() };
    let state = transport::CameraState::Failed(failed);
    LiveStatus {
        version: STATUS_VERSION,
        cameras: vec![camera(transport::CameraState::Streaming), camera(state)],
        infer: Some(InferStatus { rig: Some(RigStatus::default()), ..Default::default() }),
        recording: Some(RecordingView { state: "recording".into(), ..Default::default() }),
        message: Some("measuring".into()),
        events: vec![EventView { at_s: 1.0, kind: "camera-lost".into(), text: "left: gone".into() }],
        ..status_at(3)
    }
}

#[test]
fn routes_and_descriptions_are_the_same() {
    let description = Description::read();
    assert_eq!(description.json["openapi"], "3.1.0");
    let described: BTreeSet<_> =
        description.operations().map(|(path, method, _)| (path.clone(), method.clone())).collect();
    let served: BTreeSet<_> =
        routes().iter().map(|route| (route.path.to_owned(), route.method.as_str().to_lowercase())).collect();
    assert_eq!(described, served);
    for route in routes() {
        let op = &description.json["paths"][route.path][route.method.as_str().to_lowercase()];
        let open = op["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(open, route.needs == Needs::Nothing, "{}", route.path);
        assert_eq!(open, op["responses"]["401"].get("$ref").is_none(), "{}", route.path);
    }
}

#[tokio::test]
async fn every_answer_that_is_described_is_given_and_no_other() {
    let mut description = Description::read();
    let running = start();
    let host = running.address.to_string();
    let page = running.page.clone();
    let folder = running.takes.path().to_owned();

    // What a session has not got yet, and then has.
    for (path, missing) in [("/api/status", 503), ("/api/geometry", 404), ("/api/takes", 200)] {
        let answer = ask(&running, "GET", path, &host, "", "").await;
        assert_eq!(answer.status, missing);
        description.check(path, "GET", &answer);
    }
    let freeze = r#"{"freeze":true}"#;
    let refused = ask(&running, "POST", "/api/rig", &host, JSON, freeze).await;
    assert_eq!(refused.status, 409);
    description.check("/api/rig", "POST", &refused);
    page.set_status(full_status());
    page.set_geometry(Some(&geometry()));
    takes::take(&folder, "take").finish().unwrap();
    std::fs::write(folder.join("take/geometry.json"), serde_json::to_string(&geometry()).unwrap()).unwrap();
    takes::take(&folder, "damaged").finish().unwrap();
    std::fs::write(folder.join("damaged/take.toml"), "?").unwrap();
    std::fs::write(folder.join("damaged/geometry.json"), "?").unwrap();

    let bad = [("", "", 415), (JSON, "?", 400), (JSON, r#"{"nothing":1}"#, 422)];
    let gets = [
        ("/api/openapi.json", "/api/openapi.json", 200),
        ("/api/access", "/api/access", 200),
        ("/api/status", "/api/status", 200),
        ("/api/history", "/api/history", 200),
        ("/api/geometry", "/api/geometry", 200),
        ("/api/takes", "/api/takes", 200),
        ("/api/takes/{name}", "/api/takes/take", 200),
        ("/api/takes/{name}", "/api/takes/damaged", 200),
        ("/api/takes/{name}", "/api/takes/none", 404),
        ("/api/takes/{name}/bodies", "/api/takes/take/bodies?from_s=0.1&seconds=0.5", 200),
        ("/api/takes/{name}/bodies", "/api/takes/take/bodies?seconds=0", 400),
        ("/api/takes/{name}/bodies", "/api/takes/none/bodies", 404),
        ("/api/takes/{name}/bodies", "/api/takes/damaged/bodies", 409),
        ("/api/takes/{name}/geometry", "/api/takes/take/geometry", 200),
        ("/api/takes/{name}/geometry", "/api/takes/none/geometry", 404),
        ("/api/takes/{name}/geometry", "/api/takes/damaged/geometry", 409),
        ("/cam/{file}", "/cam/0.mjpg", 200),
        ("/cam/{file}", "/cam/9.mjpg", 404),
        ("/live", "/live", 400),
        ("/preview", "/preview", 400),
        ("/poses", "/poses", 400),
    ];
    for (route, path, status) in gets {
        let answer = ask(&running, "GET", path, &host, "", "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        description.check(route, "GET", &answer);
    }
    for path in ["/live", "/preview", "/poses"] {
        let answer = ask(&running, "GET", path, &host, UPGRADE, "").await;
        assert_eq!(answer.status, 101, "{path}: {}", answer.body);
        description.check(path, "GET", &answer);
    }
    let status = json(&mut running.socket("/live").await).await;
    description.valid("a message of /live", &json!({ "$ref": "#/components/schemas/LiveStatus" }), &status);

    let mut posts = vec![
        ("/api/logout", "", "", 204),
        ("/api/background", "", "", 202),
        ("/api/rig", JSON, freeze, 202),
        ("/api/rig", JSON, "\"find-anew\"", 202),
        ("/api/rig", JSON, r#"{"height-mm":499}"#, 409),
        ("/api/login", JSON, r#"{"token":"none is needed"}"#, 204),
    ];
    for path in ["/api/rig", "/api/login"] {
        posts.extend(bad.map(|(headers, body, status)| (path, headers, body, status)));
    }
    for (path, headers, body, status) in posts {
        let answer = ask(&running, "POST", path, &host, headers, body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
        description.check(path, "POST", &answer);
    }

    let mut outputs = PoseOutputs::new(Arc::new(|_| {}));
    outputs.add_vmc("127.0.0.1:9".parse().unwrap()).unwrap();
    for status in [409, 204] {
        let answer = ask(&running, "POST", "/api/t-pose", &host, "", "").await;
        assert_eq!(answer.status, status, "{}", answer.body);
        description.check("/api/t-pose", "POST", &answer);
        page.set_rest_pose(outputs.rest_pose());
        (0..5).for_each(|number| outputs.send(&outputs::conformance::body(number)));
    }

    let (begin, end) = ("/api/recording/begin", "/api/recording/end");
    let failed = |code| TakeError::io("create", "/data".as_ref(), std::io::Error::from_raw_os_error(code));
    for (path, done, status) in [
        (begin, Ok("/data/takes/take".into()), 200),
        (begin, Err(NoTake::Recording("/data/takes/take".into())), 409),
        (begin, Err(failed(libc::EACCES).into()), 500),
        (begin, Err(failed(libc::ENOSPC).into()), 507),
        (end, Ok("/data/takes/take".into()), 200),
        (end, Err(NoTake::Idle), 409),
    ] {
        let answered = recording::session_answers(&page, done);
        let (_, answer) = tokio::join!(answered, ask(&running, "POST", path, &host, "", ""));
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        description.check(path, "POST", &answer);
    }
    // Nobody answers: the queue of requests is full.
    let waiting: Vec<_> = std::iter::from_fn(|| page.ask_to_record(RecordWish::Begin)).collect();
    for path in [begin, end] {
        let answer = ask(&running, "POST", path, &host, "", "").await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        description.check(path, "POST", &answer);
    }
    drop(waiting);

    // A file in place of the folder of takes.
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "").unwrap();
    let answer = ask(&running, "GET", "/api/takes", &host, "", "").await;
    assert_eq!(answer.status, 409);
    description.check("/api/takes", "GET", &answer);
    std::fs::remove_file(&folder).unwrap();

    // Every route refuses a foreign name; with a token every route but the open ones refuses who has none.
    let guarded = start_for(Some(Token::parse(TOKEN, "the test").unwrap()), &[]);
    for route in routes() {
        let path = route.path.replace("{name}", "take").replace("{file}", "0.mjpg");
        let method = route.method.as_str();
        let answer = ask(&running, method, &path, "elsewhere.example", "", "").await;
        assert_eq!(answer.status, 403, "{path}");
        description.check(route.path, method, &answer);
        if route.needs == Needs::Token {
            let answer = ask(&guarded, method, &path, &guarded.address.to_string(), "", "").await;
            assert_eq!(answer.status, 401, "{path}");
            description.check(route.path, method, &answer);
        }
    }
    let answer =
        ask(&guarded, "POST", "/api/login", &guarded.address.to_string(), JSON, r#"{"token":"wrong-wrong-wrong"}"#)
            .await;
    assert_eq!(answer.status, 401);
    description.check("/api/login", "POST", &answer);

    let missing: Vec<_> = description.answers().difference(&description.seen).cloned().collect();
    assert!(missing.is_empty(), "described, and never answered: {missing:#?}");
    guarded.stop().await;
    running.stop().await;
}
