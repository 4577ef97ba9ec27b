//! Writes sheets of what a studio sees: a row for each view, a column for each time, one sheet for each place.
//!
//!     cargo run --release -p virtual-studio --example studio_sheet -- OUT [FOLDER_OF_HDR]

use std::error::Error;
use std::path::{Path, PathBuf};

use pose::BONES;
use virtual_studio::render::Environment;
use virtual_studio::scene::{Background, Catalogue, Light, RenderedView, Scenario, Studio, StudioOptions};

#[path = "../tests/figure/mod.rs"]
mod figure;

const SCENARIO: &str = r#"
version = 1
name = "studio-sheet"
seed = 11
takes = 10
instants = 200
rate-hz = 25.0
rig = { views = 4, size-px = [320, 240] }
vary = { occluders = 0.2, motion-blur = 0.2 }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("give a folder to write to")?);
    std::fs::create_dir_all(&out)?;
    let mut scenario = Scenario::from_toml_str(SCENARIO, "studio sheet")?;
    scenario.place.environments.folders = arguments.map(PathBuf::from).collect();
    let catalogue = Catalogue::read(&scenario, "studio sheet")?;
    for take in 0..scenario.takes {
        let mut plan = catalogue.plan(&scenario, take);
        plan.background = [Background::Environment, Background::Room][take as usize % 2];
        let environment = match &plan.light {
            Light::File(path) => Environment::read(path)?,
            Light::BuiltIn(sky) => Environment::built_in(*sky),
        };
        let figure = Box::new(figure::Figure::new(24, 28));
        let mut studio = Studio::new(&scenario, &plan, figure, environment, StudioOptions::default())?;
        let columns: Vec<_> = (0..4).map(|i| studio.view_all(0.6 + 1.7 * f64::from(i))).collect::<Result<_, _>>()?;
        let path = out.join(format!("take-{take}.png"));
        write(&path, &columns)?;
        println!("{}: {:?}, {:?}", path.display(), plan.background, plan.light);
    }
    Ok(())
}

fn write(path: &Path, columns: &[Vec<RenderedView>]) -> Result<(), Box<dyn Error>> {
    let first = &columns[0][0].picture;
    let (width, height) = (first.width, first.height);
    let mut sheet = image::RgbImage::new(width * columns.len() as u32, height * columns[0].len() as u32);
    for (column, views) in (0..).zip(columns) {
        for (row, view) in (0..).zip(views) {
            let marked = marked(view, column % 2 == 1)?;
            image::imageops::replace(&mut sheet, &marked, i64::from(width * column), i64::from(height * row));
        }
    }
    Ok(sheet.save(path)?)
}

/// The picture, with the outline of its mask, its box and its joints where `truth` is set.
fn marked(view: &RenderedView, truth: bool) -> Result<image::RgbImage, Box<dyn Error>> {
    let picture = &view.picture;
    let (width, height) = (picture.width, picture.height);
    let mut out = image::RgbImage::from_raw(width, height, picture.rgb.clone()).ok_or("a picture of another size")?;
    if !truth {
        return Ok(out);
    }
    let covered = |x: u32, y: u32| picture.mask[(y * width + x) as usize] >= 128;
    for (x, y) in (1..height).flat_map(|y| (1..width).map(move |x| (x, y))) {
        if covered(x, y) != covered(x - 1, y) || covered(x, y) != covered(x, y - 1) {
            out.put_pixel(x, y, image::Rgb([0, 255, 0]));
        }
    }
    for (from, to) in BONES {
        let Some(joints) = view.labels.joints_px else { continue };
        for step in 0..=100 {
            let part = step as f32 / 100.0;
            let [x, y] = [0, 1].map(|axis| joints[from][axis] * (1.0 - part) + joints[to][axis] * part);
            if (0.0..width as f32).contains(&x) && (0.0..height as f32).contains(&y) {
                out.put_pixel(x as u32, y as u32, image::Rgb([255, 255, 0]));
            }
        }
    }
    if let Some([left, top, right, bottom]) = view.labels.box_px {
        for x in left..right {
            out.put_pixel(x, top, image::Rgb([0, 160, 255]));
            out.put_pixel(x, bottom - 1, image::Rgb([0, 160, 255]));
        }
    }
    Ok(out)
}
