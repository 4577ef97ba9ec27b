//! The studio as a whole, with a person made of capsules.

mod figure;

use figure::Figure;
use glam::Vec3;
use pose::ROOT;
use virtual_studio::render::{Backend, Block, Cpu, Environment, Light, Pattern, Renderer, Set, Shot, Sky, Surround};
use virtual_studio::rig::{Intrinsics, VirtualCamera};
use virtual_studio::scene::{
    Catalogue, LightSource, RenderedView, Rigging, Scenario, Studio, StudioPlan, SurroundKind,
};
use virtual_studio::surface::{Performance, Posed};

fn scenario(more: &str) -> Scenario {
    let text = format!("version = 1\nname = \"test\"\nseed = 3\ninstants = 100\nrate-hz = 25.0\n{more}");
    Scenario::from_toml_str(&text, "test").unwrap()
}

fn plan(scenario: &Scenario, background: SurroundKind) -> StudioPlan {
    StudioPlan { background, ..Catalogue::read(scenario, "s.toml").unwrap().plan(scenario, 0) }
}

fn studio(scenario: &Scenario, background: SurroundKind) -> Studio {
    let plan = plan(scenario, background);
    let LightSource::BuiltIn(sky) = plan.light else { panic!("no folder was named") };
    Studio::new(scenario, &plan, Box::new(Figure::new(20, 24)), Environment::built_in(sky), &Backend::Cpu).unwrap()
}

fn view_all(studio: &mut Studio, time_s: f64) -> Vec<RenderedView> {
    (0..studio.views()).map(|view| studio.view(view, time_s).unwrap()).collect()
}

fn same(a: &[RenderedView], b: &[RenderedView]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.picture == b.picture && a.labels == b.labels)
}

#[test]
fn the_same_seed_gives_the_same_pixels_in_any_order() {
    let scenario = scenario("rig = { views = 3, size-px = [160, 120] }\nvary = { motion-blur = 1.0 }");
    for background in [SurroundKind::Environment, SurroundKind::Room, SurroundKind::Black] {
        let mut one = studio(&scenario, background);
        let first = view_all(&mut one, 1.0);
        view_all(&mut one, 2.0);
        assert!(same(&first, &view_all(&mut one, 1.0)), "coming back changes pixels");
        let mut other = studio(&scenario, background);
        let views: Vec<_> = [2, 0, 1].map(|view| other.view(view, 1.0).unwrap()).into();
        assert!(same(&[&views[1], &views[2], &views[0]].map(Clone::clone), &first), "another order changes pixels");
        let mut other = scenario.clone();
        other.seed += 1;
        assert!(!same(&first, &view_all(&mut studio(&other, background), 1.0)), "the seed does nothing");
    }
}

/// No variation.
const CLEAN: &str = "[vary]\nlooks = 0.0\nbodies = 0.0\nexposure-stops = 0.0\nwhite-balance = 0.0\nnoise = 0.0\n\
                     defocus-px = 0.0\noccluders = 0.0\nprops = 0\njpeg-quality = [95, 95]\n";

/// Clean pictures of the figure before a black surround.
fn clean(rig: &str) -> Studio {
    studio(&scenario(&format!("{rig}\n{CLEAN}")), SurroundKind::Black)
}

