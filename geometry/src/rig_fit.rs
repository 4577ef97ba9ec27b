//! Fits a rig with given first focal lengths: a first guess, three stages of adjustment, instants that are left out.

use nalgebra::{Matrix3, Vector2};

use crate::adjustment::{Adjustment, Free, RigState};
use crate::camera::Lens;
use crate::error::GeometryError;
use crate::exchange::exchange;
use crate::first_guess::GuessInput;
use crate::observation::{Observation, PixelView};
use crate::points::{EXCHANGED, bone_lengths};
use crate::priors::{BONE_SIGMA_MM, SIGMA_PX};
use crate::sides::{Sides, contradicts, forwardness};
use crate::single_view::in_camera_axes;

/// Rounds of correcting exchanged sides before the first guess.
const SIDE_ROUNDS: usize = 3;

/// Fits with ever fewer instants before contradictory views are refused.
const CONTRADICTION_ROUNDS: usize = 4;

/// The input of a fit, besides the views.
pub(crate) struct RigFitter<'a> {
    /// Per camera, in pixels.
    pub focal: &'a [f64],
    /// Per camera, in pixels.
    pub centre: &'a [Vector2<f64>],
    pub min_instants: usize,
    /// The sum of the bone lengths, in millimetres.
    pub length_sum: f64,
    pub free_focal: bool,
    pub time_offsets: bool,
}

/// The result of a fit.
pub(crate) struct RigFit {
    pub adjustment: Adjustment,
    /// The indices of the instants that were used.
    pub instants: Vec<usize>,
    /// How many views had left and right exchanged.
    pub exchanged: usize,
    /// Per instant that was used.
    pub mean_cost: f64,
}

/// The views of one instant, per camera.
type Views = Vec<Option<Observation>>;

impl RigFitter<'_> {
    /// Fits the rig. Instants at which two or three cameras contradict each other about left and right are left out.
    pub(crate) fn run(&self, instants: &[Views]) -> Result<RigFit, GeometryError> {
        let mut used: Vec<(usize, Views)> = instants.iter().cloned().enumerate().collect();
        for _ in 0..CONTRADICTION_ROUNDS {
            let exchanged_before = self.correct_sides(&mut used)?;
            self.refuse_contradictions(used.len(), instants.len())?;
            let mut views: Vec<Views> = used.iter().map(|(_, views)| views.clone()).collect();
            let mut adjustment = self.guess(&views)?;
            let (cost, exchanged_later) = self.stages(&mut adjustment, &mut views)?;
            let bad = self.contradictions(&adjustment.state, &views);
            if !bad.contains(&true) {
                return Ok(RigFit {
                    adjustment,
                    instants: used.iter().map(|(instant, _)| *instant).collect(),
                    exchanged: exchanged_before + exchanged_later,
                    mean_cost: cost / used.len() as f64,
                });
            }
            used = used.into_iter().zip(&bad).filter(|(_, bad)| !**bad).map(|(used, _)| used).collect();
            for (instant, views) in &mut used {
                views.clone_from(&instants[*instant]);
            }
        }
        Err(GeometryError::SidesInconsistent { contradicting: instants.len() - used.len(), instants: instants.len() })
    }

    fn refuse_contradictions(&self, used: usize, instants: usize) -> Result<(), GeometryError> {
        if used < self.min_instants || 2 * used < instants {
            return Err(GeometryError::SidesInconsistent { contradicting: instants - used, instants });
        }
        Ok(())
    }

    fn guess_input<'a>(&'a self, instants: &'a [Vec<Option<&'a Observation>>]) -> GuessInput<'a> {
        GuessInput { focal: self.focal, centre: self.centre, instants, min_shared: self.min_instants }
    }

    /// Exchanges the sides of views whose own 3D joints face the other way than the others', and drops instants that
    /// remain contradictory. Returns how many views were exchanged. Does nothing for four or more cameras, where the
    /// pixels are a better guide.
    fn correct_sides(&self, used: &mut Vec<(usize, Views)>) -> Result<usize, GeometryError> {
        let mut exchanged = 0;
        if self.focal.len() > 3 {
            return Ok(exchanged);
        }
        for _ in 0..SIDE_ROUNDS {
            let views: Vec<_> = used.iter().map(|(_, views)| references(views)).collect();
            let sides = self.guess_input(&views).sides()?;
            let before = exchanged;
            for ((_, views), sides) in used.iter_mut().zip(&sides) {
                if let Sides::Exchange(camera) = *sides {
                    views[camera] = views[camera].as_ref().map(Observation::exchanged);
                    exchanged += 1;
                }
            }
            if exchanged == before {
                let good = |sides: &Sides| *sides != Sides::Contradict;
                *used = std::mem::take(used)
                    .into_iter()
                    .zip(&sides)
                    .filter(|(_, s)| good(s))
                    .map(|(used, _)| used)
                    .collect();
                break;
            }
        }
        Ok(exchanged)
    }

    fn guess(&self, views: &[Views]) -> Result<Adjustment, GeometryError> {
        let observations: Vec<_> = views.iter().map(references).collect();
        let first = self.guess_input(&observations).guess()?;
        let lens = |camera: usize| Lens {
            rotation: first.rotations[camera],
            translation: first.translations[camera],
            focal: self.focal[camera],
            centre: self.centre[camera],
            offset: 0.0,
        };
        let lenses = (0..self.focal.len()).map(lens).collect();
        let flat = |views: &Views| {
            views.iter().map(|view| view.as_ref().map_or_else(PixelView::unseen, PixelView::of)).collect()
        };
        Ok(Adjustment {
            views: views.iter().map(flat).collect(),
            state: RigState { lenses, log_focal: 0.0, lengths: bone_lengths(&first.points), points: first.points },
            length_sum: self.length_sum,
            free: Free { rig: true, focal: false, offsets: self.time_offsets },
            sigma_px: 25.0,
            bone_sigma_mm: 60.0,
        })
    }

    /// Adjusts with ever smaller standard deviations. Returns the cost, and how many views had left and right
    /// exchanged.
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

    /// Per instant whether, with two cameras, the body faces another way than the own 3D joints of one of them.
    fn contradictions(&self, state: &RigState, views: &[Views]) -> Vec<bool> {
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
                        contradicts(
                            &points.map(|point| rotation * point),
                            &in_camera_axes(view, lens.focal, &lens.centre),
                        )
                    })
                })
            })
            .collect()
    }
}

fn references(views: &Views) -> Vec<Option<&Observation>> {
    views.iter().map(Option::as_ref).collect()
}

/// If both of two views took left for right, or the wrong one was exchanged, the body's front is at its back. Exchanges
/// both views of such instants, and returns whether there were any.
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
