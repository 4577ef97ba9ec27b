//! Videos as they come: cut, copied in part, turned, with covers and second tracks, of varying rates.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{WIDTH, ffmpeg, ffmpeg_with, film, film_of, import, import_with, numbers, pictures, reference};
use footage::{Rates, Tools};
use frame::CameraId;

const H264: &str = "-c:v libx264 -bf 2 -pix_fmt yuv420p";

/// A folder of the test, with these videos: name, rate, pictures.
fn folder(videos: &[(&str, &str, u32)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, rate, pictures) in videos {
        ffmpeg(folder.path(), &format!("{} {H264} -g 30 {name}", film(rate, *pictures)));
    }
    folder
}

fn imported(folder: &Path, names: &[&str]) -> (Vec<String>, take::TakeReader) {
    let paths: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
    import(&paths, &folder.join("take")).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(folder: &Path, names: &[&str]) -> String {
    let paths: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
    let out = folder.join("take");
    let error = import(&paths, &out).err().expect("it is refused").to_string();
    assert!(!out.exists(), "nothing is left of it");
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("take")), "{left:?}");
    error
}

/// Keeps this part of a file.
fn truncate(path: &Path, part: f64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len() as f64;
    file.set_len((length * part) as u64).unwrap();
}

#[test]
fn a_copy_that_was_cut_off_is_refused_with_numbers() {
    let folder = folder(&[]);
    ffmpeg(folder.path(), &format!("-f lavfi -i testsrc2=s=160x120:r=30 -frames:v 120 {H264} -g 30 a.mkv"));
    ffmpeg(folder.path(), "-i a.mkv -c copy -movflags +faststart a.mp4");
    truncate(&folder.path().join("a.mp4"), 0.6);
    truncate(&folder.path().join("a.mkv"), 0.6);
    for name in ["a.mp4", "a.mkv"] {
        let said = refused(folder.path(), &[name]);
        let decoded: u32 = said.split("only ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((40..100).contains(&decoded), "{said}");
        assert!(said.contains("announced pictures can be decoded") && said.contains("at the end"), "{said}");
        assert!(said.contains("of 120") && said.contains("ffmpeg says: "), "{said}");
    }
}

#[test]
fn a_few_pictures_that_are_missing_are_told_and_left_as_gaps() {
    let folder = folder(&[("a.mp4", "30", 120)]);
    ffmpeg(folder.path(), "-i a.mp4 -c copy -movflags +faststart b.mp4");
    truncate(&folder.path().join("b.mp4"), 0.97);
    let (remarks, take) = imported(folder.path(), &["a.mp4", "b.mp4"]);
    assert!(remarks[0].starts_with("b: ") && remarks[0].contains("of 120 announced pictures cannot be"), "{remarks:?}");
    assert!(remarks.iter().any(|remark| remark.contains("cut to the")), "{remarks:?}");
    assert!((108..120).contains(&take.len(CameraId(0))), "{}", take.len(CameraId(0)));
}

#[test]
fn a_stream_that_begins_before_its_first_key_frame_has_a_gap_there() {
    // Two streams of one film: the second without its first packets, so that its first key frame is number 30.
    let folder = folder(&[("whole.mp4", "30", 600)]);
    let cut = "-c copy -bsf:v h264_mp4toannexb,noise=drop=lt(n\\,16) cut.ts";
    ffmpeg_with(folder.path(), &[&["-i", "whole.mp4"], &*cut.split(' ').collect::<Vec<_>>()].concat());
    let (remarks, take) = imported(folder.path(), &["whole.mp4", "cut.ts"]);
    assert!(remarks.iter().any(|r| r.starts_with("cut: ") && r.contains("at the beginning")), "{remarks:?}");
    let cut = take.cameras().iter().position(|name| name == "cut").unwrap() as u16;
    let gap = take.gaps().iter().find(|gap| gap.camera == CameraId(cut)).unwrap();
    assert_eq!((gap.first_sequence, gap.frames), (0, 14), "{remarks:?}");
    assert_eq!(take.frame_info(CameraId(cut), 0).unwrap().sequence, 14);
}

#[test]
fn pictures_that_lean_on_some_that_were_cut_off_are_left_out_unless_they_are_many() {
    let folder = folder(&[("whole.mp4", "30", 60)]);
    for (name, gone) in [("few.ts", 16), ("many.ts", 2)] {
        let cut = format!("-c copy -bsf:v h264_mp4toannexb,noise=drop=lt(n\\,{gone}) {name}");
        ffmpeg_with(folder.path(), &[&["-i", "whole.mp4"], &*cut.split(' ').collect::<Vec<_>>()].concat());
    }
    let said = refused(folder.path(), &["many.ts"]);
    assert!(said.contains("of 58 announced pictures can be decoded (28 at the beginning"), "{said}");
    let (remarks, take) = imported(folder.path(), &["few.ts"]);
    assert!(remarks.iter().any(|remark| remark.contains("(14 at the beginning)")), "{remarks:?}");
    assert_eq!(take.len(CameraId(0)), 30);
}

#[test]
fn what_is_no_video_is_named_with_ffmpegs_words_and_all_at_once() {
    let folder = folder(&[("good.mp4", "30", 30), ("moov.mp4", "30", 30)]);
    let at = |name: &str| folder.path().join(name);
    truncate(&at("moov.mp4"), 0.3);
    fs::write(at("empty.mp4"), "").unwrap();
    fs::write(at("text.mp4"), "this is no video").unwrap();
    fs::write(at("noise.mkv"), [7; 9000]).unwrap();
    let begun = Instant::now();
    let said = refused(folder.path(), &["good.mp4", "moov.mp4", "empty.mp4", "text.mp4", "noise.mkv"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    let line = |name: &str| *lines.iter().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {said}"));
    assert!(line("moov.mp4").contains("moov atom not found"), "{said}");
    assert!(line("empty.mp4").contains("it is empty (0 bytes)"), "{said}");
    assert!(line("text.mp4").contains("Invalid data found"), "{said}");
    assert!(line("noise.mkv").contains("ffmpeg cannot read it as a video"), "{said}");
}

#[test]
fn sound_covers_and_second_tracks_do_not_count() {
    let folder = folder(&[("a.mp4", "30", 30), ("b.mp4", "25", 30)]);
    let at = folder.path();
    // Sound that is four seconds longer than the picture.
    ffmpeg(at, "-i a.mp4 -f lavfi -i anullsrc=d=5 -map 0 -map 1 -c:v copy -c:a aac sound.mp4");
    ffmpeg(at, "-i a.mp4 -f lavfi -i anullsrc=d=5 -map 1 -map 0 -c:v copy -c:a aac sound.mkv");
    ffmpeg(at, "-f lavfi -i testsrc=s=32x32 -frames:v 1 cover.png");
    ffmpeg(at, "-i a.mp4 -i cover.png -map 1 -map 0 -c copy -disposition:v:0 attached_pic cover.mp4");
    ffmpeg(at, "-i a.mp4 -i b.mp4 -map 0 -map 1 -c copy two.mp4");
    for (name, said) in
        [("sound.mp4", None), ("sound.mkv", None), ("cover.mp4", None), ("two.mp4", Some("two: it has 2 video tracks"))]
    {
        let (remarks, take) = import(&[at.join(name)], &at.join(format!("{name}.take"))).unwrap();
        assert_eq!((take.len(CameraId(0)), take.info().trigger_rate_hz), (30, 30.0), "{name}: {remarks:?}");
        assert_eq!(remarks.len(), usize::from(said.is_some()), "{name}: {remarks:?}");
        assert!(said.is_none_or(|said| remarks[0].starts_with(said)), "{remarks:?}");
    }
}

#[test]
fn pixels_become_square_also_when_the_picture_is_turned() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, aspect, turn, size) in
        [("wide.mp4", "4/3", "0", [86, 48]), ("high.mp4", "3/4", "0", [64, 64]), ("turned.mp4", "4/3", "90", [48, 86])]
    {
        ffmpeg(at, &format!("{} -vf setsar={aspect} {H264} straight-{name}", film("30", 12)));
        ffmpeg(at, &format!("-i straight-{name} -c copy -metadata:s:v rotate={turn} {name}"));
        let (remarks, take) = import(&[at.join(name)], &at.join(format!("{name}.take"))).unwrap();
        let (imported, expected) = (pictures(&take, 0), reference(&at.join(name), size));
        assert_eq!((imported.len(), expected.len()), (12, 12));
        for (picture, expected) in imported.iter().zip(&expected) {
            assert_eq!(picture.size_px, size, "{name}");
            assert!(picture.difference(expected) < 2.0, "{name}: {}", picture.difference(expected));
        }
        assert!(remarks.iter().any(|remark| remark.contains("times as wide as high")), "{remarks:?}");
    }
}

#[test]
fn odd_sizes_stay_odd() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ffmpeg(at, &format!("{} -vf scale=63:47 -c:v ffv1 -pix_fmt yuv444p odd.mkv", film("30", 10)));
    let (_, take) = imported(at, &["odd.mkv"]);
    let (imported, expected) = (pictures(&take, 0), reference(&at.join("odd.mkv"), [63, 47]));
    assert!(imported.len() == 10 && imported.iter().zip(&expected).all(|(a, b)| a.difference(b) < 2.0));
}

