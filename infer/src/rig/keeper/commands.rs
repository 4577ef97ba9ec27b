//! Carries out commands about a rig's geometry.

use body::{RigGeometry, ScaleSource, UpSource, floor_and_front};
use geometry::{Similarity, Up, standing_height_mm};
use nalgebra::{Matrix3, Vector3};
use transport::{RigCommand, RigEventKind};

use super::Keeper;
use super::state::Points;

impl Keeper {
    /// Carries out a command.
    pub fn command(&mut self, command: RigCommand) {
        match command {
            RigCommand::FindAnew => {
                self.forget_geometry();
                self.forget_instants();
                self.frozen = false;
                self.report(RigEventKind::RigCommand, "the geometry is found anew".into());
            }
            RigCommand::Freeze(frozen) => {
                self.frozen = frozen;
                let text = if frozen { "the geometry stays as it is" } else { "the geometry is refined again" };
                self.report(RigEventKind::RigCommand, text.into());
            }
            RigCommand::FloorAndFront => self.floor_and_front(),
            RigCommand::HeightMm(height_mm) => self.state_height(height_mm),
            RigCommand::CameraMoved(camera) => {
                if usize::from(camera) < self.names.len() {
                    self.camera_moved(camera.into(), "most of its picture changed");
                }
            }
        }
    }

    fn floor_and_front(&mut self) {
        let Some((known, body)) = self.known.as_ref().zip(self.last_body) else {
            self.report(RigEventKind::RigCommand, "floor and front need a body, and there is none yet".into());
            return;
        };
        match floor_and_front(&body, known.geometry.up == UpSource::Found) {
            Some(to_world) => {
                let mut geometry = known.geometry.moved_by(&to_world);
                geometry.up = UpSource::Found;
                self.adopt_moved(geometry.with_id(), "moved to the floor and front that were shown");
                self.last_body = Some(body.map(|point| to_world.point(&point)));
            }
            None => self.report(
                RigEventKind::RigCommand,
                "the person does not stand upright, so floor and front remain".into(),
            ),
        }
    }

    fn state_height(&mut self, height_mm: u16) {
        self.height_mm = Some(height_mm);
        let Some(known) = &self.known else {
            self.report(
                RigEventKind::RigCommand,
                format!("the person's height, {height_mm} mm, will be used once the geometry is found"),
            );
            return;
        };
        let bodies: Vec<Points> = self
            .store
            .standing()
            .iter()
            .filter_map(|views| known.placing.body(views).ok()?.filter(|body| !body.is_alone()))
            .map(|body| body.points_mm)
            .collect();
        let up = Up { direction: Vector3::z(), spread_degrees: 0.0, instants: bodies.len() };
        match standing_height_mm(&bodies, &up).filter(|guess| *guess > 0.0) {
            Some(guess) => {
                let scale = f64::from(height_mm) / guess;
                let to_world = Similarity { scale, rotation: Matrix3::identity(), translation_mm: Vector3::zeros() };
                let mut geometry = known.geometry.moved_by(&to_world);
                geometry.scale = ScaleSource::Stated;
                let text = format!("scaled by {scale:.3} to the stated height, {height_mm} mm");
                self.adopt_moved(geometry.with_id(), &text);
                self.last_body = self.last_body.map(|body| body.map(|point| to_world.point(&point)));
            }
            None => {
                let text = "nobody stood upright yet, so the height will be used when the geometry is next found";
                self.report(RigEventKind::RigCommand, text.into());
            }
        }
    }

    /// Adopts the same geometry in another world; cameras that are left out remain so.
    fn adopt_moved(&mut self, geometry: RigGeometry, text: &str) {
        let placed = |camera: usize| self.known.as_ref().is_some_and(|known| known.placing.is_placed(camera));
        let out: Vec<usize> = (0..self.names.len()).filter(|&camera| !placed(camera)).collect();
        for watch in &mut self.watches {
            watch.bodies.clear();
        }
        self.adopt(geometry, text);
        if let Some(known) = &mut self.known {
            out.into_iter().for_each(|camera| known.placing.leave_out(camera));
        }
    }
}
