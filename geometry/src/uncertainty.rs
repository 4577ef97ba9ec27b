//! The uncertainty of a rig's cameras.

use nalgebra::{Cholesky, DMatrix, DVector, Matrix3, SMatrix, Vector3};

use crate::adjustment::Adjustment;
use crate::camera::Lens;
use crate::loss::{pixel_bend, pixel_weight};
use crate::normal_equations::{BLOCK, NormalEquations};
use crate::points::{BONES, POINT_COUNT};

/// Groups of consecutive instants for the jackknife, which shows errors that last longer than one instant.
const MAX_GROUPS: usize = 10;

/// Offsets in time are about twice as far off as the equations say, since points do not move in straight lines and
/// their velocities are noisy.
const OFFSET_WIDENING: f64 = 2.0;

/// How far one camera may be off: one standard deviation over all directions, the larger of the pixels' covariance and
/// a jackknife over parts of the take. Positions are relative to the person's points after alignment by a similarity,
/// so scale and choice of world do not count. Systematic errors of the joint finder are not included: on real joints
/// the truth was four times farther off, and eight times with all instants from less than half a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty {
    /// Of the rotation, in degrees.
    pub rotation_degrees: f64,
    /// Of the position, in millimetres.
    pub position_mm: f64,
    /// Of the focal length, in percent; `None` if it was given.
    pub focal_percent: Option<f64>,
    /// Of the offset in time, in frames; `None` for camera 0 and if it was not asked for.
    pub time_offset_frames: Option<f64>,
}

/// The covariance of a similarity: translation, rotation and scale.
type Gauge = SMatrix<f64, 7, 7>;

/// Per camera; `None` if the equations do not determine the rig.
pub(crate) fn uncertainties(adjustment: &Adjustment) -> Vec<Option<Uncertainty>> {
    let cameras = adjustment.state.lenses.len();
    Spread::of(adjustment).map_or_else(
        || vec![None; cameras],
        |spread| (0..cameras).map(|camera| spread.camera(adjustment, camera)).collect(),
    )
}

/// The covariances that all cameras share.
struct Spread {
    normal: NormalEquations,
    /// Of the shared unknowns.
    shared: DMatrix<f64>,
    /// Per group of instants the change of the shared unknowns without it.
    without: Vec<DVector<f64>>,
    /// The derivative of the similarity that aligns the points by the shared unknowns.
    by_shared: DMatrix<f64>,
    /// Of that similarity, by the points' own errors.
    own: Gauge,
    /// The mean of all points.
    middle: Vector3<f64>,
}

impl Spread {
    fn of(adjustment: &Adjustment) -> Option<Self> {
        let normal = NormalEquations::build(adjustment);
        let size = normal.shared.nrows();
        let points: Vec<&Vector3<f64>> = adjustment.state.points.iter().flatten().collect();
        let middle = points.iter().copied().sum::<Vector3<f64>>() / points.len().max(1) as f64;
        let mut reduced = normal.shared.clone();
        let mut all = Gauge::zeros();
        let mut noise = Gauge::zeros();
        let mut by_shared = DMatrix::zeros(7, size);
        let groups = normal.blocks.len().min(MAX_GROUPS);
        let mut parts = vec![(DMatrix::zeros(size, size), DVector::zeros(size)); groups];
        for (instant, (block, points)) in normal.blocks.iter().zip(&adjustment.state.points).enumerate() {
            let mut ways = DMatrix::zeros(BLOCK, 7);
            for (point, world) in points.iter().enumerate() {
                ways.view_mut((3 * point, 0), (3, 7)).copy_from(&by_gauge(&(world - middle)));
            }
            let mut own = block.own.clone();
            for at in 0..BLOCK {
                own[(at, at)] += 1e-8;
            }
            let lower = Cholesky::new(own)?.unpack();
            let cross = lower.solve_lower_triangular(&block.cross)?;
            let ways_own = lower.solve_lower_triangular(&ways)?;
            let gradient = lower.solve_lower_triangular(&block.slope)?;
            let folded = cross.tr_mul(&cross);
            let (part, slope) = &mut parts[instant * groups / normal.blocks.len()];
            *part += &block.shared - &folded;
            *slope += &block.shared_slope - cross.tr_mul(&gradient);
            reduced -= folded;
            by_shared += ways_own.tr_mul(&cross);
            noise += ways_own.tr_mul(&ways_own).fixed_view::<7, 7>(0, 0);
            all += ways.tr_mul(&ways).fixed_view::<7, 7>(0, 0);
        }
        let all = all.try_inverse()?;
        let factor = variance_factor(adjustment, size)?;
        let without = parts
            .into_iter()
            .map(|(part, slope)| Some(Cholesky::new(&reduced - part)?.solve(&slope)))
            .collect::<Option<Vec<_>>>()
            .unwrap_or_default();
        let shared = Cholesky::new(reduced)?.inverse() * factor;
        let by_shared = DMatrix::from_column_slice(7, 7, all.as_slice()) * by_shared;
        Some(Self { normal, shared, without, by_shared, own: all * noise * all * factor, middle })
    }