#[test]
fn joints_lie_on_the_body_and_labels_agree_with_each_other() {
    let mut studio = clean("rig = { views = 6, size-px = [320, 240], roll-degrees = [0.0, 45.0] }");
    for step in 0..6 {
        for view in view_all(&mut studio, 0.7 * f64::from(step)) {
            let (picture, labels) = (&view.picture, &view.labels);
            let px = labels.joints_px.unwrap();
            let [left, top, right, bottom] = labels.box_px.unwrap().map(|edge| edge as f32);
            for [x, y] in px {
                assert!(x > left && x < right && y > top && y < bottom);
                assert!(picture.mask[y as usize * 320 + x as usize] > 0, "a joint beside the body at {x}, {y}");
            }
            for (joint, (&[x, y], &camera_mm)) in px.iter().zip(&labels.joints_camera_mm).enumerate() {
                let camera = Vec3::from(camera_mm) / 1000.0;
                // Unless hidden, a joint is at most a body's thickness behind the surface in front of it.
                let depth = picture.depth_m[y as usize * 320 + x as usize];
                assert!(
                    depth < camera.z + 0.01 && depth > camera.z - 1.0,
                    "joint {joint}: {depth} before {}",
                    camera.z
                );
                assert!((labels.camera.intrinsics.project(camera).unwrap() - glam::Vec2::new(x, y)).length() < 0.01);
            }
            let pose = labels.joints_mm.unwrap();
            assert_eq!(pose[ROOT], [0.0; 3]);
            let length = |a: [f32; 3], b: [f32; 3]| Vec3::from(a).distance(Vec3::from(b));
            let thigh = length(pose[1], pose[2]);
            assert!((thigh - length(labels.joints_camera_mm[1], labels.joints_camera_mm[2])).abs() < 0.01);
            assert!((thigh - 430.0).abs() < 0.5, "{thigh}");
            assert!(pose[10][1] < pose[0][1] || labels.camera.rotation.y_axis.y > 0.0, "the head is above the hips");
        }
    }
}

#[test]
fn the_mask_is_the_body_and_nothing_else() {
    for view in view_all(&mut clean("rig = { views = 3, size-px = [320, 240] }"), 1.0) {
        let picture = &view.picture;
        for (rgb, (&mask, &depth)) in picture.rgb.chunks(3).zip(picture.mask.iter().zip(&picture.depth_m)) {
            assert_eq!(mask == 0, depth == f32::INFINITY);
            assert_eq!(mask == 0, rgb == [0; 3], "black surround, no black clothes");
        }
        let covered = picture.mask.iter().filter(|&&mask| mask > 0).count();
        assert!(covered > 1500, "{covered}");
    }
}

/// Two views agree: what view 0 sees at a depth, view 1 sees at the same point of the world.
#[test]
fn depths_of_two_views_meet_in_the_world() {
    let mut studio = clean("rig = { views = 2, size-px = [640, 480], distortion = [-0.1, -0.1] }");
    let views = view_all(&mut studio, 1.0);
    let figure = Figure::new(20, 24);
    let mut body = Posed::default();
    figure.pose(1.0, &mut body);
    for view in &views {
        let camera: VirtualCamera = view.labels.camera;
        let mut checked = 0;
        for (at, &mask) in view.picture.mask.iter().enumerate().filter(|(at, _)| at % 7 == 0) {
            if mask < 255 {
                continue;
            }
            let px = glam::Vec2::new((at % 640) as f32 + 0.5, (at / 640) as f32 + 0.5);
            let camera_space = camera.intrinsics.ray(px).extend(1.0) * view.picture.depth_m[at];
            let world = camera.rotation.transpose() * camera_space + camera.position;
            let nearest = body.shapes.iter().flat_map(|shape| &shape.positions).map(|&v| world.distance(v.into()));
            let nearest = nearest.fold(f32::INFINITY, f32::min);
            assert!(nearest < 0.06, "{nearest} m beside the body");
            checked += 1;
        }
        assert!(checked > 200, "{checked}");
    }
}

#[test]
fn the_person_darkens_the_floor_and_a_shadow_leaves_with_them() {
    let text = format!("rig = {{ views = 1, size-px = [320, 240] }}\n{CLEAN}\n[place]\nskies = [\"noon\"]");
    let mut studio = studio(&scenario(&text), SurroundKind::Environment);
    let (a, b) = (studio.view(0, 0.0).unwrap().picture, studio.view(0, 4.0).unwrap().picture);
    let darker = |a: &virtual_studio::render::RenderedPicture, b: &virtual_studio::render::RenderedPicture| {
        let pixels = a.rgb.chunks(3).zip(b.rgb.chunks(3)).zip(a.mask.iter().zip(&b.mask));
        pixels.filter(|((a, b), (in_a, in_b))| **in_a == 0 && **in_b == 0 && a[1] + 15 < b[1]).count()
    };
    assert!(darker(&a, &b) > 100 && darker(&b, &a) > 100, "{} {}", darker(&a, &b), darker(&b, &a));
    assert_eq!(a.rgb[..30], b.rgb[..30], "the sky moved");
}