#[test]
fn rates_that_vary_are_resampled_by_the_clock_and_said() {
    let folder = folder(&[("even.mp4", "30", 60)]);
    let at = folder.path();
    // 30 pictures in the first second, then 24 a second; and a hole of half a second.
    let times = "settb=1/90000,setpts=if(lt(N\\,30)\\,N/30\\,1+(N-30)/24)/TB+gt(N\\,40)*0.5/TB";
    ffmpeg(
        at,
        &format!(
            "{} -vf {times} -fps_mode passthrough -enc_time_base 1:90000 {H264} -video_track_timescale 90000 dark.mp4",
            film("30", 54)
        ),
    );
    let (remarks, take) = imported(at, &["even.mp4", "dark.mp4"]);
    let said =
        remarks.iter().find(|remark| remark.starts_with("resampled at ")).unwrap_or_else(|| panic!("{remarks:?}"));
    assert!(said.contains("dark varies around") && said.contains("largest gap of 542 ms"), "{said}");
    assert!(said.contains("even has 30 Hz"), "{said}");
    // At each instant both show what they showed at that time.
    let rate_hz = take.info().trigger_rate_hz;
    let shown = |camera: u16| -> Vec<(u64, i64)> {
        let numbers = numbers(&pictures(&take, camera));
        let instant = |at| take.frame_info(CameraId(camera), at).unwrap().trigger.pulse().unwrap();
        numbers.into_iter().enumerate().map(|(at, number)| (instant(at), number)).collect()
    };
    let time_s = |camera: u16, number: i64| match (camera, number as f64) {
        (0, n) if n < 30.0 => n / 30.0,
        (0, n) => 1.0 + (n - 30.0) / 24.0 + if n > 40.0 { 0.5 } else { 0.0 },
        (_, n) => n / 30.0,
    };
    assert_eq!(take.cameras(), ["dark", "even"]);
    for camera in [0, 1] {
        let shown = shown(camera);
        // The brightness begins again after 40 pictures.
        let mut rounds = 0;
        let mut last = -1;
        for (instant, number) in &shown {
            rounds += i64::from(*number < last);
            last = *number;
            let beside_s = time_s(camera, number + 40 * rounds) - *instant as f64 / rate_hz;
            assert!(beside_s.abs() <= 0.5 / rate_hz + 1e-3, "camera {camera}, instant {instant}: {beside_s} s beside");
        }
        assert!(shown.len() > 40, "{}", shown.len());
    }
    let lacking = take.gaps().iter().filter(|gap| gap.camera == CameraId(0)).map(|gap| gap.frames).sum::<u64>();
    assert!(lacking >= 10, "the hole is a gap: {:?}", take.gaps());
    let error = import_with(
        &[at.join("even.mp4"), at.join("dark.mp4")],
        &at.join("other"),
        Rates::MustBeEqual,
        &Tools::default(),
    );
    let said = error.err().unwrap().to_string();
    assert!(said.contains("dark varies around") && said.contains("leave out --no-resample"), "{said}");
}

