//! Tests of live studios.

use super::*;

const SMALL: &str = "version = 1\nname = \"small\"\nseed = 5\ntakes = 2\ninstants = 10\nrate-hz = 25.0\n\
                     rig = { views = 2, size-px = [64, 48] }\n";

fn scenario(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("small.toml");
    std::fs::write(&path, format!("{SMALL}{more}")).unwrap();
    path
}

fn live(more: &str) -> LiveStudio {
    let folder = tempfile::tempdir().unwrap();
    LiveStudio::open(&scenario(folder.path(), more), 2, LoadOptions::default()).unwrap()
}

fn picture(sent: &Sent) -> (&[u8], &[UnitStamp]) {
    let Sent::Picture { jpeg, units, .. } = sent else { panic!("no picture: {sent:?}") };
    (jpeg, units)
}

#[test]
fn takes_follow_each_other_and_begin_again() {
    let mut live = live("");
    let pulses: Vec<Pulse> = (0..25).map(|number| live.pulse(number).unwrap()).collect();
    for (number, pulse) in (0..).zip(&pulses) {
        assert_eq!((pulse.number, pulse.segment.seam), (number, number as u32 / 10));
        assert_eq!(pulse.source, Some(SourcePosition { index: number as u32 % 20, length: 20 }));
        for sent in &pulse.sent {
            let ns = number as i64 * 40_000_000;
            assert_eq!(picture(sent).1, [UnitStamp { counter: number, exposure_ns: ns, arrival_ns: ns }]);
        }
    }
    let first = |number: usize| picture(&pulses[number].sent[0]).0;
    assert_ne!(first(0), first(1), "the person moves");
    assert_ne!(first(0), first(10), "another person in another place");
    assert_eq!((first(0), first(4)), (first(20), first(24)));
    // A pulse shows the same, independent of earlier pulses.
    assert_eq!(live.pulse(13).unwrap(), pulses[13]);
}

#[test]
fn a_camera_that_returns_counts_anew_and_goes_on_counting_in_the_next_take() {
    let mut live = live("[trigger]\nleave = 1.0\n");
    let absence = live.now.take.as_ref().unwrap().trigger.faults(0).absence.clone().unwrap();
    let (mut away, mut counters) = (vec![], vec![]);
    for number in 0..12 {
        match &live.pulse(number).unwrap().sent[0] {
            Sent::Away => away.push(number),
            sent => counters.push(picture(sent).1[0].counter),
        }
    }
    assert_eq!(away, absence.clone().collect::<Vec<_>>());
    assert_eq!(counters, (0..absence.start).chain(0..12 - absence.end).collect::<Vec<_>>());
}

#[test]
fn losses_and_duplicates_are_sent_as_such() {
    let mut live = live("[trigger]\nloss = 0.8\nduplicate = 0.8\n");
    let pulses: Vec<Pulse> = (0..40).map(|number| live.pulse(number).unwrap()).collect();
    let all = || pulses.iter().flat_map(|pulse| &pulse.sent);
    let twice = all().filter(|sent| matches!(sent, Sent::Picture { units, .. } if units.len() == 2)).count();
    let lost = all().filter(|sent| **sent == Sent::Lost).count();
    assert!(twice > 3 && lost > 3, "{twice} twice, {lost} lost");
    for units in all().filter_map(|sent| if let Sent::Picture { units, .. } = sent { Some(units) } else { None }) {
        assert!(units.iter().all(|unit| (unit.counter, unit.exposure_ns) == (units[0].counter, units[0].exposure_ns)));
    }
}

#[test]
fn a_slip_shows_in_the_picture_alone() {
    let (mut slipped, mut exact) = (live("[trigger]\nslip = 1.0\n"), live(""));
    let from = slipped.now.take.as_ref().unwrap().trigger.faults(1).slips_at.unwrap();
    for number in 0..10 {
        let [slipped, exact, before] = [
            slipped.pulse(number).unwrap(),
            exact.pulse(number).unwrap(),
            exact.pulse(number.saturating_sub(1)).unwrap(),
        ];
        let (jpeg, units) = picture(&slipped.sent[1]);
        assert_eq!(units, picture(&exact.sent[1]).1);
        assert_eq!(jpeg, picture(&if number < from { exact } else { before }.sent[1]).0, "pulse {number}");
    }
}

#[test]
fn what_cannot_be_shown_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, cameras| match LiveStudio::open(path, cameras, LoadOptions::default()) {
        Ok(_) => panic!("it should be refused"),
        Err(error) => error.to_string(),
    };
    let said = refused(&scenario(folder.path(), ""), 3);
    assert!(said.contains("small.toml: there are 3 cameras for its 2 views; remove cameras"), "{said}");
    let said = refused(&scenario(folder.path(), "colour = 1"), 2);
    assert!(said.contains("there is no key `colour`"), "{said}");
    let said = refused(&folder.path().join("none.toml"), 2);
    assert!(said.contains("none.toml") && said.contains("cannot be read"), "{said}");
}