#[test]
fn cameras_that_are_given_must_see_the_stage() {
    let text = "[[camera]]\nsize-px = [64, 48]\nfield-of-view-degrees = 50.0\nposition-m = [0.0, 1.0, 4.0]\nlook-at-m = [0.0, 1.0, 9.0]";
    let scenario = scenario(text);
    assert!(matches!(scenario.rigging, Rigging::Given(_)));
    let plan = plan(&scenario, SurroundKind::Black);
    let studio =
        Studio::new(&scenario, &plan, Box::new(Figure::new(8, 8)), Environment::built_in(Sky::Noon), &Backend::Cpu);
    assert!(
        studio.err().unwrap().to_string().contains("camera 0: the camera at (0, 1, 4) m looks away from the stage")
    );
}

#[test]
fn a_picture_becomes_a_jpeg_of_its_size() {
    let scenario = scenario("rig = { views = 1, size-px = [96, 64] }");
    let view = studio(&scenario, SurroundKind::Room).view(0, 0.5).unwrap();
    let bytes = view.jpeg().unwrap();
    let header = turbojpeg::read_header(&bytes).unwrap();
    assert_eq!((header.width, header.height), (96, 64));
}

/// A post in front of a camera hides exactly what is behind it, in the mask and in the picture.
#[test]
fn what_stands_before_the_person_is_not_theirs() {
    let figure = Figure::new(20, 24);
    let mut body = Posed::default();
    figure.pose(0.0, &mut body);
    let centre = Vec3::from(body.joints[ROOT]);
    let lens = Intrinsics::with_field_of_view([320, 240], 0.7).unwrap();
    let camera = VirtualCamera::looking_at(lens, centre + Vec3::new(0.0, 0.0, 3.5), centre, 0.1).unwrap();
    let red = Pattern::plain(glam::Vec3A::new(0.8, 0.0, 0.0));
    let post = |z: f32| Block::new(centre + Vec3::new(0.0, 0.0, z), Vec3::new(0.015, 1.6, 0.015), 0.4, red);
    let draw = |blocks: Vec<Block>| {
        let environment = Environment::built_in(Sky::Overcast);
        let set = Set { light: Light::of(&environment), surround: Surround::Environment(environment), blocks };
        let mut renderer = Cpu::new(figure.parts(), set, 2);
        renderer.set_body(&body);
        renderer.draw(0, &Shot { camera, gain: [1.0; 3] })
    };
    let (free, before, behind) = (draw(Vec::new()), draw(vec![post(1.5)]), draw(vec![post(-1.5)]));
    assert_eq!(free.mask, behind.mask);
    let (mut hidden, mut kept) = (0, 0);
    for at in 0..free.mask.len() {
        if before.depth_m[at] < free.depth_m[at] - 0.5 && before.mask[at] == 0 {
            hidden += usize::from(free.mask[at] == 255);
            let [r, g, b] = [0, 1, 2].map(|channel| before.rgb[3 * at + channel]);
            assert!(r > g && r > b || free.mask[at] < 255, "what hides is not the red post");
        } else if before.mask[at] == 255 {
            assert_eq!(free.mask[at], 255);
            kept += 1;
        }
    }
    assert!(hidden > 300 && kept > 1000, "{hidden} hidden, {kept} kept");
}

#[test]
fn panoramas_light_a_scene() {
    let Some(data) = std::env::var_os("GENLOCK_TEST_DATA") else {
        println!("skipped: GENLOCK_TEST_DATA is not set, so there are no panoramas");
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(std::path::Path::new(&data).join("hdri_cc0")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "hdr") {
            let light = Light::of(&Environment::read(&path).unwrap());
            let sun = light.sun().unwrap();
            let up = light.soft(glam::Vec3A::Y);
            assert!(up.is_finite() && up.min_element() > 0.0, "{}: no sky", path.display());
            assert!((sun.direction.length() - 1.0).abs() < 1e-4 && sun.direction.y > 0.3, "{}", path.display());
            assert!(light.exposure().is_finite() && light.exposure().min_element() > 0.0);
            count += 1;
        }
    }
    assert_eq!(count, 10);
}
