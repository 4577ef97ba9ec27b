//! Finds the end of a JPEG picture.

/// Length of a JPEG picture up to and including its end marker (ITU-T T.81, annex B); `None` if it is truncated. Bytes
/// after it are ignored.
pub fn length(bytes: &[u8]) -> Option<usize> {
    const SCAN: u8 = 0xda;
    const END: u8 = 0xd9;
    let mut at = if bytes.starts_with(&[0xff, 0xd8]) { 2 } else { return None };
    loop {
        // Between segments there may be fill bytes.
        let [0xff, marker] = *bytes.get(at..at + 2)? else { return None };
        match marker {
            0xff => at += 1,
            END => return Some(at + 2),
            _ => {
                at += 2 + usize::from(u16::from_be_bytes(*bytes.get(at + 2..at + 4)?.first_chunk()?));
                if marker == SCAN {
                    let data = bytes.get(at..)?;
                    // Within a scan a marker is neither a stuffed byte nor a restart.
                    let is_marker = |&at: &usize| data.get(at + 1).is_some_and(|next| !matches!(next, 0 | 0xd0..=0xd7));
                    at += memchr::memchr_iter(0xff, data).find(is_marker)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: [u8; 20] = [
        0xff, 0xd8, // start
        0xff, 0xe1, 0, 4, 0xff, 0xd9, // a segment that holds another picture's end
        0xff, 0xda, 0, 2, // the scan
        7, 0xff, 0, 0xff, 0xd3, 7, // its data, with a stuffed byte and a restart
        0xff, 0xd9, // end
    ];

    #[test]
    fn a_picture_ends_at_its_own_end() {
        let stale = [&PICTURE[..], &[1, 2, 0xff, 0xd9]].concat();
        assert_eq!(length(&stale), Some(PICTURE.len()));
    }

    #[test]
    fn a_picture_that_is_cut_has_no_end() {
        for cut in 0..PICTURE.len() {
            assert_eq!(length(&PICTURE[..cut]), None, "{cut}");
        }
        assert_eq!(length(&[0; 20]), None);
    }
}
