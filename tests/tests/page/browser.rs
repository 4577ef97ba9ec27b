//! A headless browser.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use genlock_tests::eventually;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// What the page is to show is there by then, even on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(120);

/// A headless browser, controlled by the DevTools protocol.
pub struct Browser {
    process: Child,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// Errors that the page wrote to its console.
    pub errors: Vec<String>,
}

pub fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}

impl Browser {
    pub async fn start(program: &Path, profile: &Path) -> Self {
        let process = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--remote-debugging-port=0", "--window-size=1280,800", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port_file = profile.join("DevToolsActivePort");
        let address = eventually("the browser's port", Duration::from_secs(60), || {
            let text = std::fs::read_to_string(&port_file).ok()?;
            let (port, path) = text.split_once('\n')?;
            Some(format!("ws://127.0.0.1:{port}{}", path.trim()))
        });
        let (socket, _) = connect_async(address).await.unwrap();
        Self { process, socket, next: 0, errors: vec![] }
    }

    async fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut request = json!({ "id": self.next, "method": method, "params": parameters });
        if let Some(session) = session {
            request["sessionId"] = session.into();
        }
        self.socket.send(Message::text(request.to_string())).await.unwrap();
        loop {
            let message = self.socket.next().await.expect("the browser is there").unwrap();
            let Message::Text(text) = message else { continue };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["method"] == "Runtime.exceptionThrown" {
                self.errors.push(answer["params"].to_string());
            }
            if answer["id"] == self.next {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    pub async fn open(&mut self, url: &str) -> String {
        let target = self.call(None, "Target.createTarget", json!({ "url": url })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach).await["sessionId"].as_str().unwrap().to_owned();
        self.call(Some(&session), "Runtime.enable", json!({})).await;
        session
    }

    /// Gives the page a window of this size.
    pub async fn resize(&mut self, session: &str, [width, height]: [u32; 2]) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call(Some(session), "Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Evaluates an expression in the page.
    pub async fn look(&mut self, session: &str, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        self.call(Some(session), "Runtime.evaluate", parameters).await["result"]["value"].clone()
    }

    /// Evaluates an expression in the page until its value is as expected, and returns that value.
    pub async fn until(&mut self, session: &str, what: &str, look: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + WITHIN;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let seen = self.look(session, look).await;
            if expected(&seen) {
                return seen;
            }
            assert!(Instant::now() < end, "{what}: not within {WITHIN:?}; seen last: {seen}");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
