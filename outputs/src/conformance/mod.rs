//! A suite that every sink of bodies must pass.
//!
//! A sink is asked in its queue beside a witness, which must get every body in order whatever happens to the sink's
//! receiver. Bodies are known by where they stand: body number n at x = n mm.

mod asked;
mod bodies;

use std::time::Duration;

use transport::PoseSink;

use crate::Counts;
use asked::{Asked, SOON};
pub use bodies::{body, message};

/// What a test provides of a format.
pub trait Format {
    /// A sink that sends to where [`receiver`](Self::receiver) receives.
    fn sink(&self) -> Box<dyn PoseSink>;
    /// Opens a receiver. It is closed when it is dropped, and at most one is open at a time.
    fn receiver(&self) -> Box<dyn Receiver>;
    /// Whether the sink learns that nobody receives.
    fn knows_absence(&self) -> bool;
}

/// A receiver of the format.
pub trait Receiver {
    /// The x of the middle of the hips of the next body, in millimetres of the rig's world; `None` if none comes in time.
    fn next(&mut self, wait: Duration) -> Option<f64>;
}

/// What is wrong with the format's sink, in words; nothing where it passes.
pub fn conforms(format: &dyn Format) -> Vec<String> {
    let questions: [(&str, Question); 3] = [
        ("a receiver that is there", gets_all),
        ("a receiver that is absent, comes and goes", comes_and_goes),
        ("a receiver that does not read", does_not_read),
    ];
    questions
        .into_iter()
        .filter_map(|(of, ask)| Asked::of(format, ask).err().map(|wrong| format!("{of}: {wrong}")))
        .collect()
}

/// What a sink is asked; the error says what is wrong.
type Question = fn(&mut Asked) -> Result<(), String>;

fn gets_all(asked: &mut Asked) -> Result<(), String> {
    let mut receiver = asked.format.receiver();
    asked.until_received(&mut *receiver)?;
    let before = asked.settled_counts()?;
    asked.told.try_iter().for_each(drop);
    asked.all_arrive(&mut *receiver)?;
    // A body that is not whole is left out, and the stream goes on.
    let mut broken = body(asked.next);
    broken.body.iter_mut().for_each(|body| body.joints_mm.truncate(3));
    asked.outputs.send(&broken);
    let _ = asked.witnessed.recv_timeout(SOON);
    asked.next += 1;
    asked.all_arrive(&mut *receiver)?;
    asked.are_counted(Counts { sent: before.sent + 120, not_whole: before.not_whole + 1, ..before })?;
    match asked.told.try_recv() {
        Ok(told) => Err(format!("nothing was lost, and it was told {told:?}")),
        Err(_) => Ok(()),
    }
}

fn comes_and_goes(asked: &mut Asked) -> Result<(), String> {
    let knows = asked.format.knows_absence();
    for _ in 0..2 {
        // Nobody is there: at first, and then again after one closed in the middle of the stream.
        if knows {
            asked.until_told(true)?;
        }
        for _ in 0..20 {
            asked.send()?;
        }
        if knows && asked.counts().lost() == 0 {
            return Err("nobody received, and no loss was counted".into());
        }
        let mut receiver = asked.format.receiver();
        if knows {
            asked.until_told(false)?;
        }
        asked.until_received(&mut *receiver)?;
        asked.all_arrive(&mut *receiver)?;
    }
    Ok(())
}

/// More than a second of bodies that nobody reads, then it reads again.
fn does_not_read(asked: &mut Asked) -> Result<(), String> {
    let mut receiver = asked.format.receiver();
    asked.until_received(&mut *receiver)?;
    for _ in 0..1_500 {
        asked.send()?;
    }
    asked.until_received(&mut *receiver)
}
