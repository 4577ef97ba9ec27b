//! Pairs per second of the sampler on one core: drawn only, and with their pictures gathered into a batch.

use std::time::{Duration, Instant};

use frame_sync::pairs::{ImageRef, InstantMeta, PairSampler, SamplerConfig};
use model::PictureBatch;
use transport::Moment;

use crate::moments::{VIEWS, moment};
use crate::{Outcome, Plan, table::Row};

const CROP_PX: u16 = 224;
const TIMES: usize = 16;
const TUPLES: usize = 16;
/// Far more pictures than a cache holds.
const INSTANTS: u64 = 256;

/// Draws one batch: its images, and how many labelled pairs they make.
type Form = (&'static str, fn(&mut PairSampler, &[InstantMeta]) -> Option<(Vec<ImageRef>, usize)>);

const FORMS: [Form; 2] = [("all pairs of 16 × 4", all_pairs), ("16 tuples of 4 images", tuples)];

fn all_pairs(sampler: &mut PairSampler, instants: &[InstantMeta]) -> Option<(Vec<ImageRef>, usize)> {
    let draw = sampler.all_pairs(instants, TIMES)?;
    Some((draw.images, draw.sync_pairs.len() + draw.flip_pairs.len()))
}

fn tuples(sampler: &mut PairSampler, instants: &[InstantMeta]) -> Option<(Vec<ImageRef>, usize)> {
    let mut images = Vec::with_capacity(4 * TUPLES);
    for _ in 0..TUPLES {
        let tuple = sampler.tuple(instants)?;
        // The synchronised pair, the other instant's picture, and the mirrored one of the flipped pair.
        let mirrored = if tuple.flipped.a == tuple.synced.a { tuple.flipped.b } else { tuple.flipped.a };
        images.extend([tuple.synced.a, tuple.synced.b, tuple.unsynced.b, mirrored]);
    }
    Some((images, 3 * TUPLES))
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let moments: Vec<Moment> = (0..INSTANTS).map(|number| moment(number, CROP_PX)).collect();
    let meta = |moment: &Moment| InstantMeta {
        segment: moment.segment,
        exposure_ns: moment.exposure.ns,
        views: (1 << VIEWS) - 1,
    };
    let instants: Vec<InstantMeta> = moments.iter().map(meta).collect();
    let time = Duration::from_millis(plan.pick(2_000, 200));

    let mut rows = Vec::new();
    for (form, draw) in FORMS {
        let mut sampler = PairSampler::new(SamplerConfig::default(), 0);
        let mut alone = || Ok(draw(&mut sampler, &instants).ok_or("no valid pair")?.1);
        let (pairs_per_s, batches_per_s) = rate(time, &mut alone)?;
        rows.push(Row {
            what: format!("sampler on one core, {form}: draws alone"),
            figure: format!("{pairs_per_s:.3e} pairs/s ({batches_per_s:.0} batches/s)"),
            aim: "",
            bounded_by: "random numbers, branches and the allocation of a draw",
        });

        let mut batch = PictureBatch::new(CROP_PX.into());
        let mut bytes = 0;
        let mut gathered = || {
            let (images, pairs) = draw(&mut sampler, &instants).ok_or("no valid pair")?;
            batch.clear();
            for image in &images {
                let sample = &moments[image.instant].views[usize::from(image.view)].samples[0];
                batch.push(&sample.rgb, &sample.mask, image.mirrored)?;
                bytes += sample.rgb.len() + sample.mask.len();
            }
            Ok(pairs)
        };
        let begun = Instant::now();
        let (pairs_per_s, batches_per_s) = rate(time, &mut gathered)?;
        let gb_per_s = bytes as f64 / 1e9 / begun.elapsed().as_secs_f64();
        rows.push(Row {
            what: format!("sampler on one core, {form}: with pictures at {CROP_PX}² gathered"),
            figure: format!("{pairs_per_s:.3e} pairs/s ({batches_per_s:.0} batches/s, {gb_per_s:.2} GB/s)"),
            aim: "",
            bounded_by: "copying pictures",
        });
    }
    Ok(rows)
}

/// Pairs and calls per second of `batch`, which says how many pairs it made.
fn rate(time: Duration, batch: &mut dyn FnMut() -> Outcome<usize>) -> Outcome<(f64, f64)> {
    let (begun, mut pairs, mut batches) = (Instant::now(), 0, 0);
    while begun.elapsed() < time {
        pairs += std::hint::black_box(batch()?);
        batches += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok((pairs as f64 / seconds, f64::from(batches) / seconds))
}
