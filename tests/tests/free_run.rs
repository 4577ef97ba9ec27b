//! Cameras in free-run: live GStreamer pipelines, and a recording that ends early, matched by time.

use genlock_tests::{check_accounts, genlock, json, succeed};

const RATE_HZ: u32 = 25;
const SECONDS: u32 = 8;

#[test]
fn live_pipelines_make_sets_by_time_and_one_that_ends_leaves_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = format!(
        "version = 1\nname = \"lines\"\n[trigger]\nmode = \"free-run\"\nrate-hz = {RATE_HZ}.0\n\
         [recording]\ndirectory = {:?}\n",
        folder.path().join("takes")
    );
    for camera in 0..4 {
        // The last one ends after three seconds.
        let kind = if camera == 3 { format!("num-buffers={}", 3 * RATE_HZ) } else { "is-live=true".into() };
        rig += &format!(
            "[[camera]]\nname = \"line{camera}\"\ndriver = \"gstreamer\"\nsource = \"videotestsrc {kind} \
             pattern=ball ! video/x-raw,format=NV12,width=320,height=240,framerate={RATE_HZ}/1 ! appsink name=sink\"\n"
        );
    }
    let (path, report) = (folder.path().join("rig.toml"), folder.path().join("report.json"));
    std::fs::write(&path, rig).unwrap();
    let (path, report_path, data) = (path.to_str().unwrap(), report.to_str().unwrap(), folder.path().join("data"));
    let seconds = SECONDS.to_string();
    let words = ["run", path, "--headless", "--no-learner", "--seconds", &seconds, "--report", report_path, "--data"];
    succeed(genlock(words).arg(data));

    let report = json(&report);
    check_accounts(&report);
    for (camera, said) in report["cameras"].as_array().unwrap().iter().enumerate() {
        let count = |key: &str| said[key].as_u64().unwrap();
        let wanted = u64::from(RATE_HZ) * if camera == 3 { 3 } else { 6 };
        assert!(count("delivered") >= wanted, "{said}");
        assert!(count("in_sets") > wanted / 3, "{said}");
    }
    let sets = |kind: &str| report["sets"][kind].as_u64().unwrap();
    println!("{} sets of four, {} of fewer", sets("complete"), sets("incomplete"));
    assert!(sets("complete") > 50, "while there were four");
    assert!(sets("incomplete") > 50, "when there were three");
    let events = report["events"].to_string();
    assert!(events.contains("line3: its source ended"), "{events}");
}
