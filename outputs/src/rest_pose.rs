//! The pose of the person that stands for the rest pose of characters.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use skeleton::{NotTPose, TPose};
use transport::{BodyPose, PoseMessage};

use crate::body_places;

/// A T-pose is found from the bodies of so much time.
const HELD: Duration = Duration::from_millis(1_200);

/// And from so many at least.
const FEWEST: usize = 3;

/// So many of the newest bodies are kept: those of `HELD` at 60 Hz.
const KEPT: usize = 72;

/// Takes the person's T-pose as the rest pose of characters, by command, while bodies are streamed. Clones share it.
#[derive(Clone, Default)]
pub struct RestPose(Arc<Mutex<State>>);

/// Why the person's pose was not taken. What was taken before stays.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RestPoseRefused {
    /// Nothing is sent that has a rest pose.
    #[error("no receiver gets rotations of bones; start the session with --vmc ADDRESS:PORT")]
    NoReceiver,
    /// Bodies are too rare.
    #[error("the person was seen only {0} times in the last second; wait until bodies come steadily")]
    Rare(usize),
    /// The pose is another one.
    #[error("this is no T-pose: {0}")]
    NotTPose(#[from] NotTPose),
}

#[derive(Default)]
struct State {
    newest: VecDeque<(Instant, BodyPose)>,
    taken: Option<Arc<TPose>>,
    used: bool,
}

impl RestPose {
    /// Takes the pose in which the person stands now.
    ///
    /// # Errors
    /// If nobody is seen, or the person is not in a T-pose: standing, arms level and out to the sides.
    pub fn take(&self) -> Result<(), RestPoseRefused> {
        let mut state = self.state();
        if !state.used {
            return Err(RestPoseRefused::NoReceiver);
        }
        let since = Instant::now().checked_sub(HELD);
        let recent = state.newest.iter().filter(|(at, _)| since.is_none_or(|since| *at >= since));
        let geometry = state.newest.back().map(|(_, body)| body.geometry_id.clone()).unwrap_or_default();
        let recent = recent.filter(|(_, body)| body.geometry_id == geometry);
        let bodies: Vec<_> = recent.filter_map(|(_, body)| body_places(body).ok()).collect();
        if (1..FEWEST).contains(&bodies.len()) {
            return Err(RestPoseRefused::Rare(bodies.len()));
        }
        state.taken = Some(Arc::new(TPose::of_bodies(&bodies)?));
        Ok(())
    }

    /// Says that something that is sent depends on it.
    pub(crate) fn is_used(&self) {
        self.state().used = true;
    }

    /// Keeps a body for a command that may come.
    pub(crate) fn see(&self, message: &PoseMessage) {
        let Some(body) = message.body.clone() else { return };
        let mut state = self.state();
        if state.newest.len() == KEPT {
            state.newest.pop_front();
        }
        state.newest.push_back((Instant::now(), body));
    }

    /// What was taken.
    pub(crate) fn taken(&self) -> Option<Arc<TPose>> {
        self.state().taken.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state consistent, so a poisoned lock is still usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
