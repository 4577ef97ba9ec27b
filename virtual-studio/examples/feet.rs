use glam::Vec3;
use virtual_studio::actor::Bone;
use virtual_studio::actor::gltf::{LoadOptions, load};
use virtual_studio::motion::{Clip, Grounded, Motion, bvh::Bvh};
fn main() {
    let a: Vec<_> = std::env::args().collect();
    let actor = load(a[1].as_ref(), LoadOptions::default()).unwrap();
    let m = Grounded::new(Clip::load(a[2].as_ref()).unwrap(), &actor);
    let bvh = Bvh::load(a[2].as_ref()).unwrap();
    let unit: f64 = a[3].parse().unwrap();
    let names: Vec<&str> = a[4].split(',').collect();
    for f in (0..bvh.frames()).step_by(6) {
        let t = f as f64 * bvh.frame_time_s;
        let p = m.at(t);
        let j = actor.joints(&p);
        let pitch = |b: Bone| (p.rotation(b) * Vec3::Z).y.asin().to_degrees();
        let w = bvh.frame(f);
        let hs: Vec<String> =
            names.iter().map(|n| format!("{:.1}", 100.0 * unit * w[bvh.joint(n).unwrap()].1.y)).collect();
        println!(
            "{t:.2} low {:5.1} | L ankle {:5.1} pitch foot {:6.1} toe {:6.1} | R ankle {:5.1} foot {:6.1} toe {:6.1} | src {}",
            100.0 * actor.lowest_m(&p),
            100.0 * j[6][1],
            pitch(Bone::LeftFoot),
            pitch(Bone::LeftToe),
            100.0 * j[3][1],
            pitch(Bone::RightFoot),
            pitch(Bone::RightToe),
            hs.join(" ")
        );
    }
}
