use std::ops::Deref;

use crate::sync::{Arc, ArrayQueue, AtomicUsize, Ordering};
use crate::{CameraId, HostTime, Picture, SegmentId, SourcePosition, TriggerIndex};

/// A fixed number of buffers for one camera. Nothing is allocated for pixels after the pool is made, except where a
/// camera sends a unit larger than any before.
#[derive(Clone)]
pub struct BufferPool {
    free: Arc<Free>,
}

/// The free buffers. Those that came back last are lent first, as long as they are few: their memory is in the caches,
/// and buffers that a slow consumer alone would need are not touched before it does.
struct Free {
    warm: ArrayQueue<Vec<u8>>,
    others: ArrayQueue<Vec<u8>>,
}

const WARM: usize = 4;

impl Free {
    fn take(&self) -> Option<Vec<u8>> {
        self.warm.pop().or_else(|| self.others.pop())
    }

    fn give_back(&self, bytes: Vec<u8>) {
        if let Err(bytes) = self.warm.push(bytes) {
            // Full means that a buffer was made elsewhere; it is then simply freed.
            let _ = self.others.push(bytes);
        }
    }
}

impl BufferPool {
    /// `buffers` must be at least one.
    pub fn new(buffers: usize, bytes_each: usize) -> Self {
        let others = ArrayQueue::new(buffers);
        while others.push(Vec::with_capacity(bytes_each)).is_ok() {}
        Self { free: Arc::new(Free { warm: ArrayQueue::new(WARM), others }) }
    }

    /// An empty buffer, or `None` when all are in use: the driver then drops its frame and counts it.
    pub fn acquire(&self) -> Option<Slot> {
        let mut bytes = self.free.take()?;
        bytes.clear();
        Some(Slot { bytes, home: self.free.clone() })
    }

    /// Buffers that nobody holds.
    pub fn available(&self) -> usize {
        self.free.warm.len() + self.free.others.len()
    }

    pub fn capacity(&self) -> usize {
        self.free.others.capacity()
    }
}

/// A buffer on loan to a driver, which fills it. It returns to its pool when dropped.
pub struct Slot {
    bytes: Vec<u8>,
    home: Arc<Free>,
}

impl Slot {
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Seals the buffer: from here on nobody writes to it.
    pub fn into_frame(self, info: FrameInfo) -> Frame {
        Frame { info, slot: self }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.bytes));
    }
}

/// Everything about a frame except its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameInfo {
    pub camera: CameraId,
    /// Counts the units that the driver saw, from 0, without gaps of its own.
    pub sequence: u64,
    pub segment: SegmentId,
    pub trigger: TriggerIndex,
    /// Start of exposure.
    pub exposure: HostTime,
    pub exposure_duration_ns: u32,
    /// `CLOCK_MONOTONIC` when the driver had the whole unit.
    pub arrival_ns: i64,
    /// What the device itself said of the frame.
    pub device: DeviceStamp,
    pub source: Option<SourcePosition>,
    pub picture: Picture,
}

/// A device's own words on a frame, kept beside what was made of them so that times can be computed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceStamp {
    /// The device's clock at the start of exposure, from an origin of its own, without wraps.
    pub ns: Option<i64>,
    /// The device's own count of frames, without wraps.
    pub counter: Option<u64>,
}

/// A picture with its times, in a pooled buffer, with one owner.
pub struct Frame {
    pub info: FrameInfo,
    slot: Slot,
}

impl Frame {
    pub fn bytes(&self) -> &[u8] {
        &self.slot.bytes
    }

    pub fn share(self) -> FrameRef {
        FrameRef { frame: Arc::new(self), _token: None }
    }
}

/// A shared frame. What stores the pixels is hidden, so that shared memory can replace the heap.
#[derive(Clone)]
pub struct FrameRef {
    frame: Arc<Frame>,
    _token: Option<Arc<QuotaToken>>,
}

impl FrameRef {
    /// A reference charged to a consumer, or `None` when that consumer already holds its share of the pool.
    pub fn charge(&self, quota: &Quota) -> Option<FrameRef> {
        let token = quota.take()?;
        Some(FrameRef { frame: self.frame.clone(), _token: Some(Arc::new(token)) })
    }
}

impl Deref for FrameRef {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

/// How many buffers of a pool one consumer may hold at a time, so that a slow one exhausts only itself.
#[derive(Clone)]
pub struct Quota {
    held: Arc<AtomicUsize>,
    limit: usize,
}

impl Quota {
    pub fn new(limit: usize) -> Self {
        Self { held: Arc::new(AtomicUsize::new(0)), limit }
    }

    pub fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    fn take(&self) -> Option<QuotaToken> {
        self.held
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| (held < self.limit).then_some(held + 1))
            .ok()
            .map(|_| QuotaToken(self.held.clone()))
    }
}

struct QuotaToken(Arc<AtomicUsize>);

impl Drop for QuotaToken {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, HostTime};

    fn info() -> FrameInfo {
        FrameInfo {
            camera: CameraId(0),
            sequence: 0,
            segment: SegmentId(0),
            trigger: TriggerIndex::Certain(0),
            exposure: HostTime::monotonic(0, 0),
            exposure_duration_ns: 0,
            arrival_ns: 0,
            device: DeviceStamp::default(),
            source: None,
            picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 1, height_px: 1 },
        }
    }

    #[test]
    fn a_buffer_returns_when_its_last_reference_goes() {
        let pool = BufferPool::new(2, 16);
        let a = pool.acquire().unwrap().into_frame(info()).share();
        let b = a.clone();
        let _slot = pool.acquire().unwrap();
        assert!(pool.acquire().is_none());
        drop(a);
        assert!(pool.acquire().is_none());
        drop(b);
        assert_eq!(pool.available(), 1);
    }

    #[test]
    fn a_buffer_that_came_back_is_lent_before_those_that_never_were() {
        let pool = BufferPool::new(100, 16);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let (mut a, mut b) = (pool.acquire().unwrap(), pool.acquire().unwrap());
            seen.insert(a.bytes_mut().as_ptr());
            seen.insert(b.bytes_mut().as_ptr());
        }
        assert!(seen.len() <= 4, "{}", seen.len());
        assert_eq!((pool.available(), pool.capacity()), (100, 100));
    }

    #[test]
    fn a_slow_consumer_exhausts_only_its_own_quota() {
        let pool = BufferPool::new(3, 16);
        let (slow, quick) = (Quota::new(1), Quota::new(1));
        let frame = pool.acquire().unwrap().into_frame(info()).share();
        let held = frame.charge(&slow).unwrap();
        assert!(frame.charge(&slow).is_none());
        assert!(frame.charge(&quick).is_some());
        drop(held);
        assert!(frame.charge(&slow).is_some());
    }
}
