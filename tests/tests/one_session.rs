//! A data folder is one session's, until it ends in whatever way.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use genlock_tests::{Running, eventually, fail, genlock, kill, succeed};

fn session(data: &Path, seconds: &str) -> Command {
    let mut command = genlock(["demo", "--virtual", "--headless", "--no-learner", "--no-finder", "--no-record"]);
    command.args(["--seconds", seconds, "--data"]).arg(data);
    command
}

#[test]
fn a_second_session_is_refused_until_the_first_one_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Running::start(&mut session(&data, "120"));
    eventually("the first session's lock", Duration::from_secs(20), || {
        std::fs::read_to_string(data.join(".in-use")).ok().filter(|text| text.contains("process"))
    });
    let begun = Instant::now();
    let said = fail(&mut session(&data, "1"));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let pid = first.0.id();
    assert!(said.contains("in use by a session of genlock") && said.contains(&pid.to_string()), "{said}");
    assert!(said.contains("--data"), "{said}");
    kill(pid, 9);
    first.finish(Duration::from_secs(10));
    succeed(&mut session(&data, "6"));
}
