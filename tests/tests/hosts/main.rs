//! A rig on two hosts: sets across both, recordings that agree, and the effects of a cut network or a host that dies.

mod net;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use genlock_tests::{
    Running, genlock, json, kill, out_for, recorded, stand_in, succeed, take_and_finder, until_recorded,
};
use net::{AHEAD_NS, FIRST, Hosts};
use serde_json::Value;

const RATE_HZ: u64 = 20;
const END: Duration = Duration::from_secs(30);

/// One camera here, two there.
fn rig(folder: &Path) -> String {
    let mut rig = format!(
        "version = 1\nname = \"two-hosts\"\n[trigger]\nmode = \"hardware\"\nrate-hz = {RATE_HZ}.0\n\
         [subject]\ncrop-px = 64\n[link]\nlisten = \"{FIRST}\"\n"
    );
    for (name, host) in [("near", "local"), ("far", "studio-2"), ("far-too", "studio-2")] {
        rig += &format!(
            "[[camera]]\nname = {name:?}\nhost = {host:?}\ndriver = \"simulated\"\nsource = \"square\"\n\
             width-px = 320\nheight-px = 240\n"
        );
    }
    let path = folder.join("rig.toml");
    std::fs::write(&path, rig).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The command, capturing for this long and writing the report to `NAME.json`.
fn capturing(mut command: Command, folder: &Path, name: &str, seconds: u64) -> Command {
    let report = folder.join(format!("{name}.json"));
    command.args(["--seconds", &seconds.to_string(), "--record"]).arg(folder.join(name)).arg("--report").arg(report);
    command
}

/// Returns when other hosts can connect.
fn first(folder: &Path, rig: &str, name: &str, seconds: u64) -> Running {
    let mut command = capturing(genlock(["capture", rig]), folder, name, seconds);
    let (host, log) = Running::start_with_log(&mut command);
    log.until(1, &["listening on", FIRST]);
    host
}

fn second(hosts: &Hosts, folder: &Path, rig: &str, name: &str, seconds: u64) -> Running {
    let mut command = hosts.genlock_on_second();
    command.args(["capture", rig, "--host", "studio-2", "--to", FIRST]);
    Running::start(&mut capturing(command, folder, name, seconds))
}

fn count(report: &Value, camera: usize, key: &str) -> u64 {
    report["cameras"][camera][key].as_u64().unwrap()
}

fn total(report: &Value, camera: usize, key: &str) -> u64 {
    report["cameras"][camera][key].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

/// Each picture and each view is counted once, and what was captured on a host is recorded there without a gap.
fn check(report: &Value, own: usize) {
    for camera in 0..report["cameras"].as_array().unwrap().len() {
        let said = &report["cameras"][camera];
        assert_eq!(
            count(report, camera, "produced"),
            count(report, camera, "delivered") + total(report, camera, "lost"),
            "{said}"
        );
        assert_eq!(
            count(report, camera, "delivered"),
            count(report, camera, "in_sets") + total(report, camera, "not_in_sets"),
            "{said}"
        );
        if camera < own {
            assert!(total(report, camera, "lost") == 0 && total(report, camera, "not_recorded") == 0, "{said}");
        }
    }
    let recorded: u64 = (0..own).map(|camera| count(report, camera, "delivered")).sum();
    assert_eq!(report["recording"]["frames"].as_u64().unwrap(), recorded);
}

/// How the takes of two reports fit together. The clock offset is known, since the test sets the hosts' clocks.
fn fit(one: &Value, other: &Value) -> Value {
    let said = succeed(genlock(["inspect", "--json"]).arg(recorded(one)).arg("--with").arg(recorded(other)));
    let fit: Value = serde_json::from_str(&said).unwrap();
    println!("{fit}");
    let (offset_ns, uncertainty_ns) = (fit["offset_ns"].as_i64().unwrap(), fit["uncertainty_ns"].as_i64().unwrap());
    assert!((offset_ns + AHEAD_NS).abs() <= uncertainty_ns, "{fit}");
    assert!(uncertainty_ns < 20_000_000, "{fit}");
    let apart_ns = fit["farthest_ns"].as_i64().unwrap();
    assert!(apart_ns < 1_000_000 + 2 * uncertainty_ns, "{fit}");
    fit
}

fn only_in(fit: &Value, host: usize) -> u64 {
    fit["only_in"][host].as_u64().unwrap()
}

#[test]
fn sets_assemble_across_two_hosts_and_a_cut_network_costs_what_was_in_flight() {
    let Some(hosts) = Hosts::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path());
    let one = first(folder.path(), &rig, "a", 16);
    let other = second(&hosts, folder.path(), &rig, "b", 14);
    until_recorded(&folder.path().join("b"), 0..2, 5 * RATE_HZ);
    hosts.cable(false);
    out_for(2.0);
    hosts.cable(true);
    assert!(one.finish(END).success() && other.finish(END).success());
    let [one, other] = ["a", "b"].map(|name| json(&folder.path().join(name).with_extension("json")));
    println!("{one}\n{other}");
    check(&one, 1);
    check(&other, 2);
    // Of about 13 s, there are no sets while the cable is unplugged and until the hosts have reconnected.
    let complete = one["sets"]["complete"].as_u64().unwrap();
    assert!(complete > 7 * RATE_HZ, "{complete} complete sets");
    for camera in 1..3 {
        let lost = total(&one, camera, "lost") + one["cameras"][camera]["not_in_sets"]["late"].as_u64().unwrap_or(0);
        assert!((RATE_HZ..4 * RATE_HZ).contains(&lost), "{}", one["cameras"][camera]);
    }
    let events = one["events"].to_string();
    assert!(events.contains("far: ") && events.contains("far: is back"), "{events}");
    let fit = fit(&one, &other);
    assert!(fit["common_triggers"].as_u64().unwrap() > 11 * RATE_HZ, "{fit}");
    assert_eq!((only_in(&fit, 0), only_in(&fit, 1)), (0, 0), "both recordings are whole: {fit}");
}

#[test]
fn a_host_that_is_killed_joins_again_at_the_right_pulses() {
    let Some(hosts) = Hosts::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path());
    let one = first(folder.path(), &rig, "a", 16);
    let killed = second(&hosts, folder.path(), &rig, "killed", 60);
    until_recorded(&folder.path().join("killed"), 0..2, 4 * RATE_HZ);
    kill(killed.0.id(), libc::SIGKILL);
    drop(killed);
    out_for(2.0);
    let other = second(&hosts, folder.path(), &rig, "b", 6);
    assert!(one.finish(END).success() && other.finish(END).success());
    let [one, other] = ["a", "b"].map(|name| json(&folder.path().join(name).with_extension("json")));
    println!("{one}\n{other}");
    check(&one, 1);
    check(&other, 2);
    let complete = one["sets"]["complete"].as_u64().unwrap();
    assert!(complete > 7 * RATE_HZ, "{complete} complete sets");
    assert!(one["events"].to_string().contains("far: is back"), "{}", one["events"]);
    let fit = fit(&one, &other);
    assert!(fit["common_triggers"].as_u64().unwrap() > 4 * RATE_HZ, "{fit}");
    assert_eq!((only_in(&fit, 0), only_in(&fit, 1)), (0, 0), "{fit}");
}

