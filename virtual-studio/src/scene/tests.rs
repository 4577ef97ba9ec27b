//! Tests of scenarios and their files.

use super::*;
use crate::rig::Framing;

const LEAST: &str = "version = 1\nname = \"least\"\nseed = 1\ninstants = 10\nrate-hz = 25.0\n";

fn refused(more: &str) -> String {
    Scenario::from_toml_str(&format!("{LEAST}{more}"), "s.toml").unwrap_err().to_string()
}

#[test]
fn the_least_scenario_needs_no_asset() {
    let scenario = Scenario::from_toml_str(LEAST, "s.toml").unwrap();
    assert_eq!((scenario.takes, scenario.views()), (1, 4));
    let plan = Catalogue::read(&scenario, "s.toml").unwrap().plan(&scenario, 0);
    assert_eq!((plan.person, plan.motion), (None, None));
    assert!(matches!(plan.light, LightSource::BuiltIn(_)));
}

#[test]
fn every_key_can_be_given() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/scenario.toml")).unwrap();
    let scenario = Scenario::from_toml_str(&text, "scenario.toml").unwrap();
    let Rigging::Drawn(layout) = scenario.rigging else { panic!("a ring") };
    assert_eq!(layout.framing, Framing::Subject);
    assert_eq!(scenario.people.without, ["X_"]);
}

#[test]
fn faults_of_a_file_are_named_with_key_and_remedy() {
    assert_eq!(refused("[rig]\nviews = 0"), "s.toml, rig.views: 0 views; a rig has from 1 to 16; give from 1 to 16");
    assert!(refused("[rig]\nviews = 17").contains("rig.views: 17 views"));
    assert_eq!(refused("[rig]\nview = 3"), "s.toml, line 7, rig.view: there is no key `view`; did you mean `views`?");
    assert!(refused("[place]\nbackgrounds = [\"rom\"]").contains("`rom` is not possible here; did you mean `room`?"));
    assert!(
        refused("[vary]\nnoise = -1.0")
            .starts_with("s.toml, vary.noise: -1 is out of range; give a value from 0 to 0.2")
    );
    assert_eq!(
        refused("[[turned]]\ncamera = 4\nat-s = 1.0\ndegrees = 5.0"),
        "s.toml, turned[0].camera: there is no camera 4; the rig has 4; count cameras from 0"
    );
    assert!(
        refused("[[turned]]\ncamera = 3\nat-s = 1.0\ndegrees = 200.0")
            .starts_with("s.toml, turned[0].degrees: 200 is out of range; give a value from -180 to 180")
    );
    assert!(
        refused("[[turned]]\ncamera = 3\nat = 1.0\ndegrees = 5.0")
            .contains("line 8, turned[0].at: there is no key `at`")
    );
    assert!(refused("[vary]\nnoise = nan").contains("vary.noise: NaN is out of range"));
    assert!(refused("[rig]\ndistance-m = [5.0, 3.0]").contains("rig.distance-m: 5 to 3 runs backwards"));
    assert!(refused("[place]\nbackgrounds = []").contains("place.backgrounds: there is no background"));
    assert!(refused("x = [").contains("correct the TOML syntax"));
    let other = Scenario::from_toml_str("version = 9", "s.toml").unwrap_err();
    assert_eq!(other.key(), "version");
    let missing = Scenario::from_toml_str("version = 1", "s.toml").unwrap_err().to_string();
    assert!(missing.contains("`name` is missing; add `name`"), "{missing}");
}

#[test]
fn impossible_cameras_are_refused_by_their_number() {
    let camera =
        |rest: &str| refused(&format!("[[camera]]\nsize-px = [640, 480]\nlook-at-m = [0.0, 1.0, 0.0]\n{rest}"));
    assert!(
        camera("position-m = [3.0, -1.0, 0.0]\nfield-of-view-degrees = 60.0")
            .contains("camera[0]: the camera at (3, -1, 0) m stands in the floor")
    );
    assert!(
        camera("position-m = [3.0, 1.0, 0.0]\nfocal-px = [0.0, 500.0]")
            .contains("a focal length of (0, 500) px; it must be positive")
    );
    assert!(camera("position-m = [3.0, 1.0, 0.0]").contains("either `focal-px` or `field-of-view-degrees`"));
    assert!(camera("position-m = [0.0, 3.0, 0.0]\nfield-of-view-degrees = 60.0").contains("straight down"));
    let both = "rig = {}\n[[camera]]\nsize-px = [9, 9]\nlook-at-m = [0.0, 1.0, 0.0]\nposition-m = [3.0, 1.0, 0.0]";
    assert!(refused(both).contains("there are a [rig] and [[camera]]s"));
}

#[test]
fn folders_without_a_chosen_file_are_refused() {
    let folder = std::env::temp_dir().join(format!("virtual-studio-catalogue-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["ann_1.glb", "ann_2.glb", "bob_1.glb", "readme.md"] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    let mut scenario = Scenario::from_toml_str(LEAST, "s.toml").unwrap();
    scenario.people =
        FileSelection { folders: vec![folder.clone()], without: vec!["ann".into()], ..FileSelection::default() };
    let catalogue = Catalogue::read(&scenario, "s.toml").unwrap();
    for take in 0..20 {
        assert_eq!(catalogue.plan(&scenario, take).person.unwrap(), folder.join("bob_1.glb"));
    }
    scenario.people.only = vec!["cleo".into()];
    assert!(
        Catalogue::read(&scenario, "s.toml")
            .unwrap_err()
            .to_string()
            .contains("people: no .glb or .gltf or .person file")
    );
    scenario.people.folders = vec![folder.join("none")];
    assert!(Catalogue::read(&scenario, "s.toml").unwrap_err().to_string().contains("none cannot be read"));
    std::fs::remove_dir_all(folder).unwrap();
}
