//! Which of the crops that were sent reached the first host.

use frame::{EdgeAccount, LossReason};
use transport::Heard;

/// Which crops of one camera reached the first host, as the first host reports it.
#[derive(Default)]
pub(super) struct Receipts {
    /// Crops that were sent.
    pub sent: u64,
    /// Sent crops that are known to have arrived or to be lost.
    settled: u64,
    session: String,
    heard: Heard,
}

impl Receipts {
    /// Counts each crop once, as received by the first host or as lost.
    pub fn settle(&mut self, session: &str, heard: Heard, account: &EdgeAccount) {
        if heard.through == 0 {
            return;
        }
        if self.session != session {
            session.clone_into(&mut self.session);
            // Crops sent to an earlier session without a receipt count as lost.
            let before = heard.from.clamp(self.settled, self.sent);
            account.lose_many(LossReason::Link, before - self.settled);
            self.settled = before;
            self.heard = Heard { from: heard.from, through: heard.from, crops: 0 };
        }
        let through = heard.through.min(self.sent);
        // A late answer may arrive after a newer one.
        if through <= self.settled || heard.crops < self.heard.crops {
            return;
        }
        let came = (heard.crops - self.heard.crops).min(through - self.settled);
        (0..came).for_each(|_| account.leave());
        account.lose_many(LossReason::Link, through - self.settled - came);
        self.settled = through;
        self.heard = heard;
    }

    pub fn in_flight(&self) -> u64 {
        self.sent - self.settled
    }

    /// Counts all crops in flight as lost, since no more receipts will come.
    pub fn give_up(&mut self, account: &EdgeAccount) {
        account.lose_many(LossReason::Link, self.in_flight());
        self.settled = self.sent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crop_that_was_sent_came_or_is_lost_across_sessions() {
        let account = EdgeAccount::default();
        let mut receipts = Receipts::default();
        let check = |receipts: &Receipts, left, lost, in_flight| {
            let counts = account.counts();
            assert_eq!((counts.left, counts.lost_total(), receipts.in_flight()), (left, lost, in_flight));
        };
        receipts.sent = 10;
        receipts.settle("a", Heard::default(), &account);
        check(&receipts, 0, 0, 10);
        // The first three were sent before anybody listened; one of the next five was lost.
        receipts.settle("a", Heard { from: 3, through: 8, crops: 4 }, &account);
        check(&receipts, 4, 4, 2);
        receipts.sent = 20;
        receipts.settle("a", Heard { from: 3, through: 20, crops: 16 }, &account);
        check(&receipts, 16, 4, 0);
        // An older answer changes nothing.
        receipts.settle("a", Heard { from: 3, through: 8, crops: 4 }, &account);
        check(&receipts, 16, 4, 0);
        // The first host restarted and missed six.
        receipts.sent = 30;
        receipts.settle("b", Heard { from: 26, through: 28, crops: 2 }, &account);
        check(&receipts, 18, 10, 2);
        receipts.give_up(&account);
        check(&receipts, 18, 12, 0);
    }
}
