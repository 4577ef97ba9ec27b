use glam::Vec3;

use super::look::{Look, shutter};
use super::scenario::{Rigging, Scenario};
use super::view::{RenderedView, ViewLabels};
use super::{TakePlan, surroundings};
use crate::render::{Backend, CpuOptions, Environment, Picture, Renderer, Shot, effects};
use crate::rig::{Camera, Rig, RigError, Stage, Subject};
use crate::seed;
use crate::surface::{Performance, Posed};

/// How a studio renders; nothing here changes what is seen, except the quality.
#[derive(Clone, Debug, Default)]
pub struct StudioOptions {
    pub backend: Backend,
    pub renderer: CpuOptions,
}

/// One take: one actor in one motion before one rig in one place. The same plan gives the same pixels.
pub struct Studio {
    performance: Box<dyn Performance>,
    renderer: Box<dyn Renderer>,
    rig: Rig,
    stage: Stage,
    looks: Vec<Look>,
    /// Times in seconds around an instant at which the shutter is open.
    shutter_s: Vec<f64>,
    seed: u64,
    body: Posed,
    /// When the renderer's body was taken.
    standing_s: Option<f64>,
}

impl Studio {
    /// Sets up a take. `environment` is the one that the plan names.
    ///
    /// # Errors
    /// Cameras that cannot be where the scenario has them, given where the person moves.
    pub fn new(
        scenario: &Scenario,
        plan: &TakePlan,
        performance: Box<dyn Performance>,
        environment: Environment,
        options: StudioOptions,
    ) -> Result<Self, RigError> {
        let length_s = performance.duration_s().min(scenario.instants as f64 / scenario.rate_hz);
        let stage = stage(&*performance, length_s);
        let rig = match &scenario.rigging {
            Rigging::Drawn(layout) => layout.build(&stage, plan.seed)?,
            Rigging::Given(cameras) => Rig::fixed(cameras, &stage)?,
        };
        let rig = rig.with_turns(&scenario.turned);
        let start = subject(&performance.joints(0.0));
        let cameras: Vec<Camera> = (0..rig.views()).map(|view| rig.at(view, 0.0, &start)).collect::<Result<_, _>>()?;
        let set = surroundings::build(plan.background, environment, &scenario.vary, &stage, &cameras, plan.seed);
        let renderer = options.backend.renderer(performance.parts(), set, options.renderer);
        Ok(Self {
            renderer,
            looks: (0..).zip(&cameras).map(|(camera, _)| Look::draw(&scenario.vary, plan.seed, camera)).collect(),
            shutter_s: shutter(&scenario.vary, plan.seed).iter().map(|share| share / scenario.rate_hz).collect(),
            performance,
            rig,
            stage,
            seed: plan.seed,
            body: Posed::default(),
            standing_s: None,
        })
    }

    pub fn views(&self) -> usize {
        self.rig.views()
    }

    /// A camera as it is when the motion starts.
    ///
    /// # Errors
    /// As [`Studio::view`].
    pub fn camera(&self, view: usize) -> Result<Camera, RigError> {
        self.rig.at(view, 0.0, &subject(&self.performance.joints(0.0)))
    }

    /// How tall the person stands, in metres.
    pub fn height_m(&self) -> f32 {
        self.performance.height_m()
    }

    /// Where the person is over the take.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What one camera sees. Views that are asked for at the same time share the body and its light.
    ///
    /// # Errors
    /// A moving camera that comes to stand where it looks.
    pub fn view(&mut self, view: usize, time_s: f64) -> Result<RenderedView, RigError> {
        let mut pictures = Vec::with_capacity(self.shutter_s.len());
        for step in 0..self.shutter_s.len() {
            let at_s = time_s + self.shutter_s[step];
            self.stand(at_s);
            let shot = self.shot(view, at_s)?;
            pictures.push(self.renderer.draw(view, &shot));
        }
        self.finish(view, time_s, pictures)
    }

    /// What all cameras see at one time, on as many threads as the renderer has.
    ///
    /// # Errors
    /// As [`Studio::view`].
    pub fn view_all(&mut self, time_s: f64) -> Result<Vec<RenderedView>, RigError> {
        let mut pictures = vec![Vec::with_capacity(self.shutter_s.len()); self.views()];
        for step in 0..self.shutter_s.len() {
            let at_s = time_s + self.shutter_s[step];
            self.stand(at_s);
            let shots: Vec<_> = (0..self.views()).map(|view| self.shot(view, at_s)).collect::<Result<_, _>>()?;
            for (of_view, picture) in pictures.iter_mut().zip(self.renderer.draw_all(&shots)) {
                of_view.push(picture);
            }
        }
        pictures.into_iter().enumerate().map(|(view, pictures)| self.finish(view, time_s, pictures)).collect()
    }

    /// Poses the body for a time, unless it stands so already.
    fn stand(&mut self, time_s: f64) {
        if self.standing_s != Some(time_s) {
            self.performance.pose(time_s.max(0.0), &mut self.body);
            self.renderer.set_body(&self.body);
            self.standing_s = Some(time_s);
        }
    }

    fn shot(&self, view: usize, time_s: f64) -> Result<Shot, RigError> {
        Ok(Shot { camera: self.rig.at(view, time_s, &subject(&self.body.joints))?, gain: self.looks[view].gain })
    }

    /// Lens and sensor, then labels.
    fn finish(&mut self, view: usize, time_s: f64, pictures: Vec<Picture>) -> Result<RenderedView, RigError> {
        if self.standing_s != Some(time_s) {
            // The labels are those of the middle of the exposure; the renderer keeps the last body that it drew.
            self.performance.pose(time_s.max(0.0), &mut self.body);
            self.standing_s = None;
        }
        let camera = self.rig.at(view, time_s, &subject(&self.body.joints))?;
        let look = &self.looks[view];
        let mut picture = effects::expose(pictures);
        let labels = ViewLabels::new(&self.body, &camera, &picture);
        effects::defocus(&mut picture, look.defocus_px);
        if let Some(sensor) = &look.sensor {
            let mut rng =
                seed::stream_at(seed::derive(self.seed.wrapping_add(view as u64), "noise"), "at", time_s.to_bits());
            sensor.expose(&mut picture, &mut rng);
        }
        Ok(RenderedView { view, time_s, picture, labels, jpeg_quality: look.jpeg_quality })
    }
}

fn stage(performance: &dyn Performance, length_s: f64) -> Stage {
    const LOOKS: u32 = 48;
    let times = (0..=LOOKS).map(|look| length_s * f64::from(look) / f64::from(LOOKS));
    let joints: Vec<Vec3> = times.flat_map(|time_s| performance.joints(time_s).map(Vec3::from)).collect();
    let centre = middle(&joints);
    Stage { centre, radius_m: around(centre, &joints) }
}

fn subject(joints: &[[f32; 3]; 17]) -> Subject {
    let joints = joints.map(Vec3::from);
    let centre = middle(&joints);
    Subject { centre, radius_m: around(centre, &joints) }
}

/// Of the box that holds the joints.
fn middle(joints: &[Vec3]) -> Vec3 {
    let none = (Vec3::INFINITY, Vec3::NEG_INFINITY);
    let (low, high) = joints.iter().fold(none, |(low, high), &joint| (low.min(joint), high.max(joint)));
    0.5 * (low + high)
}

/// Radius of a ball that holds the joints and the flesh and hair around them.
fn around(centre: Vec3, joints: &[Vec3]) -> f32 {
    const FLESH_M: f32 = 0.12;
    joints.iter().map(|joint| joint.distance(centre)).fold(0.0, f32::max) + FLESH_M
}
