//! The messages of a stream of bodies.

use std::time::Instant;

use body::{joint_confidence, joint_views, joints, landmark_views, landmarks};
use frame::monotonic_now_ns;
use geometry::{Observation, POINT_COUNT};
use nalgebra::Vector3;
use transport::{
    BodyPose, CommandSource, FinderSet, FinderSetSource, FinderView, FrameOfReference, HintSink, ModelOrigin,
    POSE_SCHEMA_VERSION, PoseMessage, PoseSink, ViewPose,
};

use super::LiveBodies;
use crate::engine::trigger_state;
use crate::fused_pose::fused;
use crate::not_known;
use crate::rig::Placed;

impl<S: FinderSetSource, P: PoseSink, H: HintSink, C: CommandSource> LiveBodies<S, P, H, C> {
    /// Sends poses and body of a set, found by the network of this name.
    pub(super) fn stream(
        &mut self,
        set: &FinderSet,
        observations: &[Option<Observation>],
        placed: Option<&Placed>,
        model: String,
        model_origin: Option<ModelOrigin>,
    ) {
        let body = placed.map(|placed| self.body(set, placed));
        let poses: Vec<_> = set
            .views
            .iter()
            .filter_map(|view| Some(view_pose(view, observations.get(view.camera.index())?.as_ref()?)))
            .collect();
        let message = PoseMessage {
            version: POSE_SCHEMA_VERSION,
            set_index: set.set.0,
            trigger_index: set.trigger.pulse(),
            trigger_state: trigger_state(set.trigger),
            segment: set.segment.number(),
            exposure_ns: set.exposure.ns,
            exposure_utc_ns: None,
            source_index: set.source.map(|source| source.index),
            model,
            model_origin,
            latency_ms: (monotonic_now_ns() - set.exposure.ns) as f64 / 1e6,
            body,
            fused_mm: self.keeper.geometry().is_none().then(|| fused(&poses)).flatten(),
            poses,
            not_known: None,
        };
        self.answered += 1;
        self.recent.add(message.latency_ms, Instant::now());
        self.links.poses.send(&message).unwrap_or_else(|error| tracing::warn!(%error, "poses not sent"));
    }

    /// Sends that nothing is known of a set, if too few of its views can be used.
    pub(super) fn says_not_known(&mut self, set: &FinderSet) -> bool {
        self.not_known = not_known::why(set, self.keeper.names());
        let Some(why) = self.not_known.clone() else { return false };
        self.filter.restart();
        self.finder.forget();
        let message = not_known::message(set, self.finder_name.clone(), why);
        self.links.poses.send(&message).unwrap_or_else(|error| tracing::warn!(%error, "poses not sent"));
        true
    }

    fn body(&mut self, set: &FinderSet, placed: &Placed) -> BodyPose {
        let geometry_id = self.keeper.geometry().map(|geometry| geometry.id.clone()).unwrap_or_default();
        // A jump by a change of geometry is not motion, and must not be smoothed.
        if self.smoothed_with.as_ref() != Some(&geometry_id) {
            self.filter.restart();
            self.smoothed_with = Some(geometry_id.clone());
        }
        // Nor is a jump to the body of a single view, which may be 20 cm off.
        let points = if placed.is_alone() {
            self.filter.restart();
            placed.points_mm
        } else {
            self.filter.smooth(set.exposure.ns, &placed.points_mm)
        };
        let mm = |point: Vector3<f64>| [point.x as f32, point.y as f32, point.z as f32];
        let few = |views: usize| u8::try_from(views).unwrap_or(u8::MAX);
        BodyPose {
            person: 0,
            geometry_id,
            joints_mm: joints(&points).map(mm).to_vec(),
            landmarks_mm: landmarks(&points).map(mm).to_vec(),
            uncertainty_mm: placed.uncertainty_mm.map(|mm| mm as f32).to_vec(),
            joint_views: joint_views(&placed.near_views).map(few).to_vec(),
            landmark_views: landmark_views(&placed.near_views).map(few).to_vec(),
            cameras: placed.views.iter().map(|&camera| camera as u16).collect(),
        }
    }
}

/// The person as seen by one view.
fn view_pose(FinderView { camera, picture, .. }: &FinderView, seen: &Observation) -> ViewPose {
    let in_mm: [Vector3<f64>; POINT_COUNT] = seen.root_relative_mm.map(Vector3::from);
    let in_px: [Vector3<f64>; POINT_COUNT] = seen.px.map(|[x, y]| Vector3::new(x, y, 0.0));
    let mm = |point: Vector3<f64>| [point.x as f32, point.y as f32, point.z as f32];
    let size = [picture.width as f32, picture.height as f32];
    ViewPose {
        camera: camera.0,
        person: 0,
        frame_of_reference: FrameOfReference::LookAtSubject,
        joints_mm: joints(&in_mm).map(mm).to_vec(),
        confidence: Some(joint_confidence(&seen.weight).map(|sure| sure as f32).to_vec()),
        joints_2d_px: Some(joints(&in_px).map(|at| [at.x as f32, at.y as f32]).to_vec()),
        crop_centre_px: std::array::from_fn(|axis| picture.origin_px[axis] + size[axis] * picture.scale / 2.0),
        crop_side_px: size[0].max(size[1]) * picture.scale,
    }
}
