//! Invalid glTF files, and unusual valid ones.

use std::path::{Path, PathBuf};

use glam::{Mat4, Vec3};
use virtual_studio::AssetError;
use virtual_studio::actor::SkeletonPose;
use virtual_studio::actor::gltf::{LoadOptions, load};

/// Joints of a stick figure that faces -Z, in metres.
const JOINTS: [(&str, [f32; 3]); 16] = [
    ("mixamorig:Hips", [0.0, 1.0, 0.0]),
    ("mixamorig:Spine", [0.0, 1.1, 0.0]),
    ("mixamorig:Neck", [0.0, 1.5, 0.0]),
    ("mixamorig:Head", [0.0, 1.55, 0.0]),
    ("mixamorig:LeftArm", [-0.2, 1.4, 0.0]),
    ("mixamorig:LeftForeArm", [-0.5, 1.4, 0.0]),
    ("mixamorig:LeftHand", [-0.75, 1.4, 0.0]),
    ("mixamorig:RightArm", [0.2, 1.4, 0.0]),
    ("mixamorig:RightForeArm", [0.5, 1.4, 0.0]),
    ("mixamorig:RightHand", [0.75, 1.4, 0.0]),
    ("mixamorig:LeftUpLeg", [-0.1, 0.95, 0.0]),
    ("mixamorig:LeftLeg", [-0.1, 0.51, 0.0]),
    ("mixamorig:LeftFoot", [-0.1, 0.08, 0.0]),
    ("mixamorig:RightUpLeg", [0.1, 0.95, 0.0]),
    ("mixamorig:RightLeg", [0.1, 0.51, 0.0]),
    ("mixamorig:RightFoot", [0.1, 0.08, 0.0]),
];

/// What is wrong or unusual about a figure.
struct Figure {
    rename: Option<(&'static str, &'static str)>,
    skinned: bool,
    scale: f32,
    joint_of_last_vertex: u8,
    bytes_missing: usize,
}

const SOUND: Figure = Figure { rename: None, skinned: true, scale: 0.01, joint_of_last_vertex: 3, bytes_missing: 0 };

