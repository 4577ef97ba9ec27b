//! How much memory there is.

use std::fs;

use recipe::Buffer;

use super::moments::HELD_OUT_SHARE;
use crate::LearnError;

/// Bytes that this process can have: the machine's memory, or less where its control group has a limit. `None` if the
/// system does not say.
pub(crate) fn of_machine() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok()).min();
    [machine, limit].into_iter().flatten().min()
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}

/// Refuses a buffer that cannot be in this much memory.
///
/// # Errors
/// If it would need more.
pub(crate) fn check(buffer: &Buffer, memory: Option<u64>) -> Result<(), LearnError> {
    let needed = buffer.bytes.saturating_add(buffer.bytes / HELD_OUT_SHARE);
    match memory {
        Some(memory) if needed > memory => Err(LearnError::BufferTooLarge { bytes: buffer.bytes, needed, memory }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_larger_than_the_memory_is_refused() {
        let buffer = |bytes| Buffer { bytes, ..Buffer::default() };
        check(&buffer(8_000_000_000), Some(10_000_000_000)).unwrap();
        check(&buffer(u64::MAX), None).unwrap();
        let error = check(&buffer(8_000_000_001), Some(10_000_000_000)).unwrap_err().to_string();
        assert!(error.contains("buffer.bytes") && error.contains("10.0 GB"), "{error}");
        assert!(check(&buffer(u64::MAX), of_machine()).is_err(), "this machine's memory is known");
    }

    #[test]
    fn the_kernels_words_are_read() {
        assert_eq!(total("MemFree: 5 kB\nMemTotal:       24576 kB\n"), Some(24576 * 1024));
        assert_eq!(total("nothing"), None);
    }
}
