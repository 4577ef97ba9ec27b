//! Begins and ends takes, as the record button asks.

use std::path::PathBuf;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use session::NoTake;
use take::TakeError;
use tokio::sync::oneshot;

use super::PageState;
use super::error::Refusal;

/// How long a session may take to answer. It looks for requests a few times a second, and making a take waits for the
/// disk.
const ANSWER: Duration = Duration::from_secs(10);

/// What is asked of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordWish {
    Begin,
    End,
}

/// A wish, whose asker waits for the answer.
pub struct RecordRequest {
    pub wish: RecordWish,
    answer: oneshot::Sender<Result<PathBuf, NoTake>>,
}

impl RecordRequest {
    pub(super) fn new(wish: RecordWish) -> (Self, oneshot::Receiver<Result<PathBuf, NoTake>>) {
        let (answer, answered) = oneshot::channel();
        (Self { wish, answer }, answered)
    }

    /// Whether somebody still waits for the answer. What nobody waits for must not be done.
    pub(super) fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    /// Says which take began or ended, or why none did.
    pub fn answer(self, done: Result<PathBuf, NoTake>) {
        // An error means that the asker went away meanwhile; the status shows what was done.
        let _ = self.answer.send(done);
    }
}

/// The take that began or ended.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeName {
    /// Name of its folder.
    pub take: String,
    /// Path of its folder, on the machine of the session.
    pub path: PathBuf,
}

pub async fn begin(State(page): State<PageState>) -> Result<Json<TakeName>, Refusal> {
    ask(&page, RecordWish::Begin).await
}

pub async fn end(State(page): State<PageState>) -> Result<Json<TakeName>, Refusal> {
    ask(&page, RecordWish::End).await
}

async fn ask(page: &PageState, wish: RecordWish) -> Result<Json<TakeName>, Refusal> {
    let no_session = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "no session answers; it starts or ends just now");
    let answered = page.ask_to_record(wish).ok_or_else(no_session)?;
    let done = tokio::time::timeout(ANSWER, answered).await.ok().and_then(Result::ok).ok_or_else(no_session)?;
    let path = done.map_err(|refused| Refusal::new(status_of(&refused), refused.to_string()))?;
    let take = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Json(TakeName { take, path }))
}

fn status_of(refused: &NoTake) -> StatusCode {
    match refused {
        NoTake::Take(TakeError::DiskFull { .. }) => StatusCode::INSUFFICIENT_STORAGE,
        NoTake::Take(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::CONFLICT,
    }
}
