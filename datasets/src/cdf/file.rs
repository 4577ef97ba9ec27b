//! The records of a CDF file.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;

const MAGIC: [u8; 4] = [0xcd, 0xf3, 0x00, 0x01];
const COMPRESSED: [u8; 4] = [0xcc, 0xcc, 0x00, 0x01];
/// Where the first record starts, after the two magic numbers.
pub const FIRST: usize = 8;
/// Limits what a damaged file can make us allocate; pose files are smaller.
pub const MAX_BYTES: usize = 1 << 30;

pub const CDR: u32 = 1;
pub const GDR: u32 = 2;
const RVDR: u32 = 3;
const VXR: u32 = 6;
const VVR: u32 = 7;
pub const ZVDR: u32 = 8;
const CCR: u32 = 10;
const CPR: u32 = 11;
const CVVR: u32 = 13;

/// The content of a file, decompressed if the whole file is compressed.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    match bytes.first_chunk() {
        Some(&MAGIC) => {}
        Some(&[0xcd, 0xf2, ..] | &[0x00, 0x00, 0xff, 0xff]) => {
            return Err(
                "this is CDF version 2, and only version 3 is supported; convert it with NASA's cdfconvert".into()
            );
        }
        _ => return Err("this is not a CDF file".into()),
    }
    if bytes.get(4..FIRST) != Some(&COMPRESSED) {
        return Ok(Cow::Borrowed(bytes));
    }
    let file = File { bytes: Cow::Borrowed(bytes) };
    let ccr = file.record(FIRST, &[CCR])?;
    let size = usize::try_from(ccr.u64(20)?).map_err(|e| e.to_string())?;
    file.check_gzip(ccr.offset(12)?)?;
    let mut whole = bytes[..FIRST].to_vec();
    whole.extend(gunzip(ccr.bytes.get(32..).unwrap_or_default(), size)?);
    Ok(Cow::Owned(whole))
}

/// A file, decompressed.
pub struct File<'a> {
    bytes: Cow<'a, [u8]>,
}

