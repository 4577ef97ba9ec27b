//! The normal equations of one round: a dense block per instant, eliminated to leave the few shared unknowns.

use nalgebra::{Cholesky, DMatrix, DVector, Matrix2x3, Vector2, Vector3};

use crate::adjustment::Adjustment;
use crate::camera::Lens;
use crate::loss::{bone_weight, pixel_weight};
use crate::observation::PixelView;
use crate::points::{BONES, GROUP_COUNT, POINT_COUNT};
use crate::priors::{FOCAL_SIGMA, LENGTH_SUM_SIGMA_MM, OFFSET_SIGMA};

/// The unknowns of one instant.
pub(crate) const BLOCK: usize = 3 * POINT_COUNT;

/// The index of each shared unknown.
#[derive(Clone, Debug)]
pub(crate) struct UnknownLayout {
    rig: bool,
    pub focal: Option<usize>,
    offsets: Option<usize>,
    pub lengths: Option<usize>,
    size: usize,
}

impl UnknownLayout {
    fn of(adjustment: &Adjustment) -> Self {
        let others = adjustment.state.lenses.len() - 1;
        let free = adjustment.free;
        let mut size = 0;
        let mut take = |wanted: bool, count: usize| {
            wanted.then(|| {
                size += count;
                size - count
            })
        };
        take(free.rig, 6 * others);
        let focal = take(free.focal, 1);
        let offsets = take(free.offsets, others);
        let lengths = take(free.rig, GROUP_COUNT);
        Self { rig: free.rig, focal, offsets, lengths, size }
    }

    /// Where a camera's rotation begins; its translation follows.
    pub(crate) fn pose(&self, camera: usize) -> Option<usize> {
        (self.rig && camera > 0).then(|| 6 * (camera - 1))
    }

    /// The index of a camera's offset in time.
    pub(crate) fn offset(&self, camera: usize) -> Option<usize> {
        self.offsets.filter(|_| camera > 0).map(|at| at + camera - 1)
    }
}

/// The part of one instant.
pub(crate) struct InstantBlock {
    /// Points by points.
    pub own: DMatrix<f64>,
    /// Points by shared unknowns.
    pub cross: DMatrix<f64>,
    /// The gradient of the points.
    pub slope: DVector<f64>,
    /// This instant's part of the shared unknowns by themselves.
    pub shared: DMatrix<f64>,
    /// This instant's part of the shared unknowns' gradient.
    pub shared_slope: DVector<f64>,
}

pub(crate) struct NormalEquations {
    pub layout: UnknownLayout,
    pub blocks: Vec<InstantBlock>,
    /// The shared unknowns by themselves, before elimination.
    pub shared: DMatrix<f64>,
    slope: DVector<f64>,
}

/// How all unknowns change in one round.
pub(crate) struct EquationStep {
    /// The shared unknowns, in the order of the layout.
    pub globals: DVector<f64>,
    /// Per instant and point.
    pub points: Vec<[Vector3<f64>; POINT_COUNT]>,
}

impl NormalEquations {
    pub(crate) fn build(adjustment: &Adjustment) -> Self {
        let layout = UnknownLayout::of(adjustment);
        let size = layout.size;
        let mut normal =
            Self { layout, blocks: Vec::new(), shared: DMatrix::zeros(size, size), slope: DVector::zeros(size) };
        for instant in 0..adjustment.state.points.len() {
            let mut block = InstantBlock {
                own: DMatrix::zeros(BLOCK, BLOCK),
                cross: DMatrix::zeros(BLOCK, size),
                slope: DVector::zeros(BLOCK),
                shared: DMatrix::zeros(size, size),
                shared_slope: DVector::zeros(size),
            };
            normal.add_pixels(&mut block, adjustment, instant);
            normal.add_bones(&mut block, adjustment, instant);
            normal.shared += &block.shared;
            normal.slope += &block.shared_slope;
            normal.blocks.push(block);
        }
        normal.add_priors(adjustment);
        normal
    }

    fn add_pixels(&self, block: &mut InstantBlock, adjustment: &Adjustment, instant: usize) {
        let mut columns: Vec<(usize, Vector2<f64>)> = Vec::with_capacity(8);
        for (camera, lens) in adjustment.state.lenses.iter().enumerate() {
            let view = &adjustment.views[instant][camera];
            for point in (0..POINT_COUNT).filter(|&point| view.weight[point] > 0.0) {
                let world = &adjustment.state.points[instant][point];
                let (residual, by_point) = self.linearise(&mut columns, camera, lens, view, point, world);
                let sigma = adjustment.sigma_px * lens.unit();
                let weight = view.weight[point] * pixel_weight(residual.norm() / sigma) / (sigma * sigma);
                let at = 3 * point;
                let weighted = by_point.transpose() * weight;
                let mut own = block.own.fixed_view_mut::<3, 3>(at, at);
                own += weighted * by_point;
                let mut slope = block.slope.fixed_rows_mut::<3>(at);
                slope += weighted * residual;
                for (column, derivative) in &columns {
                    let mut cross = block.cross.fixed_view_mut::<3, 1>(at, *column);
                    cross += weighted * derivative;
                    block.shared_slope[*column] += weight * derivative.dot(&residual);
                    for (other, derivative_other) in &columns {
                        block.shared[(*column, *other)] += weight * derivative.dot(derivative_other);
                    }
                }
            }
        }
    }

