//! The takes in the session's folder, to be listed and replayed.

mod library;
mod open_take;
mod summary;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Server;
use super::error::Refusal;
pub use library::Library;
use library::Unreadable;
pub use open_take::BodyWindow;
pub use summary::TakeSummary;

/// Takes listed at most, the newest ones.
const LISTED: usize = 200;
/// Window of bodies, in seconds.
const WINDOW_S: f64 = 10.0;
const LONGEST_WINDOW_S: f64 = 60.0;

/// The takes in the folder.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeList {
    /// The folder, on the machine of the session.
    pub folder: String,
    /// Names of the takes, the newest first.
    pub takes: Vec<String>,
    /// How many older ones are not listed.
    pub left_out: usize,
}

#[derive(Deserialize)]
pub struct Window {
    /// Seconds since the take's first exposure.
    #[serde(default)]
    from_s: f64,
    seconds: Option<f64>,
}

impl From<Unreadable> for Refusal {
    fn from(unreadable: Unreadable) -> Self {
        let status = match unreadable {
            Unreadable::Unknown => StatusCode::NOT_FOUND,
            Unreadable::Folder(_) | Unreadable::Damaged(_) => StatusCode::CONFLICT,
        };
        Self::new(status, unreadable.to_string())
    }
}

pub async fn list(State(server): State<Server>) -> Result<Json<TakeList>, Refusal> {
    let folder = server.library.folder().display().to_string();
    let mut takes = with(&server.library, |library| library.names()).await?;
    let left_out = takes.len().saturating_sub(LISTED);
    takes.truncate(LISTED);
    Ok(Json(TakeList { folder, takes, left_out }))
}

pub async fn summary(State(server): State<Server>, Path(name): Path<String>) -> Result<Json<TakeSummary>, Refusal> {
    let recording = server.page.recording_path();
    with(&server.library, move |library| library.summary(&name, recording.as_deref())).await.map(Json)
}

pub async fn bodies(
    State(server): State<Server>,
    Path(name): Path<String>,
    Query(Window { from_s, seconds }): Query<Window>,
) -> Result<Json<BodyWindow>, Refusal> {
    let seconds = seconds.unwrap_or(WINDOW_S);
    if !(from_s >= 0.0 && from_s.is_finite() && seconds > 0.0 && seconds <= LONGEST_WINDOW_S) {
        let what = format!("from_s is 0 or more, and seconds more than 0 and at most {LONGEST_WINDOW_S}");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, what));
    }
    with(&server.library, move |library| library.open(&name)?.bodies(from_s, seconds)).await.map(Json)
}

pub async fn geometry(State(server): State<Server>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let json = with(&server.library, move |library| library.geometry(&name)).await?;
    let json = json.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "the take has no geometry"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Reads from the disk in a thread that may wait, one reader at a time.
async fn with<T: Send + 'static>(
    library: &Arc<Library>,
    read: impl FnOnce(&Library) -> Result<T, Unreadable> + Send + 'static,
) -> Result<T, Refusal> {
    let failed = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "reading the take failed");
    let library = library.clone();
    let turn = library.turn().await;
    let result = tokio::task::spawn_blocking(move || {
        let result = read(&library);
        drop(turn);
        result
    });
    Ok(result.await.map_err(failed)??)
}
