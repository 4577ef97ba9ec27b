//! What stands where the assembler does on the first host: views in, and out to the first host.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use frame::{FrameInfo, LossLedger, LossReason};
use transport::{ViewLabel, ViewSink};

use super::other::Shared;
use crate::session::moments::Sinks;
use crate::session::subjects::Cropped;

/// How long the last views may take until they are heard.
const LAST_WORD: Duration = Duration::from_millis(1_500);

/// Runs until every sender of `views` is gone. It gives no sinks back: sets close at the first host.
pub fn start(
    views: Receiver<Cropped>,
    ledgers: &[LossLedger],
    link: Arc<Shared>,
    out: ViewSink,
) -> std::io::Result<JoinHandle<Sinks>> {
    let accounts = super::crop_accounts(ledgers);
    std::thread::Builder::new().name("sender".into()).spawn(move || {
        let mut numbers = vec![0; accounts.len()];
        for word in views {
            // How the cameras are doing goes with the questions.
            let Cropped::View { info, sample, picture } = word else { continue };
            let camera = info.camera.index();
            let number = numbers[camera];
            numbers[camera] += 1;
            let Some(linked) = link.send(camera, info.exposure, sample.is_some()) else {
                if sample.is_some() {
                    accounts[camera].lose(LossReason::Link);
                }
                continue;
            };
            let label = ViewLabel {
                incarnation: link.incarnation,
                camera: info.camera.0,
                number,
                crops_before: linked.crops_before,
                preprocessing: link.preprocessing,
            };
            let info = FrameInfo { exposure: linked.exposure, ..info };
            // What does not leave is not heard of, and so counted.
            if let Err(error) = out.send(label, &info, sample.as_ref(), &picture) {
                tracing::debug!(%error, "a view did not leave");
            }
        }
        let until = Instant::now() + LAST_WORD;
        while link.in_flight() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        link.give_up();
        Sinks::none()
    })
}