    /// A pixel's error, its derivative by the point and, in `columns`, by each shared unknown that it depends on.
    fn linearise(
        &self,
        columns: &mut Vec<(usize, Vector2<f64>)>,
        camera: usize,
        lens: &Lens,
        view: &PixelView,
        point: usize,
        world: &Vector3<f64>,
    ) -> (Vector2<f64>, Matrix2x3<f64>) {
        let seen = lens.project(world);
        let by_seen = seen.by_seen(lens.focal);
        columns.clear();
        if let Some(at) = self.layout.pose(camera) {
            let by_pose = seen.by_pose(lens.focal);
            columns.extend((0..6).map(|column| (at + column, by_pose.column(column).into_owned())));
        }
        if let Some(at) = self.layout.focal {
            columns.push((at, seen.px - lens.centre));
        }
        if let Some(at) = self.layout.offset(camera) {
            columns.push((at, view.velocity[point]));
        }
        (seen.px - view.earlier(point, lens.offset), by_seen * lens.rotation)
    }

    fn add_bones(&self, block: &mut InstantBlock, adjustment: &Adjustment, instant: usize) {
        let points = &adjustment.state.points[instant];
        let sigma = adjustment.bone_sigma_mm;
        for bone in &BONES {
            let along = points[bone.from] - points[bone.to];
            let length = along.norm() + 1e-6;
            let along = along / length;
            let error = length - adjustment.state.lengths[bone.group];
            let weight = bone_weight(error / sigma) / (sigma * sigma);
            let square = weight * along * along.transpose();
            let (from, to) = (3 * bone.from, 3 * bone.to);
            for (row, column, sign) in [(from, from, 1.0), (to, to, 1.0), (from, to, -1.0), (to, from, -1.0)] {
                let mut own = block.own.fixed_view_mut::<3, 3>(row, column);
                own += sign * square;
            }
            for (at, sign) in [(from, 1.0), (to, -1.0)] {
                let mut slope = block.slope.fixed_rows_mut::<3>(at);
                slope += sign * weight * error * along;
                if let Some(lengths) = self.layout.lengths {
                    let mut cross = block.cross.fixed_view_mut::<3, 1>(at, lengths + bone.group);
                    cross -= sign * weight * along;
                }
            }
            if let Some(lengths) = self.layout.lengths {
                let at = lengths + bone.group;
                block.shared[(at, at)] += weight;
                block.shared_slope[at] -= weight * error;
            }
        }
    }

    fn add_priors(&mut self, adjustment: &Adjustment) {
        let state = &adjustment.state;
        if let Some(lengths) = self.layout.lengths {
            let weight = LENGTH_SUM_SIGMA_MM.powi(-2);
            let error = state.lengths.iter().sum::<f64>() - adjustment.length_sum;
            self.shared.view_mut((lengths, lengths), (GROUP_COUNT, GROUP_COUNT)).add_scalar_mut(weight);
            self.slope.rows_mut(lengths, GROUP_COUNT).add_scalar_mut(weight * error);
        }
        if let Some(at) = self.layout.focal {
            self.shared[(at, at)] += FOCAL_SIGMA.powi(-2);
            self.slope[at] += state.log_focal * FOCAL_SIGMA.powi(-2);
        }
        for (camera, lens) in state.lenses.iter().enumerate() {
            if let Some(at) = self.layout.offset(camera) {
                self.shared[(at, at)] += OFFSET_SIGMA.powi(-2);
                self.slope[at] += lens.offset * OFFSET_SIGMA.powi(-2);
            }
        }
    }

    /// The step of all unknowns, or `None` if the equations do not determine it.
    pub(crate) fn solve(&self, damping: f64) -> Option<EquationStep> {
        let mut shared = self.shared.clone();
        damp(&mut shared, damping, 1e-9);
        let mut slope = self.slope.clone();
        let mut reduced = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let mut own = block.own.clone();
            damp(&mut own, damping, 1e-8);
            let lower = Cholesky::new(own)?.unpack();
            let cross = lower.solve_lower_triangular(&block.cross)?;
            let gradient = lower.solve_lower_triangular(&block.slope)?;
            shared.gemm_tr(-1.0, &cross, &cross, 1.0);
            slope.gemv_tr(-1.0, &cross, &gradient, 1.0);
            reduced.push((lower, cross, gradient));
        }
        let globals = if self.layout.size == 0 { slope } else { -Cholesky::new(shared)?.solve(&slope) };
        let mut steps = Vec::with_capacity(reduced.len());
        for (lower, cross, gradient) in reduced {
            let step = -lower.tr_solve_lower_triangular(&(gradient + cross * &globals))?;
            steps.push(std::array::from_fn(|point| step.fixed_rows::<3>(3 * point).into_owned()));
        }
        Some(EquationStep { globals, points: steps })
    }
}

/// Adds a part of the diagonal and a constant to it.
fn damp(matrix: &mut DMatrix<f64>, part: f64, constant: f64) {
    for at in 0..matrix.nrows() {
        matrix[(at, at)] += part * matrix[(at, at)] + constant;
    }
}
