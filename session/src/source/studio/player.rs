//! Decides what a studio's camera delivers when: a state machine without a clock of its own.

use std::sync::Arc;

use capture::{DriverError, DriverEvent, Stamp, Unit};
use frame::{Encoding, HostTime, LossReason, Picture, SegmentId, SourcePosition, TriggerIndex};
use virtual_studio::live_studio::Sent;

/// What one camera delivers for one pulse, sent by the renderer.
pub struct Item {
    pub pulse: u64,
    pub due_ns: i64,
    pub sent: Result<Shot, Arc<str>>,
}

pub struct Shot {
    pub segment: SegmentId,
    pub source: Option<SourcePosition>,
    pub sent: Sent,
}

/// What a camera does next.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// It needs the next item.
    Hungry,
    WaitUntil(i64),
    Event(DriverEvent),
}

/// Plays the items of one camera, each at its time.
pub struct Player {
    start_ns: i64,
    opened_ns: i64,
    /// The next pulse, once one has been played.
    expected: Option<u64>,
    item: Option<Item>,
    /// Index of the item's next unit.
    unit: usize,
}

impl Player {
    /// `start_ns` is the time of pulse 0. Items due before `opened_ns` are skipped, since the camera was not open.
    pub fn new(start_ns: i64, opened_ns: i64) -> Self {
        Self { start_ns, opened_ns, expected: None, item: None, unit: 0 }
    }

    /// Call it only after [`Step::Hungry`].
    pub fn feed(&mut self, item: Item) {
        if item.due_ns >= self.opened_ns {
            (self.item, self.unit) = (Some(item), 0);
        }
    }