#[test]
fn sixty_and_thirty_meet_at_thirty() {
    let folder = folder(&[("fast.mp4", "60", 60), ("slow.mp4", "30", 30)]);
    let (remarks, take) = imported(folder.path(), &["fast.mp4", "slow.mp4"]);
    assert_eq!(take.info().trigger_rate_hz, 30.0);
    assert_eq!(numbers(&pictures(&take, 0))[..20], (0..20).map(|n| 2 * n).collect::<Vec<_>>());
    assert_eq!(numbers(&pictures(&take, 1)), (0..30).collect::<Vec<_>>());
    assert!(remarks[0].contains("resampled at 30 Hz: fast has 60 Hz; slow has 30 Hz"), "{remarks:?}");
}

#[test]
fn clocks_that_hardly_differ_are_one_rate() {
    let folder = folder(&[("a.mp4", "30003/1000", 90), ("b.mp4", "29998/1000", 90)]);
    let paths = ["a.mp4", "b.mp4"].map(|name| folder.path().join(name));
    let (remarks, take) =
        import_with(&paths, &folder.path().join("take"), Rates::MustBeEqual, &Tools::default()).unwrap();
    assert_eq!((take.len(CameraId(0)), take.len(CameraId(1)), remarks.len()), (90, 90, 0), "{remarks:?}");
}

