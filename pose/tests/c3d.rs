//! C3D files, in each of the ways that they are written.

use nalgebra::Vector3;
use pose::markers::{MarkerFrame, Tracks, Up, read};
use pose::{PoseError, c3d};

fn tracks() -> Tracks {
    let frame = |source_index, markers_mm| MarkerFrame { source_index, markers_mm };
    Tracks {
        rate_hz: 119.88,
        names: vec!["P:LASI".into(), "RKNE".into()],
        frames: vec![
            frame(4, vec![Some(Vector3::new(12.0, -34.0, 912.0)), None]),
            frame(5, vec![Some(Vector3::new(13.0, -35.0, 911.0)), Some(Vector3::new(-7.0, 80.0, 480.0))]),
        ],
    }
}

fn written() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.c3d");
    c3d::write(&path, &tracks()).unwrap();
    std::fs::read(path).unwrap()
}

fn reread(bytes: &[u8], up: Option<Up>) -> Result<pose::markers::Read, PoseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.c3d");
    std::fs::write(&path, bytes).unwrap();
    read(&path, up)
}

/// Where in a file a parameter's name stands.
fn find(bytes: &[u8], name: &str) -> usize {
    bytes.windows(name.len()).position(|part| part == name.as_bytes()).unwrap()
}

#[test]
fn what_is_written_reads_the_same() {
    let read = reread(&written(), None).unwrap();
    let mut expected = tracks();
    expected.rate_hz = f64::from(119.88f32);
    assert_eq!(read.tracks, expected);
    assert_eq!((read.mm_per_unit, read.remarks), (1.0, vec![]));
}

#[test]
fn units_and_the_axis_that_points_up() {
    let mut metres = written();
    let units = find(&metres, "UNITS") + "UNITS".len() + 2 + 3;
    metres[units..units + 2].copy_from_slice(b"m ");
    let read = reread(&metres, None).unwrap();
    assert_eq!(read.tracks.frames[0].markers_mm[0], Some(Vector3::new(12_000.0, -34_000.0, 912_000.0)));

    let mut y_up = written();
    let screen = find(&y_up, "Y_SCREEN") + "Y_SCREEN".len() + 2 + 3;
    assert_eq!(&y_up[screen..screen + 2], b"+Z");
    y_up[screen + 1] = b'Y';
    let turned = Some(Vector3::new(912.0, 12.0, -34.0));
    assert_eq!(reread(&y_up, None).unwrap().tracks.frames[0].markers_mm[0], turned);
    assert_eq!(reread(&written(), Some(Up::Y)).unwrap().tracks.frames[0].markers_mm[0], turned);
    y_up[screen + 1] = b'X';
    let error = reread(&y_up, None).unwrap_err().to_string();
    assert!(error.contains("\"+X\" points up") && error.contains("--up"), "{error}");
}

