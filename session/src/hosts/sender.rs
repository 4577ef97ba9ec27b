//! Sends the views of a peer host to the first host, which puts them into its sets.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use frame::{LossLedger, LossReason};
use transport::{CroppedView, ViewLabel, ViewSink};

use super::peer_state::PeerState;
use crate::sets::assembler::Sinks;
use crate::views::ViewEvent;

/// How long the last views may take until they are heard.
const LAST_RECEIPTS: Duration = Duration::from_millis(1_500);

/// Runs until every sender of `views` is gone. It gives no sinks back: sets close at the first host.
pub(crate) fn start(
    views: Receiver<ViewEvent>,
    ledgers: &[LossLedger],
    link: Arc<PeerState>,
    out: ViewSink,
) -> std::io::Result<JoinHandle<Sinks>> {
    let accounts = super::crop_accounts(ledgers);
    std::thread::Builder::new().name("sender".into()).spawn(move || {
        let mut numbers = vec![0; accounts.len()];
        for event in views {
            // What the cameras are doing goes with the questions.
            let ViewEvent::View(view) = event else { continue };
            let (camera, has_crop) = (view.camera.index(), view.crop.is_some());
            let number = numbers[camera];
            numbers[camera] += 1;
            let Some(linked) = link.send(camera, view.exposure, has_crop) else {
                if has_crop {
                    accounts[camera].lose(LossReason::Link);
                }
                continue;
            };
            let label = ViewLabel {
                incarnation: link.incarnation,
                camera: view.camera.0,
                number,
                crops_before: linked.crops_before,
                preprocessing: link.preprocessing,
            };
            let view = CroppedView { exposure: linked.exposure, ..view };
            // What does not leave is not heard of, and so counted.
            if let Err(error) = out.send(label, &view) {
                tracing::debug!(%error, "a view did not leave");
            }
        }
        let until = Instant::now() + LAST_RECEIPTS;
        while link.in_flight() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        link.give_up();
        Sinks::default()
    })
}
