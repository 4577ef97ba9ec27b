//! What the cameras see: whether each still shows the room whose background was learned, told as events.

use frame::CameraId;
use subject::{Lasting, SceneEvent, SceneFault};

use crate::event::EventKind;

/// The scenes of all cameras.
pub struct Scenes {
    names: Vec<String>,
    faults: Vec<Option<SceneFault>>,
    moved: Vec<CameraId>,
}

impl Scenes {
    pub(crate) fn new(names: &[String]) -> Self {
        Self { names: names.to_vec(), faults: vec![None; names.len()], moved: vec![] }
    }

    /// For each camera why its pictures cannot be used now; `None` while they can. Those of peer hosts are not known.
    pub fn faults(&self) -> &[Option<SceneFault>] {
        &self.faults
    }

    /// The cameras that were found to stand elsewhere at the last check.
    pub fn moved_cameras(&self) -> &[CameraId] {
        &self.moved
    }

    /// Takes what happened to each camera's scene since the last check, and returns what to record of it.
    pub(crate) fn take(&mut self, events: Vec<Vec<SceneEvent>>) -> Vec<(EventKind, String)> {
        self.moved.clear();
        let each =
            events.into_iter().enumerate().flat_map(|(camera, events)| events.into_iter().map(move |e| (camera, e)));
        each.map(|(camera, event)| self.tell(camera, event)).collect()
    }

    fn tell(&mut self, camera: usize, event: SceneEvent) -> (EventKind, String) {
        let name = self.names[camera].as_str();
        match event {
            SceneEvent::Began(fault) => {
                self.faults[camera] = Some(fault);
                let text = format!("{name}: {fault}; its pictures are not used: {}", fault.remedy());
                tracing::warn!("{text}");
                (EventKind::Scene(fault), text)
            }
            SceneEvent::Ended { fault, after_ns, lasting } => {
                self.faults[camera] = None;
                if lasting == Lasting::Place {
                    self.moved.push(CameraId(camera as u16));
                }
                let background = match lasting {
                    Lasting::Nothing => "all is as before, and its background is kept",
                    Lasting::Light => "the light is another one, so its background is learned anew",
                    Lasting::Place => "it sees another place, so its background and its position are found anew",
                };
                let after_s = after_ns as f64 / 1e9;
                let text = format!("{name}: steady again after {after_s:.1} s ({fault}); {background}");
                tracing::warn!("{text}");
                (EventKind::SceneSteady, text)
            }
            SceneEvent::BackgroundLearned => {
                let text = format!("{name}: its background was learned anew; its pictures are used again");
                tracing::info!("{text}");
                (EventKind::BackgroundLearned, text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_camera_sees_is_told_with_its_remedy_and_its_end() {
        let mut scenes = Scenes::new(&["left".to_owned(), "right".to_owned()]);
        let fault = SceneFault::LightsChange(27);
        let told = scenes.take(vec![vec![], vec![SceneEvent::Began(fault)]]);
        assert!(
            matches!(&told[..], [(EventKind::Scene(_), text)] if text.starts_with("right: ") && text.contains("27 %"))
        );
        assert_eq!(scenes.faults(), [None, Some(fault)]);
        let ended = SceneEvent::Ended { fault, after_ns: 3_240_000_000, lasting: Lasting::Place };
        let told = scenes.take(vec![vec![], vec![ended, SceneEvent::BackgroundLearned]]);
        assert!(told[0].1.contains("after 3.2 s") && told[1].0 == EventKind::BackgroundLearned, "{told:?}");
        assert_eq!((scenes.faults(), scenes.moved_cameras()), (&[None, None][..], &[CameraId(1)][..]));
        assert!(scenes.take(vec![vec![], vec![]]).is_empty() && scenes.moved_cameras().is_empty(), "it is told once");
    }
}
