//! Sheets of pictures: what was asked for, and what was retrieved, side by side.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use learn::data::rendered::Dataset;
use learn::eval::sync_report::SyncReport;
use miette::IntoDiagnostic;
use tch::Device;

use super::plots::title;
use crate::svg::{Anchor, GREY, INK, Svg};

const QUALITY: u8 = 85;
/// Side of a picture on a sheet, in pixels.
const SIDE: f64 = 120.0;
const LEFT: f64 = 16.0;
const TOP: f64 = 76.0;
/// Trained people on a sheet.
const MOST_PEOPLE: usize = 7;

/// Queries within takes: the query, the frame taken for synchronous, the true one, a random one.
pub fn within(dataset: &Dataset, report: &SyncReport) -> miette::Result<String> {
    let heads = ["query", "retrieved", "true instant", "random"].map(str::to_owned);
    let rows: Vec<Row> = report
        .details
        .within
        .iter()
        .map(|row| Row {
            pictures: vec![row.query, row.retrieved, row.truth, row.random],
            words: format!("{:.0} ms off", row.gap_ms),
        })
        .collect();
    sheet(dataset, report, "The frame of another view that is taken for synchronous, unseen people", &heads, &rows)
}

/// Queries across people: the query, and for each of some trained people the picture taken for synchronous.
pub fn across(dataset: &Dataset, report: &SyncReport) -> miette::Result<String> {
    let people = report.details.trained.len().min(MOST_PEOPLE);
    let heads: Vec<String> =
        std::iter::once("query".to_owned()).chain(report.details.trained[..people].iter().cloned()).collect();
    let rows: Vec<Row> = report
        .details
        .across
        .iter()
        .map(|row| Row {
            pictures: std::iter::once(row.query).chain(row.retrieved.iter().copied().take(people)).collect(),
            words: String::new(),
        })
        .collect();
    sheet(dataset, report, "The picture of each trained person that is taken for synchronous", &heads, &rows)
}

struct Row {
    /// Rows of the dataset.
    pictures: Vec<u32>,
    words: String,
}

fn sheet(dataset: &Dataset, report: &SyncReport, what: &str, heads: &[String], rows: &[Row]) -> miette::Result<String> {
    let captions = if rows.iter().any(|row| !row.words.is_empty()) { 110.0 } else { 0.0 };
    let size = [SIDE * heads.len() as f64, SIDE * rows.len() as f64];
    let mut svg = Svg::new([(size[0] + 2.0 * LEFT + captions).max(560.0), size[1] + TOP + 16.0]);
    title(&mut svg, report, what);
    for (column, head) in heads.iter().enumerate() {
        svg.words([LEFT + SIDE * (column as f64 + 0.5), TOP - 8.0], Anchor::Middle, INK, head);
    }
    for (at, row) in rows.iter().enumerate() {
        svg.words([LEFT + size[0] + 8.0, TOP + SIDE * (at as f64 + 0.5)], Anchor::Start, GREY, &row.words);
    }
    if !rows.is_empty() {
        svg.jpeg([LEFT, TOP], size, &mosaic(dataset, heads.len(), rows)?);
    }
    Ok(svg.finish())
}

/// The stored pictures in one JPEG, without gaps, and without the margin around what the network sees.
fn mosaic(dataset: &Dataset, columns: usize, rows: &[Row]) -> miette::Result<Vec<u8>> {
    let store = usize::from(dataset.config().store_px);
    let side = ((store as f32 / dataset.config().margin) as usize).clamp(1, store);
    let first = ((store - side) / 2) as i64;
    let (width, height) = (columns * side, rows.len() * side);
    let mut rgb = vec![255; 3 * width * height];
    for (at, row) in rows.iter().enumerate() {
        let pixels = dataset.batch(&row.pictures).into_diagnostic()?.pixels;
        let pixels = pixels
            .f_narrow(1, 0, 3)
            .and_then(|rgb| {
                rgb.f_narrow(2, first, side as i64)?
                    .f_narrow(3, first, side as i64)?
                    .f_permute([0, 2, 3, 1])?
                    .f_to_device(Device::Cpu)?
                    .f_contiguous()?
                    .f_reshape([-1])
            })
            .into_diagnostic()?;
        let pixels: Vec<u8> = Vec::try_from(pixels).into_diagnostic()?;
        for (column, picture) in pixels.chunks_exact(3 * side * side).enumerate() {
            for (y, line) in picture.chunks_exact(3 * side).enumerate() {
                let begin = 3 * ((at * side + y) * width + column * side);
                rgb[begin..begin + 3 * side].copy_from_slice(line);
            }
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(&rgb, width as u32, height as u32, ExtendedColorType::Rgb8)
        .into_diagnostic()?;
    Ok(jpeg)
}
