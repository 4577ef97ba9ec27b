//! Pooled buffers, the frames in them, and the quotas that limit how many a consumer may hold.

use std::ops::Deref;

use crate::sync::{Arc, ArrayQueue, AtomicUsize, Ordering};
use crate::{CameraId, HostTime, Picture, SegmentId, SourcePosition, TriggerIndex};

/// A fixed number of buffers for one camera. No memory for pixels is allocated after the pool is made, except when a
/// camera sends a unit larger than any before.
///
/// ```
/// use frame::{
///     BufferPool, CameraId, DeviceStamp, FrameInfo, HostTime, Picture, PixelFormat, Quota, SegmentId, TriggerIndex,
/// };
///
/// let pool = BufferPool::new(1, 4);
/// let mut slot = pool.acquire().expect("the only buffer is free");
/// assert!(pool.acquire().is_none(), "a driver would drop and count this frame");
///
/// slot.bytes_mut().extend([10, 20, 30, 40]);
/// let frame = slot.into_frame(FrameInfo {
///     camera: CameraId(0),
///     sequence: 0,
///     segment: SegmentId::seam(0),
///     trigger: TriggerIndex::Unresolved,
///     exposure: HostTime::monotonic(1_000, 0),
///     exposure_duration_ns: 0,
///     arrival_ns: 2_000,
///     device: DeviceStamp::default(),
///     source: None,
///     picture: Picture::packed(PixelFormat::Gray8, 2, 2),
/// });
///
/// // Every consumer gets a reference, charged to its quota.
/// let shared = frame.share();
/// let recorder = Quota::new(1);
/// let held = shared.charge(&recorder).expect("the recorder holds none yet");
/// assert_eq!(held.bytes(), [10, 20, 30, 40]);
/// assert!(shared.charge(&recorder).is_none());
///
/// drop((shared, held));
/// assert_eq!(pool.available(), 1);
/// ```
#[derive(Clone)]
pub struct BufferPool {
    free: Arc<Free>,
}

/// The free buffers. A few that came back last are lent first: they are still in the caches, and memory that only a
/// slow consumer needs is not touched before it does.
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
            // Never full: the pool made no more buffers than this queue holds.
            let _ = self.others.push(bytes);
        }
    }
}

impl BufferPool {
    /// A pool of `buffers` with room for `bytes_each`.
    ///
    /// # Panics
    /// If `buffers` is zero.
    pub fn new(buffers: usize, bytes_each: usize) -> Self {
        let others = ArrayQueue::new(buffers);
        while others.push(Vec::with_capacity(bytes_each)).is_ok() {}
        Self { free: Arc::new(Free { warm: ArrayQueue::new(WARM), others }) }
    }

    /// An empty buffer, or `None` when all are in use; the driver then drops its frame and counts it.
    pub fn acquire(&self) -> Option<Slot> {
        let mut bytes = self.free.take()?;
        bytes.clear();
        Some(Slot { bytes, home: self.free.clone() })
    }

    /// How many buffers are free.
    pub fn available(&self) -> usize {
        self.free.warm.len() + self.free.others.len()
    }

    /// How many buffers the pool has.
    pub fn capacity(&self) -> usize {
        self.free.others.capacity()
    }
}

/// A buffer lent to a driver to fill. It returns to its pool when dropped.
pub struct Slot {
    bytes: Vec<u8>,
    home: Arc<Free>,
}

impl Slot {
    /// The buffer, empty when it was acquired.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Makes it a frame; its bytes do not change any more.
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
    /// The camera that took it.
    pub camera: CameraId,
    /// The number of the unit as the driver counts them, from 0; a lost frame leaves a hole.
    pub sequence: u64,
    /// The segment that it belongs to.
    pub segment: SegmentId,
    /// The trigger pulse that exposed it.
    pub trigger: TriggerIndex,
    /// Start of exposure.
    pub exposure: HostTime,
    /// How long the exposure took; 0 where unknown.
    pub exposure_duration_ns: u32,
    /// `CLOCK_MONOTONIC` when the driver had the whole unit.
    pub arrival_ns: i64,
    /// The device's own time and count, before any correction.
    pub device: DeviceStamp,
    /// Its position in the source of a replay.
    pub source: Option<SourcePosition>,
    /// How to read its bytes.
    pub picture: Picture,
}

/// A device's own time and count of a frame, kept so that exposure times can be recomputed later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceStamp {
    /// The device's clock at the start of exposure, unwrapped; its origin is arbitrary.
    pub ns: Option<i64>,
    /// The device's own frame counter, unwrapped.
    pub counter: Option<u64>,
}

/// A picture and all that is known about it, in a pooled buffer with one owner.
pub struct Frame {
    /// Everything except the bytes.
    pub info: FrameInfo,
    slot: Slot,
}

impl Frame {
    /// The picture, laid out as `info.picture` says.
    pub fn bytes(&self) -> &[u8] {
        &self.slot.bytes
    }

    /// Makes it cheap to clone and send to several consumers.
    pub fn share(self) -> FrameRef {
        FrameRef { frame: Arc::new(self), _token: None }
    }
}

/// A shared frame. Where the pixels are stored is hidden, so that shared memory could replace the heap.
#[derive(Clone)]
pub struct FrameRef {
    frame: Arc<Frame>,
    _token: Option<Arc<QuotaToken>>,
}

impl FrameRef {
    /// A reference charged to a consumer's quota, or `None` when the quota is used up.
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

/// How many buffers of a pool one consumer may hold at a time, so that a slow consumer cannot starve the others.
#[derive(Clone)]
pub struct Quota {
    held: Arc<AtomicUsize>,
    limit: usize,
}

impl Quota {
    /// A quota of `limit` buffers, of which none is held.
    pub fn new(limit: usize) -> Self {
        Self { held: Arc::new(AtomicUsize::new(0)), limit }
    }

    /// How many buffers the consumer holds.
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
            segment: SegmentId::seam(0),
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
