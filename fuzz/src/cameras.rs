//! Input from cameras and the trigger box. Both parsers are behind features of `capture` that need camera libraries.
//! Their files have no dependencies, so they are compiled here directly.

#[allow(dead_code, reason = "it is private to capture, and only a part of it is used here")]
#[path = "../../capture/src/drivers/jpeg.rs"]
mod jpeg;
#[allow(dead_code, reason = "it is private to capture, and only a part of it is used here")]
#[path = "../../capture/src/trigger/protocol.rs"]
mod protocol;

use protocol::{Answer, Hello, Lines, Reading, Started, Status};

/// A webcam's unit that claims to be a JPEG, followed by other bytes.
pub fn camera_jpeg(data: &[u8]) -> bool {
    let Some(length) = jpeg::length(data) else { return false };
    assert!(data[..length].starts_with(&[0xff, 0xd8]) && data[..length].ends_with(&[0xff, 0xd9]));
    assert_eq!(jpeg::length(&data[..length]), Some(length), "bytes after the end do not matter");
    assert_eq!(jpeg::length(&data[..length - 1]), None);
    true
}

/// Input from the serial line of a trigger box. Each line is parsed as it is, and with a correct checksum, which a
/// search would hardly find.
pub fn trigger_box(data: &[u8]) -> bool {
    let mut lines = Lines::default();
    let mut understood = false;
    for line in data.iter().filter_map(|&byte| lines.push(byte)) {
        assert!(line.len() <= 128 && !line.contains(&b'\n'));
        understood |= answer(&line);
        let sealed = [&line[..], format!("*{:04X}", crc16(&line)).as_bytes()].concat();
        understood |= answer(&sealed);
    }
    understood
}

fn answer(line: &[u8]) -> bool {
    let Some(answer) = Answer::parse(line) else { return false };
    let (Ok(said) | Err(said)) = answer.said;
    assert!(said.len() < line.len());
    let hello = Hello::parse(&said);
    assert!(hello.as_ref().is_none_or(|hello| hello.ticks_per_second > 0));
    let started = Started::parse(&said).is_some();
    let reading = Reading::parse(&said).is_some();
    let status = Status::parse(&said).is_some();
    hello.is_some() || started || reading || status
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| (crc << 1) ^ if crc & 0x8000 != 0 { 0x1021 } else { 0 })
    })
}
