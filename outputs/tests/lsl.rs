//! The Lab Streaming Layer's own library receives what is sent.

#![cfg(feature = "lsl")]

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::path::PathBuf;
use std::time::Duration;

use libloading::Library;
use nalgebra::Vector3;
use outputs::LslSink;
use outputs::conformance::{Format, Receiver, conforms, message};
use skeleton::{Bone, Posed, Proportions, Turn};
use transport::PoseSink;

/// Streams stay on this host.
const SETTINGS: &str = "[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {127.0.0.1}\n";

const CHANNELS: usize = 72;

/// The library's file, or `None` after printing that the test is skipped.
fn library() -> Option<PathBuf> {
    let file = std::env::var_os("GENLOCK_LSL").map(PathBuf::from);
    if file.is_none() {
        println!("skipped: GENLOCK_LSL is unset");
    }
    file
}

/// Receives through the functions of `lsl_c.h` for receivers.
struct Inlet {
    loaded: Library,
    info: *mut c_void,
    inlet: *mut c_void,
}

type Pull = unsafe extern "C" fn(*mut c_void, *mut f32, c_int, c_double, *mut c_int) -> c_double;

impl Inlet {
    fn open(file: &PathBuf, name: &str) -> Self {
        // SAFETY: the types are those of the header.
        unsafe {
            let loaded = Library::new(file).unwrap();
            let resolve: unsafe extern "C" fn(
                *mut *mut c_void,
                u32,
                *const c_char,
                *const c_char,
                c_int,
                c_double,
            ) -> c_int = *loaded.get(b"lsl_resolve_byprop\0").unwrap();
            let create: unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int) -> *mut c_void =
                *loaded.get(b"lsl_create_inlet\0").unwrap();
            let open: unsafe extern "C" fn(*mut c_void, c_double, *mut c_int) =
                *loaded.get(b"lsl_open_stream\0").unwrap();
            let name = CString::new(name).unwrap();
            let mut info = std::ptr::null_mut();
            assert_eq!(resolve(&raw mut info, 1, c"name".as_ptr(), name.as_ptr(), 1, 10.0), 1, "the stream is found");
            let inlet = create(info, 60, 0, 1);
            let mut failed = 0;
            open(inlet, 10.0, &raw mut failed);
            assert_eq!(failed, 0);
            Self { loaded, info, inlet }
        }
    }

    fn pull(&self, wait: Duration) -> Option<([f32; CHANNELS], f64)> {
        let (mut sample, mut failed) = ([0.0; CHANNELS], 0);
        // SAFETY: the sample has as many values as the stream has channels.
        unsafe {
            let pull: Pull = *self.loaded.get(b"lsl_pull_sample_f\0").unwrap();
            let at_s = pull(self.inlet, sample.as_mut_ptr(), CHANNELS as c_int, wait.as_secs_f64(), &raw mut failed);
            (at_s > 0.0).then_some((sample, at_s))
        }
    }

    fn description(&self) -> String {
        let mut failed = 0;
        // SAFETY: as above; the text lives until it is copied.
        unsafe {
            let full: unsafe extern "C" fn(*mut c_void, c_double, *mut c_int) -> *mut c_void =
                *self.loaded.get(b"lsl_get_fullinfo\0").unwrap();
            let xml: unsafe extern "C" fn(*mut c_void) -> *mut c_char = *self.loaded.get(b"lsl_get_xml\0").unwrap();
            CStr::from_ptr(xml(full(self.inlet, 10.0, &raw mut failed))).to_str().unwrap().to_owned()
        }
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        // SAFETY: both were made, and are destroyed once.
        unsafe {
            let destroy = |name: &[u8], it: *mut c_void| {
                let destroy: unsafe extern "C" fn(*mut c_void) = *self.loaded.get(name).unwrap();
                destroy(it);
            };
            destroy(b"lsl_destroy_inlet\0", self.inlet);
            destroy(b"lsl_destroy_streaminfo\0", self.info);
        }
    }
}

impl Receiver for Inlet {
    fn next(&mut self, wait: Duration) -> Option<f64> {
        self.pull(wait).map(|(sample, _)| sample[0].into())
    }
}

struct Lsl(PathBuf, &'static str);

impl Format for Lsl {
    fn sink(&self) -> Box<dyn PoseSink> {
        Box::new(LslSink::new(self.1, Some(&self.0)).unwrap())
    }

    fn receiver(&self) -> Box<dyn Receiver> {
        Box::new(Inlet::open(&self.0, self.1))
    }

    fn knows_absence(&self) -> bool {
        true
    }
}

/// Its settings are read once, when it is first used.
fn stay_on_this_host() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let file = std::env::temp_dir().join(format!("genlock-lsl-{}.cfg", std::process::id()));
        std::fs::write(&file, SETTINGS).unwrap();
        // SAFETY: the tests of this file call this first, and read no other variable meanwhile.
        unsafe { std::env::set_var("LSLAPICFG", file) };
    });
}

#[test]
fn lsl_conforms() {
    let Some(file) = library() else { return };
    stay_on_this_host();
    let wrong = conforms(&Lsl(file, "genlock-conformance"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn channels_and_times_are_what_the_description_says() {
    let Some(file) = library() else { return };
    stay_on_this_host();
    let mut sink = LslSink::new("genlock-axes", Some(&file)).unwrap();
    let inlet = Inlet::open(&file, "genlock-axes");
    // The right arm up, the left foot forward, 250 ms ago.
    let mut local = [Turn::identity(); Bone::COUNT];
    local[Bone::RightUpperArm.index()] = Turn::from_axis_angle(&Vector3::x_axis(), -80_f64.to_radians());
    local[Bone::LeftUpperLeg.index()] = Turn::from_axis_angle(&Vector3::y_axis(), -35_f64.to_radians());
    let posed = Posed::from_local(Vector3::new(0.0, 0.0, 950.0), &local);
    let mut message = message(0, &Proportions::of_height(1800.0), &posed);
    let exposed_ns = frame::monotonic_now_ns() - 250_000_000;
    message.exposure_ns = exposed_ns;
    let (sample, at_s) = (0..500)
        .find_map(|_| {
            let _ = sink.send(&message);
            inlet.pull(Duration::from_millis(20))
        })
        .expect("a sample");
    let description = inlet.description();
    let labels: Vec<&str> = description.split("<label>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(labels.len(), CHANNELS);
    let at = |label: &str| sample[labels.iter().position(|known| *known == label).unwrap()];
    assert!(at("right_wrist_Z") > at("head_Z") && at("right_wrist_Y") < 0.0, "the right arm is up, y points left");
    assert!(at("left_foot_X") > at("right_foot_X") + 200.0, "the left foot is forward, along x");
    assert!(description.contains("<unit>millimeters</unit>") && description.contains("<type>MoCap</type>"));
    // On the layer's clock, as an inlet without corrections has it, the exposure is as long ago as on ours.
    // SAFETY: it only reads a clock.
    let now_s = unsafe {
        let clock: unsafe extern "C" fn() -> c_double = *inlet.loaded.get(b"lsl_local_clock\0").unwrap();
        clock()
    };
    let ago_s = (frame::monotonic_now_ns() - exposed_ns) as f64 / 1e9;
    assert!((now_s - at_s - ago_s).abs() < 0.002, "{} s and {ago_s} s ago", now_s - at_s);
}

#[test]
fn a_library_that_is_not_there_is_named() {
    let error = LslSink::new("genlock", Some("/nowhere/liblsl.so".as_ref())).err().unwrap().to_string();
    assert!(error.contains("/nowhere/liblsl.so") && error.contains("GENLOCK_LSL"), "{error}");
}
