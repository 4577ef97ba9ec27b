//! Seeds of assets: a stick figure that faces -Z, its packed form, and a short motion.

use std::io::Read;
use std::path::Path;

use flate2::read::ZlibDecoder;
use take::SessionTake;
use take::session::Split;
use virtual_studio::actor::gltf::{LoadOptions, read};
use virtual_studio::motion::bvh::Bvh;
use virtual_studio::motion::retarget::retarget;
use virtual_studio::render::{Environment, Sky};
use virtual_studio::session::{Truth, TruthCamera, TruthFrame};

use crate::Seed;

pub fn seeds() -> Vec<Seed> {
    let person = glb();
    let actor = read(&person, Path::new("person.glb"), LoadOptions::default()).expect("a person");
    let bvh = bvh();
    let clip = retarget(&Bvh::parse(&bvh, Path::new("a.bvh")).expect("a motion"), Path::new("a.bvh")).expect("a clip");
    vec![
        ("packed_person", "figure", contents(&actor.pack().expect("a packed person"))),
        ("gltf", "figure", person),
        ("packed_clip", "two-frames", contents(&clip.pack().expect("a packed clip"))),
        ("bvh", "two-frames", bvh.into_bytes()),
        ("truth", "one-frame", truth()),
        ("panorama", "noon", Environment::built_in(Sky::Noon).pack(8).expect("a panorama")),
    ]
}

fn truth() -> Vec<u8> {
    let take = SessionTake {
        name: "000".into(),
        person: "anna".into(),
        clip: "walk-1".into(),
        action: "walk".into(),
        environment: "hall".into(),
        split: Split::HeldOut,
    };
    let frame = TruthFrame {
        source_index: 0,
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        translation_m: [0.0, 1.2, 3.5],
        joints_camera_mm: [[0.0, -100.5, 3500.0]; 17],
        box_px: Some([10, 20, 30, 40]),
    };
    let camera = TruthCamera {
        name: "cam01".into(),
        size_px: [640, 480],
        focal_px: [500.0, 500.0],
        centre_px: [320.0, 240.0],
        radial: [0.0, 0.0],
        frames: vec![frame],
    };
    let truth = Truth { take, seed: 7, widened: false, height_mm: Some(1712.5), cameras: vec![camera] };
    serde_json::to_vec(&truth).expect("JSON")
}

/// The uncompressed contents of a packed file, after its version.
fn contents(packed: &[u8]) -> Vec<u8> {
    let mut contents = Vec::new();
    ZlibDecoder::new(&packed[1..]).read_to_end(&mut contents).expect("a packed file");
    contents
}

/// Names, parents and places in metres.
const JOINTS: [(&str, Option<usize>, [f32; 3]); 16] = [
    ("Hips", None, [0.0, 1.0, 0.0]),
    ("Spine", Some(0), [0.0, 1.1, 0.0]),
    ("Neck", Some(1), [0.0, 1.5, 0.0]),
    ("Head", Some(2), [0.0, 1.55, 0.0]),
    ("LeftArm", Some(1), [-0.2, 1.4, 0.0]),
    ("LeftForeArm", Some(4), [-0.5, 1.4, 0.0]),
    ("LeftHand", Some(5), [-0.75, 1.4, 0.0]),
    ("RightArm", Some(1), [0.2, 1.4, 0.0]),
    ("RightForeArm", Some(7), [0.5, 1.4, 0.0]),
    ("RightHand", Some(8), [0.75, 1.4, 0.0]),
    ("LeftUpLeg", Some(0), [-0.1, 0.95, 0.0]),
    ("LeftLeg", Some(10), [-0.1, 0.51, 0.0]),
    ("LeftFoot", Some(11), [-0.1, 0.08, 0.0]),
    ("RightUpLeg", Some(0), [0.1, 0.95, 0.0]),
    ("RightLeg", Some(13), [0.1, 0.51, 0.0]),
    ("RightFoot", Some(14), [0.1, 0.08, 0.0]),
];

fn children(joint: usize) -> impl Iterator<Item = usize> {
    (0..JOINTS.len()).filter(move |&child| JOINTS[child].1 == Some(joint))
}

fn offset(joint: usize) -> [f32; 3] {
    let (_, parent, at) = JOINTS[joint];
    let from = parent.map_or([0.0; 3], |parent| JOINTS[parent].2);
    std::array::from_fn(|axis| at[axis] - from[axis])
}

