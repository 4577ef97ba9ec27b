//! Files that people write: rigs, scenarios, settings.

use ::settings::Document;
use calibration_free_config::{MAX_CAMERAS, Rig};
use virtual_studio::scene::Scenario;

/// A rig file.
pub fn rig(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok((rig, _)) = Rig::from_toml_str(text, "rig.toml") else { return };
    assert!((1..=MAX_CAMERAS).contains(&rig.cameras.len()));
    assert!(rig.trigger.primary.is_none_or(|primary| primary < rig.cameras.len()));
    for host in rig.other_hosts() {
        let on = rig.on(host).expect("a host that has cameras");
        assert!(!on.cameras.is_empty());
    }
    let written = rig.to_toml();
    let (again, _) = Rig::from_toml_str(&written, "written").unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(again, rig);
}

/// A scenario of the virtual studio.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A twin names files that are read at once, so random texts with one are skipped.
    if text.contains("twin") {
        return;
    }
    let Ok(scenario) = Scenario::from_toml_str(text, "scenario.toml") else { return };
    assert!((1..=32).contains(&scenario.views()));
    let trigger = scenario.trigger(scenario.seed);
    for camera in 0..scenario.views() {
        for pulse in (0..3).chain([scenario.instants - 1]) {
            assert!(trigger.deliver(camera, pulse).count() <= 2);
        }
    }
}

/// The first lines, up to an empty one, are command-line arguments; the rest is a file.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (words, file) = text.split_once("\n\n").unwrap_or(("", text));
    let words: Vec<String> = words.lines().map(str::to_owned).collect();
    let Ok(document) = Document::new(file, "file.toml").set(&words) else { return };
    let parsed: Result<toml::Table, _> = document.parse();
    assert!(words.is_empty() || parsed.is_ok(), "{}", document.text());
    if let Err(error) = parsed {
        error.to_string();
    }
    drop(document.parse_version::<toml::Table>(1));
}
