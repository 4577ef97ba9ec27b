//! Where a curve of scores is highest.

/// The shift with the highest score, in fractions of a frame, of a curve from −reach to reach: the top of the parabola
/// that fits best around the highest score. `None` if the highest is not `min_peak` above the mean of the lowest quarter,
/// if it lies at an end, or if there is no top.
pub(super) fn peak(curve: &[f64], min_peak: f64) -> Option<f64> {
    let reach = curve.len() / 2;
    let highest = (0..curve.len()).max_by(|&a, &b| curve[a].total_cmp(&curve[b]))?;
    let mut sorted = curve.to_vec();
    sorted.sort_by(f64::total_cmp);
    let low = &sorted[..(curve.len() / 4).max(1)];
    let base = low.iter().sum::<f64>() / low.len() as f64;
    if curve[highest] - base < min_peak {
        return None;
    }
    // As many scores on either side, or the parabola would lean.
    let side = (reach / 2).max(1).min(highest).min(curve.len() - 1 - highest);
    if side == 0 {
        return None;
    }
    let top = top_of_parabola(&curve[highest - side..=highest + side])?;
    Some(highest as f64 - reach as f64 + top.clamp(-(side as f64), side as f64))
}

/// The place of the top of the parabola that fits these values best, from the middle one; `None` if it opens upwards.
fn top_of_parabola(values: &[f64]) -> Option<f64> {
    let side = (values.len() / 2) as f64;
    let n = values.len() as f64;
    let at = |index: usize| index as f64 - side;
    let sum = |of: &dyn Fn(f64, f64) -> f64| values.iter().enumerate().map(|(i, &y)| of(at(i), y)).sum::<f64>();
    // Places are symmetric, so that odd powers vanish.
    let (x2, x4) = (sum(&|x, _| x * x), sum(&|x, _| x.powi(4)));
    let (y, xy, x2y) = (sum(&|_, y| y), sum(&|x, y| x * y), sum(&|x, y| x * x * y));
    let curvature = (n * x2y - x2 * y) / (n * x4 - x2 * x2);
    let slope = xy / x2;
    (curvature < 0.0).then(|| -slope / (2.0 * curvature))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bump(reach: i32, at: f64, width: f64) -> Vec<f64> {
        (-reach..=reach).map(|shift| 3.0 * (-((f64::from(shift) - at) / width).powi(2)).exp()).collect()
    }

    #[test]
    fn the_top_is_found_to_a_fraction_of_a_frame() {
        for at in [-4.0, -1.3, 0.0, 0.5, 2.4] {
            let found = peak(&bump(8, at, 4.0), 0.3).unwrap();
            assert!((found - at).abs() < 0.25, "{found} for {at}");
        }
    }

    #[test]
    fn flat_curves_and_those_that_rise_to_an_end_have_no_peak() {
        assert_eq!(peak(&[1.0; 17], 0.3), None);
        assert_eq!(peak(&bump(8, 0.0, 4.0), 3.5), None, "too low a peak");
        let rising: Vec<f64> = (0..17).map(f64::from).collect();
        assert_eq!(peak(&rising, 0.3), None);
    }
}
