//! A live session sends its bodies by VMC: what a receiver gets is what was streamed, and who does not receive is named.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use genlock_tests::{footage, genlock, json, recorded, succeed, take_and_finder};
use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use rosc::{OscPacket, OscType, decoder};
use skeleton::Bone;
use take::TakeReader;
use transport::{BodyPose, PoseMessage};

/// What a session found on this footage, so that the test need not wait for it.
const GEOMETRY: &str = include_str!("pose_outputs/geometry.json");

/// Per bone the position and rotation relative to its parent, in Unity's axes.
type Bones = HashMap<String, (Vector3<f64>, UnitQuaternion<f64>)>;

/// Receives whole bodies until the session is over.
fn receive(socket: &UdpSocket, over: &AtomicBool) -> Vec<Bones> {
    let (mut bodies, mut body) = (vec![], Bones::new());
    let mut buffer = [0; 2_048];
    while !over.load(Ordering::Relaxed) {
        let Ok(bytes) = socket.recv(&mut buffer) else { continue };
        let (_, packet) = decoder::decode_udp(&buffer[..bytes]).expect("OSC");
        let OscPacket::Bundle(bundle) = packet else { panic!("{packet:?}") };
        for packet in bundle.content {
            let OscPacket::Message(message) = packet else { panic!("{packet:?}") };
            if message.addr != "/VMC/Ext/Bone/Pos" {
                continue;
            }
            let OscType::String(name) = &message.args[0] else { panic!("{message:?}") };
            let number = |value: &OscType| if let OscType::Float(value) = value { f64::from(*value) } else { panic!() };
            let numbers: Vec<f64> = message.args[1..].iter().map(number).collect();
            let [x, y, z, qx, qy, qz, qw] = numbers.try_into().expect("seven numbers");
            let turn = UnitQuaternion::from_quaternion(Quaternion::new(qw, qx, qy, qz));
            body.insert(name.clone(), (Vector3::new(x, y, z), turn));
        }
        if body.len() == Bone::COUNT {
            bodies.push(std::mem::take(&mut body));
        }
    }
    bodies
}

/// How a bone is turned in the receiver's scene.
fn turned(bones: &Bones, bone: Bone) -> UnitQuaternion<f64> {
    let turn = bones[bone.name()].1;
    bone.parent().map_or(turn, |parent| turned(bones, parent) * turn)
}

/// From the world's axes to Unity's: right, up, forward.
fn unity(world: Vector3<f64>) -> Vector3<f64> {
    Vector3::new(-world.y, world.z, world.x)
}

fn is_the_same(bones: &Bones, body: &BodyPose) {
    let joint = |joint: usize| unity(Vector3::from(body.joints_mm[joint].map(f64::from)));
    let root = bones["Hips"].0 * 1000.0;
    assert!((root - joint(0)).norm() < 0.01, "the hips are at {root} in place of {}", joint(0));
    // Limbs point where the joints are, whatever the lengths of the character's bones.
    for (bone, rest, from, to) in [
        (Bone::LeftUpperArm, Vector3::y(), 11, 12),
        (Bone::LeftLowerArm, Vector3::y(), 12, 13),
        (Bone::RightUpperArm, -Vector3::y(), 14, 15),
        (Bone::RightLowerArm, -Vector3::y(), 15, 16),
        (Bone::LeftUpperLeg, -Vector3::z(), 4, 5),
        (Bone::RightLowerLeg, -Vector3::z(), 2, 3),
    ] {
        let apart = (turned(bones, bone) * unity(rest)).angle(&(joint(to) - joint(from))).to_degrees();
        assert!(apart < 0.1, "{bone:?} points {apart}° away");
    }
}

fn nobodys_address() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_receiver_gets_the_streamed_bodies_and_an_absent_one_costs_nothing() {
    let (Some(footage), Some((_, finder))) = (footage(), take_and_finder()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = (folder.path().join("data"), folder.path().join("report.json"));
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("geometry.json"), GEOMETRY).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let (there, absent) = (socket.local_addr().unwrap(), nobodys_address());

    let mut session = genlock(["demo", "--headless", "--rate", "15", "--no-learner", "--seconds", "10"]);
    session.args(["--vmc", &there.to_string(), "--vmc", &absent.to_string()]).env("GENLOCK_FINDER", &finder);
    session.arg("--footage").arg(&footage).arg("--data").arg(&data).arg("--report").arg(&report);
    let over = AtomicBool::new(false);
    let received = std::thread::scope(|scope| {
        let receiving = scope.spawn(|| receive(&socket, &over));
        succeed(&mut session);
        over.store(true, Ordering::Relaxed);
        receiving.join().unwrap()
    });

    let report = json(&report);
    let take = TakeReader::open(recorded(&report)).unwrap();
    let streamed = take.poses().filter_map(|json| PoseMessage::from_json(&json.unwrap()).unwrap().body);
    let streamed: Vec<BodyPose> = streamed.collect();
    assert!(streamed.len() >= 5, "only {} bodies were streamed: {}", streamed.len(), report["infer"]);
    // The take ends a moment before the stream.
    assert!(received.len() >= streamed.len(), "{} of {} were received", received.len(), streamed.len());
    for (bones, body) in received.iter().zip(&streamed) {
        is_the_same(bones, body);
    }

    let [first, second] = report["pose_outputs"].as_array().unwrap().as_slice() else { panic!("{report}") };
    let count = |output: &serde_json::Value, fate: &str| output[fate].as_u64().unwrap();
    assert_eq!(first["name"], format!("VMC {there}"));
    let sent = received.len() as u64;
    assert_eq!(count(first, "sent"), sent);
    assert_eq!(count(first, "too_slow") + count(first, "absent") + count(first, "failed"), 0, "{first}");
    // The very first is sent before it is known that nobody is there.
    assert_eq!(count(second, "sent") + count(second, "absent"), sent);
    assert!(count(second, "absent") >= sent - 1, "{second}");
    let events = report["events"].to_string();
    assert!(events.contains(&format!("nobody receives bodies at VMC {absent}")), "{events}");
    assert!(!events.contains(&there.to_string()), "{events}");
}
