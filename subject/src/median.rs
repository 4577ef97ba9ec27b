//! The median of several pictures, pixel by pixel.

/// Number of values sorted in parallel, so that the compiler can use vector minima and maxima.
const LANES: usize = 64;

/// The median, per position, of pictures of equal length; of an even number, the upper of the middle two. `pictures`
/// must not be empty.
pub fn median(pictures: &[Vec<u8>]) -> Vec<u8> {
    let length = pictures[0].len();
    let mut out = vec![0; length];
    let mut columns = vec![[0u8; LANES]; pictures.len()];
    for start in (0..length).step_by(LANES) {
        let lanes = LANES.min(length - start);
        for (column, picture) in columns.iter_mut().zip(pictures) {
            column[..lanes].copy_from_slice(&picture[start..start + lanes]);
        }
        sort(&mut columns);
        out[start..start + lanes].copy_from_slice(&columns[pictures.len() / 2][..lanes]);
    }
    out
}

/// Odd-even transposition: data-independent, and every step is a minimum and a maximum of whole lanes.
fn sort(columns: &mut [[u8; LANES]]) {
    for round in 0..columns.len() {
        for pair in columns[round % 2..].chunks_exact_mut(2) {
            let (low, high) = pair.split_at_mut(1);
            for (a, b) in low[0].iter_mut().zip(&mut high[0]) {
                (*a, *b) = ((*a).min(*b), (*a).max(*b));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_middle_of_the_sorted(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 70), 1..28)) {
            let got = median(&values);
            for i in 0..70 {
                let mut column: Vec<u8> = values.iter().map(|picture| picture[i]).collect();
                column.sort_unstable();
                prop_assert_eq!(got[i], column[values.len() / 2]);
            }
        }
    }
}
