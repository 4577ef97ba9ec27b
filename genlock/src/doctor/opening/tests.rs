//! Verdicts on cameras that were opened.

use super::*;
use crate::doctor::finding::State;
use crate::doctor::tests::rig;

fn verdict(more: &str, expected: bool, outcome: &Outcome) -> Finding {
    let rig = rig(&format!("[[camera]]\nname = \"a\"\ndriver = \"v4l2\"\nsource = \"/dev/video0\"\n{more}"));
    judge(&rig.cameras[0], 30.0, expected, outcome)
}

fn delivers(rate_hz: f64) -> Outcome {
    let format = "mjpeg".into();
    Outcome::Delivers(Seen { size_px: (1280, 720), unit_bytes: 1e5, rate_hz: Some(rate_hz), format })
}

#[test]
fn what_comes_is_held_against_what_the_rig_asks_for() {
    assert_eq!(
        verdict("width-px = 1280\nheight-px = 720\nformat = \"mjpeg\"\n", true, &delivers(29.8)).state,
        State::Ok
    );
    let size = verdict("width-px = 1920\nheight-px = 1080\n", true, &delivers(30.0));
    assert_eq!(size.state, State::Failure);
    assert!(size.remedy.unwrap().contains("width-px = 1280"));
    let format = verdict("format = \"yuyv\"\n", true, &delivers(30.0));
    assert_eq!(format.state, State::Failure);
    let slow = verdict("", true, &delivers(15.2));
    assert_eq!(slow.state, State::Warning);
    assert!(slow.remedy.unwrap().contains("rate-hz = 15"));
    // The pulses are external.
    assert_eq!(verdict("", false, &delivers(15.2)).state, State::Ok);
}

#[test]
fn silence_is_a_failure_only_where_pictures_come_by_themselves() {
    assert_eq!(verdict("", false, &Outcome::Silent(PERHAPS)).state, State::Ok);
    assert_eq!(verdict("", true, &Outcome::Silent(PERHAPS)).state, State::Failure);
}

#[test]
fn a_camera_that_hangs_is_left_behind() {
    let hanging = in_thread(|| {
        thread::sleep(Duration::from_secs(60));
        Outcome::Hangs
    });
    assert!(hanging.recv_timeout(Duration::from_millis(50)).is_err());
    assert_eq!(verdict("", false, &Outcome::Hangs).state, State::Failure);
}

#[test]
fn simulated_cameras_deliver_beside_one_that_cannot_be_opened() {
    let rig = rig("[[camera]]\nname = \"a\"\ndriver = \"simulated\"\n[[camera]]\nname = \"b\"\n\
                   driver = \"replay\"\nsource = \"a-take\"\n[[camera]]\nname = \"c\"\nhost = \"other\"\n\
                   driver = \"simulated\"\n[link]\nlisten = \"127.0.0.1:7448\"\n");
    let (findings, seen) = check(&rig);
    let states: Vec<_> = findings.iter().map(|finding| finding.state).collect();
    assert_eq!(states, [State::Ok, State::Failure, State::NotApplicable], "{findings:?}");
    assert_eq!(seen[0].as_ref().unwrap().size_px, (1280, 720));
    assert_eq!(seen[0].as_ref().unwrap().unit_bytes, 1280.0 * 720.0);
    assert!(seen[1].is_none());
}
