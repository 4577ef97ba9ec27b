//! A rig as [`crate::solve`] finds it.

use nalgebra::Vector3;

use crate::camera::Camera;
use crate::points::{GROUP_COUNT, POINT_COUNT};
use crate::uncertainty::Uncertainty;

/// One camera of a solution.
#[derive(Clone, Debug, PartialEq)]
pub struct SolvedCamera {
    /// Its position, rotation and lens.
    pub camera: Camera,
    /// The median distance in pixels between its joints and the points, over all believed joints.
    pub residual_px: f64,
    /// How far all this may be off, if known.
    pub uncertainty: Option<Uncertainty>,
}

/// A rig found by [`crate::solve`].
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// In the order of the input. The world's axes are camera 0's.
    pub cameras: Vec<SolvedCamera>,
    /// One length per group of [`crate::BONES`], in millimetres.
    pub bone_lengths_mm: [f64; GROUP_COUNT],
    /// Per instant the points in the world, in millimetres; `None` where fewer than two cameras see the person, or few
    /// cameras contradict each other about left and right.
    pub points_mm: Vec<Option<[Vector3<f64>; POINT_COUNT]>>,
    /// How many views had left and right exchanged.
    pub exchanged_views: usize,
    /// How many instants were left out because the two or three cameras contradict each other about left and right.
    pub contradicting_instants: usize,
}

impl Solution {
    /// The cameras alone, as [`crate::triangulate`] and [`crate::fit_body`] take them.
    pub fn cameras(&self) -> Vec<Camera> {
        self.cameras.iter().map(|solved| solved.camera.clone()).collect()
    }
}