#[test]
fn the_first_host_starts_anew_as_a_live_session_while_the_second_goes_on() {
    let Some(hosts) = Hosts::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path());
    let before = first(folder.path(), &rig, "before", 60);
    let other = second(&hosts, folder.path(), &rig, "b", 20);
    until_recorded(&folder.path().join("b"), 0..2, 4 * RATE_HZ);
    kill(before.0.id(), libc::SIGKILL);
    drop(before);
    out_for(1.0);
    let model = folder.path().join("model.safetensors");
    stand_in(64, 1).save(&model).unwrap();
    let mut live = genlock(["run", &rig, "--headless", "--no-learner", "--plain", "--data"]);
    live.arg(folder.path().join("data")).arg("--model").arg(model);
    let one = Running::start(&mut capturing(live, folder.path(), "a", 11));
    assert!(one.finish(END).success() && other.finish(END).success());
    let [one, other] = ["a", "b"].map(|name| json(&folder.path().join(name).with_extension("json")));
    println!("{one}\n{other}");
    check(&one, 1);
    check(&other, 2);
    let complete = one["sets"]["complete"].as_u64().unwrap();
    assert!(complete > 3 * RATE_HZ, "{complete} complete sets");
    // Crops of the other host are counted like any others.
    assert!(one["infer"]["poses"].as_u64().unwrap() > RATE_HZ, "{}", one["infer"]);
    let fit = fit(&one, &other);
    assert!(fit["common_triggers"].as_u64().unwrap() > 3 * RATE_HZ, "{fit}");
}

#[test]
fn pictures_for_the_finder_of_joints_come_from_every_host() {
    let (Some(hosts), Some((_, finder))) = (Hosts::new(), take_and_finder()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path());
    let other = second(&hosts, folder.path(), &rig, "b", 30);
    let mut live = genlock(["run", &rig, "--headless", "--no-learner", "--data"]);
    live.arg(folder.path().join("data")).env("GENLOCK_FINDER", finder);
    let one = Running::start(&mut capturing(live, folder.path(), "a", 20));
    assert!(one.finish(END).success() && other.finish(END).success());
    let one = json(&folder.path().join("a.json"));
    let cameras = one["rig"]["cameras"].as_array().unwrap();
    let pictures: Vec<u64> = cameras.iter().map(|camera| camera["pictures"].as_u64().unwrap()).collect();
    println!("pictures by camera: {pictures:?}");
    // Those of the other host are requested an instant ahead, which is enough on any network that can carry the views.
    assert!(pictures.len() == 3 && pictures[0] > 10, "{pictures:?}");
    assert!(pictures.iter().all(|of| of * 2 > pictures[0]), "{pictures:?}");
    assert_eq!(one["rig"]["state"], "nobody is in view", "a square is nobody");
}

#[test]
fn who_has_no_part_in_the_rig_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path());
    let said = genlock_tests::fail(&mut genlock(["capture", &rig, "--host", "studio-3", "--to", FIRST]));
    assert!(said.contains("no camera on the host studio-3") && said.contains("studio-2"), "{said}");
    let said = genlock_tests::fail(&mut genlock(["capture", &rig, "--host", "local", "--to", FIRST]));
    assert!(said.contains("start it without --host"), "{said}");
}
