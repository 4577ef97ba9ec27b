use proptest::prelude::*;

use super::*;

/// Times of a constant rate as a container with these ticks states them.
fn times(rate_hz: f64, places: impl IntoIterator<Item = u32>, tick_s: f64) -> Vec<f64> {
    places.into_iter().map(|place| (f64::from(place) / rate_hz / tick_s).round() * tick_s).collect()
}

#[test]
fn every_nominal_rate_is_found_behind_the_rounding_of_every_container() {
    for rate_hz in NOMINAL {
        for tick_s in [1e-3, 1.0 / 90_000.0, 1.0 / 600.0] {
            // Beyond this, ticks are too coarse to tell a place from the next.
            if tick_s * rate_hz > 0.4 {
                continue;
            }
            let fitted = fit(&times(rate_hz, 0..1800, tick_s), tick_s).unwrap();
            assert_eq!(fitted, Pace::Constant { rate_hz, places: (0..1800).collect() }, "{rate_hz} Hz, {tick_s} s");
        }
    }
}

#[test]
fn a_clock_that_is_off_is_not_called_nominal() {
    let fitted = fit(&times(30.003, 0..18_000, 1.0 / 90_000.0), 1.0 / 90_000.0).unwrap();
    assert!((fitted.rate_hz() - 30.003).abs() < 1e-5, "{}", fitted.rate_hz());
}

#[test]
fn a_rate_that_falls_in_low_light_varies() {
    let bright = (0..30).map(|n| f64::from(n) / 30.0);
    let dark = (1..30).map(|n| 29.0 / 30.0 + f64::from(n) / 24.0);
    let fitted = fit(&bright.chain(dark).collect::<Vec<_>>(), 1.0 / 90_000.0).unwrap();
    assert!(matches!(fitted, Pace::Variable { .. }), "{fitted:?}");
}

#[test]
fn half_the_rate_for_a_while_varies_and_single_holes_do_not() {
    for slower in [2, 4] {
        let slow = (1..=30).map(|n| 119 + slower * n);
        let fitted = fit(&times(60.0, (0..120).chain(slow), 1e-3), 1e-3).unwrap();
        assert!(matches!(fitted, Pace::Variable { .. }), "{fitted:?}");
    }
    let every_third_is_missing = (0..120).filter(|n| n % 3 != 1);
    assert!(matches!(fit(&times(60.0, every_third_is_missing, 1e-3), 1e-3), Some(Pace::Constant { .. })));
}

#[test]
fn too_few_pictures_and_times_that_stand_still_have_no_rate() {
    assert_eq!(fit(&[], 1e-3), None);
    assert_eq!(fit(&[0.0], 1e-3), None);
    assert_eq!(fit(&[0.0, 0.0, 0.0], 1e-3), None);
}

#[test]
fn two_pictures_with_one_time_are_not_one_place() {
    let mut twice = times(30.0, 0..60, 1e-3);
    twice[20] = twice[19];
    assert!(matches!(fit(&twice, 1e-3), Some(Pace::Variable { .. })));
}

proptest! {
    /// Holes, jitter of a fifth of a period, and a late first picture move no picture from its place.
    #[test]
    fn places_are_found_with_holes_and_jitter(
        rate_hz in 5.0..240.0_f64,
        lost in prop::collection::btree_set(1_u32..400, 0..80),
        late in 0_u32..20,
        jitter in prop::collection::vec(-0.2..0.2_f64, 400),
    ) {
        let places: Vec<u32> = (0..400).filter(|place| !lost.contains(place)).collect();
        let period_s = 1.0 / rate_hz;
        let time_s = |place: &u32| {
            // The first stands at its place, which is where the video's time begins.
            let beside = if *place == 0 { 0.0 } else { jitter[*place as usize] };
            (f64::from(*place + late) + beside) * period_s
        };
        let times_s: Vec<f64> = places.iter().map(time_s).collect();
        let fitted = fit(&times_s, 1e-6).unwrap();
        let Pace::Constant { rate_hz: found_hz, places: found } = fitted else {
            return Err(TestCaseError::fail("it is constant"));
        };
        prop_assert!((found_hz / rate_hz - 1.0).abs() < 1e-3, "{found_hz} instead of {rate_hz} Hz");
        prop_assert_eq!(found, places.iter().map(|place| place + late).collect::<Vec<_>>());
    }

    /// Whatever the times are, an answer has one place for each picture, and places grow.
    #[test]
    fn places_always_grow(steps in prop::collection::vec(0.0..0.2_f64, 1..200)) {
        let times_s: Vec<f64> = std::iter::once(0.0)
            .chain(steps.iter().scan(0.0, |at, step| { *at += step; Some(*at) }))
            .collect();
        if let Some(Pace::Constant { places, .. }) = fit(&times_s, 1e-3) {
            prop_assert_eq!(places.len(), times_s.len());
            prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
