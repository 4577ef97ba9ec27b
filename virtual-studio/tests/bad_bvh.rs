//! Invalid BVH files.

use std::path::Path;

use virtual_studio::motion::Clip;
use virtual_studio::motion::bvh::Bvh;
use virtual_studio::motion::retarget::retarget;

const SOUND: &str = "HIERARCHY
ROOT root
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT chest
  {
    OFFSET 0 0.2 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    {
      OFFSET 0 0.3 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.5
0 1 0 0 0 0 0 0 0
0 1 1 0 90 0 0 0 0
";

fn check(from: &str, to: &str, expected: &str) {
    assert!(SOUND.contains(from));
    let error = Bvh::parse(&SOUND.replacen(from, to, 1), Path::new("clip.bvh")).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

#[test]
fn a_sound_file_is_read() {
    let bvh = Bvh::parse(SOUND, Path::new("clip.bvh")).unwrap();
    assert_eq!((bvh.frames(), bvh.duration_s(), bvh.joints.len()), (2, 0.5, 3));
    let [_, (_, chest), (_, end)] = bvh.frame(1)[..] else { panic!("three joints") };
    assert!(chest.distance((0.0, 1.2, 1.0).into()) < 1e-9 && end.distance((0.0, 1.5, 1.0).into()) < 1e-9);
    assert_eq!(Bvh::parse(&SOUND.replace('\n', "\r\n"), Path::new("clip.bvh")).unwrap(), bvh);
}

#[test]
fn what_is_wrong_is_named_with_line_and_joint() {
    check("HIERARCHY", "HIERARCHIE", "clip.bvh, line 1: expected \"HIERARCHY\"");
    check("OFFSET 0 0.2 0", "OFFSET 0 0.2", "clip.bvh, line 8, joint chest: OFFSET needs three numbers");
    check("OFFSET 0 0.2 0", "OFFSET 0 inf 0", "line 8, joint chest: OFFSET");
    check("CHANNELS 3 Zrotation", "CHANNELS 4 Zrotation", "line 9, joint chest: CHANNELS");
    check("CHANNELS 3 Zrotation", "CHANNELS 3 Wrotation", "line 9, joint chest: CHANNELS");
    check("OFFSET 0 0.3 0", "OFFSET", "line 12, joint (end site)");
    check("JOINT chest", "JOINT root", "line 6: joint root occurs twice");
    check("JOINT chest", "CHEST chest", "line 6, joint root: unexpected \"CHEST chest\"");
    check("    }\n  }\n}\n", "    }\n  }\n", "unexpected \"MOTION\"");
    check("Frames: 2", "Frames: 0", "line 17: expected \"Frames:\"");
    check("Frames: 2", "Frames: 99999999999", "line 17");
    check("Frame Time: 0.5", "Frame Time: -1", "line 18: expected \"Frame Time:\"");
    check("Frames: 2", "Frames: 3", "the file ends before frame 2 of 3");
    check("0 1 1 0 90 0 0 0 0", "0 1 1 0 90 0 0", "line 20, joint chest: frame 1: 7 of 9 values");
    check("0 1 1 0 90 0 0 0 0", "0 1 1 0 90 0 0 0 0 0", "frame 1: 10 of 9 values");
    check("0 1 1 0 90 0 0 0 0", "0 1 1 0 NaN 0 0 0 0", "line 20, joint root: frame 1: \"NaN\" is no number");
    let empty = Bvh::parse("", Path::new("clip.bvh")).unwrap_err().to_string();
    assert!(empty.contains("the file ends here"), "{empty}");
}

#[test]
fn a_file_that_ends_anywhere_is_refused_or_whole() {
    for end in 0..SOUND.len() - 1 {
        let text = &SOUND[..end];
        if let Ok(bvh) = Bvh::parse(text, Path::new("clip.bvh")) {
            // Only the last number can lose digits without an error.
            assert!(end >= SOUND.len() - 2, "{end}: {bvh:?}");
        }
    }
}

#[test]
fn an_unknown_skeleton_is_named() {
    let bvh = Bvh::parse(SOUND, Path::new("clip.bvh")).unwrap();
    let error = retarget(&bvh, Path::new("clip.bvh")).unwrap_err().to_string();
    assert!(error.starts_with("clip.bvh: no joint"), "{error}");
    assert!(error.contains("DeepMimic") && error.contains("it has root, chest"), "{error}");
}

#[test]
fn a_clip_that_is_no_human_or_no_bvh_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("two_joints.bvh", SOUND), ("half.bvh", "HIERARCHY\n"), ("no.clip", SOUND)] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let error = Clip::load(&path).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    assert!(Clip::load(&folder.path().join("none.clip")).unwrap_err().to_string().contains("none.clip"));
}
