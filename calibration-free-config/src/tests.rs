//! What rig files may say, and what errors and warnings say of them.

use std::path::Path;

use crate::{CameraFormat, Driver, Exposes, LinkClock, Rig, TriggerMode};

const RIG: &str = r#"
version = 1
name = "demo"
[trigger]
mode = "hardware"
rate-hz = 60.0
[[camera]]
name = "cam01"
driver = "gstreamer"
source = "a.mp4"
[[camera]]
name = "cam02"
driver = "simulated"
[subject]
crop-px = 64
[page]
listen = "127.0.0.1:8787"
"#;

fn error(text: &str) -> String {
    Rig::from_toml_str(text, "rig.toml").unwrap_err().to_string()
}

/// The error after one edit of a valid rig.
fn edited(from: &str, to: &str) -> String {
    assert!(RIG.contains(from));
    error(&RIG.replacen(from, to, 1))
}

/// The warnings after one edit.
fn warned(from: &str, to: &str) -> String {
    assert!(RIG.contains(from));
    let (_, warnings) = Rig::from_toml_str(&RIG.replacen(from, to, 1), "rig.toml").unwrap();
    warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_rig_and_its_defaults() {
    let (rig, warnings) = Rig::from_toml_str(RIG, "rig.toml").unwrap();
    assert_eq!(warnings, []);
    assert_eq!(&*rig.name, "demo");
    assert_eq!((rig.trigger.mode, rig.trigger.rate_hz), (TriggerMode::Hardware, 60.0));
    assert_eq!(rig.cameras.len(), 2);
    assert_eq!((&*rig.cameras[0].name, &*rig.cameras[0].host, &*rig.cameras[0].source), ("cam01", "local", "a.mp4"));
    assert_eq!(rig.cameras[1].driver, Driver::Simulated);
    assert_eq!((&rig.recording, rig.people), (&None, None));
    assert_eq!((rig.subject.crop_px, rig.subject.crop_scale, rig.subject.mask_threshold), (64, 1.25, 32));
    assert!(rig.page.listen.ip().is_loopback());
}

#[test]
fn what_is_written_reads_back() {
    for recording in ["", "[recording]\nbudget-gb = 2.5\n", "[people]\nheight-mm = 1720\n"] {
        let (rig, _) = Rig::from_toml_str(&format!("{RIG}{recording}"), "rig.toml").unwrap();
        assert_eq!(Rig::from_toml_str(&rig.to_toml(), "again").unwrap().0, rig, "{}", rig.to_toml());
    }
    let (rig, _) = Rig::from_toml_str(&RIG.replace("= 64", "= 64\ncrop-scale = 1.3"), "rig.toml").unwrap();
    assert!(rig.to_toml().contains("crop-scale = 1.3\n"), "{}", rig.to_toml());
}

#[test]
fn the_example_is_valid_and_without_warnings() {
    let (rig, warnings) = Rig::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/rig.toml")).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(rig.cameras.len(), 4);
    assert_eq!((rig.cameras[3].host.as_str(), rig.other_hosts()), ("studio-2", vec!["studio-2"]));
}

#[test]
fn scenarios_are_meant_from_where_the_rig_lies() {
    let (rig, warnings) = Rig::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/virtual-rig.toml")).unwrap();
    assert_eq!(warnings, []);
    assert!(rig.cameras.iter().all(|camera| camera.driver == Driver::VirtualStudio));
    assert!(rig.cameras.iter().all(|camera| std::path::Path::new(&camera.source).is_file()), "{:?}", rig.cameras);
}

#[test]
fn unknown_keys_suggest_the_nearest() {
    insta::assert_snapshot!(edited("source =", "sorce ="), @"rig.toml, line 10, camera[0].sorce: there is no key `sorce`; did you mean `source`?");
    insta::assert_snapshot!(edited("rate-hz", "rate_hz"), @"rig.toml, line 6, trigger.rate_hz: there is no key `rate_hz`; did you mean `rate-hz`?");
    insta::assert_snapshot!(edited("[page]", "[pages]"), @"rig.toml, line 16, pages: there is no key `pages`; did you mean `page`?");
    insta::assert_snapshot!(edited("crop-px = 64", "zoom = 2"), @"rig.toml, line 15, subject.zoom: there is no key `zoom`; use one of crop-px, crop-scale, mask-threshold");
}

#[test]
fn there_is_no_place_for_calibration() {
    insta::assert_snapshot!(edited("[page]", "[intrinsics]\nK = 1\n[page]"), @"rig.toml, line 16, intrinsics: there is no key `intrinsics`; remove it: genlock needs no calibration and has no place for one");
    insta::assert_snapshot!(edited("source =", "extrinsics ="), @"rig.toml, line 10, camera[0].extrinsics: there is no key `extrinsics`; remove it: genlock needs no calibration and has no place for one");
}

#[test]
fn the_network_of_sync_health_is_meant_from_the_rig_s_folder() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let (rig, _) = Rig::read(format!("{examples}/rig.toml")).unwrap();
    assert_eq!(rig.sync_health.unwrap().network, Path::new(examples).join("sync.safetensors"));
    let empty = error(&format!("{RIG}[sync-health]\nnetwork = \"\"\n"));
    assert!(empty.contains("sync-health.network"), "{empty}");
}

