//! Takes the person's T-pose at a time that was given at the start, for who works alone and stands before the cameras.

use std::cell::Cell;
use std::time::{Duration, Instant};

use outputs::RestPose;

/// How long a T-pose is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for its time, then for a T-pose.
pub struct TPoseTimer {
    rest_pose: RestPose,
    after: Duration,
    due: Cell<Option<Instant>>,
    /// Told what came of it.
    tell: Box<dyn Fn(String)>,
}

impl TPoseTimer {
    /// `after_s` is counted from [`begin`](Self::begin).
    pub fn new(rest_pose: RestPose, after_s: f64, tell: impl Fn(String) + 'static) -> Self {
        Self { rest_pose, after: Duration::from_secs_f64(after_s), due: Cell::new(None), tell: Box::new(tell) }
    }

    /// The session has begun.
    pub fn begin(&self, at: Instant) {
        self.due.set(Some(at + self.after));
    }

    /// Looks whether there is a T-pose, if it is time to. Call it a few times a second.
    pub fn poll(&self, now: Instant) {
        let Some(due) = self.due.get().filter(|due| now >= *due) else { return };
        let text = match self.rest_pose.take() {
            Ok(()) => "the person's T-pose is the rest pose of characters from now on".to_owned(),
            Err(_) if now < due + PATIENCE => return,
            Err(refused) => format!("no rest pose was taken within {} s: {refused}", PATIENCE.as_secs()),
        };
        self.due.set(None);
        (self.tell)(text);
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::Arc;

    use outputs::PoseOutputs;
    use outputs::conformance::body;

    use super::*;

    fn timer(rest_pose: RestPose) -> (TPoseTimer, Rc<Cell<String>>) {
        let told = Rc::new(Cell::default());
        let cell = told.clone();
        (TPoseTimer::new(rest_pose, 10.0, move |text| cell.set(text)), told)
    }

    #[test]
    fn it_waits_for_its_time_and_then_takes_the_first_t_pose() {
        let mut outputs = PoseOutputs::new(Arc::new(|_| {}));
        outputs.add_vmc("127.0.0.1:9".parse().unwrap()).unwrap();
        let (timer, told) = timer(outputs.rest_pose());
        let begun = Instant::now();
        let poll = |after_s| {
            timer.poll(begun + Duration::from_secs(after_s));
            told.take()
        };
        (0..5).for_each(|number| outputs.send(&body(number)));
        assert_eq!(poll(50), "", "the session has not begun");
        timer.begin(begun);
        assert_eq!(poll(9), "", "it is not time");
        assert_eq!(poll(11), "the person's T-pose is the rest pose of characters from now on");
        assert_eq!(poll(60), "", "once");
    }

    #[test]
    fn it_says_why_there_was_none() {
        let mut outputs = PoseOutputs::new(Arc::new(|_| {}));
        outputs.add_vmc("127.0.0.1:9".parse().unwrap()).unwrap();
        let (timer, told) = timer(outputs.rest_pose());
        let begun = Instant::now();
        timer.begin(begun);
        timer.poll(begun + Duration::from_secs(39));
        assert_eq!(told.take(), "", "somebody may come");
        timer.poll(begun + Duration::from_secs(41));
        assert_eq!(told.take(), "no rest pose was taken within 30 s: this is no T-pose: nobody is seen");
    }
}
