//! Tokens, logins and allowed hosts.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::routes::{Needs, routes};
use super::*;

const TOKEN: &str = "correct-horse-battery-staple";

fn guarded(allowed: &[String]) -> Running {
    start_for(Some(Token::parse(TOKEN, "the test").unwrap()), allowed)
}

/// A path that a route answers.
fn example(path: &str) -> String {
    path.replace("{name}", "take").replace("{file}", "0.mjpg")
}

async fn log_in(running: &Running, token: &str) -> String {
    let body = format!(r#"{{"token":"{token}"}}"#);
    let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    running.request("POST", "/api/login", &headers).await
}

fn cookie(response: &str) -> String {
    let line = response.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    line.split(';').next().unwrap().to_owned()
}

#[test]
fn what_others_can_reach_needs_a_token() {
    let none = |address: &str, allowed: &[&str]| {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        Access::new(address.parse().unwrap(), None, &allowed).map(drop)
    };
    none("127.0.0.1:8787", &[]).unwrap();
    none("[::1]:8787", &[]).unwrap();
    for (address, allowed) in
        [("192.0.2.1:8787", &[][..]), ("0.0.0.0:8787", &[]), ("127.0.0.1:8787", &["studio.example"])]
    {
        let said = none(address, allowed).unwrap_err().to_string();
        assert!(
            said.contains(address) && said.contains("--token-file") && said.contains("GENLOCK_PAGE_TOKEN"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_told_on_every_route() {
    let running = guarded(&[]);
    for route in routes() {
        let path = example(route.path);
        for (headers, words) in [
            ("", "a token is needed"),
            ("Authorization: Bearer wrong-wrong-wrong-wrong\r\n", "the token is wrong"),
            ("Authorization: Basic correct-horse-battery-staple\r\n", "the token is wrong"),
            (&*format!("Cookie: genlock-{}=0123\r\n", running.address.port()), "no longer valid"),
        ] {
            if route.needs == Needs::Nothing {
                continue;
            }
            let response = running.request(route.method.as_str(), &path, headers).await;
            assert!(response.starts_with("HTTP/1.1 401") && response.contains(words), "{path}: {response}");
            assert!(response.contains("www-authenticate: Bearer"), "{response}");
        }
    }
    // A token in a URL would be logged by proxies and browsers, so it counts for nothing there.
    let in_url = running.request("GET", &format!("/api/history?token={TOKEN}"), "").await;
    assert!(in_url.starts_with("HTTP/1.1 401"), "{in_url}");
    // The page itself must load to ask for the token.
    assert!(running.request("GET", "/", "").await.starts_with("HTTP/1.1 200"));
    let admission = running.request("GET", "/api/access", "").await;
    assert!(admission.ends_with(r#"{"needs_token":true,"admitted":false}"#), "{admission}");
    running.stop().await;
}

#[tokio::test]
async fn programs_send_the_token_and_browsers_a_cookie() {
    let running = guarded(&[]);
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    assert!(running.request("GET", "/api/history", &bearer).await.starts_with("HTTP/1.1 200"));

    let refused = log_in(&running, "wrong-wrong-wrong-wrong").await;
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("the token is wrong"), "{refused}");
    assert!(!refused.contains("set-cookie"), "{refused}");
    let admitted = log_in(&running, TOKEN).await;
    assert!(admitted.starts_with("HTTP/1.1 204"), "{admitted}");
    assert!(admitted.contains("; HttpOnly; SameSite=Strict") && !admitted.contains(TOKEN), "{admitted}");
    let cookie = cookie(&admitted);
    let headers = format!("Cookie: other=1; {cookie}\r\n");
    assert!(running.request("GET", "/api/history", &headers).await.starts_with("HTTP/1.1 200"));

    for path in ["/live", "/preview", "/poses"] {
        let request = || format!("ws://{}{path}", running.address).into_client_request().unwrap();
        let refused = tokio_tungstenite::connect_async(request()).await.unwrap_err();
        assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 401), "{path}");
        let mut with_cookie = request();
        with_cookie.headers_mut().insert("cookie", cookie.parse().unwrap());
        tokio_tungstenite::connect_async(with_cookie).await.unwrap();
    }

    let out = running.request("POST", "/api/logout", &format!("{headers}Content-Length: 0\r\n")).await;
    assert!(out.starts_with("HTTP/1.1 204") && out.contains("Max-Age=0"), "{out}");
    assert!(running.request("GET", "/api/history", &headers).await.starts_with("HTTP/1.1 401"));
    running.stop().await;
}

#[tokio::test]
async fn a_proxy_with_tls_gets_a_cookie_for_tls_and_its_name_is_let_in() {
    let running = guarded(&["studio.example".into()]);
    let port = running.address.port();
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let body = format!(r#"{{"token":"{TOKEN}"}}"#);
    let request = format!(
        "POST /api/login HTTP/1.1\r\nHost: studio.example\r\nOrigin: https://studio.example\r\nX-Forwarded-Proto: https\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204") && answer.contains("; Secure"), "{answer}");
    let mut socket = format!("ws://127.0.0.1:{port}/live").into_client_request().unwrap();
    for (name, value) in
        [("host", "studio.example"), ("origin", "https://studio.example"), ("cookie", &cookie(&answer))]
    {
        socket.headers_mut().insert(name, value.parse().unwrap());
    }
    tokio_tungstenite::connect_async(socket.clone()).await.unwrap();
    socket.headers_mut().insert("origin", "https://elsewhere.example".parse().unwrap());
    let refused = tokio_tungstenite::connect_async(socket).await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 403));
    running.stop().await;
}

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn tokens_and_cookies_are_in_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let _kept = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let running = guarded(&[]);
    let cookie = cookie(&log_in(&running, TOKEN).await);
    log_in(&running, "wrong-wrong-wrong-wrong").await;
    let headers = format!("Authorization: Bearer {TOKEN}\r\nCookie: {cookie}\r\n");
    assert!(running.request("GET", "/api/history", &headers).await.starts_with("HTTP/1.1 200"));
    running.stop().await;
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("/api/login") && said.contains("somebody gave a wrong token"), "nothing was logged: {said}");
    for secret in [TOKEN, "wrong-wrong", cookie.split_once('=').unwrap().1] {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}
