//! The channel `/poses`: the poses of the session, as they were streamed. This crate stores and returns their JSON
//! without looking into it.

/// The topic of the channel.
pub(crate) const TOPIC: &str = "/poses";
/// The message encoding of the channel.
pub(crate) const ENCODING: &str = "json";
