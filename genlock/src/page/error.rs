//! Errors of the page's server.

use std::io;

use thiserror::Error;

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
    #[error("the page's server failed: {0}")]
    Serve(#[source] io::Error),
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