impl<'a> File<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Self, String> {
        Ok(Self { bytes: unpacked(bytes)? })
    }

    /// The record at an offset, if it has one of these kinds.
    pub fn record(&self, at: usize, kinds: &[u32]) -> Result<Record<'_>, String> {
        let damaged = || format!("it is damaged: no whole record of kind {kinds:?} at byte {at}");
        let rest = self.bytes.get(at..).ok_or_else(damaged)?;
        let size = Record { bytes: rest }.u64(0).map_err(|_| damaged())?;
        let bytes = usize::try_from(size).ok().and_then(|size| rest.get(..size)).ok_or_else(damaged)?;
        let record = Record { bytes };
        if record.kind().is_ok_and(|kind| kinds.contains(&kind)) { Ok(record) } else { Err(damaged()) }
    }

    pub fn find_variable(&self, gdr: &Record<'_>, name: &str) -> Result<Record<'_>, String> {
        let mut names = Vec::new();
        for (kind, head, count) in [(ZVDR, 20, 60), (RVDR, 12, 44)] {
            let mut next = gdr.offset(head)?;
            for _ in 0..gdr.u32(count)? {
                let Some(at) = next else { break };
                let vdr = self.record(at, &[kind])?;
                let text = vdr.bytes.get(84..340).ok_or("it is damaged: a variable without a name")?;
                let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                if text == name.as_bytes() {
                    return Ok(vdr);
                }
                names.push(String::from_utf8_lossy(text).into_owned());
                next = vdr.offset(12)?;
            }
        }
        Err(format!("it has no variable {name:?}; there are {names:?}"))
    }

    pub fn check_gzip(&self, cpr: Option<usize>) -> Result<(), String> {
        match self.record(cpr.ok_or("it is damaged: no kind of compression")?, &[CPR])?.u32(12)? {
            5 => Ok(()),
            kind => Err(format!("its compression is of type {kind}, and only GZIP is supported; save it with GZIP")),
        }
    }

    /// The bytes of all records of a variable, in order.
    pub fn values(&self, vdr: &Record<'_>, records: usize, record_bytes: usize) -> Result<Vec<u8>, String> {
        let mut values = vec![0; records * record_bytes];
        let mut present = vec![false; records];
        let mut pending = Vec::from_iter(vdr.offset(28)?);
        // Stops at cycles, too. An index and each of its entries take 16 bytes or more.
        let mut budget = self.bytes.len() / 16;
        while let Some(at) = pending.pop() {
            let vxr = self.record(at, &[VXR])?;
            pending.extend(vxr.offset(12)?);
            let (entries, used) = (vxr.u32(20)? as usize, vxr.u32(24)? as usize);
            budget = budget.checked_sub(1 + used).ok_or("it is damaged: its index has a cycle")?;
            for entry in 0..used {
                let (first, last) = (vxr.u32(28 + 4 * entry)? as usize, vxr.u32(28 + 4 * (entries + entry))? as usize);
                let child =
                    vxr.offset(28 + 8 * entries + 8 * entry)?.ok_or("it is damaged: an index without values")?;
                let block = self.record(child, &[VXR, VVR, CVVR])?;
                if block.kind()? == VXR {
                    pending.push(child);
                    continue;
                }
                // More records may be allocated than were written.
                let end = last.saturating_add(1).min(records);
                let Some(covered) = present.get_mut(first..end) else { continue };
                if covered.contains(&true) {
                    return Err(format!("it is damaged: two values for one of the records {first} to {last}"));
                }
                let into = &mut values[first * record_bytes..end * record_bytes];
                let stored = block.values(into.len())?;
                // A block may be larger than its used part.
                into.copy_from_slice(stored.get(..into.len()).ok_or("it is damaged: values are missing")?);
                covered.fill(true);
            }
        }
        match present.iter().position(|present| !present) {
            None => Ok(values),
            Some(record) => Err(format!("it has no value for record {record}")),
        }
    }
}

/// A record with its head. Numbers are big-endian, at the offsets given in the format's description.
pub struct Record<'a> {
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    fn field<const N: usize>(&self, at: usize) -> Result<[u8; N], String> {
        let field = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        field.copied().ok_or_else(|| "it is damaged: a record is too short".into())
    }

    pub fn u32(&self, at: usize) -> Result<u32, String> {
        self.field(at).map(u32::from_be_bytes)
    }

    fn u64(&self, at: usize) -> Result<u64, String> {
        self.field(at).map(u64::from_be_bytes)
    }

    pub fn kind(&self) -> Result<u32, String> {
        self.u32(8)
    }

    /// The offset of another record; `None` if the field is 0 or -1.
    pub fn offset(&self, at: usize) -> Result<Option<usize>, String> {
        let offset = self.u64(at)?;
        Ok(usize::try_from(offset).ok().filter(|offset| ![0, usize::MAX].contains(offset)))
    }

    /// The content of a VVR or CVVR, decompressed, at least `size` bytes.
    fn values(&self, size: usize) -> Result<Cow<'a, [u8]>, String> {
        if self.kind()? == VVR {
            return Ok(Cow::Borrowed(&self.bytes[12..]));
        }
        let packed = usize::try_from(self.u64(16)?).ok().and_then(|packed| self.bytes.get(24..)?.get(..packed));
        Ok(Cow::Owned(gunzip(packed.ok_or("it is damaged: packed values are missing")?, size)?))
    }
}

fn gunzip(packed: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(packed).take(MAX_BYTES as u64).read_to_end(&mut bytes);
    read.map_err(|e| format!("it is damaged: its compressed part does not unpack: {e}"))?;
    if bytes.len() < size {
        return Err(format!("it is damaged: {} bytes where {size} should be unpacked", bytes.len()));
    }
    Ok(bytes)
}
