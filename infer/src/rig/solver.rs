//! What takes longer than an instant, in a thread of its own: the stream goes on meanwhile.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use geometry::{
    Camera, GROUP_COUNT, GeometryError, LensFault, Observation, Options, POINT_COUNT, PlacedOffset, SolvedCamera,
    find_camera, placed_offsets,
};
use nalgebra::Vector3;

use super::{Placing, Rig, RigError, RigSearch, lens_faults};

type Points = [Vector3<f64>; POINT_COUNT];

/// Something to be found.
pub enum Job {
    Rig {
        search: RigSearch,
        height_mm: Option<f64>,
        now_utc: String,
    },
    /// One camera, from bodies that the others see.
    Camera {
        camera: usize,
        size_px: [f64; 2],
        points_mm: Vec<Option<Points>>,
        views: Vec<Option<Observation>>,
        options: Options,
    },
    Offsets {
        cameras: Vec<Camera>,
        indices: Vec<usize>,
        bone_lengths_mm: [f64; GROUP_COUNT],
        instants: Vec<Vec<Option<Observation>>>,
    },
    /// What residuals say of lenses and shutters.
    Lenses {
        placing: Placing,
        instants: Vec<Vec<Option<Observation>>>,
    },
}

/// What came of it.
pub enum Solved {
    Rig(Result<Rig, RigError>),
    Camera {
        camera: usize,
        size_px: [f64; 2],
        found: Result<SolvedCamera, GeometryError>,
    },
    /// By camera, for those that were asked about.
    Offsets {
        indices: Vec<usize>,
        found: Result<Vec<Option<PlacedOffset>>, GeometryError>,
    },
    /// By camera.
    Lenses(Result<Vec<Vec<LensFault>>, GeometryError>),
}

/// The thread, and whether it is at work.
pub struct Solver {
    jobs: Option<SyncSender<Job>>,
    solved: Receiver<Solved>,
    thread: Option<JoinHandle<()>>,
    busy: bool,
}

impl Solver {
    /// # Errors
    /// A thread that cannot be started.
    pub fn start() -> std::io::Result<Self> {
        let (jobs, todo) = sync_channel::<Job>(1);
        let (done, solved) = sync_channel(1);
        let body = move || {
            for job in todo {
                if done.send(solve(job)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("geometry".into()).spawn(body)?;
        Ok(Self { jobs: Some(jobs), solved, thread: Some(thread), busy: false })
    }

    /// One job is at work; another one would wait, so none is to be given.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    pub fn give(&mut self, job: Job) {
        // A thread that panicked shows when its answer is asked for.
        self.busy = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
    }

    /// Waits for the answer to what is at work, at most so long.
    pub fn wait(&mut self, most: Duration) -> Result<Option<Solved>, SolverDied> {
        match self.solved.recv_timeout(most) {
            Ok(solved) => {
                self.busy = false;
                Ok(Some(solved))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(SolverDied),
        }
    }

    /// The answer, if it is there. `Err` once the thread has died.
    pub fn poll(&mut self) -> Result<Option<Solved>, SolverDied> {
        self.wait(Duration::ZERO)
    }
}

/// The thread panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolverDied;

impl Drop for Solver {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn solve(job: Job) -> Solved {
    match job {
        Job::Rig { search, height_mm, now_utc } => Solved::Rig(search.find(height_mm, &now_utc)),
        Job::Camera { camera, size_px, points_mm, views, options } => {
            Solved::Camera { camera, size_px, found: find_camera(size_px, &points_mm, &views, &options) }
        }
        Job::Offsets { cameras, indices, bone_lengths_mm, instants } => {
            Solved::Offsets { indices, found: placed_offsets(&cameras, &bone_lengths_mm, &instants) }
        }
        Job::Lenses { placing, instants } => Solved::Lenses(lens_faults(&placing, &instants)),
    }
}
