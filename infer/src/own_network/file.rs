//! The file of the own network, which is loaded in a thread of its own, so that bodies go on being streamed meanwhile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::{Engine, ModelFile};

/// How long the end of a session waits for a network that is being loaded.
const END: Duration = Duration::from_secs(5);

/// The file, and the thread that loads it, if it changed.
pub struct NetworkFile {
    path: PathBuf,
    state: State,
}

enum State {
    Watched(Box<ModelFile>),
    Loading(JoinHandle<Option<Loaded>>),
    /// No network can be loaded any more.
    Failed,
}

struct Loaded {
    file: Box<ModelFile>,
    is_new: bool,
}

impl NetworkFile {
    pub fn new(file: ModelFile) -> Self {
        Self { path: file.path().to_owned(), state: State::Watched(Box::new(file)) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts loading the file if it changed. Returns the network that was loaded since the last call, or why it was
    /// not.
    pub fn refresh(&mut self) -> Option<Result<Engine, String>> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Watched(file) if file.has_changed() => self.load(file),
            State::Loading(thread) if thread.is_finished() => match thread.join() {
                Ok(Some(loaded)) => self.loaded(loaded),
                Ok(None) | Err(_) => Some(Err("the thread that loads it panicked, so no other will be loaded".into())),
            },
            same => {
                self.state = same;
                None
            }
        }
    }

    /// Whether the thread is at work.
    pub fn is_loading(&self) -> bool {
        matches!(self.state, State::Loading(_))
    }

    fn load(&mut self, file: Box<ModelFile>) -> Option<Result<Engine, String>> {
        // Where there is no thread, the file is not lost with what it should have done.
        let given = Arc::new(Mutex::new(Some(file)));
        let take = |given: &Mutex<Option<Box<ModelFile>>>| given.lock().unwrap_or_else(PoisonError::into_inner).take();
        let theirs = given.clone();
        let load = move || {
            let mut file = take(&theirs)?;
            let is_new = file.refresh();
            Some(Loaded { file, is_new })
        };
        match Builder::new().name("own-network".into()).spawn(load) {
            Ok(thread) => {
                self.state = State::Loading(thread);
                None
            }
            Err(error) => {
                self.state = take(&given).map_or(State::Failed, State::Watched);
                Some(Err(format!("there is no thread to load it: {error}")))
            }
        }
    }

    fn loaded(&mut self, Loaded { mut file, is_new }: Loaded) -> Option<Result<Engine, String>> {
        let engine = if is_new { file.take().map(Ok) } else { None };
        let result = engine.or_else(|| file.problem().map(|problem| Err(problem.to_owned())));
        self.state = State::Watched(file);
        result
    }
}

impl Drop for NetworkFile {
    fn drop(&mut self) {
        // libtorch must not be left while a thread uses it.
        let State::Loading(thread) = std::mem::replace(&mut self.state, State::Failed) else { return };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < END {
            std::thread::sleep(Duration::from_millis(10));
        }
        if !thread.is_finished() {
            tracing::warn!("the rig's own network is still being loaded at the end");
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::PrecisionChoice;

    #[test]
    fn a_file_that_is_no_network_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.safetensors");
        let mut file = NetworkFile::new(ModelFile::new(path.clone(), Device::Cpu, PrecisionChoice::F32));
        assert!(file.refresh().is_none(), "there is none");
        std::fs::write(&path, b"half a network").unwrap();
        let began = Instant::now();
        let told = loop {
            if let Some(told) = file.refresh() {
                break told;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "nothing was told");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(told.is_err_and(|why| why.contains("own.safetensors")));
        assert!(file.refresh().is_none(), "the same file is not loaded again");
    }
}
