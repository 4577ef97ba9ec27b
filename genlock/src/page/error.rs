//! Errors of the page's server, and its refusals.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use thiserror::Error;

use super::token::VARIABLE;

/// Why the page cannot be served.
#[derive(Debug, Error)]
pub enum PageError {
    #[error(
        "port {port} of {host} is in use, perhaps by another genlock: stop that one, or choose another address with \
         --listen {host}:{}", .port.checked_add(1).unwrap_or(8787)
    )]
    Busy { host: String, port: u16 },
    #[error("cannot serve the page on {addr}: {source}; choose another address with --listen HOST:PORT")]
    Bind { addr: String, source: io::Error },
    #[error(
        "others than this machine's programs can reach the page at {address}, so it needs a token: write one of at \
         least 16 characters into a file and give --token-file FILE, or set {VARIABLE}"
    )]
    NoToken { address: SocketAddr },
    #[error("the token cannot be read from {}: {source}", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error(
        "{from} holds no token: a token has {shortest} to {longest} letters, digits or signs of ASCII, and no spaces; \
         `openssl rand -hex 32` makes one"
    )]
    NoSuchToken { from: String, shortest: usize, longest: usize },
    #[error("the page's server failed: {0}")]
    Serve(#[source] io::Error),
}

/// A request that is not done: the status, and why in a sentence.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    why: String,
}

impl Refusal {
    pub fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, self.why + "\n").into_response()
    }
}

impl PageError {
    pub(super) fn from_bind(addr: &str, source: io::Error) -> Self {
        let busy = source.kind() == io::ErrorKind::AddrInUse;
        match addr.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
            Some((host, port)) if busy => Self::Busy { host: host.to_owned(), port },
            _ => Self::Bind { addr: addr.to_owned(), source },
        }
    }
}