/// A binary glTF with a nose, a crown and two heels, and a texture.
fn glb() -> Vec<u8> {
    const VERTICES: [[f32; 3]; 4] = [[0.0, 1.6, -0.12], [0.0, 1.75, 0.0], [-0.1, 0.0, 0.05], [0.1, 0.0, 0.05]];
    let mut binary: Vec<u8> = Vec::new();
    let mut views = Vec::new();
    let mut add = |part: Vec<u8>| {
        views.push(format!(r#"{{"buffer":0,"byteOffset":{},"byteLength":{}}}"#, binary.len(), part.len()));
        binary.extend(part);
        binary.resize(binary.len().next_multiple_of(4), 0);
    };
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    add(floats(VERTICES.as_flattened()));
    add(floats(&[1.0, 0.0, 0.0, 0.0].repeat(4)));
    add([[3, 0, 0, 0], [3, 0, 0, 0], [12, 0, 0, 0], [15, 0, 0, 0]].concat());
    add([0u16, 1, 2, 1, 2, 3].iter().flat_map(|index| index.to_le_bytes()).collect());
    let bind = |(_, _, [x, y, z]): &(&str, Option<usize>, [f32; 3])| {
        floats(&[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -x, -y, -z, 1.0])
    };
    add(JOINTS.iter().flat_map(bind).collect());
    add(floats(&[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]));
    add(crate::frames::jpeg(8, 8));

    let node = |joint: usize| {
        let [x, y, z] = offset(joint);
        let children: Vec<_> = children(joint).map(|child| child.to_string()).collect();
        let children =
            if children.is_empty() { String::new() } else { format!(r#","children":[{}]"#, children.join(",")) };
        format!(r#"{{"name":"{}","translation":[{x},{y},{z}]{children}}}"#, JOINTS[joint].0)
    };
    let nodes: Vec<_> = (0..JOINTS.len()).map(node).collect();
    let joints: Vec<_> = (0..JOINTS.len()).map(|joint| joint.to_string()).collect();
    let json = format!(
        r#"{{"asset":{{"version":"2.0"}},"scene":0,"scenes":[{{"nodes":[0,16]}}],"nodes":[{},{{"mesh":0,"skin":0}}],
        "skins":[{{"joints":[{}],"inverseBindMatrices":4}}],"meshes":[{{"primitives":[{{"attributes":{{"POSITION":0,
        "WEIGHTS_0":1,"JOINTS_0":2,"TEXCOORD_0":5}},"indices":3,"material":0}}]}}],"materials":[{{"pbrMetallicRoughness":{{
        "baseColorTexture":{{"index":0}},"baseColorFactor":[1,0.5,0.5,1]}}}}],"textures":[{{"source":0}}],
        "images":[{{"bufferView":6,"mimeType":"image/jpeg"}}],"buffers":[{{"byteLength":{}}}],"bufferViews":[{}],"accessors":[
        {{"bufferView":0,"componentType":5126,"count":4,"type":"VEC3","min":[-0.1,0,-0.12],"max":[0.1,1.75,0.05]}},
        {{"bufferView":1,"componentType":5126,"count":4,"type":"VEC4"}},
        {{"bufferView":2,"componentType":5121,"count":4,"type":"VEC4"}},
        {{"bufferView":3,"componentType":5123,"count":6,"type":"SCALAR"}},
        {{"bufferView":4,"componentType":5126,"count":16,"type":"MAT4"}},
        {{"bufferView":5,"componentType":5126,"count":4,"type":"VEC2"}}]}}"#,
        nodes.join(","),
        joints.join(","),
        binary.len(),
        views.join(",")
    );
    let chunk = |kind: &[u8; 4], mut body: Vec<u8>, filler: u8| {
        body.resize(body.len().next_multiple_of(4), filler);
        [&(body.len() as u32).to_le_bytes()[..], kind, &body].concat()
    };
    let body = [chunk(b"JSON", json.into_bytes(), b' '), chunk(b"BIN\0", binary, 0)].concat();
    [&b"glTF"[..], &2u32.to_le_bytes(), &(body.len() as u32 + 12).to_le_bytes(), &body].concat()
}

/// A BVH motion with Mixamo's joint names, without a namespace.
fn bvh() -> String {
    fn joint(at: usize, text: &mut String) {
        let [x, y, z] = offset(at);
        let (kind, channels) = if at == 0 { ("ROOT", "6 Xposition Yposition Zposition") } else { ("JOINT", "3") };
        text.push_str(&format!(
            "{kind} {}\n{{\nOFFSET {x} {y} {z}\nCHANNELS {channels} Zrotation Xrotation Yrotation\n",
            JOINTS[at].0
        ));
        for child in children(at) {
            joint(child, text);
        }
        if children(at).next().is_none() {
            text.push_str("End Site\n{\nOFFSET 0 -0.1 0\n}\n");
        }
        text.push_str("}\n");
    }
    let mut text = String::from("HIERARCHY\n");
    joint(0, &mut text);
    text.push_str("MOTION\nFrames: 2\nFrame Time: 0.033\n");
    for frame in 0..2 {
        let values: Vec<_> = (0..3 + 3 * JOINTS.len()).map(|at| (frame * at % 7).to_string()).collect();
        text.push_str(&format!("{}\n", values.join(" ")));
    }
    text
}
