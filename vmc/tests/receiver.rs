//! What a receiver gets: bones whose forward kinematics in Unity's axes leads to the body's joints.

use std::collections::HashMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use pose::WorldJoints;
use rosc::{OscMessage, OscPacket, OscType, decoder};
use skeleton::{Bone, Landmarks, Posed, Proportions, TPose, Turn, forward};
use vmc::{Delivery, VmcSender};

/// Somebody of 1.8 m who faces along x and leans a little, with the right arm up and the left foot forward.
fn body() -> (WorldJoints, Landmarks) {
    let mut local = [Turn::identity(); Bone::COUNT];
    let about = |axis, degrees: f64| Turn::from_axis_angle(&axis, degrees.to_radians());
    local[Bone::Hips.index()] = about(Vector3::z_axis(), 10.0);
    local[Bone::Chest.index()] = about(Vector3::y_axis(), 8.0);
    local[Bone::RightUpperArm.index()] = about(Vector3::x_axis(), -80.0);
    local[Bone::LeftUpperLeg.index()] = about(Vector3::y_axis(), -35.0);
    local[Bone::LeftLowerLeg.index()] = about(Vector3::y_axis(), 30.0);
    let posed = Posed::from_local(Vector3::new(500.0, -300.0, 950.0), &local);
    forward(&Proportions::of_height(1800.0), &posed)
}

/// Per bone the position and rotation relative to its parent, in Unity's axes.
type Bones = HashMap<String, (Vector3<f64>, UnitQuaternion<f64>)>;

fn receive(socket: &UdpSocket) -> (Bones, Vec<String>) {
    let (mut bones, mut others) = (Bones::new(), vec![]);
    let mut buffer = [0; 65_536];
    while bones.len() < Bone::COUNT {
        let bytes = socket.recv(&mut buffer).expect("a packet before the deadline");
        assert!(bytes <= 1_472, "{bytes} bytes do not fit into one packet of Ethernet");
        let (rest, packet) = decoder::decode_udp(&buffer[..bytes]).expect("OSC");
        assert!(rest.is_empty());
        let OscPacket::Bundle(bundle) = packet else { panic!("{packet:?}") };
        for packet in bundle.content {
            let OscPacket::Message(OscMessage { addr, args }) = packet else { panic!("{packet:?}") };
            if addr != "/VMC/Ext/Bone/Pos" {
                others.push(addr);
                continue;
            }
            let [OscType::String(name), numbers @ ..] = &args[..] else { panic!("{args:?}") };
            let number = |value: &OscType| if let OscType::Float(value) = value { f64::from(*value) } else { panic!() };
            let [x, y, z, qx, qy, qz, qw] = numbers.iter().map(number).collect::<Vec<_>>().try_into().unwrap();
            let turn = UnitQuaternion::from_quaternion(Quaternion::new(qw, qx, qy, qz));
            assert!(bones.insert(name.clone(), (Vector3::new(x, y, z), turn)).is_none(), "{name} came twice");
        }
    }
    (bones, others)
}

