//! The page in a real browser: previews move and numbers change, takes are recorded and replayed, tokens asked for.

mod browser;
mod recording;
mod token;

use std::time::Duration;

use browser::{Browser, chromium};
use genlock_tests::{
    Running, eventually, fail, footage, genlock, rig_with_a_damaged_video, stand_in, succeed, take_and_finder,
};
use serde_json::{Value, json};

/// What changes visibly: the pictures of all cameras, and the numbers next to them.
const SEEN: &str = r#"(() => {
    const sequences = [...document.querySelectorAll('li[data-camera] canvas')].map(c => Number(c.dataset.sequence ?? -1));
    const fps = [...document.querySelectorAll('dd.fps')].map(d => parseFloat(d.textContent));
    const pixels = [...document.querySelectorAll('li[data-camera] canvas')].map(c => {
        const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return data.reduce((sum, value) => (sum * 31 + value) % 1000003, 0);
    });
    return { sequences, fps, pixels, elapsed: document.getElementById('elapsed').textContent,
             sets: document.getElementById('sets').textContent, said: document.body.innerText };
})()"#;

#[tokio::test]
async fn previews_move_and_numbers_change() {
    let Some(footage) = footage() else { return };
    let Some(program) = chromium() else {
        println!("skipped: no Chromium on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // The port was free a moment ago; the demo reports it if another process took it meanwhile.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = genlock(["demo", "--rate", "15", "--no-learner", "--no-record", "--seconds", "90", "--listen"]);
    command.arg(address.to_string()).arg("--footage").arg(footage).arg("--data").arg(folder.path().join("data"));
    let _session = Running::start(&mut command);
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    let mut browser = Browser::start(&program, &folder.path().join("profile")).await;
    let page = browser.open(&format!("http://{address}/")).await;

    let streaming = |seen: &Value| {
        let all =
            |key: &str| seen[key].as_array().is_some_and(|v| v.len() == 4 && v.iter().all(|n| n.as_f64() > Some(0.0)));
        all("sequences") && all("fps")
    };
    let first = browser.until(&page, "four cameras that stream", SEEN, streaming).await;
    // A busy browser may draw a preview late.
    let moved = |seen: &Value| {
        let differs = |key: &str| (0..4).all(|camera| first[key][camera] != seen[key][camera]);
        differs("sequences") && differs("pixels") && first["elapsed"] != seen["elapsed"]
    };
    let what = format!("other sequences, pixels and time than in {first}");
    let second = browser.until(&page, &what, SEEN, moved).await;
    for camera in 0..4 {
        let sequence = |seen: &Value| seen["sequences"][camera].as_i64().unwrap_or(-1);
        assert!(sequence(&second) > sequence(&first), "camera {camera}: {first} then {second}");
        let fps = second["fps"][camera].as_f64().unwrap();
        assert!((5.0..25.0).contains(&fps), "{fps} fps at a trigger of 15 Hz");
    }
    succeed(&mut genlock(["background", "--at", &address.to_string()]));
    let said = fail(&mut genlock(["background", "--at", "127.0.0.1:1"]));
    assert!(said.contains("no session answers at 127.0.0.1:1"), "{said}");
    assert_ne!(first["sets"], second["sets"]);
    // Without a pose model the page says how to make one, after the first report of inference.
    let remedy = |seen: &Value| seen["said"].as_str().is_some_and(|said| said.contains("genlock finetune"));
    browser.until(&page, "how to make a pose model", SEEN, remedy).await;
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}

#[tokio::test]
async fn joints_are_drawn_into_the_pictures_that_they_were_found_in() {
    let Some(footage) = footage() else { return };
    let Some(program) = chromium() else {
        println!("skipped: no Chromium on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("shipped.safetensors");
    stand_in(64, 1).save(&model).unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = genlock(["demo", "--rate", "15", "--no-learner", "--no-record", "--seconds", "90", "--listen"]);
    command.arg(address.to_string()).arg("--footage").arg(footage).arg("--data").arg(folder.path().join("data"));
    let _session = Running::start(command.env("GENLOCK_POSE_MODEL", &model));
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    let mut browser = Browser::start(&program, &folder.path().join("profile")).await;
    let page = browser.open(&format!("http://{address}/")).await;
    let drawn = "[...document.querySelectorAll('li[data-camera] canvas')].filter(c => c.dataset.people === '1').length";
    browser.until(&page, "joints in the pictures of four cameras", drawn, |seen| *seen == 4).await;
    let said = browser.look(&page, "document.getElementById('model').textContent").await;
    assert!(said.as_str().unwrap().starts_with("shipped with genlock, "), "{said}");
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}

#[tokio::test]
async fn a_camera_that_fails_is_an_event_on_the_page() {
    let Some(program) = chromium() else {
        println!("skipped: no Chromium on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (rig, name) = rig_with_a_damaged_video(folder.path(), 120);
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = genlock(["run", "--no-learner", "--no-record", "--seconds", "90", "--listen"]);
    command.arg(address.to_string()).arg(rig).arg("--data").arg(folder.path().join("data"));
    let (_session, log) = Running::start_with_log(&mut command);
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    let mut browser = Browser::start(&program, &folder.path().join("profile")).await;
    let page = browser.open(&format!("http://{address}/")).await;
    let happened = r#"(() => {
        const rows = [...document.querySelectorAll('#events li')];
        const colour = element => element && getComputedStyle(element).color;
        return { texts: rows.map(row => row.innerText), kinds: rows.map(row => row.dataset.kind),
                 colour: colour(rows[0]?.lastElementChild), bad: colour(document.querySelector('.camera-head .bad')),
                 none: document.getElementById('no-events').hidden,
                 elapsed: document.getElementById('elapsed').textContent,
                 intervals: [...document.querySelectorAll('dd.interval')].map(d => d.hidden ? '' : d.textContent),
                 rest: [...document.querySelectorAll('dd.slips, dd.temperature')].every(d => d.hidden) };
    })()"#;
    let lost = |seen: &Value| {
        let intervals = seen["intervals"].as_array().map_or(0, |all| all.iter().filter(|text| **text != "").count());
        seen["texts"].as_array().is_some_and(|texts| !texts.is_empty()) && intervals == 3
    };
    let seen = browser.until(&page, "an event, and the intervals of three cameras", happened, lost).await;
    assert_eq!(seen["kinds"][0], "camera-lost", "{seen}");
    let said = seen["texts"][0].as_str().unwrap();
    assert!(said.contains(&name) && said.contains("corrupt") && said.starts_with("0:"), "{seen}");
    // It is reported once, however often opening is retried: the log has every failure, and the page a later status.
    log.until(4, &["failed and will be retried", &name]);
    let before = browser.look(&page, happened).await;
    let later = |seen: &Value| seen["elapsed"].is_string() && seen["elapsed"] != before["elapsed"];
    let seen = browser.until(&page, "a status after the fourth failure", happened, later).await;
    assert_eq!(seen["texts"].as_array().map(Vec::len), Some(1), "{seen}");
    assert!(seen["colour"].is_string() && seen["colour"] == seen["bad"], "{seen}");
    assert_eq!(seen["none"], true, "{seen}");
    // The interval of the cameras that deliver, at the footage's 15 Hz; nothing that no camera reports.
    for text in seen["intervals"].as_array().unwrap().iter().filter(|text| **text != "") {
        assert!(text.as_str().unwrap().starts_with("66.7 ± "), "{seen}");
    }
    assert_eq!(seen["rest"], true, "{seen}");
    // Numbers that only some cameras report are shown when they do.
    let told = r#"import('/cameras.js').then(({ Cameras }) => {
        const list = document.createElement('ul');
        const camera = { name: 'x', state: 'streaming', fps: 30, lost: {}, produced: 9, latency_ms: 1, interval_ms: 33.4,
                         interval_spread_ms: 0.3, slips: 2, temperature_c: 41.26 };
        new Cameras(list).show([camera]);
        const shown = [...list.querySelectorAll('dd')].filter(d => !d.hidden);
        window.told = Object.fromEntries(shown.map(d => [d.classList[0], d.textContent]));
    })"#;
    browser.look(&page, told).await;
    let told = browser.until(&page, "what the camera's entry shows", "window.told", Value::is_object).await;
    assert_eq!(told["slips"], "2", "{told}");
    assert_eq!(told["temperature"], "41.3 °C", "{told}");
    assert_eq!(told["interval"], "33.4 ± 0.30 ms", "{told}");
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}

/// The person's body in the room, and the buttons for the rig.
#[tokio::test]
async fn the_room_shows_the_body_and_its_buttons_ask() {
    let (Some(footage), Some((_, finder))) = (footage(), take_and_finder()) else { return };
    let Some(program) = chromium() else {
        println!("skipped: no Chromium on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = genlock(["demo", "--rate", "15", "--no-learner", "--no-record", "--seconds", "200", "--listen"]);
    command.arg(address.to_string()).arg("--footage").arg(footage).arg("--data").arg(folder.path().join("data"));
    let _session = Running::start(command.env("GENLOCK_FINDER", finder));
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    let mut browser = Browser::start(&program, &folder.path().join("profile")).await;
    let page = browser.open(&format!("http://{address}/")).await;
    let room = r#"(() => {
        const canvas = document.getElementById('skeleton');
        const text = id => document.getElementById(id).textContent;
        return { geometry: canvas.dataset.geometry ?? '', body: canvas.dataset.body, says: canvas.getAttribute('aria-label'),
                 names: [...document.querySelectorAll('#labels span')].map(span => span.textContent),
                 pressed: document.querySelector('#views button[aria-pressed=true]')?.dataset.view,
                 frozen: document.getElementById('freeze').dataset.frozen, scale: text('scale'), answer: text('rig-answer'),
                 asks: !document.getElementById('rig-controls').disabled,
                 residuals: [...document.querySelectorAll('dd.residual')].filter(d => !d.hidden).length,
                 missing: !document.getElementById('no-finder').hidden };
    })()"#;
    // A busy machine finds the body in fewer views at first.
    let says = "3D body of one person in the room with 4 cameras, seen by cam01, cam02, cam03, cam04";
    let placed =
        |seen: &Value| seen["says"] == says && seen["body"] == "1" && seen["residuals"] == 4 && seen["geometry"] != "";
    let seen = browser.until(&page, "a body in the room, and four residuals", room, placed).await;
    let first = seen["geometry"].as_str().unwrap().to_owned();
    assert_eq!(
        (seen["pressed"].as_str(), &seen["asks"], &seen["missing"]),
        (Some("room"), &json!(true), &json!(false))
    );
    for name in ["cam01", "cam02", "cam03", "cam04"] {
        assert!(seen["names"].as_array().unwrap().iter().any(|shown| shown == name), "{seen}");
    }
    // Stating a height gives a new geometry; a frozen one stays.
    browser.look(&page, "document.getElementById('freeze').click()").await;
    // While a request is under way, the controls are disabled.
    let frozen = |seen: &Value| seen["frozen"] == "true" && seen["asks"] == true;
    browser.until(&page, "a frozen geometry", room, frozen).await;
    browser.look(&page, "document.getElementById('height').value = '1720'").await;
    browser.look(&page, "document.getElementById('state-height').click()").await;
    let stated =
        |seen: &Value| seen["frozen"] == "true" && seen["scale"] == "stated" && seen["geometry"] != first.as_str();
    browser.until(&page, "another geometry of a stated scale, frozen", room, stated).await;
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}
