//! One try at a rig with given focal lengths: first guess, three stages of adjustment, and what is left out.

use nalgebra::{Matrix3, Vector2};

use crate::adjustment::{Adjustment, Free, State};
use crate::camera::Lens;
use crate::error::GeometryError;
use crate::exchange::exchange;
use crate::observation::{Observation, View};
use crate::own_body::turned;
use crate::points::{EXCHANGED, bone_lengths};
use crate::sides::{Sides, contradicts, forwardness};
use crate::solve::{BONE_SIGMA_MM, SIGMA_PX};
use crate::start::Start;

/// Rounds in which views with exchanged sides are mended before the first guess.
const SIDE_ROUNDS: usize = 3;

/// Tries with ever fewer instants before two cameras are given up.
const LEAVING_ROUNDS: usize = 4;

/// What a try needs.
pub(crate) struct Attempt<'a> {
    /// Per camera, in pixels.
    pub focal: &'a [f64],
    /// Per camera, in pixels.
    pub centre: &'a [Vector2<f64>],
    pub least_instants: usize,
    /// What the bone lengths add up to, in millimetres.
    pub length_sum: f64,
    pub free_focal: bool,
    pub time_offsets: bool,
}

/// What a try found.
pub(crate) struct Found {
    pub adjustment: Adjustment,
    /// Of the given instants those that took part.
    pub instants: Vec<usize>,
    /// How many views had left and right exchanged.
    pub exchanged: usize,
    /// Per instant that took part.
    pub mean_cost: f64,
}

/// The views of one instant, per camera.
type Views = Vec<Option<Observation>>;

