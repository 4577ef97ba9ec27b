use proptest::prelude::*;

use super::*;
use crate::timeline::fit;

struct Filmed {
    name: &'static str,
    times_s: Vec<f64>,
    pace: Pace,
}

fn filmed(name: &'static str, times_s: Vec<f64>) -> Filmed {
    let pace = fit(&times_s, 1e-6).unwrap();
    Filmed { name, times_s, pace }
}

fn constant(name: &'static str, rate_hz: f64, pictures: u32) -> Filmed {
    filmed(name, (0..pictures).map(|n| f64::from(n) / rate_hz).collect())
}

fn planned(filmed: &[Filmed], rates: Rates) -> Result<Axis, Problem> {
    let views: Vec<_> =
        filmed.iter().map(|one| View { name: one.name, times_s: &one.times_s, pace: &one.pace }).collect();
    plan_views(&views, rates, Lengths::Common)
}

#[test]
fn equal_rates_stay_as_they_are() {
    let axis = planned(&[constant("a", 30.0, 90), constant("b", 30.0, 90)], Rates::MustBeEqual).unwrap();
    assert_eq!((axis.rate_hz, axis.instants, axis.remarks.len()), (30.0, 90, 0));
    assert_eq!(axis.chosen[1], (0..90).map(|n| (n, n)).collect::<Vec<_>>());
}

#[test]
fn two_clocks_that_hardly_drift_are_equal() {
    let axis = planned(&[constant("a", 30.003, 1200), constant("b", 29.998, 1200)], Rates::MustBeEqual).unwrap();
    assert_eq!(axis.instants, 1200);
    // Ten minutes later they are three pictures apart.
    let long = [constant("a", 30.003, 18_000), constant("b", 29.998, 18_000)];
    assert!(planned(&long, Rates::MustBeEqual).is_err());
    let axis = planned(&long, Rates::Resample).unwrap();
    assert!((axis.rate_hz - 29.998).abs() < 1e-4 && axis.remarks[0].contains("a has 30.003 Hz"), "{:?}", axis.remarks);
}

#[test]
fn of_twice_the_rate_every_other_picture_is_taken() {
    let axis = planned(&[constant("fast", 60.0, 120), constant("slow", 30.0, 60)], Rates::Resample).unwrap();
    assert_eq!((axis.rate_hz, axis.instants), (30.0, 60));
    assert_eq!(axis.chosen[0][..3], [(0, 0), (1, 2), (2, 4)]);
    let said = planned(&[constant("fast", 60.0, 120), constant("slow", 30.0, 60)], Rates::MustBeEqual).unwrap_err();
    assert!(said.what.contains("fast has 60 Hz; slow has 30 Hz"), "{said}");
}

#[test]
fn the_longer_ones_are_cut_and_named() {
    let axis = planned(&[constant("a", 25.0, 100), constant("b", 25.0, 90)], Rates::MustBeEqual).unwrap();
    assert_eq!((axis.instants, axis.chosen[0].len()), (90, 90));
    assert_eq!(axis.remarks, ["cut to the 90 pictures of b, the shortest: a by 10 (0.40 s)"]);
}

#[test]
fn videos_that_begin_at_different_instants_keep_their_lengths() {
    let (a, b) = (constant("a", 25.0, 100), constant("b", 25.0, 90));
    let views = [&a, &b].map(|one| View { name: one.name, times_s: &one.times_s, pace: &one.pace });
    let axis = plan_views(&views, Rates::Resample, Lengths::Own).unwrap();
    assert_eq!((axis.instants, axis.chosen[0].len(), axis.chosen[1].len()), (100, 100, 90));
    assert!(axis.remarks.is_empty(), "{:?}", axis.remarks);
}

#[test]
fn a_hole_is_told_with_its_length() {
    let hole = (0..60).filter(|n| !(20..29).contains(n)).map(|n| f64::from(n) / 30.0).collect();
    let axis = planned(&[constant("a", 30.0, 60), filmed("b", hole)], Rates::MustBeEqual).unwrap();
    assert_eq!(axis.remarks, ["b: 9 of 60 instants lack a picture; the largest gap is 333 ms"]);
    assert!(axis.chosen[1].contains(&(29, 20)));
}

proptest! {
    /// Every picture stands at most once, at the instant nearest to it, and instants grow.
    #[test]
    fn the_nearest_picture_is_taken_once(
        steps in prop::collection::vec(0.001..0.2_f64, 1..300),
        rate_hz in 5.0..120.0_f64,
    ) {
        let times_s: Vec<f64> = std::iter::once(0.0)
            .chain(steps.iter().scan(0.0, |at, step| { *at += step; Some(*at) }))
            .collect();
        let chosen = nearest(&times_s, rate_hz);
        prop_assert!(chosen.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        for (instant, picture) in &chosen {
            let beside = |time_s: f64| (time_s * rate_hz - f64::from(*instant)).abs();
            prop_assert!(beside(times_s[*picture as usize]) <= 0.5 + 1e-9);
            prop_assert!(times_s.iter().all(|time_s| beside(*time_s) >= beside(times_s[*picture as usize]) - 1e-9));
        }
    }
}
