//! What happens to a scene.

use super::SceneFault;

/// What happened to a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SceneEvent {
    /// It cannot be used from here on, or for one reason more.
    Began(SceneFault),
    /// It is steady again.
    Ended {
        /// The last reason.
        fault: SceneFault,
        /// How long it could not be used, in nanoseconds.
        after_ns: i64,
        /// What is different from before.
        lasting: Lasting,
    },
    /// Its background was learned anew, so that its crops are used again.
    BackgroundLearned,
}

/// What a change leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// All is as it was.
    Nothing,
    /// Another light.
    Light,
    /// Another place: the camera does not stand where it stood.
    Place,
}
