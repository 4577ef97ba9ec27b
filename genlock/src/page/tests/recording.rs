//! The record button's calls, before a session that these tests play.

use std::path::PathBuf;
use std::time::Duration;

use session::NoTake;
use take::TakeError;

use super::*;

/// Answers the next request to the recording as a session would.
pub async fn session_answers(page: &PageState, answer: Result<PathBuf, NoTake>) -> RecordWish {
    loop {
        if let Some(request) = page.record_requests().next() {
            let wish = request.wish;
            request.answer(answer);
            return wish;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn asked(running: &Running, path: &str, answer: Result<PathBuf, NoTake>) -> (RecordWish, String) {
    tokio::join!(session_answers(&running.page, answer), running.request("POST", path, "Content-Length: 0\r\n"))
}

#[tokio::test]
async fn a_take_begins_and_ends_by_name() {
    let running = start();
    for (path, wish) in [("/api/recording/begin", RecordWish::Begin), ("/api/recording/end", RecordWish::End)] {
        let (wished, response) = asked(&running, path, Ok("/data/takes/2030-01-01T00-00-00Z".into())).await;
        assert_eq!(wished, wish);
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        let body: serde_json::Value = serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["take"], "2030-01-01T00-00-00Z");
        assert_eq!(body["path"], "/data/takes/2030-01-01T00-00-00Z");
    }
    running.stop().await;
}

#[tokio::test]
async fn refusals_say_why() {
    let running = start();
    let full = std::io::Error::from_raw_os_error(libc::ENOSPC);
    let denied = std::io::Error::from_raw_os_error(libc::EACCES);
    for (refusal, status, words) in [
        (NoTake::Recording("/data/takes/a".into()), 409, "a take is being recorded already: /data/takes/a"),
        (NoTake::Trial, 409, "the rate is being tried"),
        (TakeError::io("create", "/data".as_ref(), full).into(), 507, "no space left for /data: free some"),
        (TakeError::io("create", "/data".as_ref(), denied).into(), 500, "cannot create /data"),
    ] {
        let (_, response) = asked(&running, "/api/recording/begin", Err(refusal)).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")) && response.contains(words), "{response}");
    }
    let (_, response) = asked(&running, "/api/recording/end", Err(NoTake::Idle)).await;
    assert!(response.starts_with("HTTP/1.1 409") && response.contains("nothing is being recorded"), "{response}");
    running.stop().await;
}

#[tokio::test]
async fn what_nobody_waits_for_any_longer_is_not_done() {
    let running = start();
    drop(running.page.ask_to_record(RecordWish::Begin).unwrap());
    assert_eq!(running.page.record_requests().count(), 0);
    let get = running.request("GET", "/api/recording/begin", "").await;
    assert!(get.starts_with("HTTP/1.1 405"), "a link could begin a take: {get:.80}");
    running.stop().await;
}
