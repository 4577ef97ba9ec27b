//! Numbers in the byte order of the processor that wrote a file.

/// Who wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processor {
    /// Little endian.
    Intel,
    /// Little endian; floats have exchanged words and four times the value.
    Dec,
    /// Big endian.
    Mips,
}

impl Processor {
    pub fn of(byte: u8) -> Result<Self, String> {
        match byte {
            84 => Ok(Self::Intel),
            85 => Ok(Self::Dec),
            86 => Ok(Self::Mips),
            other => Err(format!("its processor type is {other}; 84, 85 and 86 are known: the file is damaged")),
        }
    }
}

/// A file, read at byte offsets.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    pub file: &'a [u8],
    pub processor: Processor,
}

impl<'a> Bytes<'a> {
    pub fn slice(&self, at: usize, length: usize) -> Result<&'a [u8], String> {
        let end = at.checked_add(length);
        let part = end.and_then(|end| self.file.get(at..end));
        part.ok_or_else(|| format!("it ends after {} bytes, before what byte {at} should begin", self.file.len()))
    }

    pub fn u8(&self, at: usize) -> Result<u8, String> {
        Ok(self.slice(at, 1)?[0])
    }

    pub fn u16(&self, at: usize) -> Result<u16, String> {
        let two = <[u8; 2]>::try_from(self.slice(at, 2)?).expect("two bytes");
        Ok(match self.processor {
            Processor::Intel | Processor::Dec => u16::from_le_bytes(two),
            Processor::Mips => u16::from_be_bytes(two),
        })
    }

    pub fn i16(&self, at: usize) -> Result<i16, String> {
        self.u16(at).map(|value| value as i16)
    }

    pub fn f32(&self, at: usize) -> Result<f32, String> {
        let [a, b, c, d] = <[u8; 4]>::try_from(self.slice(at, 4)?).expect("four bytes");
        Ok(match self.processor {
            Processor::Intel => f32::from_le_bytes([a, b, c, d]),
            Processor::Dec => f32::from_le_bytes([c, d, a, b]) / 4.0,
            Processor::Mips => f32::from_be_bytes([a, b, c, d]),
        })
    }
}
