use thiserror::Error;

#[derive(Debug, Error)]
pub enum TransportError {
    #[error("the other side is gone")]
    Closed,
    #[error("a message does not decode: {0}")]
    Malformed(String),
    #[error("zenoh, {doing}: {message}")]
    Zenoh { doing: &'static str, message: String },
}
