//! A take is recorded, listed and replayed by the page's own buttons, on a desktop and on a tablet.

use std::time::Duration;

use genlock_tests::{Running, eventually, footage, genlock, take_and_finder};
use serde_json::Value;

use crate::browser::{Browser, chromium};

const DESKTOP: [u32; 2] = [1440, 900];
const TABLET: [u32; 2] = [820, 1180];

/// What the page says of recording, takes and replay.
const SEEN: &str = r#"(() => {
    const text = id => document.getElementById(id).textContent;
    const shown = id => { const box = document.getElementById(id).getBoundingClientRect(); return box.width > 0 && box.height > 0; };
    const canvas = document.getElementById('skeleton');
    const record = document.getElementById('record').getBoundingClientRect();
    const overlaps = [...document.querySelectorAll('header > *')].filter(e => e.offsetWidth).map(e => e.getBoundingClientRect())
        .some((a, i, all) => all.some((b, j) => i < j && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1));
    return { button: text('record'), state: text('recording-state'), answer: text('record-answer'),
             rows: [...document.querySelectorAll('#takes tr')].map(row => ({ take: row.dataset.take, state: row.dataset.state,
                 cells: [...row.cells].map(cell => cell.textContent), replays: !row.querySelector('button').disabled })),
             body: canvas.dataset.body, trails: Number(canvas.dataset.trails ?? 0), says: canvas.getAttribute('aria-label'),
             badge: shown('replay-badge'), bar: shown('replay'), at: Number(document.getElementById('replay-at').value),
             play: text('replay-play'), time: text('replay-time'), replayed: text('replay-name'),
             wide: document.documentElement.scrollWidth - innerWidth, width: innerWidth, overlaps,
             reach: record.top >= 0 && record.bottom <= innerHeight && record.right <= innerWidth };
})()"#;

fn click(id: &str) -> String {
    format!("document.getElementById('{id}').click()")
}

#[tokio::test]
async fn a_take_is_recorded_listed_and_replayed() {
    let (Some(footage), Some((_, finder))) = (footage(), take_and_finder()) else { return };
    let Some(program) = chromium() else {
        println!("skipped: no Chromium on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (data, takes) = (folder.path().join("data"), folder.path().join("takes"));
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = genlock(["demo", "--rate", "15", "--no-learner", "--no-record", "--seconds", "400", "--listen"]);
    command.arg(address.to_string()).arg("--footage").arg(footage).arg("--data").arg(data).arg("--record").arg(&takes);
    let _session = Running::start(command.env("GENLOCK_FINDER", finder));
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    for (recorded, size) in [DESKTOP, TABLET].into_iter().enumerate() {
        let mut browser = Browser::start(&program, &folder.path().join(format!("profile-{recorded}"))).await;
        let page = browser.open(&format!("http://{address}/")).await;
        browser.resize(&page, size).await;
        let ready = |seen: &Value| seen["body"] == "1" && seen["rows"].as_array().is_some_and(|r| r.len() == recorded);
        let seen = browser.until(&page, "a body, and the takes so far", SEEN, ready).await;
        assert_eq!((&seen["button"], &seen["state"]), (&"Record".into(), &"not recording".into()), "{seen}");
        assert!(seen["width"] == size[0] && seen["wide"].as_i64() <= Some(0), "it is wider than the window: {seen}");
        assert!(seen["reach"] == true && seen["overlaps"] == false, "the button is out of reach: {seen}");

        browser.look(&page, &click("record")).await;
        let records = |seen: &Value| {
            seen["state"].as_str().is_some_and(|state| state.starts_with("recording for 0:0"))
                && seen["rows"]
                    .as_array()
                    .is_some_and(|rows| rows.len() == recorded + 1 && rows[0]["state"] == "recording")
        };
        let seen = browser.until(&page, "that it records", SEEN, records).await;
        assert_eq!(seen["button"], "Stop recording");
        let take = takes.join(seen["rows"][0]["take"].as_str().unwrap());
        assert_eq!(seen["answer"], format!("Recording into {}.", take.file_name().unwrap().display()));
        eventually("five recorded poses", Duration::from_secs(60), || {
            take::inspect(&take).ok().filter(|seen| seen.pose_messages >= 5)
        });
        browser.look(&page, &click("record")).await;
        let listed = |seen: &Value| seen["rows"][0]["state"] == "complete" && seen["state"] == "not recording";
        let seen = browser.until(&page, "the complete take", SEEN, listed).await;
        let inspected = take::inspect(&take).unwrap();
        assert!(inspected.complete && inspected.cameras.iter().all(|camera| camera.frames > 0), "{inspected:?}");
        let frames: u64 = inspected.cameras.iter().map(|camera| camera.frames).sum();
        let cells = &seen["rows"][0]["cells"];
        assert_eq!(cells[2].as_str().unwrap().replace(',', ""), frames.to_string(), "{seen}");
        assert_eq!((&cells[3], &seen["rows"][0]["replays"]), (&"0".into(), &true.into()), "{seen}");
        assert!(take.join("geometry.json").is_file());

        browser.look(&page, &click("trails")).await;
        browser.until(&page, "trails of the live body", SEEN, |seen| seen["trails"].as_u64() > Some(3)).await;

        browser.look(&page, "document.querySelector('#takes button').click()").await;
        let plays = |seen: &Value| {
            let says = seen["says"].as_str().is_some_and(|says| says == "Replay, not live: 3D body of one person");
            says && seen["body"] == "1" && seen["at"].as_f64() > Some(0.1)
        };
        let seen = browser.until(&page, "the replay of a body", SEEN, plays).await;
        assert_eq!(
            (&seen["badge"], &seen["bar"], &seen["play"]),
            (&true.into(), &true.into(), &"Pause".into()),
            "{seen}"
        );
        assert_eq!(seen["replayed"], take.file_name().unwrap().to_str().unwrap());
        assert!(seen["wide"].as_i64() <= Some(0), "{seen}");
        browser.look(&page, &click("replay-play")).await;
        let paused = browser.look(&page, SEEN).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let later = browser.look(&page, SEEN).await;
        assert_eq!((&paused["play"], &paused["at"]), (&"Play".into(), &later["at"]), "it does not pause");
        let seek =
            "{ const at = document.getElementById('replay-at'); at.value = 0; at.dispatchEvent(new Event('input')); }";
        browser.look(&page, seek).await;
        let rewound = |seen: &Value| seen["time"].as_str().is_some_and(|time| time.starts_with("0:00.0 of "));
        browser.until(&page, "the beginning", SEEN, rewound).await;
        browser.look(&page, &click("replay-end")).await;
        let live = |seen: &Value| seen["says"].as_str().is_some_and(|says| says.contains("in the room with 4 cameras"));
        let seen = browser.until(&page, "the live room", SEEN, live).await;
        assert_eq!((&seen["badge"], &seen["bar"]), (&false.into(), &false.into()), "{seen}");
        assert!(browser.errors.is_empty(), "{:?}", browser.errors);
    }
}
