//! Rerun's own library reads what is written, and its own server receives what is sent.

#![cfg(feature = "rerun")]

use std::fs::File;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use body::RigGeometry;
use nalgebra::Vector3;
use outputs::conformance::{Format, Receiver, conforms, message};
use outputs::{RerunPicture, RerunPictures, RerunRecording, RerunSink, body_places};
use re_sdk::external::re_log_encoding::DecoderApp;
use re_sdk::external::re_log_types::LogMsg;
use re_sdk::log::Chunk;
use re_sdk_types::archetypes::{EncodedImage, Pinhole, Points3D, Transform3D};
use re_sdk_types::components::{Blob, PinholeProjection, Position3D, Translation3D};
use re_sdk_types::{Component, ComponentIdentifier};
use skeleton::{Bone, Posed, Proportions, Turn};
use transport::{PoseMessage, PoseSink};

/// What a session found on footage of four cameras.
const GEOMETRY: &str = include_str!("../../tests/tests/pose_outputs/geometry.json");

fn geometry() -> RigGeometry {
    serde_json::from_str(GEOMETRY).unwrap()
}

/// All rows of an entity's component in a file, which may still be written to.
fn rows<C: Component>(file: &Path, entity: &str, component: ComponentIdentifier) -> Vec<Vec<C>> {
    let Ok(reader) = File::open(file) else { return vec![] };
    let messages = DecoderApp::decode_lazy(BufReader::new(reader)).map_while(Result::ok);
    let mut found = vec![];
    for message in messages {
        let LogMsg::ArrowMsg(_, message) = message else { continue };
        let chunk = Chunk::from_arrow_msg(&message).unwrap();
        if chunk.entity_path().to_string() == entity {
            let rows = (0..chunk.num_rows()).filter_map(|row| chunk.component_batch::<C>(component, row));
            found.extend(rows.map(Result::unwrap));
        }
    }
    found
}

fn joints_m(file: &Path) -> Vec<Vec<[f32; 3]>> {
    let rows = rows::<Position3D>(file, "/world/body/joints", Points3D::descriptor_positions().component);
    rows.into_iter().map(|row| row.into_iter().map(|at| at.0.0).collect()).collect()
}

/// Somebody with the right arm up and the left foot forward.
fn asymmetric() -> PoseMessage {
    let mut local = [Turn::identity(); Bone::COUNT];
    local[Bone::RightUpperArm.index()] = Turn::from_axis_angle(&Vector3::x_axis(), -80_f64.to_radians());
    local[Bone::LeftUpperLeg.index()] = Turn::from_axis_angle(&Vector3::y_axis(), -35_f64.to_radians());
    message(0, &Proportions::of_height(1800.0), &Posed::from_local(Vector3::new(0.0, 0.0, 950.0), &local))
}

fn at(joints: &[[f32; 3]], name: &str) -> [f32; 3] {
    joints[pose::JOINT_NAMES.iter().position(|known| *known == name).unwrap()]
}

#[test]
fn a_recording_has_the_rigs_axes_in_metres() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("take.rrd");
    let recording = RerunRecording::create(&file, "a take").unwrap();
    recording.cameras(1_000, &geometry()).unwrap();
    let message = asymmetric();
    let (joints, landmarks) = body_places(message.body.as_ref().unwrap()).unwrap();
    recording.body(2_000, &joints, &landmarks).unwrap();
    recording.picture(2_000, "cam01", vec![0xff, 0xd8]).unwrap();
    recording.finish().unwrap();

    let bodies = joints_m(&file);
    let [body] = &bodies[..] else { panic!("{bodies:?}") };
    for (written, joint) in body.iter().zip(&joints) {
        let off_mm = (Vector3::from(written.map(f64::from)) * 1000.0 - joint).norm();
        assert!(off_mm < 0.01, "{off_mm} mm");
    }
    assert!(
        at(body, "right wrist")[2] > at(body, "head")[2] && at(body, "right wrist")[1] < 0.0,
        "the right arm is up"
    );
    assert!(at(body, "left foot")[0] > at(body, "right foot")[0] + 0.2, "the left foot is forward, along x");
    for (name, camera) in geometry().cameras {
        let entity = format!("/world/cameras/{name}");
        let component = Transform3D::descriptor_translation().component;
        let places = rows::<Translation3D>(&file, &entity, component);
        let place = places[0][0].0.0.map(|m| f64::from(m) * 1000.0);
        assert!((Vector3::from(place) - Vector3::from(camera.position_mm)).norm() < 0.1, "{name}: {place:?}");
        let component = Pinhole::descriptor_image_from_camera().component;
        let lens = &rows::<PinholeProjection>(&file, &entity, component)[0][0];
        assert!((f64::from(lens.0.0[0]) - camera.focal_px).abs() < 0.01, "{name}: {lens:?}");
    }
    let pictures = rows::<Blob>(&file, "/world/cameras/cam01", EncodedImage::descriptor_blob().component);
    assert_eq!(pictures.len(), 1);
}

/// Rerun's program, or `None` after printing that the test is skipped.
fn program() -> Option<PathBuf> {
    let file = std::env::var_os("GENLOCK_RERUN").map(PathBuf::from);
    if file.is_none() {
        println!("skipped: GENLOCK_RERUN is unset");
    }
    file
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Rerun as a server that writes what it receives to a file.
struct Server {
    process: Child,
    folder: tempfile::TempDir,
    read: usize,
}

impl Server {
    fn start(program: &Path, address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save"]);
        let process = command
            .arg(folder.path().join("received.rrd"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, folder, read: 0 }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("received.rrd")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Receiver for Server {
    fn next(&mut self, wait: Duration) -> Option<f64> {
        let until = Instant::now() + wait;
        loop {
            if let Some(body) = joints_m(&self.file()).get(self.read) {
                self.read += 1;
                return Some(f64::from(body[0][0]) * 1000.0);
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

struct Rerun {
    program: PathBuf,
    address: SocketAddr,
}

impl Format for Rerun {
    fn sink(&self) -> Box<dyn PoseSink> {
        Box::new(RerunSink::new(self.address, Box::new(|| None), RerunPictures::default()).unwrap())
    }

    fn receiver(&self) -> Box<dyn Receiver> {
        Box::new(Server::start(&self.program, self.address))
    }

    fn knows_absence(&self) -> bool {
        true
    }
}

#[test]
fn rerun_conforms() {
    let Some(program) = program() else { return };
    let wrong = conforms(&Rerun { program, address: free() });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_viewer_gets_cameras_as_large_as_their_pictures() {
    let Some(program) = program() else { return };
    let address = free();
    let server = Server::start(&program, address);
    let pictures = RerunPictures::default();
    let mut sink = RerunSink::new(address, Box::new(|| Some(geometry())), pictures.clone()).unwrap();
    let begun = Instant::now();
    let component = Pinhole::descriptor_image_from_camera().component;
    let focals = || rows::<PinholeProjection>(&server.file(), "/world/cameras/cam01", component);
    let picture = || RerunPicture { width_px: 272, frame_width_px: 1088, exposure_ns: 0, jpeg: vec![0xff, 0xd8] };
    pictures.set("cam01", picture());
    while focals().is_empty() {
        let _ = sink.send(&asymmetric());
        pictures.set("cam01", picture());
        assert!(begun.elapsed() < Duration::from_secs(20), "no camera came");
        std::thread::sleep(Duration::from_millis(50));
    }
    let focal_px = f64::from(focals().last().unwrap()[0].0.0[0]);
    assert!((focal_px - geometry().cameras["cam01"].focal_px / 4.0).abs() < 0.01, "{focal_px}");
}
