//! Searches that take longer than an instant, in a thread of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use geometry::{
    Camera, GROUP_COUNT, GeometryError, LensFault, Observation, Options, PlacedOffset, Points, SolvedCamera,
    find_camera, placed_offsets,
};

use super::{FoundGeometry, Placing, RigSearch, RigSearchError, lens_faults};

/// A search.
pub enum Job {
    /// The geometry of the whole rig.
    Rig { search: RigSearch, height_mm: Option<f64>, now_utc: String },
    /// One camera, from bodies that the others see.
    Camera {
        camera: usize,
        size_px: [f64; 2],
        points_mm: Vec<Option<Points>>,
        views: Vec<Option<Observation>>,
        options: Options,
    },
    /// The offsets in time of placed cameras.
    Offsets {
        cameras: Vec<Camera>,
        indices: Vec<usize>,
        bone_lengths_mm: [f64; GROUP_COUNT],
        instants: Vec<Vec<Option<Observation>>>,
    },
    /// Faults of lenses and shutters.
    Lenses { placing: Placing, instants: Vec<Vec<Option<Observation>>> },
}

/// The result of a search.
pub enum Solved {
    Rig(Result<FoundGeometry, RigSearchError>),
    Camera {
        camera: usize,
        size_px: [f64; 2],
        found: Result<SolvedCamera, GeometryError>,
    },
    /// One result for each of `indices`.
    Offsets {
        indices: Vec<usize>,
        found: Result<Vec<Option<PlacedOffset>>, GeometryError>,
    },
    /// By camera.
    Lenses(Result<Vec<Vec<LensFault>>, GeometryError>),
}

/// The thread, and whether it is busy. Dropping it cancels a search for the rig before its next attempt.
pub struct Solver {
    jobs: Option<SyncSender<Job>>,
    solved: Receiver<Solved>,
    thread: Option<JoinHandle<()>>,
    cancelled: Arc<AtomicBool>,
    busy: bool,
}

impl Solver {
    /// Starts the thread.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start() -> std::io::Result<Self> {
        let (jobs, todo) = sync_channel::<Job>(1);
        let (done, solved) = sync_channel(1);
        let cancelled = Arc::new(AtomicBool::new(false));
        let is_cancelled = cancelled.clone();
        let body = move || {
            for job in todo {
                if done.send(solve(job, &is_cancelled)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("geometry".into()).spawn(body)?;
        Ok(Self { jobs: Some(jobs), solved, thread: Some(thread), cancelled, busy: false })
    }

    /// Whether a job is being done. No other may be given then.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Starts a job.
    pub fn give(&mut self, job: Job) {
        // That the thread has panicked shows when its answer is polled.
        self.busy = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
    }

    /// Waits for the answer to the job, at most `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<Solved>, SolverDied> {
        match self.solved.recv_timeout(timeout) {
            Ok(solved) => {
                self.busy = false;
                Ok(Some(solved))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(SolverDied),
        }
    }

    /// The answer, if there is one yet.
    pub fn poll(&mut self) -> Result<Option<Solved>, SolverDied> {
        self.wait(Duration::ZERO)
    }
}

/// The thread panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolverDied;

impl Drop for Solver {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn solve(job: Job, cancelled: &AtomicBool) -> Solved {
    match job {
        Job::Rig { search, height_mm, now_utc } => Solved::Rig(search.find_unless(cancelled, height_mm, &now_utc)),
        Job::Camera { camera, size_px, points_mm, views, options } => {
            Solved::Camera { camera, size_px, found: find_camera(size_px, &points_mm, &views, &options) }
        }
        Job::Offsets { cameras, indices, bone_lengths_mm, instants } => {
            Solved::Offsets { indices, found: placed_offsets(&cameras, &bone_lengths_mm, &instants) }
        }
        Job::Lenses { placing, instants } => Solved::Lenses(lens_faults(&placing, &instants)),
    }
}
