//! liblsl, loaded at run time: genlock neither links nor ships it.

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;

use libloading::Library as Loaded;

use super::LslError;

/// As the system's linker knows it.
const NAMES: [&str; 2] = ["liblsl.so.2", "liblsl.so"];

/// Samples have no constant rate.
const IRREGULAR: c_double = 0.0;

/// Channels of `float`.
const FLOAT: c_int = 1;

/// The library decides how many samples make a packet: each at once.
const AT_ONCE: c_int = 0;

/// Seconds that a slow receiver may lag before it loses the oldest, at 100 samples a second.
const BUFFERED_S: c_int = 10;

type Info = *mut c_void;
type Xml = *mut c_void;

/// Its functions, as `lsl_c.h` declares them.
pub struct Library {
    local_clock: unsafe extern "C" fn() -> c_double,
    create_info: unsafe extern "C" fn(*const c_char, *const c_char, c_int, c_double, c_int, *const c_char) -> Info,
    destroy_info: unsafe extern "C" fn(Info),
    description: unsafe extern "C" fn(Info) -> Xml,
    append_child: unsafe extern "C" fn(Xml, *const c_char) -> Xml,
    append_text: unsafe extern "C" fn(Xml, *const c_char, *const c_char) -> Xml,
    create_outlet: unsafe extern "C" fn(Info, c_int, c_int) -> *mut c_void,
    destroy_outlet: unsafe extern "C" fn(*mut c_void),
    push: unsafe extern "C" fn(*mut c_void, *const f32, c_double) -> c_int,
    have_consumers: unsafe extern "C" fn(*mut c_void) -> c_int,
    /// The functions live as long as it. It is never unloaded: its threads may end later than its streams.
    _loaded: ManuallyDrop<Loaded>,
}

impl Library {
    /// Loads this file, or the one that the system finds.
    pub fn load(file: Option<&Path>) -> Result<Arc<Self>, LslError> {
        let names: Vec<&Path> = file.map_or_else(|| NAMES.map(Path::new).to_vec(), |file| vec![file]);
        let mut failed = None;
        for name in names {
            // SAFETY: initialising liblsl has no conditions.
            match unsafe { Loaded::new(name) } {
                Ok(loaded) => {
                    return Self::of(loaded).map_err(|error| unusable(name, &error)).map(Arc::new);
                }
                Err(error) => failed = failed.or(Some(unusable(name, &error))),
            }
        }
        Err(failed.unwrap_or(LslError::NoStream))
    }

    fn of(loaded: Loaded) -> Result<Self, libloading::Error> {
        // SAFETY: the types are those of the C header, which the library keeps from version to version.
        unsafe {
            Ok(Self {
                local_clock: *loaded.get(b"lsl_local_clock\0")?,
                create_info: *loaded.get(b"lsl_create_streaminfo\0")?,
                destroy_info: *loaded.get(b"lsl_destroy_streaminfo\0")?,
                description: *loaded.get(b"lsl_get_desc\0")?,
                append_child: *loaded.get(b"lsl_append_child\0")?,
                append_text: *loaded.get(b"lsl_append_child_value\0")?,
                create_outlet: *loaded.get(b"lsl_create_outlet\0")?,
                destroy_outlet: *loaded.get(b"lsl_destroy_outlet\0")?,
                push: *loaded.get(b"lsl_push_sample_ft\0")?,
                have_consumers: *loaded.get(b"lsl_have_consumers\0")?,
                _loaded: ManuallyDrop::new(loaded),
            })
        }
    }

    /// A time of `CLOCK_MONOTONIC` on the layer's clock, in seconds. Both are read now, so that neither their offset nor
    /// its change matters.
    pub fn at_monotonic_s(&self, at_s: f64) -> f64 {
        let before = frame::monotonic_now_ns() as f64 / 1e9;
        // SAFETY: it only reads a clock.
        let theirs = unsafe { (self.local_clock)() };
        let after = frame::monotonic_now_ns() as f64 / 1e9;
        at_s + theirs - f64::midpoint(before, after)
    }
}

fn unusable(file: &Path, error: &libloading::Error) -> LslError {
    LslError::Library { file: file.display().to_string(), why: error.to_string() }
}

/// The sending end of a stream.
pub struct Outlet {
    library: Arc<Library>,
    handle: *mut c_void,
    channels: usize,
}

// SAFETY: liblsl's objects may be used by any thread.
unsafe impl Send for Outlet {}

impl Outlet {
    /// Opens a stream of motion capture, which `describe` describes.
    pub fn open(
        library: &Arc<Library>,
        name: &CStr,
        channels: usize,
        describe: impl FnOnce(&Element),
    ) -> Result<Self, LslError> {
        let count = c_int::try_from(channels).map_err(|_| LslError::NoStream)?;
        // By the source's id, receivers find the stream of the next session again.
        let source = CString::new([b"genlock/", name.to_bytes()].concat()).map_err(|_| LslError::NoStream)?;
        let kind = c"MoCap".as_ptr();
        // SAFETY: the strings end with zero and live through the calls; what the library returns is checked.
        let handle = unsafe {
            let info = (library.create_info)(name.as_ptr(), kind, count, IRREGULAR, FLOAT, source.as_ptr());
            if info.is_null() {
                return Err(LslError::NoStream);
            }
            describe(&Element { library: library.clone(), xml: (library.description)(info) });
            let handle = (library.create_outlet)(info, AT_ONCE, BUFFERED_S);
            (library.destroy_info)(info);
            handle
        };
        if handle.is_null() { Err(LslError::NoStream) } else { Ok(Self { library: library.clone(), handle, channels }) }
    }

    /// Sends a sample, which was taken at this time on the layer's clock. It waits for nobody.
    pub fn push(&self, sample: &[f32], at_s: f64) {
        assert_eq!(sample.len(), self.channels);
        // SAFETY: the sample has as many values as the stream has channels.
        unsafe { (self.library.push)(self.handle, sample.as_ptr(), at_s) };
    }

    /// Whether anybody receives now.
    pub fn has_receivers(&self) -> bool {
        // SAFETY: the handle lives.
        unsafe { (self.library.have_consumers)(self.handle) != 0 }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        // SAFETY: it was opened, and is destroyed once.
        unsafe { (self.library.destroy_outlet)(self.handle) };
    }
}

/// An element of a stream's description. Text with a zero in it is left out.
pub struct Element {
    library: Arc<Library>,
    xml: Xml,
}

impl Element {
    pub fn child(&self, name: &str) -> Self {
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: the element lives as long as the stream's information, in whose making this is called.
        Self { library: self.library.clone(), xml: unsafe { (self.library.append_child)(self.xml, name.as_ptr()) } }
    }

    pub fn text(&self, name: &str, text: &str) {
        let (name, text) = (CString::new(name).unwrap_or_default(), CString::new(text).unwrap_or_default());
        // SAFETY: as above.
        unsafe { (self.library.append_text)(self.xml, name.as_ptr(), text.as_ptr()) };
    }
}