/// The file as a processor with the other byte order writes it, or with integers.
fn converted(integers: bool, mips: bool) -> Vec<u8> {
    let file = written();
    let word = |value: i16| if mips { value.to_be_bytes() } else { value.to_le_bytes() };
    let float = |value: f32| if mips { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut out = vec![0u8; 512];
    out[..2].copy_from_slice(&[2, 0x50]);
    for (at, value) in [(2, 2), (6, 5), (8, 6), (16, 3)] {
        out[at..at + 2].copy_from_slice(&word(value));
    }
    out[12..16].copy_from_slice(&float(if integers { 0.5 } else { -1.0 }));
    out[20..24].copy_from_slice(&float(119.88));
    let mut parameters = vec![1, 0x50, 1, if mips { 86 } else { 84 }];
    let mut put = |name: &str, id: i8, body: &[u8]| {
        parameters.extend([name.len() as u8, id as u8]);
        parameters.extend(name.as_bytes());
        parameters.extend(word(body.len() as i16 + 2));
        parameters.extend(body);
    };
    put("LABELS", 1, b"\xff\x02\x06\x02P:LASIRKNE  \0");
    put("POINT", -1, b"\0");
    parameters.resize(512, 0);
    out.extend(parameters);
    let floats = file[1024..1024 + 64].chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    for (at, value) in floats.enumerate() {
        match integers {
            true if at % 4 == 3 => out.extend(word(value as i16)),
            true => out.extend(word((value * 2.0) as i16)),
            false => out.extend(float(value)),
        }
    }
    out
}

#[test]
fn integers_and_other_byte_orders_read_the_same() {
    for (integers, mips) in [(false, false), (true, false), (false, true), (true, true)] {
        let read = reread(&converted(integers, mips), None).unwrap();
        assert_eq!(read.tracks.frames, tracks().frames, "integers {integers}, mips {mips}");
        assert_eq!(read.tracks.names, tracks().names);
    }
}

#[test]
fn what_is_missing_or_damaged_is_said() {
    let whole = converted(false, false);
    let read = reread(&whole[..whole.len() - 8], None).unwrap();
    assert_eq!(read.tracks.frames.len(), 1);
    assert!(read.remarks[0].contains("announces 2 frames, and 1 are there"), "{:?}", read.remarks);

    for length in (0..whole.len()).step_by(5) {
        // Those that keep a frame are read.
        assert_eq!(reread(&whole[..length], None).is_ok(), length >= 1024 + 32, "{length}");
    }
    let mut nameless = whole.clone();
    let at = find(&nameless, "LABELS");
    nameless[at] = b'X';
    let error = reread(&nameless, None).unwrap_err().to_string();
    assert!(error.contains("has 2 points and names 0 of them"), "{error}");
}

/// A file of Theia's kind: no points, and a matrix for each segment.
#[test]
fn origins_of_segments_are_markers() {
    let mut file = vec![0u8; 512];
    file[..2].copy_from_slice(&[2, 0x50]);
    for (at, value) in [(6, 1u16), (8, 2), (16, 3)] {
        file[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    file[12..16].copy_from_slice(&(-1.0f32).to_le_bytes());
    file[20..24].copy_from_slice(&60.0f32.to_le_bytes());
    let mut parameters = vec![1, 0x50, 1, 84];
    let mut put = |name: &str, id: i8, body: &[u8]| {
        parameters.extend([name.len() as u8, id as u8]);
        parameters.extend(name.as_bytes());
        parameters.extend((body.len() as i16 + 2).to_le_bytes());
        parameters.extend(body);
    };
    put("ROTATION", -1, b"\0");
    put("USED", 1, &[2, 0, 2, 0, 0]);
    put("DATA_START", 1, &[2, 0, 3, 0, 0]);
    put("RATIO", 1, &[2, 0, 1, 0, 0]);
    put("LABELS", 1, b"\xff\x02\x0b\x02r_thigh_4X4l_shank_4X4\0");
    parameters.resize(512, 0);
    file.extend(parameters);
    for (origin, known) in [([1.0, 2.0, 3.0], 0.5), ([4.0, 5.0, 6.0], 0.5), ([7.0, 8.0, 9.0], 0.5), ([1.0; 3], -1.0)] {
        let mut matrix = [0f32; 17];
        matrix[12..15].copy_from_slice(&origin);
        matrix[15..].copy_from_slice(&[1.0, known]);
        file.extend(matrix.into_iter().flat_map(f32::to_le_bytes));
    }
    let read = reread(&file, None).unwrap().tracks;
    assert_eq!(read.names, ["r_thigh_4X4", "l_shank_4X4"]);
    let at = |x, y, z| Some(Vector3::new(x, y, z));
    assert_eq!(read.frames[0].markers_mm, [at(1.0, 2.0, 3.0), at(4.0, 5.0, 6.0)]);
    assert_eq!(read.frames[1].markers_mm, [at(7.0, 8.0, 9.0), None]);
}
