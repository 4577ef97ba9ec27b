//! Whether the page's address is free.

use std::net::SocketAddr;

use super::finding::Finding;
use crate::page::{self, PageError};

pub fn check(listen: SocketAddr) -> Finding {
    match page::bind(&listen.to_string()) {
        Ok(_) if listen.ip().is_loopback() => Finding::ok("page", format!("{listen} is free")),
        Ok(_) => Finding::ok("page", format!("{listen} is free; others reach it, so sessions need --token-file")),
        Err(error) => {
            let found = match error {
                PageError::Busy { .. } => format!("{listen} is in use, perhaps by another genlock"),
                other => other.to_string(),
            };
            let other = SocketAddr::new(listen.ip(), listen.port().checked_add(1).unwrap_or(8787));
            Finding::failure("page", found, format!("`listen = \"{other}\"` in [page]"))
        }
    }
}
