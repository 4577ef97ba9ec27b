//! Previews as an MJPEG stream.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::Server;
use super::preview::Preview;

const BOUNDARY: &str = "genlock-frame";

/// `/cam/N.mjpg`, N counted from 0 in the rig's order.
pub async fn stream(State(server): State<Server>, Path(file): Path<String>) -> Response {
    let cameras = server.page.camera_names().len();
    let camera = file.strip_suffix(".mjpg").and_then(|number| number.parse::<usize>().ok());
    let Some(camera) = camera.filter(|camera| *camera < cameras) else {
        let names = server.page.camera_names().join(", ");
        let what = format!("no such camera: /cam/N.mjpg with N from 0, below {cameras} ({names})\n");
        return (StatusCode::NOT_FOUND, what).into_response();
    };
    let previews = server.page.watch_previews();
    let parts = stream::unfold((server, previews, None), move |(server, mut previews, shown)| async move {
        let next = tokio::select! {
            next = newer(&mut previews, camera, shown.as_ref()) => next?,
            () = server.closed() => return None,
        };
        let part = part(&next.jpeg());
        Some((Ok::<_, std::convert::Infallible>(part), (server, previews, Some(next))))
    });
    let content_type = format!("multipart/x-mixed-replace; boundary={BOUNDARY}");
    ([(header::CONTENT_TYPE, content_type)], Body::from_stream(parts)).into_response()
}

/// Waits for a picture of the camera other than the one shown; `None` if the page's state is dropped.
async fn newer(
    previews: &mut tokio::sync::watch::Receiver<Vec<Option<Preview>>>,
    camera: usize,
    shown: Option<&Preview>,
) -> Option<Preview> {
    let is_new = |preview: &Preview| !shown.is_some_and(|shown| shown.is(preview));
    let changed = |all: &Vec<Option<Preview>>| all.get(camera).and_then(Option::as_ref).is_some_and(is_new);
    let all = previews.wait_for(changed).await.ok()?;
    all.get(camera)?.clone()
}

fn part(jpeg: &[u8]) -> Bytes {
    let head = format!("--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
    [head.as_bytes(), jpeg, b"\r\n"].concat().into()
}
