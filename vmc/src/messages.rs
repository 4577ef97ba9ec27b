//! The messages of one body.

use rosc::{OscBundle, OscError, OscMessage, OscPacket, OscTime, OscType, encoder};
use skeleton::{Bone, Posed, Proportions, TPose, local};

use crate::axes::{position, rotation};

/// Bones in one bundle, so that it fits into a packet of Ethernet (1,472 bytes).
const BONES: usize = 10;

/// The time tag that means "at once".
const AT_ONCE: OscTime = OscTime { seconds: 0, fractional: 1 };

/// The bundles of one body, encoded: one for each packet. With a T-pose, bones have their place and rotation relative to
/// it. `time_s` is the sender's time, in seconds.
///
/// # Errors
/// If a message cannot be encoded.
pub fn bundles(
    proportions: &Proportions,
    posed: &Posed,
    t_pose: Option<&TPose>,
    time_s: f32,
) -> Result<Vec<Vec<u8>>, OscError> {
    let mut first = vec![
        message("/VMC/Ext/OK", vec![OscType::Int(1)]),
        message("/VMC/Ext/T", vec![OscType::Float(time_s)]),
        placed("/VMC/Ext/Root/Pos", "root", [0.0; 3], [0.0, 0.0, 0.0, 1.0]),
    ];
    let turns = t_pose.map_or_else(|| local(posed), |t_pose| local(&t_pose.applied_to(posed)));
    let offset_mm =
        |bone: Bone| t_pose.map_or_else(|| proportions.offset_mm(bone), |t_pose| t_pose.offset_mm(proportions, bone));
    let bone = |bone: &Bone| {
        let offset = if *bone == Bone::Hips { posed.root_mm } else { offset_mm(*bone) };
        placed("/VMC/Ext/Bone/Pos", bone.name(), position(&offset), rotation(&turns[bone.index()]))
    };
    let packets = Bone::ALL.chunks(BONES).map(|bones| {
        let mut content = std::mem::take(&mut first);
        content.extend(bones.iter().map(bone));
        encoder::encode(&OscPacket::Bundle(OscBundle { timetag: AT_ONCE, content }))
    });
    packets.collect()
}

fn placed(address: &str, name: &str, position: [f32; 3], rotation: [f32; 4]) -> OscPacket {
    let numbers = position.into_iter().chain(rotation).map(OscType::Float);
    message(address, std::iter::once(OscType::String(name.to_owned())).chain(numbers).collect())
}

fn message(address: &str, args: Vec<OscType>) -> OscPacket {
    OscPacket::Message(OscMessage { addr: address.to_owned(), args })
}
