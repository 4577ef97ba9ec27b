//! Sends the views of a peer host to the first host, which adds them to its sets.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use frame::{LossLedger, LossReason};
use transport::{CroppedView, ViewLabel, ViewSink};

use super::peer_state::PeerState;
use crate::sets::assembler::Sinks;
use crate::views::ViewEvent;

/// How long to wait at the end for receipts of the last views.
const LAST_RECEIPTS: Duration = Duration::from_millis(1_500);

/// Runs until every sender of `views` is dropped. It returns no sinks, since the first host assembles the sets.
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
            // Camera states are sent with the questions instead.
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
            // A view that was not sent gets no receipt, and so counts as lost.
            if let Err(error) = out.send(label, &view) {
                tracing::debug!(%error, "could not send a view");
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
