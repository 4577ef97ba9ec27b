//! Shares among the texels around each texel.

/// For each texel, the share of `true` among the texels up to `reach` away across and down; texels without a value do
/// not count.
pub(crate) fn share(answers: &[Option<bool>], width: usize, reach: usize) -> Vec<f32> {
    let count = |answer: &Option<bool>| match answer {
        Some(yes) => [f32::from(*yes), 1.0],
        None => [0.0; 2],
    };
    let mut sums: Vec<[f32; 2]> = answers.iter().map(count).collect();
    let height = sums.len() / width.max(1);
    for row in 0..height {
        sum_along(&mut sums, row * width, 1, width, reach);
    }
    for column in 0..width {
        sum_along(&mut sums, column, width, height, reach);
    }
    sums.into_iter().map(|[yes, all]| if all > 0.0 { yes / all } else { 0.0 }).collect()
}

/// Running sums over `2 reach + 1` values of one row or column. Counts are integers, so the sums are exact.
fn sum_along(values: &mut [[f32; 2]], first: usize, stride: usize, count: usize, reach: usize) {
    let line: Vec<[f32; 2]> = (0..count).map(|i| values[first + i * stride]).collect();
    let mut sum = [0.0f32; 2];
    for i in 0..count + reach {
        if let Some(entering) = line.get(i) {
            sum = [sum[0] + entering[0], sum[1] + entering[1]];
        }
        if let Some(leaving) = i.checked_sub(2 * reach + 1).and_then(|i| line.get(i)) {
            sum = [sum[0] - leaving[0], sum[1] - leaving[1]];
        }
        if let Some(middle) = i.checked_sub(reach) {
            values[first + middle * stride] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_square_around() {
        let (width, height, reach) = (7, 5, 1);
        let answers: Vec<_> = (0..width * height).map(|i| (i % 5 != 0).then_some(i % 3 == 0)).collect();
        let shares = share(&answers, width, reach);
        for y in 0..height {
            for x in 0..width {
                let near: Vec<bool> = (y.saturating_sub(reach)..(y + reach + 1).min(height))
                    .flat_map(|v| (x.saturating_sub(reach)..(x + reach + 1).min(width)).map(move |u| v * width + u))
                    .filter_map(|i| answers[i])
                    .collect();
                let expected = near.iter().filter(|&&yes| yes).count() as f32 / near.len() as f32;
                assert_eq!(shares[y * width + x], expected);
            }
        }
    }
}