impl Figure {
    /// A glTF file with a separate buffer. The armature is scaled, as by exporters of models in centimetres.
    fn write(&self, folder: &Path) -> PathBuf {
        // A nose, a crown, and two heels.
        let vertices = [[0.0, 1.6, -0.12], [0.0, 1.75, 0.0], [-0.1, 0.0, 0.05], [0.1, 0.0, 0.05]];
        let owners = [3, self.joint_of_last_vertex, 12, 15];
        let mut bytes: Vec<u8> = Vec::new();
        let mut put = |value: f32| bytes.extend(value.to_le_bytes());
        vertices.iter().flatten().for_each(|&value| put(value));
        (0..4).for_each(|_| [1.0, 0.0, 0.0, 0.0].into_iter().for_each(&mut put));
        for (_, at) in JOINTS {
            let world = Mat4::from_scale(Vec3::splat(0.01)) * Mat4::from_translation(Vec3::from(at) / 0.01);
            world.inverse().to_cols_array().into_iter().for_each(&mut put);
        }
        owners.iter().for_each(|&owner| bytes.extend([owner, 0, 0, 0]));
        [0u16, 1, 2, 1, 2, 3].iter().for_each(|index| bytes.extend(index.to_le_bytes()));
        let length = bytes.len();
        std::fs::write(folder.join("figure.bin"), &bytes[..length - self.bytes_missing]).unwrap();

        let name =
            |name: &str| self.rename.filter(|(old, _)| *old == name).map_or(name.to_owned(), |(_, new)| new.into());
        let mut nodes: Vec<String> = JOINTS
            .iter()
            .map(|(joint, [x, y, z])| {
                format!(r#"{{"name":"{}","translation":[{},{},{}]}}"#, name(joint), x / 0.01, y / 0.01, z / 0.01)
            })
            .collect();
        let (joints, scale) = ((0..16).map(|i| i.to_string()).collect::<Vec<_>>().join(","), self.scale);
        nodes.push(format!(r#"{{"name":"Armature","scale":[{scale},{scale},{scale}],"children":[{joints}]}}"#));
        nodes.push(format!(r#"{{"mesh":0{}}}"#, if self.skinned { r#","skin":0"# } else { "" }));
        let skins = if self.skinned {
            format!(r#""skins":[{{"joints":[{joints}],"inverseBindMatrices":2}}],"#)
        } else {
            String::new()
        };
        let text = format!(
            r#"{{"asset":{{"version":"2.0"}},"scene":0,"scenes":[{{"nodes":[16,17]}}],"nodes":[{}],{skins}
            "meshes":[{{"name":"stick","primitives":[{{"attributes":{{"POSITION":0,"WEIGHTS_0":1,"JOINTS_0":3}},"indices":4}}]}}],
            "buffers":[{{"uri":"figure.bin","byteLength":{length}}}],
            "bufferViews":[{{"buffer":0,"byteOffset":0,"byteLength":48}},{{"buffer":0,"byteOffset":48,"byteLength":64}},
            {{"buffer":0,"byteOffset":112,"byteLength":1024}},{{"buffer":0,"byteOffset":1136,"byteLength":16}},
            {{"buffer":0,"byteOffset":1152,"byteLength":12}}],
            "accessors":[{{"bufferView":0,"componentType":5126,"count":4,"type":"VEC3","min":[-0.1,0,-0.12],"max":[0.1,1.75,0.05]}},
            {{"bufferView":1,"componentType":5126,"count":4,"type":"VEC4"}},
            {{"bufferView":2,"componentType":5126,"count":16,"type":"MAT4"}},
            {{"bufferView":3,"componentType":5121,"count":4,"type":"VEC4"}},
            {{"bufferView":4,"componentType":5123,"count":6,"type":"SCALAR"}}]}}"#,
            nodes.join(",")
        );
        let path = folder.join("figure.gltf");
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn check(figure: &Figure, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = figure.write(folder.path());
    let text = load(&path, LoadOptions::default()).map(|_| ()).expect_err("no actor").to_string();
    assert!(text.contains("figure.gltf"), "{text}");
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_model_in_another_unit_that_faces_away_is_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let actor = load(&SOUND.write(folder.path()), LoadOptions::default()).unwrap();
    assert!((actor.height_m() - 1.75).abs() < 1e-4);
    assert!((actor.leg_m() - 0.87).abs() < 1e-4);
    let joints = actor.joints(&SkeletonPose::REST).map(Vec3::from);
    assert!(joints[9].z > 0.1, "the nose is at {}", joints[9]);
    assert!(joints[13].x > 0.7, "the left wrist is at {}", joints[13]);
}

#[test]
fn a_node_that_hangs_on_itself_is_looked_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = SOUND.write(folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let circle = text.replace(r#"{"name":"mixamorig:Hips","#, r#"{"name":"mixamorig:Hips","children":[16],"#);
    assert_ne!(circle, text);
    std::fs::write(&path, circle).unwrap();
    let actor = load(&path, LoadOptions::default()).unwrap();
    assert!((actor.height_m() - 1.75).abs() < 1e-4);
}

#[test]
fn what_is_wrong_is_named() {
    check(&Figure { skinned: false, ..SOUND }, "skin");
    let renamed = Some(("mixamorig:LeftUpLeg", "Leg_Oben"));
    check(&Figure { rename: renamed, ..SOUND }, "no joint for LeftUpLeg");
    check(&Figure { rename: renamed, ..SOUND }, "Leg_Oben");
    check(&Figure { joint_of_last_vertex: 99, ..SOUND }, "mesh stick: vertex 1 hangs on joint 99");
    check(&Figure { scale: 1.0, ..SOUND }, "m tall");
    check(&Figure { bytes_missing: 700, ..SOUND }, "not a readable glTF");
}

#[test]
fn other_files_are_no_actors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.glb");
    assert!(matches!(load(&path, LoadOptions::default()), Err(AssetError::Io { .. })));
    for bytes in [&b""[..], b"glTF", b"\x67\x6c\x54\x46\x02\x00\x00\x00\xff\xff\xff\xff", b"{\"asset\":{}}"] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(load(&path, LoadOptions::default()), Err(AssetError::Gltf { .. })));
    }
}
