//! The file of the own network, which is loaded in a thread of its own, so that bodies go on being streamed meanwhile.

use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};

use crate::{Engine, ModelFile};

/// The file, and the thread that loads it, if it changed.
pub struct NetworkFile {
    path: PathBuf,
    state: State,
}

enum State {
    Watched(Box<ModelFile>),
    Loading(JoinHandle<Loaded>),
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
                Ok(loaded) => self.loaded(loaded),
                Err(_) => Some(Err("the thread that loads it panicked, so no other will be loaded".into())),
            },
            same => {
                self.state = same;
                None
            }
        }
    }

    fn load(&mut self, mut file: Box<ModelFile>) -> Option<Result<Engine, String>> {
        let load = move || {
            let is_new = file.refresh();
            Loaded { file, is_new }
        };
        match Builder::new().name("own-network".into()).spawn(load) {
            Ok(thread) => {
                self.state = State::Loading(thread);
                None
            }
            Err(error) => Some(Err(format!("no thread to load it: {error}, so no other will be loaded"))),
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
        if let State::Loading(thread) = std::mem::replace(&mut self.state, State::Failed) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

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
