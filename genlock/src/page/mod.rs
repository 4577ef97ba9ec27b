//! The page of a running rig and the streams behind it.
//!
//! | route | what |
//! |---|---|
//! | `/` | the page, embedded in the binary |
//! | `/api/status` | [`LiveStatus`] as JSON |
//! | `/api/history` | the learner's curves since the process started, thinned to a bounded length |
//! | `POST /api/background` | learn the background of every camera from the stage, which must be empty now |
//! | `/api/geometry` | the rig's [`body::RigGeometry`] as JSON; 404 until it is found |
//! | `POST /api/rig` | a [`transport::RigCommand`] as JSON; 409 with the reason if it cannot be done |
//! | `/live` | WebSocket: [`LiveStatus`] whenever it changes |
//! | `/preview` | WebSocket: binary previews, latest wins (header in [`preview`]) |
//! | `/cam/N.mjpg` | the same pictures as `multipart/x-mixed-replace`, for curl and VLC |
//! | `/poses` | WebSocket: one [`transport::PoseMessage`] per text message |
//!
//! Ordinary threads write into [`PageState`], tokio tasks read from it, and no writer ever waits for a reader.

mod assets;
mod error;
mod guard;
mod history;
mod mjpeg;
mod preview;
mod sockets;
mod state;
mod status;
#[cfg(test)]
mod tests;

use std::net::TcpListener;
use std::time::Duration;

use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use tokio::sync::watch;
use tower_http::trace::{DefaultOnFailure, TraceLayer};
use transport::RigCommand;

use history::History;

pub use error::PageError;
pub use state::PageState;
pub use status::{CameraView, EventView, LiveStatus, RecordingView, STATUS_VERSION, SetView};

/// How long connections may take to close after the shutdown began.
const GRACE: Duration = Duration::from_secs(2);

/// Binds the address before anything else starts, so that a busy port does not leave a half-started rig.
///
/// `addr` is `HOST:PORT`; port 0 lets the system choose. A busy port is [`PageError::Busy`], which names the remedy.
pub fn bind(addr: &str) -> Result<TcpListener, PageError> {
    let listener = TcpListener::bind(addr).map_err(|source| PageError::from_bind(addr, source))?;
    listener.set_nonblocking(true).map_err(PageError::Serve)?;
    Ok(listener)
}

/// Serves the page until `shutdown` completes, then gives open connections two seconds to close.
pub async fn serve(
    listener: TcpListener,
    page: PageState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), PageError> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(PageError::Serve)?;
    let address = listener.local_addr().map_err(PageError::Serve)?;
    let (close, mut closing) = watch::channel(false);
    let app = router(Server { page, closing: closing.clone() }, guard::Rule::for_listener(address));
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        close.send_replace(true);
    });
    let deadline = async {
        closing.wait_for(|closed| *closed).await.ok();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served.map_err(PageError::Serve),
        () = deadline => Ok(()),
    }
}

/// State shared by all handlers.
#[derive(Clone)]
struct Server {
    page: PageState,
    /// Becomes true when the server shuts down, which ends all streams.
    closing: watch::Receiver<bool>,
}

impl Server {
    /// Completes when the server shuts down.
    async fn closed(&self) {
        self.closing.clone().wait_for(|closed| *closed).await.ok();
    }
}

impl FromRef<Server> for PageState {
    fn from_ref(server: &Server) -> Self {
        server.page.clone()
    }
}

fn router(server: Server, rule: guard::Rule) -> Router {
    Router::new()
        .route("/api/status", get(status))
        .route("/api/history", get(history))
        .route("/api/background", post(take_background))
        .route("/api/geometry", get(geometry))
        .route("/api/rig", post(command_rig))
        .route("/live", get(sockets::live))
        .route("/preview", get(sockets::preview))
        .route("/poses", get(sockets::poses))
        .route("/cam/{file}", get(mjpeg::stream))
        .fallback(assets::serve)
        .layer(middleware::from_fn_with_state(rule, guard::check))
        // Before a session has a status, its page is told that there is none yet: no error of the server's.
        .layer(TraceLayer::new_for_http().on_failure(DefaultOnFailure::new().level(tracing::Level::DEBUG)))
        .with_state(server)
}

async fn status(State(page): State<PageState>) -> Response {
    let json = page.status_json();
    if json.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the cameras have not started yet\n").into_response();
    }
    ([(header::CONTENT_TYPE, "application/json")], String::from(json.as_str())).into_response()
}

async fn history(State(page): State<PageState>) -> Json<History> {
    Json(page.history())
}

async fn geometry(State(page): State<PageState>) -> Response {
    let json = page.geometry_json();
    if json.is_empty() {
        return (StatusCode::NOT_FOUND, "the rig's geometry is not found yet\n").into_response();
    }
    ([(header::CONTENT_TYPE, "application/json")], String::from(json.as_str())).into_response()
}

async fn command_rig(State(page): State<PageState>, Json(command): Json<RigCommand>) -> Response {
    match command {
        RigCommand::CameraMoved(_) => (StatusCode::CONFLICT, "that is for the session to notice\n").into_response(),
        RigCommand::HeightMm(mm) if !(500..2500).contains(&mm) => {
            (StatusCode::CONFLICT, "a height is from 500 to 2499 mm\n").into_response()
        }
        command => match page.command_rig(command) {
            Ok(()) => StatusCode::ACCEPTED.into_response(),
            Err(why) => (StatusCode::CONFLICT, why).into_response(),
        },
    }
}

async fn take_background(State(page): State<PageState>) -> StatusCode {
    page.request_background();
    StatusCode::ACCEPTED
}
