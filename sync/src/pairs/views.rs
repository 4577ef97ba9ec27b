//! Bit masks of the views of an instant.

/// The views in a mask, ascending.
pub(crate) fn views(mask: u32) -> impl Iterator<Item = u16> + Clone {
    (0..32u16).filter(move |&view| mask >> view & 1 == 1)
}

/// The `nth` view of a mask.
pub(crate) fn nth_view(mask: u32, nth: usize) -> Option<u16> {
    views(mask).nth(nth)
}

/// A joint distribution of two *different* views, as (first, second, probability): the first from `a` and the second
/// from `b`, each uniform on its own mask. So views never reveal the class of a pair, whichever views an instant lacks.
/// Needs two views in each mask.
///
/// The product of the two uniform distributions has the right margins, but may draw the same view twice. The
/// probability of that is moved without changing a margin: with several common views it is spread over the pairs among
/// these; with a single one it moves to that view's row and column, and the other pairs are reduced to compensate.
pub(crate) fn different_views(a: u32, b: u32) -> impl Iterator<Item = (u16, u16, f64)> {
    let (n, m) = (f64::from(a.count_ones()), f64::from(b.count_ones()));
    let common = a & b;
    let c = f64::from(common.count_ones());
    let is_common = move |view: u16| common >> view & 1 == 1;
    views(a).flat_map(move |u| views(b).map(move |w| (u, w))).filter(|(u, w)| u != w).map(move |(u, w)| {
        let factor = match (is_common(u), is_common(w)) {
            (true, true) => 1.0 + 1.0 / (c - 1.0),
            _ if c != 1.0 => 1.0,
            (true, false) => 1.0 + 1.0 / (m - 1.0),
            (false, true) => 1.0 + 1.0 / (n - 1.0),
            (false, false) => 1.0 - 1.0 / ((n - 1.0) * (m - 1.0)),
        };
        (u, w, factor / (n * m))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn views_differ_and_both_margins_are_uniform(a in 0u32..1 << 6, b in 0u32..1 << 6) {
            prop_assume!(a.count_ones() >= 2 && b.count_ones() >= 2);
            let (mut first, mut second) = ([0.0; 6], [0.0; 6]);
            for (u, w, weight) in different_views(a, b) {
                prop_assert!(u != w && weight >= 0.0);
                first[usize::from(u)] += weight;
                second[usize::from(w)] += weight;
            }
            for view in 0..6 {
                let uniform = |mask: u32| f64::from(mask >> view & 1) / f64::from(mask.count_ones());
                prop_assert!((first[view] - uniform(a)).abs() < 1e-12);
                prop_assert!((second[view] - uniform(b)).abs() < 1e-12);
            }
        }
    }
}