    fn camera(&self, adjustment: &Adjustment, camera: usize) -> Option<Uncertainty> {
        let lens = &adjustment.state.lenses[camera];
        let by_gauge = pose_by_gauge(lens, &self.middle);
        let mut pose = DMatrix::from_column_slice(6, 7, by_gauge.as_slice()) * &self.by_shared;
        if let Some(at) = self.normal.layout.pose(camera) {
            let back = lens.rotation.transpose();
            let place_by_turn = -back * lens.translation.cross_matrix();
            let mut own = pose.view_mut((0, at), (6, 6));
            for row in 0..3 {
                own[(row, row)] += 1.0;
                for column in 0..3 {
                    own[(3 + row, column)] += place_by_turn[(row, column)];
                    own[(3 + row, 3 + column)] -= back[(row, column)];
                }
            }
        }
        let spread = &pose * &self.shared * pose.transpose();
        let noise = by_gauge * self.own * by_gauge.transpose();
        let left_out: Vec<DVector<f64>> = self.without.iter().map(|shift| &pose * shift).collect();
        let size = |from: usize| {
            let by_pixels = (from..from + 3).map(|at| spread[(at, at)] + noise[(at, at)]).sum::<f64>();
            let by_groups = (from..from + 3).map(|at| jackknife(left_out.iter().map(|shift| shift[at]))).sum::<f64>();
            by_pixels.max(by_groups).sqrt()
        };
        let of = |at: Option<usize>| {
            at.map(|at| self.shared[(at, at)].max(jackknife(self.without.iter().map(|shift| shift[at]))).sqrt())
        };
        let found = Uncertainty {
            rotation_degrees: size(0).to_degrees(),
            position_mm: size(3),
            focal_percent: of(self.normal.layout.focal).map(|spread| 100.0 * spread),
            time_offset_frames: of(self.normal.layout.offset(camera)).map(|spread| OFFSET_WIDENING * spread),
        };
        (found.rotation_degrees.is_finite() && found.position_mm.is_finite()).then_some(found)
    }
}

/// The jackknife variance, from the changes without one group each.
fn jackknife(shifts: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let count = shifts.len() as f64;
    if count < 2.0 {
        return 0.0;
    }
    let mean = shifts.clone().sum::<f64>() / count;
    shifts.map(|shift| (shift - mean).powi(2)).sum::<f64>() * (count - 1.0) / count
}

/// The derivative of a position (relative to the middle) by translation, rotation and scale.
fn by_gauge(from_middle: &Vector3<f64>) -> SMatrix<f64, 3, 7> {
    let mut ways = SMatrix::<f64, 3, 7>::zeros();
    ways.fixed_view_mut::<3, 3>(0, 0).copy_from(&Matrix3::identity());
    ways.fixed_view_mut::<3, 3>(0, 3).copy_from(&-from_middle.cross_matrix());
    ways.fixed_view_mut::<3, 1>(0, 6).copy_from(from_middle);
    ways
}

/// The derivative of a camera's rotation (in its own axes) and position by translation, rotation and scale of the
/// world.
fn pose_by_gauge(lens: &Lens, middle: &Vector3<f64>) -> SMatrix<f64, 6, 7> {
    let mut ways = SMatrix::<f64, 6, 7>::zeros();
    ways.fixed_view_mut::<3, 3>(0, 3).copy_from(&-lens.rotation);
    ways.fixed_view_mut::<3, 7>(3, 0).copy_from(&by_gauge(&(lens.position() - middle)));
    ways
}

/// By how much the variance is larger than the weights imply: the robust residuals, corrected for the curvature of the
/// loss and for the degrees of freedom.
fn variance_factor(adjustment: &Adjustment, shared: usize) -> Option<f64> {
    let (mut weights, mut squares, mut bends, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (views, points) in adjustment.views.iter().zip(&adjustment.state.points) {
        for (view, lens) in views.iter().zip(&adjustment.state.lenses) {
            for point in (0..POINT_COUNT).filter(|&point| view.weight[point] > 0.0) {
                let error = (lens.project(&points[point]).px - view.earlier(point, lens.offset)).norm()
                    / (adjustment.sigma_px * lens.unit());
                let (believed, weight) = (view.weight[point], pixel_weight(error));
                weights += believed * weight;
                squares += 0.5 * (believed * weight * error).powi(2);
                bends += believed * 0.5 * (weight + pixel_bend(error));
                count += 2.0;
            }
        }
    }
    let instants = adjustment.state.points.len();
    let equations = count + (BONES.len() * instants) as f64;
    let unknowns = (BLOCK * instants + shared) as f64;
    let freedom = equations - unknowns;
    (freedom > 0.0 && bends > 0.0).then(|| {
        let bent = (bends / weights).max(MIN_BEND);
        squares / weights / (bent * bent) * equations / freedom
    })
}

/// The curvature of the loss is negative for outliers; its mean counts as at least this part of the weights.
const MIN_BEND: f64 = 0.4;
