//! Where previews go: to the page, and to a viewer of Rerun.

use std::sync::Arc;

use session::PreviewSink;

use crate::page::PageState;
use crate::pose_outputs::OutputArgs;

/// The sink of all previews; `None` if nobody can watch them. `cameras` are the cameras' names.
#[cfg(not(feature = "rerun"))]
pub fn sink(page: Option<PageState>, _outputs: &OutputArgs, _cameras: &[String]) -> Option<Arc<dyn PreviewSink>> {
    page.map(|page| Arc::new(page) as _)
}

#[cfg(feature = "rerun")]
pub use with_rerun::sink;

#[cfg(feature = "rerun")]
mod with_rerun {
    use outputs::{RerunPicture, RerunPictures};
    use session::PreviewPicture;

    use super::*;

    struct Both {
        page: Option<PageState>,
        rerun: RerunPictures,
        cameras: Vec<String>,
    }

    /// The sink of all previews; `None` if nobody can watch them. `cameras` are the cameras' names.
    pub fn sink(page: Option<PageState>, outputs: &OutputArgs, cameras: &[String]) -> Option<Arc<dyn PreviewSink>> {
        if outputs.rerun.is_none() {
            return page.map(|page| Arc::new(page) as _);
        }
        Some(Arc::new(Both { page, rerun: outputs.rerun_pictures.clone(), cameras: cameras.to_vec() }))
    }

    impl PreviewSink for Both {
        fn wanted(&self) -> bool {
            true
        }

        fn show(&self, preview: PreviewPicture) {
            if let Some(camera) = self.cameras.get(preview.camera.index()) {
                let PreviewPicture { width_px, frame_width_px, exposure_ns, ref jpeg, .. } = preview;
                let picture = RerunPicture { width_px, frame_width_px, exposure_ns, jpeg: jpeg.clone() };
                self.rerun.set(camera, picture);
            }
            if let Some(page) = self.page.as_ref().filter(|page| page.wanted()) {
                page.show(preview);
            }
        }
    }
}