#[test]
fn a_time_that_does_not_begin_at_nought_is_no_offset() {
    let folder = folder(&[("a.mp4", "30", 30)]);
    let at = folder.path();
    ffmpeg(at, "-i a.mp4 -c copy -output_ts_offset 77.7 late.ts");
    ffmpeg(at, "-itsoffset -0.5 -i a.mp4 -c copy -avoid_negative_ts disabled early.mkv");
    for name in ["late.ts", "early.mkv"] {
        let (remarks, take) = import(&[at.join("a.mp4"), at.join(name)], &at.join(format!("{name}.take"))).unwrap();
        for camera in [0, 1] {
            assert_eq!(take.frame_info(CameraId(camera), 0).unwrap().exposure.ns, 0, "{name}: {remarks:?}");
            assert_eq!(numbers(&pictures(&take, camera)), (0..30).collect::<Vec<_>>(), "{name}: {remarks:?}");
        }
    }
}

#[test]
fn fields_become_one_picture_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ffmpeg(at, &format!("{} -c:v mpeg2video -q:v 2 -flags +ildct+ilme -vf setfield=tff fields.mpg", film("25", 20)));
    let (remarks, take) = imported(at, &["fields.mpg"]);
    assert_eq!(numbers(&pictures(&take, 0)), (0..20).collect::<Vec<_>>());
    assert!(remarks.iter().any(|remark| remark.contains("it is interlaced")), "{remarks:?}");
}

#[test]
fn a_size_that_changes_is_said_and_becomes_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ffmpeg(at, &format!("{} {H264} -bf 0 one.ts", film("30", 15)));
    ffmpeg(at, &format!("{} {H264} -bf 0 -output_ts_offset 0.5 two.ts", film_of(96, 72, "30", 15)));
    let both = [fs::read(at.join("one.ts")).unwrap(), fs::read(at.join("two.ts")).unwrap()].concat();
    fs::write(at.join("both.ts"), both).unwrap();
    let (remarks, take) = imported(at, &["both.ts"]);
    assert!(remarks.iter().any(|remark| remark.contains("changes from 64×48 to 96×72")), "{remarks:?}");
    assert_eq!(take.len(CameraId(0)), 30, "{remarks:?}");
    assert!(pictures(&take, 0).iter().all(|picture| picture.size_px == [WIDTH, 48]));
}

#[test]
fn recordings_that_were_put_together_are_refused_and_a_picture_that_is_late_is_left_out() {
    let folder = folder(&[("one.ts", "30", 30)]);
    let at = folder.path();
    let one = fs::read(at.join("one.ts")).unwrap();
    fs::write(at.join("twice.ts"), [one.clone(), one].concat()).unwrap();
    assert!(refused(at, &["twice.ts"]).contains("its times run backwards: from picture 30 on, 30 of 60"));
    // Two pictures of the second part are as early as the last two of the first.
    for (name, offset) in [("first.ts", 0.0), ("second.ts", 28.0 / 30.0)] {
        ffmpeg(at, &format!("{} {H264} -bf 0 -output_ts_offset {offset} {name}", film("30", 30)));
    }
    let both = ["first.ts", "second.ts"].map(|name| fs::read(at.join(name)).unwrap()).concat();
    fs::write(at.join("late.ts"), both).unwrap();
    let (remarks, take) = imported(at, &["late.ts"]);
    assert!(remarks[0].contains("2 pictures are not later than those before them"), "{remarks:?}");
    let expected: Vec<_> = (0..30).chain(2..30).collect();
    assert_eq!(numbers(&pictures(&take, 0)), expected, "{remarks:?}");
}

#[test]
fn one_picture_and_pictures_without_times_are_refused_with_a_remedy() {
    let folder = folder(&[("one.mp4", "30", 1), ("raw.h264", "30", 30)]);
    let said = refused(folder.path(), &["one.mp4", "raw.h264"]);
    assert!(said.contains("one picture of it can be decoded, and two make a video"), "{said}");
    assert!(said.contains("its pictures have no times") && said.contains("-framerate RATE"), "{said}");
}

