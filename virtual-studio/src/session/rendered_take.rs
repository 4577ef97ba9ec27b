//! Renders and records one take of a session, and writes its ground truth.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use frame::{CameraId, Encoding, FrameInfo, HostTime, LossReason, Picture, SegmentId, SourcePosition, TriggerIndex};
use pose::labels::{CameraLabels, KeyedBy, Labels, Provenance, VERSION};
use take::session::LABELS_FILE;
use take::{Gap, MaskWriter, SessionTake, TakeInfo, TakeWriter};

use super::truth::{Truth, TruthCamera, TruthFrame};
use super::{RenderError, Script};
use crate::render::Backend;
use crate::rig::VirtualCamera;
use crate::scene::{Cast, LightSource, RenderedView, StudioError, StudioPlan};
use crate::trigger::Delivery;
use crate::{actor, motion};

/// Start of a rendered take's clock, so that every time is positive and far from 0.
const EPOCH_NS: i64 = 1_000_000_000;
/// Minimum coverage of the mask's pixels.
const COVERED: u8 = 128;
/// The quality of a rendered take's trigger and joints.
const TRUTH: &str = "exact";

/// One take to render.
pub(super) struct OneTake<'a> {
    pub script: &'a Script,
    pub plan: &'a StudioPlan,
    pub name: &'a str,
    pub cast: &'a Cast,
    pub backend: &'a Backend,
}

/// The open files of a take.
struct Files {
    writer: TakeWriter,
    masks: MaskWriter,
    labels: Vec<CameraLabels>,
    truth: Vec<TruthCamera>,
    /// By camera: its next sequence number, and the instants that already have labels.
    sequences: Vec<u64>,
    labelled: Vec<BTreeSet<u64>>,
}

impl Files {
    /// A pulse for which a camera delivers nothing.
    fn miss(&mut self, camera: usize) -> Result<(), RenderError> {
        let sequence = &mut self.sequences[camera];
        let (reason, first_sequence) = (LossReason::MissingAtSource, *sequence);
        let camera = CameraId(camera as u16);
        self.writer.write_gap(&Gap { camera, reason, first_sequence, frames: 1, at_ns: EPOCH_NS })?;
        *sequence += 1;
        Ok(())
    }
}

