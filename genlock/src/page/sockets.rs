//! The page's WebSockets.

use std::future::Future;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::broadcast::error::RecvError;

use super::Server;
use super::preview::Preview;

/// A reader that does not accept a message within this time is disconnected.
const SEND_DEADLINE: Duration = Duration::from_secs(10);
/// Small, since readers send no data.
const MAX_INCOMING_BYTES: usize = 4_096;

/// Status as JSON: the current one first, then each change.
pub async fn live(State(server): State<Server>, upgrade: WebSocketUpgrade) -> Response {
    let mut status = server.page.watch_status();
    status.mark_changed();
    accept(upgrade, |mut socket| async move {
        while let Some(()) = socket_or(&server, &mut socket, async { status.changed().await.ok() }).await {
            let json = status.borrow_and_update().clone();
            if !json.is_empty() && !send(&mut socket, Message::Text(json)).await {
                return;
            }
        }
    })
}

/// Newest preview of each camera. Previews that are replaced before they are sent are skipped.
pub async fn preview(State(server): State<Server>, upgrade: WebSocketUpgrade) -> Response {
    let mut previews = server.page.watch_previews();
    previews.mark_changed();
    accept(upgrade, |mut socket| async move {
        let mut shown: Vec<Option<Preview>> = vec![None; server.page.camera_names().len()];
        while let Some(()) = socket_or(&server, &mut socket, async { previews.changed().await.ok() }).await {
            previews.borrow_and_update();
            for (camera, shown) in shown.iter_mut().enumerate() {
                // Read again for each camera, since newer previews may arrive while sending to a slow reader.
                let Some(newest) = previews.borrow().get(camera).cloned().flatten() else { continue };
                if shown.as_ref().is_some_and(|shown| shown.is(&newest)) {
                    continue;
                }
                if !send(&mut socket, Message::Binary(newest.message())).await {
                    return;
                }
                *shown = Some(newest);
            }
        }
    })
}

/// Poses as JSON, one message each, in order. After a loss the next message says in `missed` how many were lost
/// before it.
pub async fn poses(State(server): State<Server>, upgrade: WebSocketUpgrade) -> Response {
    let mut poses = server.page.subscribe_poses();
    accept(upgrade, |mut socket| async move {
        let mut missed = 0;
        loop {
            let json = match socket_or(&server, &mut socket, async { Some(poses.recv().await) }).await {
                Some(Ok(json)) => json,
                Some(Err(RecvError::Lagged(lost))) => {
                    missed += lost;
                    continue;
                }
                Some(Err(RecvError::Closed)) | None => return,
            };
            let json = if missed == 0 { json } else { with_missed(&json, std::mem::take(&mut missed)) };
            if !send(&mut socket, Message::Text(json)).await {
                return;
            }
        }
    })
}

/// Appends a field to a non-empty JSON object.
fn with_missed(object: &Utf8Bytes, missed: u64) -> Utf8Bytes {
    let open = object.strip_suffix('}').unwrap_or(object);
    format!("{open},\"missed\":{missed}}}").into()
}

fn accept<F>(upgrade: WebSocketUpgrade, serve: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    upgrade.max_message_size(MAX_INCOMING_BYTES).on_upgrade(serve)
}

/// The result of `event`; `None` if the reader disconnects or the server shuts down first.
async fn socket_or<T>(server: &Server, socket: &mut WebSocket, event: impl Future<Output = Option<T>>) -> Option<T> {
    tokio::pin!(event);
    loop {
        tokio::select! {
            value = &mut event => return value,
            () = server.closed() => return None,
            // Reading also answers pings and detects that the reader disconnected.
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            },
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(tokio::time::timeout(SEND_DEADLINE, socket.send(message)).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_the_last_field() {
        assert_eq!(with_missed(&Utf8Bytes::from_static(r#"{"a":{}}"#), 3).as_str(), r#"{"a":{},"missed":3}"#);
    }
}