#[test]
fn any_name_is_found() {
    let folder = folder(&[("a.mp4", "30", 6)]);
    let at = folder.path();
    let names =
        ["-x.mp4", "a:b.mp4", "50%d of it.mp4", "it's \"mine\".mp4", "Mu\u{308}ller.mp4", "a\\c.mp4", "no ending"];
    for name in names {
        fs::copy(at.join("a.mp4"), at.join(name)).unwrap();
    }
    let (remarks, take) = import(&[at.to_owned()], &at.join("take")).unwrap();
    let cameras = ["50-d-of-it", "a", "a-b", "a-c", "it-s--mine", "Muller", "no-ending", "x"];
    let mut found = take.cameras().to_vec();
    found.sort_by_key(|name| name.to_lowercase());
    assert_eq!(found, cameras, "{remarks:?}");
    assert!(remarks.iter().any(|remark| remark == "\"a\\\\c\" is the camera a-c"), "{remarks:?}");
    assert!((0..8).all(|camera| take.len(CameraId(camera)) == 6));
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = folder(&[]);
    let at = folder.path();
    let fifo = at.join("fifo.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let begun = Instant::now();
    assert!(refused(at, &["fifo.mp4"]).contains("neither a file nor a folder"));
    assert!(refused(at, &["nowhere.mp4"]).contains("nowhere.mp4 cannot be read: No such file"));
    assert!(refused(at, &["."]).contains("fifo.mp4: neither a file nor a folder"));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let folder = folder(&[("a.mp4", "30", 6)]);
    let path = folder.path().join("a.mp4");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        println!("skipped: root reads everything");
        return;
    }
    assert!(refused(folder.path(), &["a.mp4"]).contains("Permission denied"));
}

fn fake(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_decoder_that_hangs_or_gives_fewer_pictures_leaves_no_take() {
    let folder = folder(&[("a.mp4", "30", 12)]);
    let at = folder.path();
    let begun = Instant::now();
    let with = |tools: Tools| {
        let error = import_with(&[at.join("a.mp4")], &at.join("take"), Rates::Resample, &tools).err().unwrap();
        assert!(!at.join("take").exists() && !at.join(".take.part").exists(), "nothing is left");
        error.to_string()
    };
    let silence = Duration::from_millis(400);
    let hanging = fake(at, "hanging", "echo stuck >&2; sleep 600");
    let said = with(Tools { ffprobe: hanging.clone(), silence, ..Tools::default() });
    assert!(said.contains("a.mp4") && said.contains("gave nothing for 400ms and was ended"), "{said}");
    let said = with(Tools { ffmpeg: hanging, silence, ..Tools::default() });
    assert!(said.contains("was ended; it said: stuck"), "{said}");
    let fewer = fake(at, "fewer", "exec ffmpeg \"$@\" 2>/dev/null | head -c 3000; echo no memory >&2");
    let said = with(Tools { ffmpeg: fewer, ..Tools::default() });
    assert!(said.contains("of 12 pictures came when it was decoded again"), "{said}");
    let said = with(Tools { ffmpeg: "no-such-ffmpeg".into(), ..Tools::default() });
    assert!(said.contains("install the Debian package ffmpeg"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_take_is_never_replaced() {
    let folder = folder(&[("a.mp4", "30", 6)]);
    let at = folder.path();
    let out = at.join("take");
    fs::create_dir(&out).unwrap();
    import(&[at.join("a.mp4")], &out).unwrap_or_else(|error| panic!("an empty folder may be used: {error}"));
    let said = import(&[at.join("a.mp4")], &out).err().unwrap().to_string();
    assert!(said.contains("exists and is not empty"), "{said}");
    let rig = take::TakeReader::open(&out).unwrap().info().rig_toml.clone();
    let (rig, _) = calibration_free_config::Rig::from_toml_str(&rig, "rig").unwrap();
    assert_eq!((&*rig.cameras[0].name, rig.trigger.rate_hz), ("a", 30.0));
    assert_eq!(Path::new(&rig.cameras[0].source), at.join("a.mp4").canonicalize().unwrap());
}

/// The header's matrix turns pictures over: a player shows them so, and no camera sees them so.
#[test]
fn a_mirrored_video_is_told() {
    let folder = folder(&[("a.mp4", "30", 6), ("turned.mp4", "30", 6)]);
    let path = folder.path().join("a.mp4");
    let mut bytes = fs::read(&path).unwrap();
    let track = bytes.windows(4).position(|word| word == b"tkhd").unwrap();
    // After version, times, number, duration, layer, group and volume: the matrix, which begins with 1 in 16.16.
    let matrix = track + 4 + 40;
    assert_eq!(bytes[matrix..matrix + 4], [0, 1, 0, 0]);
    bytes[matrix..matrix + 4].copy_from_slice(&(-65_536_i32).to_be_bytes());
    fs::write(&path, bytes).unwrap();
    let (remarks, _) = imported(folder.path(), &["a.mp4", "turned.mp4"]);
    let mirrored: Vec<_> = remarks.iter().filter(|remark| remark.contains("it is mirrored")).collect();
    assert!(mirrored.len() == 1 && mirrored[0].starts_with("a"), "{remarks:?}");
    assert!(!remarks.iter().any(|remark| remark.contains("upside down")), "{remarks:?}");
}
