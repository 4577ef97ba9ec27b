//! The page of a running rig, its HTTP calls and its streams.
//!
//! `routes.rs` lists what the server answers, and `docs/openapi.json` describes it; a test holds the one against the
//! other.
//!
//! Ordinary threads write into [`PageState`], tokio tasks read from it, and no writer ever waits for a reader.

mod access;
mod assets;
mod error;
mod guard;
mod history;
mod mjpeg;
mod preview;
mod recording;
mod routes;
mod sockets;
mod state;
mod status;
mod takes;
#[cfg(test)]
mod tests;
mod token;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use transport::RigCommand;

use history::History;
use takes::Library;

pub use access::Access;
pub use error::PageError;
pub use recording::RecordWish;
pub use state::PageState;
pub use status::{CameraView, EventView, LiveStatus, RecordingView, STATUS_VERSION, SceneView, SetView};
pub use token::Token;

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

/// What a page shows, and to whom.
pub struct Page {
    pub state: PageState,
    pub access: Access,
    /// The folder of takes.
    pub takes: PathBuf,
}

/// Serves the page until `shutdown` completes, then gives open connections two seconds to close.
pub async fn serve(
    listener: TcpListener,
    page: Page,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), PageError> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(PageError::Serve)?;
    let (close, mut closing) = watch::channel(false);
    let Page { state, access, takes } = page;
    let (access, library) = (Arc::new(access), Arc::new(Library::new(takes)));
    let app = routes::router(Server { page: state, access, library, closing: closing.clone() });
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
    access: Arc<Access>,
    library: Arc<Library>,
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

impl FromRef<Server> for Arc<Access> {
    fn from_ref(server: &Server) -> Self {
        server.access.clone()
    }
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

async fn take_t_pose(State(page): State<PageState>) -> Response {
    match page.take_t_pose() {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::CONFLICT, why).into_response(),
    }
}

async fn take_background(State(page): State<PageState>) -> StatusCode {
    page.request_background();
    StatusCode::ACCEPTED
}
