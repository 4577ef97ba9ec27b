//! Calibration by command: what receivers get after the person stood in a T-pose.

mod common;

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use common::VmcReceiver;
use nalgebra::Vector3;
use outputs::conformance::message;
use outputs::{PoseOutputs, RestPoseRefused};
use skeleton::{Bone, NotTPose, Posed, Proportions, Turn};
use transport::PoseMessage;

/// Somebody whose left arm leans by so many degrees.
fn arm_leans(number: u64, degrees: f64) -> PoseMessage {
    let mut local = [Turn::identity(); Bone::COUNT];
    local[Bone::LeftUpperArm.index()] = Turn::from_axis_angle(&Vector3::x_axis(), -degrees.to_radians());
    let posed = Posed::from_local(Vector3::new(0.0, 0.0, 950.0), &local);
    message(number, &Proportions::of_height(1750.0), &posed)
}

/// The angle of the left upper arm that a receiver gets, in degrees.
fn received(receiver: &VmcReceiver) -> f64 {
    loop {
        let bones = receiver.bones(Duration::from_secs(10)).expect("a packet");
        if let Some((_, numbers)) = bones.iter().find(|(name, _)| name == "LeftUpperArm") {
            return f64::from(numbers[6].abs().min(1.0)).acos().to_degrees() * 2.0;
        }
    }
}

#[test]
fn the_character_takes_the_persons_t_pose_as_its_rest_pose() {
    let receiver = VmcReceiver(UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut outputs = PoseOutputs::new(Arc::new(|_| {}));
    let rest_pose = outputs.rest_pose();
    assert_eq!(rest_pose.take(), Err(RestPoseRefused::NoReceiver));
    outputs.add_vmc(receiver.0.local_addr().unwrap()).unwrap();
    assert_eq!(rest_pose.take(), Err(RestPoseRefused::NotTPose(NotTPose::Nobody)));

    outputs.send(&arm_leans(0, 12.0));
    assert_eq!(rest_pose.take(), Err(RestPoseRefused::Rare(1)));
    (1..10).for_each(|number| outputs.send(&arm_leans(number, 12.0)));
    (0..10).for_each(|_| assert!((received(&receiver) - 12.0).abs() < 0.2));
    rest_pose.take().unwrap();
    outputs.send(&arm_leans(10, 12.0));
    assert!(received(&receiver) < 0.2, "who stands as before is at rest");
    // The arm hangs: that is 60° below what was taken.
    (11..40).for_each(|number| {
        outputs.send(&arm_leans(number, 72.0));
        assert!((received(&receiver) - 60.0).abs() < 0.2);
    });
    std::thread::sleep(Duration::from_millis(1_300));
    assert_eq!(rest_pose.take(), Err(RestPoseRefused::NotTPose(NotTPose::Nobody)), "the last was seen a while ago");
    (40..50).for_each(|number| outputs.send(&arm_leans(number, 72.0)));
    let refused = rest_pose.take().unwrap_err().to_string();
    assert!(refused.starts_with("this is no T-pose: the left upper arm points 72° up or down"), "{refused}");
    (40..50).for_each(|_| assert!((received(&receiver) - 60.0).abs() < 0.2, "what was taken stays"));
}