impl OneTake<'_> {
    /// Renders into the folder `partial` and moves the take into place when it is complete. `done` counts pictures.
    pub fn render(&self, partial: &Path, whole: &Path, done: &AtomicU64, stop: &AtomicBool) -> Result<(), RenderError> {
        let scenario = &self.script.scenario;
        let failed = |cause: StudioError| RenderError::Studio { take: self.name.to_owned(), cause };
        let mut studio = self.cast.studio(scenario, self.plan, self.backend).map_err(failed)?;
        let trigger = scenario.trigger(self.plan.seed);
        let cameras: Vec<String> = (0..studio.views()).map(|view| format!("cam{view:02}")).collect();
        let lenses = (0..studio.views()).map(|view| studio.camera(view)).collect::<Result<Vec<_>, _>>();
        let mut files = self.create(partial, &cameras, &lenses.map_err(|cause| failed(cause.into()))?)?;
        for pulse in 0..scenario.instants {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            for camera in 0..cameras.len() {
                let deliveries: Vec<_> = trigger.deliver(camera, pulse).collect();
                // After a slip, a camera shows an earlier instant.
                let Some(shown) = deliveries.first().map(|delivery| delivery.shown) else {
                    files.miss(camera)?;
                    continue;
                };
                let view =
                    studio.view(camera, shown as f64 / scenario.rate_hz).map_err(|cause| failed(cause.into()))?;
                let jpeg = view.jpeg().map_err(|cause| failed(cause.into()))?;
                self.write(&mut files, &view, &jpeg, pulse, &deliveries)?;
            }
            done.fetch_add(cameras.len() as u64, Ordering::Relaxed);
        }
        let made = self.finish(files, 1000.0 * studio.height_m())?;
        fs::rename(&made, whole).map_err(|e| RenderError::io("move into place", whole, e))
    }

    fn create(&self, partial: &Path, cameras: &[String], lenses: &[VirtualCamera]) -> Result<Files, RenderError> {
        let scenario = &self.script.scenario;
        let info = TakeInfo {
            name: self.name.to_owned(),
            rig_toml: rig_toml(scenario.rate_hz, cameras, &self.script.scenario.name),
            cameras: cameras.to_vec(),
            host: "virtual-studio".into(),
            trigger_rate_hz: scenario.rate_hz,
            source_rate_hz: Some(scenario.rate_hz),
        };
        let mut writer = TakeWriter::create_named(partial, self.name, &info)?;
        // Takes lost by a power cut are rendered again, so a sync at the end is enough.
        drop(writer.hand_over_sync()?);
        let masks = MaskWriter::create(writer.directory(), cameras)?;
        let named = || cameras.iter().zip(lenses);
        Ok(Files {
            writer,
            masks,
            labels: named()
                .map(|(name, camera)| CameraLabels {
                    name: name.clone(),
                    size_px: camera.intrinsics.size_px(),
                    frames: vec![],
                })
                .collect(),
            truth: named().map(|(name, camera)| TruthCamera::new(name, camera)).collect(),
            sequences: vec![0; cameras.len()],
            labelled: vec![BTreeSet::new(); cameras.len()],
        })
    }

    fn write(
        &self,
        files: &mut Files,
        view: &RenderedView,
        jpeg: &[u8],
        pulse: u64,
        deliveries: &[Delivery],
    ) -> Result<(), RenderError> {
        let camera = CameraId(view.view as u16);
        let sequence = &mut files.sequences[view.view];
        let (width_px, height_px) = (view.picture.width, view.picture.height);
        for delivery in deliveries {
            let info = FrameInfo {
                camera,
                sequence: *sequence,
                segment: SegmentId::seam(delivery.start),
                trigger: TriggerIndex::Certain(pulse),
                exposure: HostTime::monotonic(EPOCH_NS + delivery.exposure_ns, 0),
                exposure_duration_ns: 0,
                arrival_ns: EPOCH_NS + delivery.arrival_ns,
                device: frame::DeviceStamp::default(),
                source: Some(SourcePosition {
                    index: delivery.shown as u32,
                    length: self.script.scenario.instants as u32,
                }),
                picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px },
            };
            files.writer.write_frame(&info, jpeg)?;
            *sequence += 1;
        }
        let shown = deliveries[0].shown;
        if files.labelled[view.view].insert(shown) {
            let index = shown as u32;
            let mask: Vec<u8> = view.picture.mask.iter().map(|&covered| u8::from(covered >= COVERED)).collect();
            files.masks.write(camera, index, (width_px, height_px), &mask)?;
            files.labels[view.view].frames.extend(view.labels.frame_label(index));
            files.truth[view.view].frames.push(TruthFrame::new(index, &view.labels));
        }
        Ok(())
    }

    fn finish(&self, files: Files, height_mm: f32) -> Result<PathBuf, RenderError> {
        let Files { writer, masks, labels, truth, .. } = files;
        masks.finish()?;
        let labels = Labels {
            version: VERSION,
            truth: TRUTH.into(),
            joint_set: pose::mapping::JOINT_SET.into(),
            provenance: Provenance {
                poses: self.name.to_owned(),
                calibration: "none".into(),
                rate_hz: self.script.scenario.rate_hz,
                unlabelled: vec![],
                source_frames: None,
            },
            keyed_by: KeyedBy::Source,
            cameras: labels,
        };
        labels.write(&writer.directory().join(LABELS_FILE))?;
        let (seed, widened) = (self.plan.seed, self.plan.widened);
        let height_mm = Some(height_mm);
        Truth { take: self.listing(), seed, widened, height_mm, cameras: truth }.write(writer.directory())?;
        Ok(writer.finish()?.directory)
    }

    fn listing(&self) -> SessionTake {
        let plan = self.plan;
        let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let built_in = || format!("built-in-{:016x}", plan.seed);
        let clip = plan.motion.as_ref().map(stem);
        SessionTake {
            name: self.name.to_owned(),
            person: plan.person.as_ref().map_or_else(built_in, |path| actor::identity(&stem(path)).to_owned()),
            action: clip.as_deref().map_or("built-in".into(), motion::action::of_name),
            clip: clip.unwrap_or_else(built_in),
            environment: match &plan.light {
                LightSource::File(path) => stem(path),
                LightSource::BuiltIn(sky) => format!("built-in-{sky:?}").to_lowercase(),
            },
            split: self.script.scenario.split,
        }
    }
}

/// The rig description of a take.
fn rig_toml(rate_hz: f64, cameras: &[String], scenario: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let name = quoted(scenario);
    let head = format!("version = 1\nname = {name}\n\n[trigger]\nmode = \"hardware\"\nrate-hz = {rate_hz:?}\n");
    let camera = |name: &String| format!("\n[[camera]]\nname = {}\ndriver = \"virtual-studio\"\n", quoted(name));
    std::iter::once(head).chain(cameras.iter().map(camera)).collect()
}
