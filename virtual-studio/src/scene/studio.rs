//! One take in front of its cameras.

use glam::Vec3;

use super::imaging::{Imaging, shutter};
use super::scenario::{Rigging, Scenario};
use super::view::{RenderedView, ViewLabels};
use super::{StudioPlan, surroundings};
use crate::render::{Backend, Environment, RenderedPicture, Renderer, Shot, effects};
use crate::rig::{CameraError, CameraRig, PersonBounds, VirtualCamera};
use crate::seed;
use crate::surface::{Performance, Posed};

/// Four samples in each pixel.
const SAMPLES_PER_SIDE: usize = 2;

/// One take: one actor in one motion, one rig, and one place. The same plan gives the same pixels.
pub struct Studio {
    performance: Box<dyn Performance>,
    renderer: Box<dyn Renderer>,
    rig: CameraRig,
    looks: Vec<Imaging>,
    /// Times in seconds around an instant at which the shutter is open.
    shutter_s: Vec<f64>,
    seed: u64,
    body: Posed,
    /// The time of the renderer's body.
    standing_s: Option<f64>,
}

impl Studio {
    /// Sets up a take. `environment` is the one that the plan names.
    ///
    /// # Errors
    /// A camera's position is impossible, given where the person moves.
    pub fn new(
        scenario: &Scenario,
        plan: &StudioPlan,
        performance: Box<dyn Performance>,
        environment: Environment,
        backend: &Backend,
    ) -> Result<Self, CameraError> {
        let stage = PersonBounds::around(&joints_over(&*performance, scenario.instants as f64 / scenario.rate_hz));
        let rig = match &scenario.rigging {
            Rigging::Drawn(layout) => layout.build(&stage, plan.seed)?,
            Rigging::Given(cameras) => CameraRig::fixed(cameras, &stage)?,
        };
        let rig = rig.with_turns(&scenario.turned);
        let start = person(performance.joints(0.0));
        let cameras: Vec<VirtualCamera> =
            (0..rig.views()).map(|view| rig.at(view, 0.0, &start)).collect::<Result<_, _>>()?;
        let set = surroundings::build(plan.background, environment, &scenario.vary, &stage, &cameras, plan.seed);
        let renderer = backend.renderer(performance.parts(), set, SAMPLES_PER_SIDE);
        Ok(Self {
            renderer,
            looks: (0..).zip(&cameras).map(|(camera, _)| Imaging::draw(&scenario.vary, plan.seed, camera)).collect(),
            shutter_s: shutter(&scenario.vary, plan.seed).iter().map(|share| share / scenario.rate_hz).collect(),
            performance,
            rig,
            seed: plan.seed,
            body: Posed::default(),
            standing_s: None,
        })
    }

    pub fn views(&self) -> usize {
        self.rig.views()
    }

    /// A camera at the start of the motion.
    ///
    /// # Errors
    /// As [`Studio::view`].
    pub fn camera(&self, view: usize) -> Result<VirtualCamera, CameraError> {
        self.rig.at(view, 0.0, &person(self.performance.joints(0.0)))
    }

    /// Standing height of the person, in metres.
    pub fn height_m(&self) -> f32 {
        self.performance.height_m()
    }

    /// The view of one camera. Views at the same time share the body and its light.
    ///
    /// # Errors
    /// A moving camera reaches the point at which it looks.
    pub fn view(&mut self, view: usize, time_s: f64) -> Result<RenderedView, CameraError> {
        let mut pictures = Vec::with_capacity(self.shutter_s.len());
        for step in 0..self.shutter_s.len() {
            let at_s = time_s + self.shutter_s[step];
            self.stand(at_s);
            let shot = self.shot(view, at_s)?;
            pictures.push(self.renderer.draw(view, &shot));
        }
        self.finish(view, time_s, pictures)
    }

    /// Poses the body for a time, unless it already has this pose.
    fn stand(&mut self, time_s: f64) {
        if self.standing_s != Some(time_s) {
            self.performance.pose(time_s.max(0.0), &mut self.body);
            self.renderer.set_body(&self.body);
            self.standing_s = Some(time_s);
        }
    }

    fn shot(&self, view: usize, time_s: f64) -> Result<Shot, CameraError> {
        Ok(Shot { camera: self.rig.at(view, time_s, &person(self.body.joints))?, gain: self.looks[view].gain })
    }

    /// Applies lens and sensor, then adds labels.
    fn finish(
        &mut self,
        view: usize,
        time_s: f64,
        pictures: Vec<RenderedPicture>,
    ) -> Result<RenderedView, CameraError> {
        if self.standing_s != Some(time_s) {
            // Labels are for the middle of the exposure; the renderer keeps the last body that it drew.
            self.performance.pose(time_s.max(0.0), &mut self.body);
            self.standing_s = None;
        }
        let camera = self.rig.at(view, time_s, &person(self.body.joints))?;
        let look = &self.looks[view];
        let mut picture = effects::expose(pictures);
        let labels = ViewLabels::new(&self.body, &camera, &picture);
        effects::defocus(&mut picture, look.defocus_px);
        if let Some(sensor) = &look.sensor {
            let mut rng =
                seed::stream_at(seed::derive(self.seed.wrapping_add(view as u64), "noise"), "at", time_s.to_bits());
            sensor.expose(&mut picture, &mut rng);
        }
        Ok(RenderedView { view, picture, labels, jpeg_quality: look.jpeg_quality })
    }
}

/// The joints at some times over a take.
fn joints_over(performance: &dyn Performance, length_s: f64) -> Vec<Vec3> {
    const LOOKS: u32 = 48;
    let times = (0..=LOOKS).map(|look| length_s * f64::from(look) / f64::from(LOOKS));
    times.flat_map(|time_s| performance.joints(time_s).map(Vec3::from)).collect()
}

fn person(joints: [[f32; 3]; 17]) -> PersonBounds {
    PersonBounds::around(&joints.map(Vec3::from))
}
