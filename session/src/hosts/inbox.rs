//! Finds losses by the gaps in the numbers of the views that arrive from one camera of a peer host.

use frame::LossReason;
use transport::{HostView, ViewLabel};

/// Tracks the numbers of the views that arrived from one camera of a peer host.
#[derive(Default)]
pub(super) struct Inbox {
    next: Option<Next>,
}

struct Next {
    incarnation: u64,
    number: u64,
    sequence: u64,
}

impl Inbox {
    /// Frames missing before this view, by reason. `None` for a view that is repeated or out of order.
    pub fn missing(&mut self, view: &HostView) -> Option<Vec<(LossReason, u64)>> {
        let ViewLabel { incarnation, number, .. } = view.label;
        let sequence = view.view.sequence;
        let mut missing = vec![];
        if let Some(next) = self.next.as_ref().filter(|next| next.incarnation == incarnation) {
            let lost = number.checked_sub(next.number)?;
            let skipped = sequence.saturating_sub(next.sequence).saturating_sub(lost);
            // Frames missing beyond the lost views were lost at the peer, before the link.
            let both = [(LossReason::Link, lost), (LossReason::MissingAtSource, skipped)];
            missing.extend(both.into_iter().filter(|(_, frames)| *frames > 0));
        }
        // A restarted process counts from zero; frames that it missed in between are not losses.
        self.next = Some(Next { incarnation, number: number + 1, sequence: sequence + 1 });
        Some(missing)
    }
}

#[cfg(test)]
mod tests {
    use frame::{CameraId, HostTime, SegmentId, TriggerIndex};
    use transport::{Asked, CroppedView};

    use super::*;

    fn view(incarnation: u64, number: u64, sequence: u64) -> HostView {
        let view = CroppedView {
            camera: CameraId(0),
            sequence,
            segment: SegmentId::seam(0),
            trigger: TriggerIndex::Unresolved,
            exposure: HostTime::monotonic(0, 0),
            arrival_ns: 0,
            source: None,
            frame_px: (4, 4),
            crop: None,
            picture: Asked::No,
            unusable: None,
        };
        HostView { label: ViewLabel { incarnation, camera: 0, number, crops_before: 0, preprocessing: 0 }, view }
    }

    #[test]
    fn holes_are_told_apart_by_where_they_arose() {
        let mut inbox = Inbox::default();
        let mut missing = |incarnation, number, sequence| inbox.missing(&view(incarnation, number, sequence));
        assert_eq!(missing(1, 5, 9), Some(vec![]), "frames before it joined are not missing");
        assert_eq!(missing(1, 6, 10), Some(vec![]));
        assert_eq!(missing(1, 9, 13), Some(vec![(LossReason::Link, 2)]));
        assert_eq!(missing(1, 10, 16), Some(vec![(LossReason::MissingAtSource, 2)]));
        assert_eq!(missing(1, 12, 19), Some(vec![(LossReason::Link, 1), (LossReason::MissingAtSource, 1)]));
        assert_eq!(missing(1, 12, 19), None);
        assert_eq!(missing(2, 0, 0), Some(vec![]));
    }
}