impl Attempt<'_> {
    /// With two cameras or three, instants at which they contradict each other about left and right are left out.
    pub(crate) fn run(&self, instants: &[Views]) -> Result<Found, GeometryError> {
        let mut kept: Vec<(usize, Views)> = instants.iter().cloned().enumerate().collect();
        for _ in 0..LEAVING_ROUNDS {
            let before = self.mend_sides(&mut kept)?;
            self.refuse_contradictions(kept.len(), instants.len())?;
            let mut views: Vec<Views> = kept.iter().map(|(_, views)| views.clone()).collect();
            let mut adjustment = self.guess(&views)?;
            let (cost, in_stages) = self.stages(&mut adjustment, &mut views)?;
            let bad = self.contradictions(&adjustment.state, &views);
            if !bad.contains(&true) {
                return Ok(Found {
                    adjustment,
                    instants: kept.iter().map(|(instant, _)| *instant).collect(),
                    exchanged: before + in_stages,
                    mean_cost: cost / kept.len() as f64,
                });
            }
            kept = kept.into_iter().zip(&bad).filter(|(_, bad)| !**bad).map(|(kept, _)| kept).collect();
            for (instant, views) in &mut kept {
                views.clone_from(&instants[*instant]);
            }
        }
        Err(GeometryError::SidesInconsistent { contradicting: instants.len() - kept.len(), instants: instants.len() })
    }

    fn refuse_contradictions(&self, kept: usize, instants: usize) -> Result<(), GeometryError> {
        if kept < self.least_instants || 2 * kept < instants {
            return Err(GeometryError::SidesInconsistent { contradicting: instants - kept, instants });
        }
        Ok(())
    }

    fn start<'a>(&'a self, instants: &'a [Vec<Option<&'a Observation>>]) -> Start<'a> {
        Start { focal: self.focal, centre: self.centre, instants, least_shared: self.least_instants }
    }

    /// Exchanges views whose own 3D joints face the other way than the others', and drops instants that stay a
    /// contradiction. Returns how many views were exchanged. With four cameras or more the pixels tell better, and
    /// nothing is done here.
    fn mend_sides(&self, kept: &mut Vec<(usize, Views)>) -> Result<usize, GeometryError> {
        let mut exchanged = 0;
        if self.focal.len() > 3 {
            return Ok(exchanged);
        }
        for _ in 0..SIDE_ROUNDS {
            let views: Vec<_> = kept.iter().map(|(_, views)| references(views)).collect();
            let sides = self.start(&views).sides()?;
            let before = exchanged;
            for ((_, views), sides) in kept.iter_mut().zip(&sides) {
                if let Sides::Exchange(camera) = *sides {
                    views[camera] = views[camera].as_ref().map(Observation::exchanged);
                    exchanged += 1;
                }
            }
            if exchanged == before {
                let good = |sides: &Sides| *sides != Sides::Contradict;
                *kept = std::mem::take(kept)
                    .into_iter()
                    .zip(&sides)
                    .filter(|(_, s)| good(s))
                    .map(|(kept, _)| kept)
                    .collect();
                break;
            }
        }
        Ok(exchanged)
    }

    fn guess(&self, views: &[Views]) -> Result<Adjustment, GeometryError> {
        let observations: Vec<_> = views.iter().map(references).collect();
        let first = self.start(&observations).guess()?;
        let lens = |camera: usize| Lens {
            rotation: first.rotations[camera],
            translation: first.translations[camera],
            focal: self.focal[camera],
            centre: self.centre[camera],
            offset: 0.0,
        };
        let lenses = (0..self.focal.len()).map(lens).collect();
        let flat = |views: &Views| views.iter().map(|view| view.as_ref().map_or_else(View::unseen, View::of)).collect();
        Ok(Adjustment {
            views: views.iter().map(flat).collect(),
            state: State { lenses, log_focal: 0.0, lengths: bone_lengths(&first.points), points: first.points },
            length_sum: self.length_sum,
            free: Free { rig: true, focal: false, offsets: self.time_offsets },
            sigma_px: 25.0,
            bone_sigma_mm: 60.0,
        })
    }

    /// From broad to sharp. Returns the cost and how many views had left and right exchanged.
    fn stages(&self, adjustment: &mut Adjustment, views: &mut [Views]) -> Result<(f64, usize), GeometryError> {
        adjustment.settle(30, 1e-4)?;
        adjustment.sigma_px = 12.0;
        adjustment.bone_sigma_mm = 40.0;
        adjustment.free.focal = self.free_focal;
        adjustment.settle(40, 1e-4)?;
        adjustment.sigma_px = SIGMA_PX;
        adjustment.bone_sigma_mm = BONE_SIGMA_MM;
        adjustment.reinitialise();
        let mut exchanged = 0;
        for (instant, points) in adjustment.state.points.iter().enumerate() {
            for (camera, lens) in adjustment.state.lenses.iter().enumerate() {
                let view = &mut adjustment.views[instant][camera];
                if view.seen() && exchange(lens, view, points) {
                    views[instant][camera] = views[instant][camera].as_ref().map(Observation::exchanged);
                    exchanged += 1;
                }
            }
        }
        let mut cost = adjustment.settle(60, 3e-5)?;
        if adjustment.reinitialise() {
            cost = adjustment.settle(30, 3e-5)?;
        }
        if adjustment.state.lenses.len() == 2 && face_forward(adjustment, views) {
            adjustment.reinitialise();
            cost = adjustment.settle(60, 3e-5)?;
        }
        Ok((cost, exchanged))
    }

    /// Per instant whether the body of two cameras faces another way than one of them says by itself.
    fn contradictions(&self, state: &State, views: &[Views]) -> Vec<bool> {
        if state.lenses.len() > 2 {
            return vec![false; views.len()];
        }
        let rotations: Vec<Matrix3<f64>> = state.lenses.iter().map(|lens| lens.rotation).collect();
        let instants = state.points.iter().zip(views);
        instants
            .map(|(points, views)| {
                let each = views.iter().zip(&state.lenses).zip(&rotations);
                each.into_iter().any(|((view, lens), rotation)| {
                    view.as_ref().is_some_and(|view| {
                        contradicts(&points.map(|point| rotation * point), &turned(view, lens.focal, &lens.centre))
                    })
                })
            })
            .collect()
    }
}

fn references(views: &Views) -> Vec<Option<&Observation>> {
    views.iter().map(Option::as_ref).collect()
}

/// Two views with the same mistake, or of which the wrong one was exchanged, make a body whose front lies behind:
/// exchanges both there. Returns whether there was any.
fn face_forward(adjustment: &mut Adjustment, views: &mut [Views]) -> bool {
    let mut any = false;
    for (instant, points) in adjustment.state.points.iter_mut().enumerate() {
        if forwardness(points) < 0.0 {
            *points = EXCHANGED.map(|from| points[from]);
            for view in &mut adjustment.views[instant] {
                *view = view.exchanged();
            }
            for view in &mut views[instant] {
                *view = view.as_ref().map(Observation::exchanged);
            }
            any = true;
        }
    }
    any
}
