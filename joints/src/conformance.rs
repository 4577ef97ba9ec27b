//! A test suite that every joint finder must pass.

use crate::{FinderError, JointFinder, Person, View};

/// A picture that the suite shows to a finder.
#[derive(Clone, Debug)]
pub struct TestPicture {
    /// As in [`View`].
    pub rgb: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// As in [`View`], for finders that need it.
    pub mask: Option<Vec<u8>>,
}

impl TestPicture {
    fn view(&self) -> View<'_> {
        let Self { rgb, width, height, mask } = self;
        View { rgb, width: *width, height: *height, origin_px: [0.0; 2], scale: 1.0, mask: mask.as_deref() }
    }
}

/// Runs the suite. `person` shows somebody from head to feet, `empty` nobody.
///
/// # Panics
/// If the finder fails it.
pub fn check(finder: &mut dyn JointFinder, person: &TestPicture, empty: &TestPicture) {
    answers_in_order(finder, person, empty);
    pixels_are_the_frames(finder, person);
    memory_is_of_one_view(finder, person, empty);
    bad_pictures_are_refused(finder, person);
}

fn one(finder: &mut dyn JointFinder, view: View<'_>) -> Option<Person> {
    let mut found = finder.find(&[Some(view)]).expect("the picture is sound");
    assert_eq!(found.len(), 1, "one answer for one view");
    found.remove(0)
}

fn answers_in_order(finder: &mut dyn JointFinder, person: &TestPicture, empty: &TestPicture) {
    finder.forget();
    assert_eq!(finder.find(&[]).expect("no views are no error").len(), 0);
    let found = finder.find(&[None, Some(person.view()), Some(empty.view()), None]).expect("the pictures are sound");
    assert_eq!(found.len(), 4, "one answer for each view");
    assert!(found[0].is_none() && found[3].is_none(), "a view without a picture has nobody");
    assert!(found[2].is_none(), "nobody is in the empty picture");
    let found = found[1].as_ref().expect("somebody is in the other");
    assert_eq!(found.joints.len(), finder.names().len());
    for (joint, name) in found.joints.iter().zip(finder.names()) {
        assert!(joint.px.iter().chain(&joint.mm).all(|value| value.is_finite()), "{name}: {joint:?}");
        assert!((0.0..=1.0).contains(&joint.confidence), "{name}: {joint:?}");
    }
    let heights: Vec<f32> = found.joints.iter().map(|joint| joint.mm[1]).collect();
    let height = heights.iter().copied().fold(f32::MIN, f32::max) - heights.iter().copied().fold(f32::MAX, f32::min);
    assert!((800.0..2500.0).contains(&height), "a person is not {height} mm tall");
}

fn pixels_are_the_frames(finder: &mut dyn JointFinder, person: &TestPicture) {
    finder.forget();
    let here = one(finder, person.view()).expect("somebody is there");
    finder.forget();
    let view = View { origin_px: [300.0, -70.0], scale: 2.5, ..person.view() };
    let there = one(finder, view).expect("and so is in the same picture of another place");
    for (here, there) in here.joints.iter().zip(&there.joints) {
        let expected = [300.0 + 2.5 * here.px[0], -70.0 + 2.5 * here.px[1]];
        let apart = (there.px[0] - expected[0]).hypot(there.px[1] - expected[1]);
        assert!(apart < 0.1, "{:?} where {expected:?} was expected", there.px);
        assert_eq!((here.mm, here.confidence), (there.mm, there.confidence));
    }
}

fn memory_is_of_one_view(finder: &mut dyn JointFinder, person: &TestPicture, empty: &TestPicture) {
    finder.forget();
    for _ in 0..3 {
        let found = finder.find(&[Some(person.view()), Some(empty.view())]).expect("the pictures are sound");
        assert!(found[0].is_some() && found[1].is_none());
    }
    // Somebody who was there leaves, and somebody comes where nobody was.
    let found = finder.find(&[Some(empty.view()), Some(person.view())]).expect("the pictures are sound");
    assert!(found[0].is_none(), "who left is not seen any more");
    assert!(found[1].is_some(), "who came is seen");
    finder.forget();
    let first = one(finder, person.view());
    finder.forget();
    assert_eq!(first, one(finder, person.view()), "after forgetting, the same picture has the same answer");
}

fn bad_pictures_are_refused(finder: &mut dyn JointFinder, person: &TestPicture) {
    let mut refused = |view: View<'_>| {
        let answer = finder.find(&[Some(view)]);
        assert!(matches!(answer, Err(FinderError::Picture { .. })), "{answer:?}");
    };
    let view = person.view();
    refused(View { rgb: &person.rgb[1..], ..view });
    refused(View { rgb: &[], width: 0, height: 0, ..view });
    refused(View { mask: Some(&[255]), ..view });
    refused(View { scale: 0.0, ..view });
    refused(View { scale: f32::NAN, ..view });
    refused(View { origin_px: [f32::INFINITY, 0.0], ..view });
    assert!(one(finder, view).is_some(), "and goes on");
}
