//! Logs unwanted loss of frames as errors.

use std::collections::BTreeMap;

use frame::{EdgeAccount, LossLedger, LossReason};

/// Logs each loss before the router and the disk once. Frames that crops and sets skip are not errors, since these work
/// on the newest frames; the report counts them.
pub struct LossWatch {
    cameras: Vec<(String, LossLedger)>,
    reported: BTreeMap<(usize, Edge, LossReason), u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Capture,
    Recorder,
}

impl LossWatch {
    pub fn new(cameras: Vec<(String, LossLedger)>) -> Self {
        Self { cameras, reported: BTreeMap::new() }
    }

    /// Logs losses since the last call, and returns the number of lost frames.
    pub fn look(&mut self) -> u64 {
        let mut new = 0;
        for (index, (name, ledger)) in self.cameras.iter().enumerate() {
            for (edge, account) in [(Edge::Capture, &ledger.capture), (Edge::Recorder, &ledger.recorder)] {
                for (reason, total) in unwanted(account) {
                    let reported = self.reported.entry((index, edge, reason)).or_default();
                    let frames = total - std::mem::replace(reported, total);
                    if frames > 0 {
                        let what = match edge {
                            Edge::Capture => "frames are lost",
                            Edge::Recorder => "frames are not recorded",
                        };
                        tracing::error!(camera = name, %reason, frames, total, "{what}");
                        new += frames;
                    }
                }
            }
        }
        new
    }
}

/// Losses by reason, without those due to the budget, which the user set.
fn unwanted(account: &EdgeAccount) -> impl Iterator<Item = (LossReason, u64)> {
    account.counts().lost.into_iter().filter(|(reason, _)| *reason != LossReason::Budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unwanted_loss_is_told_once() {
        let ledger = LossLedger::default();
        let mut watch = LossWatch::new(vec![("left".into(), ledger.clone())]);
        assert_eq!(watch.look(), 0);
        ledger.capture.lose_many(LossReason::RingFull, 2);
        ledger.recorder.lose(LossReason::DiskFull);
        ledger.recorder.lose(LossReason::Budget);
        ledger.subject.lose(LossReason::Superseded);
        assert_eq!(watch.look(), 3);
        assert_eq!(watch.look(), 0);
        ledger.capture.lose(LossReason::RingFull);
        assert_eq!(watch.look(), 1);
    }
}
