//! Properties that must hold for every input of a parser: one function for each fuzz target.
//!
//! The programs in `fuzz_targets` search for inputs that break these functions; `tests/corpus.rs` replays the saved
//! inputs. A target panics if a property does not hold. It also fails by using too much memory or time. It returns
//! whether it understood the input, so that the test notices seeds that are refused.

mod cameras;
mod datasets;
mod messages;
mod pictures;
mod poses;
mod scratch;
mod studio;
mod takes;
mod texts;

/// The name of a target, which is also that of its program and of its folder in `corpus`, and its function.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// All targets.
pub const TARGETS: &[Target] = &[
    ("bvh", studio::bvh),
    ("c3d", poses::c3d),
    ("calibration", poses::calibration),
    ("camera_jpeg", cameras::camera_jpeg),
    ("cdf", datasets::cdf),
    ("finder_set", messages::finder_set),
    ("geometry", messages::geometry),
    ("gltf", studio::gltf),
    ("host_messages", messages::host_messages),
    ("host_view", messages::host_view),
    ("json_messages", messages::json_messages),
    ("masks", takes::masks),
    ("mat", datasets::mat),
    ("moment", messages::moment),
    ("moment_file", messages::moment_file),
    ("packed_clip", studio::packed_clip),
    ("packed_person", studio::packed_person),
    ("panorama", studio::panorama),
    ("picture", pictures::picture),
    ("pose_files", poses::pose_files),
    ("recipe", texts::recipe),
    ("rig", texts::rig),
    ("scenario", texts::scenario),
    ("settings", texts::settings),
    ("take_description", takes::description),
    ("take_header", takes::header),
    ("take_recording", takes::recording),
    ("trc", poses::trc),
    ("trigger_box", cameras::trigger_box),
    ("truth", studio::truth),
];

/// Runs the target with this name. Panics if there is none.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target of this name");
    target(data);
}