    /// Writes the bytes of a unit into `slot`, if there is one.
    ///
    /// # Errors
    /// The camera has left, or the studio has nothing to show.
    pub fn step(&mut self, now_ns: i64, slot: Option<&mut Vec<u8>>) -> Result<Step, DriverError> {
        let Some(item) = &self.item else { return Ok(Step::Hungry) };
        let expected = self.expected.unwrap_or(item.pulse);
        if item.pulse > expected {
            // The renderer did not keep up and skipped to newer pulses.
            self.expected = Some(item.pulse);
            let (reason, frames) = (LossReason::Superseded, item.pulse - expected);
            return Ok(Step::Event(DriverEvent::Lost { reason, frames }));
        }
        let at_ns = match &item.sent {
            Ok(Shot { sent: Sent::Picture { units, .. }, .. }) => self.start_ns + units[self.unit].arrival_ns,
            _ => item.due_ns,
        };
        if now_ns < at_ns {
            return Ok(Step::WaitUntil(at_ns));
        }
        self.expected = Some(item.pulse + 1);
        match &item.sent {
            Ok(Shot { segment, source, sent: Sent::Picture { jpeg, size_px: [width_px, height_px], units } }) => {
                let unit = units[self.unit];
                let event = DriverEvent::Unit(Unit {
                    segment: *segment,
                    exposure: Stamp::Host(HostTime::monotonic(self.start_ns + unit.exposure_ns, 1_000)),
                    exposure_duration_ns: 0,
                    counter: Some(unit.counter),
                    trigger: TriggerIndex::Unresolved,
                    source: *source,
                    picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: *width_px, height_px: *height_px },
                });
                if let Some(slot) = slot {
                    slot.extend_from_slice(jpeg);
                }
                self.unit += 1;
                if self.unit == units.len() {
                    self.item = None;
                }
                Ok(Step::Event(event))
            }
            Ok(Shot { sent: Sent::Lost, .. }) => {
                self.item = None;
                Ok(Step::Event(DriverEvent::Lost { reason: LossReason::MissingAtSource, frames: 1 }))
            }
            Ok(Shot { sent: Sent::Away, .. }) => Err(DriverError::Stream("it has left the studio".into())),
            Err(problem) => Err(DriverError::Stream(problem.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtual_studio::live_studio::UnitStamp as Said;

    const PERIOD_NS: i64 = 40_000_000;
    const START_NS: i64 = 5_000_000_000;

    fn item(pulse: u64, sent: Sent) -> Item {
        let shot = Shot { segment: SegmentId::seam(3), source: None, sent };
        Item { pulse, due_ns: START_NS + pulse as i64 * PERIOD_NS, sent: Ok(shot) }
    }

    fn picture(pulse: u64, delays_ns: &[i64]) -> Item {
        let exposure_ns = pulse as i64 * PERIOD_NS;
        let unit = |delay_ns: &i64| Said { counter: pulse, exposure_ns, arrival_ns: exposure_ns + delay_ns };
        let units = delays_ns.iter().map(unit).collect();
        item(pulse, Sent::Picture { jpeg: vec![pulse as u8; 4], size_px: [8, 6], units })
    }

    /// What happens from `now_ns` on, each step at the time that the previous one asked for; `None` is an error.
    fn play(player: &mut Player, items: Vec<Item>, mut now_ns: i64) -> Vec<(i64, Option<String>)> {
        let (mut items, mut seen) = (items.into_iter(), vec![]);
        loop {
            let mut bytes = vec![];
            match player.step(now_ns, Some(&mut bytes)) {
                Ok(Step::Hungry) => match items.next() {
                    Some(item) => player.feed(item),
                    None => return seen,
                },
                Ok(Step::WaitUntil(ns)) => {
                    assert!(ns > now_ns);
                    now_ns = ns;
                }
                Ok(Step::Event(event)) => {
                    let said = match event {
                        DriverEvent::Unit(unit) => {
                            assert_eq!(bytes, vec![unit.counter.unwrap() as u8; 4]);
                            let exposure_ns = START_NS + unit.counter.unwrap() as i64 * PERIOD_NS;
                            assert_eq!(unit.exposure, Stamp::Host(HostTime::monotonic(exposure_ns, 1_000)));
                            format!("unit {}", unit.counter.unwrap())
                        }
                        DriverEvent::Lost { reason, frames } => format!("{reason} {frames}"),
                        other => format!("{other:?}"),
                    };
                    seen.push(((now_ns - START_NS) / 1_000_000, Some(said)));
                }
                Err(_) => {
                    seen.push(((now_ns - START_NS) / 1_000_000, None));
                    return seen;
                }
            }
        }
    }

    fn check(items: Vec<Item>, opened_ns: i64, expected: &[(i64, &str)]) {
        let seen = play(&mut Player::new(START_NS, opened_ns), items, opened_ns);
        let seen: Vec<_> = seen.iter().map(|(ms, said)| (*ms, said.as_deref().unwrap_or("error"))).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn units_come_when_they_arrive_and_duplicates_twice() {
        let items = vec![picture(0, &[0]), picture(1, &[5_000_000, 9_000_000]), picture(2, &[0])];
        check(items, START_NS - 1, &[(0, "unit 0"), (45, "unit 1"), (49, "unit 1"), (80, "unit 2")]);
    }

    #[test]
    fn what_is_lost_is_counted_with_its_reason() {
        let items = vec![picture(0, &[0]), item(1, Sent::Lost), picture(4, &[0])];
        // The renderer's loss shows as soon as a newer picture is there.
        let expected = [(0, "unit 0"), (40, "missing-at-source 1"), (40, "superseded 2"), (160, "unit 4")];
        check(items, START_NS - 1, &expected);
    }

    #[test]
    fn a_camera_that_is_opened_late_begins_with_what_is_to_come() {
        let items = vec![picture(0, &[0]), picture(1, &[0]), picture(3, &[0]), picture(4, &[0])];
        check(items, START_NS + 2 * PERIOD_NS, &[(120, "unit 3"), (160, "unit 4")]);
    }

    #[test]
    fn a_camera_that_leaves_fails_in_its_turn() {
        check(vec![picture(0, &[0]), item(1, Sent::Away)], START_NS - 1, &[(0, "unit 0"), (40, "error")]);
    }
}