/// Where a bone begins, and how it is turned, in the receiver's scene.
fn in_scene(bones: &Bones, bone: Bone) -> (Vector3<f64>, UnitQuaternion<f64>) {
    let (position, turn) = bones[bone.name()];
    match bone.parent() {
        None => (position, turn),
        Some(parent) => {
            let (origin, parent) = in_scene(bones, parent);
            (origin + parent * position, parent * turn)
        }
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket
}

#[test]
fn forward_kinematics_of_what_came_gives_the_joints() {
    let socket = socket();
    let mut sender = VmcSender::new(socket.local_addr().unwrap()).unwrap();
    let (joints, landmarks) = body();
    assert_eq!(sender.send("g", &joints, &landmarks, None).unwrap(), Delivery::Sent);
    let (bones, others) = receive(&socket);
    assert_eq!(others, ["/VMC/Ext/OK", "/VMC/Ext/T", "/VMC/Ext/Root/Pos"]);
    for (bone, joint) in [
        (Bone::Hips, 0),
        (Bone::Chest, 7),
        (Bone::Neck, 8),
        (Bone::RightUpperLeg, 1),
        (Bone::RightLowerLeg, 2),
        (Bone::RightFoot, 3),
        (Bone::LeftUpperLeg, 4),
        (Bone::LeftLowerLeg, 5),
        (Bone::LeftFoot, 6),
        (Bone::LeftUpperArm, 11),
        (Bone::LeftLowerArm, 12),
        (Bone::LeftHand, 13),
        (Bone::RightUpperArm, 14),
        (Bone::RightLowerArm, 15),
        (Bone::RightHand, 16),
    ] {
        let (at, _) = in_scene(&bones, bone);
        // Unity's x is right, y up, z forward; the world's y is left.
        let world_mm = Vector3::new(at.z, -at.x, at.y) * 1000.0;
        assert!((world_mm - joints[joint]).norm() < 5.0, "{bone:?}: {world_mm} and {}", joints[joint]);
    }
    // The right hand is above the head and on the right, the left foot before the right one.
    let [hand, head, left, right] =
        [Bone::RightHand, Bone::Head, Bone::LeftFoot, Bone::RightFoot].map(|bone| in_scene(&bones, bone).0);
    assert!(hand.y > head.y && hand.x > head.x && left.z > right.z + 0.2, "{hand} {head} {left} {right}");
}

#[test]
fn a_receiver_that_is_absent_is_told_and_one_that_does_not_read_costs_no_time() {
    let address = socket().local_addr().unwrap();
    let mut sender = VmcSender::new(address).unwrap();
    let (joints, landmarks) = body();
    let deadline = Instant::now() + Duration::from_secs(5);
    while sender.send("g", &joints, &landmarks, None).unwrap() != Delivery::Absent {
        assert!(Instant::now() < deadline, "nobody listens");
    }
    // It comes back, and gets what is sent from then on.
    let back = UdpSocket::bind(address).unwrap();
    back.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    while sender.send("g", &joints, &landmarks, None).unwrap() != Delivery::Sent {
        assert!(Instant::now() < deadline, "it is back");
    }
    assert!(back.recv(&mut [0; 2_048]).unwrap() > 0);
    // Ten thousand bodies are far more than its buffer holds.
    let begun = Instant::now();
    for _ in 0..10_000 {
        sender.send("g", &joints, &landmarks, None).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_body_without_a_shape_is_not_sent() {
    let mut sender = VmcSender::new(socket().local_addr().unwrap()).unwrap();
    let nowhere = [Vector3::zeros(); 17];
    assert_eq!(sender.send("g", &nowhere, &[Vector3::zeros(); 7], None).unwrap(), Delivery::NotWhole);
}

#[test]
fn with_a_t_pose_of_the_person_the_character_stands_in_its_own() {
    let socket = socket();
    let mut sender = VmcSender::new(socket.local_addr().unwrap()).unwrap();
    let mut local = [Turn::identity(); Bone::COUNT];
    local[Bone::LeftUpperArm.index()] = Turn::from_axis_angle(&Vector3::x_axis(), -0.2);
    local[Bone::Neck.index()] = Turn::from_axis_angle(&Vector3::y_axis(), 0.2);
    let posed = Posed::from_local(Vector3::new(0.0, 0.0, 950.0), &local);
    let (joints, landmarks) = forward(&Proportions::of_height(1800.0), &posed);
    let t_pose = TPose::of_bodies(&[(joints, landmarks)]).unwrap();
    for (t_pose, turned) in [(None, true), (Some(&t_pose), false)] {
        assert_eq!(sender.send("g", &joints, &landmarks, t_pose).unwrap(), Delivery::Sent);
        let (bones, _) = receive(&socket);
        let turn = bones.values().map(|(_, turn)| turn.angle()).fold(0.0, f64::max);
        assert_eq!(turn > 0.01, turned, "{turn}");
        // Either way the hand is where it was.
        let (hand, _) = in_scene(&bones, Bone::LeftHand);
        assert!((Vector3::new(hand.z, -hand.x, hand.y) * 1000.0 - joints[13]).norm() < 0.1, "{hand}");
    }
}
