//! The thread that renders a studio, a little ahead of its pulses.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use capture::PulseTrain;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use frame::monotonic_now_ns;
use virtual_studio::live_studio::LiveStudio;

use super::player::{Item, Shot};

/// How far ahead of its pulse a picture may be rendered, to bridge the time that the thread may not be scheduled.
const AHEAD_NS: i64 = 400_000_000;
/// Pulses that may be queued for one camera: those ahead, and those with delayed delivery.
const WAITING: usize = 64;

/// A running renderer; it stops when this is dropped.
pub struct Renderer {
    stop: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
    /// What each camera delivers for each pulse.
    pub cameras: Vec<Receiver<Item>>,
}

impl Renderer {
    pub fn start(live: Arc<Mutex<LiveStudio>>, cameras: usize, pulses: PulseTrain) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..cameras).map(|_| bounded(WAITING)).unzip();
        let body = move || {
            let mut live = live.lock().unwrap_or_else(PoisonError::into_inner);
            render(&mut live, &senders, pulses, &stopped);
        };
        let thread = std::thread::Builder::new().name("studio".into()).spawn(body)?;
        Ok(Self { stop: Some(stop), thread: Some(thread), cameras: receivers })
    }
}

impl Drop for Renderer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The cameras report its panic, since their channel is closed.
            let _ = thread.join();
        }
    }
}

fn render(live: &mut LiveStudio, cameras: &[Sender<Item>], pulses: PulseTrain, stopped: &Receiver<Infallible>) {
    let mut pace = Pace { pulses, next: 0 };
    loop {
        match pace.turn(monotonic_now_ns()) {
            Turn::Wait(wait) => match stopped.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => continue,
                _ => return,
            },
            Turn::Render(pulse) => {
                let due_ns = pace.due_ns(pulse);
                match live.pulse(pulse) {
                    Ok(shown) => {
                        for (camera, sent) in cameras.iter().zip(shown.sent) {
                            let shot = Shot { segment: shown.segment, source: shown.source, sent };
                            // If the queue is full, the camera will find a hole in the pulses.
                            let _ = camera.try_send(Item { pulse, due_ns, sent: Ok(shot) });
                        }
                    }
                    Err(error) => {
                        let problem: Arc<str> = error.to_string().into();
                        for camera in cameras {
                            let _ = camera.try_send(Item { pulse, due_ns, sent: Err(problem.clone()) });
                        }
                    }
                }
                if matches!(stopped.try_recv(), Err(TryRecvError::Disconnected)) {
                    return;
                }
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum Turn {
    Render(u64),
    Wait(Duration),
}

/// Decides which pulse is rendered when.
struct Pace {
    pulses: PulseTrain,
    next: u64,
}

impl Pace {
    fn due_ns(&self, pulse: u64) -> i64 {
        self.pulses.pulse_ns(pulse)
    }

    /// The next pulse to render, or how long to wait for it. Pulses in the past are skipped.
    fn turn(&mut self, now_ns: i64) -> Turn {
        if self.due_ns(self.next) < now_ns {
            let periods = (now_ns - self.pulses.start_ns) as f64 / self.pulses.period_ns;
            self.next = self.next.max(periods.ceil() as u64);
        }
        let early_ns = self.due_ns(self.next) - AHEAD_NS - now_ns;
        if early_ns > 0 {
            return Turn::Wait(Duration::from_nanos(early_ns as u64));
        }
        self.next += 1;
        Turn::Render(self.next - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which pulses a renderer that takes `cost_ms` for each renders in a second, and how late each one is done.
    fn second(cost_ms: i64) -> Vec<(u64, i64)> {
        let pulses = PulseTrain::new(1_000_000_000, 40e6);
        let (mut pace, mut now_ns, mut done) = (Pace { pulses, next: 0 }, 1_000_000_000 - AHEAD_NS, vec![]);
        while now_ns < 2_000_000_000 {
            match pace.turn(now_ns) {
                Turn::Wait(wait) => now_ns += wait.as_nanos() as i64,
                Turn::Render(pulse) => {
                    now_ns += cost_ms * 1_000_000;
                    done.push((pulse, (now_ns - pace.due_ns(pulse)) / 1_000_000));
                }
            }
        }
        done
    }

    #[test]
    fn a_quick_renderer_leaves_no_pulse_out_and_stays_ahead() {
        let done = second(20);
        assert!(done.iter().enumerate().all(|(i, &(pulse, late_ms))| pulse == i as u64 && late_ms < 0), "{done:?}");
        assert!(done.len() >= 34, "{done:?}");
    }

    #[test]
    fn a_slow_renderer_leaves_pulses_out_and_falls_no_further_behind_than_one_picture() {
        let done = second(100);
        assert!(done.iter().all(|&(_, late_ms)| late_ms <= 100), "{done:?}");
        // The last one starts in the last tenth of the second, which has the pulses 23 and 24.
        let last = done.last().unwrap().0;
        assert!(last >= 23 && (done.len() as u64) < last, "{done:?}");
    }
}