#[test]
fn wrong_values() {
    insta::assert_snapshot!(edited("\"hardware\"", "\"hardwired\""), @"rig.toml, line 5, trigger.mode: `hardwired` is not possible here; did you mean `hardware`?");
    insta::assert_snapshot!(edited("\"simulated\"", "\"webcam\""), @"rig.toml, line 13, camera[1].driver: `webcam` is not possible here; use one of gstreamer, replay, simulated, virtual-studio, aravis, v4l2, nokhwa");
    insta::assert_snapshot!(edited("60.0", "\"fast\""), @r#"rig.toml, line 6, trigger.rate-hz: invalid type: string "fast", expected f64; give a value of the expected type"#);
    insta::assert_snapshot!(edited("60.0", "0"), @"rig.toml, trigger.rate-hz: 0 is out of range; give a value from 0.1 to 1000");
    insta::assert_snapshot!(edited("60.0", "nan"), @"rig.toml, trigger.rate-hz: NaN is out of range; give a value from 0.1 to 1000");
    let people = error(&format!("{RIG}[people]\nheight-mm = 180\n"));
    insta::assert_snapshot!(people, @"rig.toml, people.height-mm: 180 is out of range; give a value from 500 to 2499");
    insta::assert_snapshot!(edited("= 64", "= 16"), @"rig.toml, subject.crop-px: 16 is out of range; give a value from 32 to 512");
    let threshold = edited("= 64", "= 64\nmask-threshold = 765");
    insta::assert_snapshot!(threshold, @"rig.toml, subject.mask-threshold: 765 is out of range; give a value from 1 to 764");
    insta::assert_snapshot!(edited("127.0.0.1:8787", "localhost"), @r#"rig.toml, page.listen: "localhost" is no address to listen on; give an IP address and a port, as 127.0.0.1:8787"#);
    insta::assert_snapshot!(edited("version = 1", "version = 2"), @"rig.toml, version: version 2 is not one that this program knows; write version = 1");
    insta::assert_snapshot!(edited("\"demo\"", "\"a/b\""), @r#"rig.toml, name: "a/b" cannot name a file; use letters, digits, `-`, `_` and `.`, 64 at most, starting with a letter, a digit or `_`"#);
}

#[test]
fn wrong_cameras() {
    insta::assert_snapshot!(edited("\"cam02\"", "\"CAM01\""), @r#"rig.toml, camera[1].name: "CAM01" is also the name of camera[0]; give each camera its own name"#);
    insta::assert_snapshot!(edited("\"cam02\"", "\"\""), @r#"rig.toml, camera[1].name: "" cannot name a file; use letters, digits, `-`, `_` and `.`, 64 at most, starting with a letter, a digit or `_`"#);
    insta::assert_snapshot!(edited("source = \"a.mp4\"", ""), @"rig.toml, camera[0].source: there is no source; say what to open: a GStreamer launch line that ends in `appsink name=sink`");
    insta::assert_snapshot!(edited("name = \"cam01\"", ""), @"rig.toml, line 7, camera[0]: `name` is missing; add `name`");
    insta::assert_snapshot!(error("version = 1\nname = \"a\"\ncamera = []\n[trigger]\nmode = \"ptp\"\nrate-hz = 50"), @"rig.toml, camera: the rig has no camera; add a [[camera]] section");
    insta::assert_snapshot!(error("version = 1\nname = \"a\"\n[trigger]\nmode = \"ptp\"\nrate-hz = 50"), @"rig.toml, line 1: a [[camera]] section is missing; add a [[camera]] section");
    let many: String = (0..33).map(|i| format!("[[camera]]\nname = \"c{i}\"\ndriver = \"simulated\"\n")).collect();
    insta::assert_snapshot!(error(&format!("version = 1\nname = \"a\"\n[trigger]\nmode = \"ptp\"\nrate-hz = 50\n{many}")), @"rig.toml, camera: the rig has 33 cameras; use at most 32");
}

#[test]
fn broken_files() {
    insta::assert_snapshot!(edited("mode = \"hardware\"", "mode = \"hardware"), @r#"rig.toml, line 5: invalid basic string, expected `"`; correct the TOML syntax there"#);
    insta::assert_snapshot!(error(""), @"rig.toml, line 1: `version` is missing; add `version`");
    insta::assert_snapshot!(Rig::read("no/such/rig.toml").unwrap_err().to_string(), @"no/such/rig.toml: the file cannot be read; check the path and its permissions");
}

#[test]
fn unwise_values_are_warned_of() {
    insta::assert_snapshot!(warned("60.0", "2"), @"trigger.rate-hz: below 5 Hz a person moves far between pictures, and pairs in time get scarce");
    insta::assert_snapshot!(warned("60.0", "500"), @"trigger.rate-hz: few cameras deliver more than 240 pictures per second");
    insta::assert_snapshot!(warned("\"hardware\"", "\"free-run\""), @"trigger.mode: without a common trigger pictures match by time only, to half a period at worst");
    insta::assert_snapshot!(warned("[[camera]]\nname = \"cam02\"\ndriver = \"simulated\"\n", ""), @"camera: one view alone has nothing to be in step with; learning needs two or more");
    insta::assert_snapshot!(warned("= 64", "= 100\ncrop-scale = 3\nmask-threshold = 3"), @r#"
    subject.crop-px: networks halve their input five times: a multiple of 32 wastes nothing
    subject.crop-scale: the subject fills less than half of such a crop
    subject.mask-threshold: so low a threshold takes camera noise for the subject
    "#);
    // The threshold is for three channels together: 255 is a third of what it may be.
    insta::assert_snapshot!(warned("= 64", "= 64\nmask-threshold = 255"), @"");
    insta::assert_snapshot!(warned("= 64", "= 64\nmask-threshold = 385"), @"subject.mask-threshold: so high a threshold loses most of the subject");
    insta::assert_snapshot!(warned("127.0.0.1", "0.0.0.0"), @"page.listen: everyone who reaches this address sees the cameras; 127.0.0.1 shows them on this machine only");
    insta::assert_snapshot!(warned("[page]", "[recording]\nbudget-gb = 0.01\n[page]"), @"recording.budget-gb: less than 0.1 GB is full within seconds");
}

#[test]
fn triggers_and_what_drives_them() {
    let (rig, warnings) = Rig::from_toml_str(&RIG.replace("60.0", "60.0\nbox = \"/dev/ttyACM0\""), "rig.toml").unwrap();
    assert_eq!(warnings, []);
    assert_eq!(rig.trigger.box_device.as_deref(), Some("/dev/ttyACM0"));
    assert_eq!(rig.exposes(0), Exposes::OnPulse);
    let primary = RIG.replace("\"hardware\"", "\"primary\"\nprimary = \"cam02\"");
    let (rig, _) = Rig::from_toml_str(&primary, "rig.toml").unwrap();
    assert_eq!((rig.exposes(0), rig.exposes(1)), (Exposes::OnPulse, Exposes::AsPrimary));
    assert_eq!(Rig::from_toml_str(&rig.to_toml(), "again").unwrap().0, rig);
    insta::assert_snapshot!(edited("\"hardware\"", "\"primary\""), @r#"rig.toml, trigger.primary: mode = "primary" does not say which camera drives the others; name it"#);
    insta::assert_snapshot!(edited("\"hardware\"", "\"primary\"\nprimary = \"cam3\""), @r#"rig.toml, trigger.primary: there is no camera "cam3"; use one of cam01, cam02"#);
    insta::assert_snapshot!(warned("60.0", "60.0\ntolerance-ms = 3"), @r#"trigger.tolerance-ms: means something with mode = "free-run" only"#);
    let (ignored, _) = Rig::from_toml_str(&RIG.replace("60.0", "60.0\ntolerance-ms = 3"), "rig.toml").unwrap();
    assert!((ignored.trigger.tolerance_ms - 7.5).abs() < 1e-9);
}

#[test]
fn settings_of_cameras() {
    let set = RIG.replace(
        "\"simulated\"",
        "\"simulated\"\nwidth-px = 640\nheight-px = 480\nformat = \"bayer-gb8\"\nexposure-us = 4000\nleast-delay-ms = 3",
    );
    let (rig, _) = Rig::from_toml_str(&set, "rig.toml").unwrap();
    let settings = &rig.cameras[1].settings;
    assert_eq!((settings.size_px, settings.format), (Some((640, 480)), Some(CameraFormat::BayerGb8)));
    assert_eq!((settings.exposure_us, settings.gain_db, settings.least_delay_ms), (Some(4000.0), None, Some(3.0)));
    assert_eq!(Rig::from_toml_str(&rig.to_toml(), "again").unwrap().0, rig);
    insta::assert_snapshot!(edited("\"simulated\"", "\"simulated\"\nwidth-px = 640"), @"rig.toml, camera[1]: one of width-px and height-px is missing; give both or neither");
    insta::assert_snapshot!(edited("\"simulated\"", "\"simulated\"\nexposure-us = 0"), @"rig.toml, camera[1].exposure-us: 0 is out of range; give a value from 1 to 10000000");
}

/// The second camera on another host, before the first one.
const HOSTS: &str = r#"
version = 1
name = "demo"
[trigger]
mode = "hardware"
rate-hz = 60.0
[[camera]]
name = "far"
driver = "simulated"
host = "studio-2"
[[camera]]
name = "near"
driver = "simulated"
[link]
listen = "127.0.0.1:7448"
"#;

#[test]
fn cameras_of_several_hosts() {
    let (rig, warnings) = Rig::from_toml_str(HOSTS, "rig.toml").unwrap();
    assert_eq!(warnings, []);
    let names = |rig: &Rig| rig.cameras.iter().map(|camera| camera.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&rig), ["near", "far"], "the local ones come first");
    assert_eq!(rig.other_hosts(), ["studio-2"]);
    assert_eq!(rig.link.unwrap().clock, LinkClock::Network);
    assert_eq!(Rig::from_toml_str(&rig.to_toml(), "again").unwrap().0, rig);
    let there = rig.on("studio-2").unwrap();
    assert_eq!((names(&there), &*there.cameras[0].host), (vec!["far".to_owned()], crate::LOCAL));
    assert_eq!(rig.on("studio-3"), None);

    let edited = |from: &str, to: &str| error(&HOSTS.replacen(from, to, 1));
    insta::assert_snapshot!(edited("[link]\nlisten = \"127.0.0.1:7448\"\n", ""), @r#"rig.toml, link: camera far is on the host studio-2, and no section says how hosts meet; add a [link] section with listen = "ADDRESS:PORT""#);
    insta::assert_snapshot!(edited("\"studio-2\"", "\"studio/2\""), @r#"rig.toml, camera[0].host: "studio/2" cannot name a file; use letters, digits, `-`, `_` and `.`, 64 at most, starting with a letter, a digit or `_`"#);
    insta::assert_snapshot!(edited("7448\"", "7448\"\nclock = \"ntp\""), @"rig.toml, line 16, link.clock: `ntp` is not possible here; did you mean `ptp`?");
    insta::assert_snapshot!(edited("127.0.0.1:7448", "first"), @r#"rig.toml, link.listen: "first" is no address to listen on; give an IP address and a port, as 192.168.1.10:7448"#);
    insta::assert_snapshot!(edited("\"hardware\"", "\"primary\"\nprimary = \"far\""), @r#"rig.toml, trigger.primary: "far" is on another host; let a camera of the host local drive the others"#);
    insta::assert_snapshot!(edited("driver = \"simulated\"\n[link]", "driver = \"simulated\"\nhost = \"studio-3\"\n[link]"), @"rig.toml, trigger: the host local has no camera from whose times it could learn the pulses; attach a camera or a trigger box to it");
    let (_, warnings) = Rig::from_toml_str(&HOSTS.replace("127.0.0.1", "0.0.0.0"), "rig.toml").unwrap();
    insta::assert_snapshot!(warnings[0].to_string(), @"link.listen: everyone who reaches this address can send pictures; let the rig's own network alone reach it");
    let (_, warnings) = Rig::from_toml_str(&HOSTS.replace("studio-2", "local"), "rig.toml").unwrap();
    insta::assert_snapshot!(warnings[0].to_string(), @"link: means something where a camera names another host only");
}
