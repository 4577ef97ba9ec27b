//! Checks for shortcuts: classifiers that cannot relate two views must stay at chance level. Each check trains a
//! separate network on the given instants, and reports AUC on pairs from the training sampler.

mod boxes;

use frame_sync::pairs::{LabelledPair, PairSampler, SamplerConfig, WeightedPair};
use model::{Fusion, ModelError, SyncNet};
use recipe::{BatchForm, PretrainRecipe};
use subject::{Preprocessing, Sample};
use tch::{Device, Tensor};
use transport::Moment;

use crate::LearnError;
use crate::data::SampleWanted;
use crate::eval::pairs::{PairScores, Sight, alone};
use crate::eval::separation::auc;
use crate::objectives::pretext::{Draw, HeadLosses, PretextTask, Seen, pair_loss};
use crate::runs::Learner;

/// Areas under the ROC curve, chance level 0.5; `None` if the instants contain no such pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChanceReport {
    pub sync_auc: Option<f64>,
    pub flip_auc: Option<f64>,
    /// Number of scores behind each AUC; the smaller of the two.
    pub scores: usize,
}

impl From<PairScores> for ChanceReport {
    fn from(scores: PairScores) -> Self {
        Self {
            sync_auc: auc(&scores.sync),
            flip_auc: auc(&scores.flip),
            scores: scores.sync.len().min(scores.flip.len()),
        }
    }
}

/// A fusion whose logit, by a linear head on non-negative features, is a sum over the two images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdditiveFusion {
    /// [`Fusion::Add`].
    Add,
    /// [`Fusion::Concat`].
    Concat,
}

/// Trains the recipe with additive heads: a sum over the two images cannot tell whether they match (SYNC §4.1 h, i). An
/// AUC above chance means that some images are more likely in one class.
pub fn additive_heads(
    moments: &[Moment],
    recipe: &PretrainRecipe,
    fusion: AdditiveFusion,
    device: Device,
    steps: u64,
    pairs: usize,
) -> Result<ChanceReport, LearnError> {
    let fusion = match fusion {
        AdditiveFusion::Add => Fusion::Add,
        AdditiveFusion::Concat => Fusion::Concat,
    };
    let learner = Learner::new(PretrainRecipe { fusion, ..everything_trained(recipe) }, device)?;
    train_and_score(learner, moments, Sight::Both, steps, pairs)
}

/// Trains a classifier that sees only one image of each pair. Without flipping both images of a pair at random, it
/// could detect the mirrored one.
pub fn one_image(
    moments: &[Moment],
    recipe: &PretrainRecipe,
    device: Device,
    steps: u64,
    pairs: usize,
) -> Result<ChanceReport, LearnError> {
    let recipe = with_products(recipe);
    let task = Box::new(OneImage::new(&recipe));
    train_and_score(Learner::with_task(recipe, device, task)?, moments, Sight::OneImage, steps, pairs)
}

/// Trains the recipe on pictures with the subject blacked out. With the background removed, only removal errors remain
/// (noise above the threshold, ghosts, shadows), and the AUC must stay at chance. With `background = "only"` the room
/// remains, which reveals mirrored pictures, and also the time, by where in the room the subject stands.
pub fn background_alone(
    moments: &[Moment],
    recipe: &PretrainRecipe,
    device: Device,
    steps: u64,
    pairs: usize,
) -> Result<ChanceReport, LearnError> {
    let learner = Learner::new(with_products(recipe), device)?;
    train_and_score(learner, &without_subject(moments), Sight::Both, steps, pairs)
}

/// Trains the recipe on what the resampling of crops leaves of their boxes: grey with noise of up to so many levels, cut
/// as the crops were. Where and how large a subject is tells the time; its crop must not. Noise is drawn anew several
/// times, and once more to score, since a network would learn by heart which noise belongs to which instant.
pub fn resampling_alone(
    moments: &[Moment],
    recipe: &PretrainRecipe,
    levels: u8,
    device: Device,
    steps: u64,
    pairs: usize,
) -> Result<ChanceReport, LearnError> {
    const ROUNDS: u64 = 5;
    let mut recipe = with_products(recipe);
    // Each round's moments take the place of those before.
    recipe.buffer.moments = moments.len();
    let seed = recipe.seed;
    let mut learner = Learner::new(recipe, device)?;
    learner.take_all();
    let noise_in = |learner: &mut Learner, round: u64| {
        boxes::resampled_noise(moments, levels, seed + round).into_iter().try_for_each(|moment| learner.push(moment))
    };
    for round in 0..ROUNDS {
        noise_in(&mut learner, round)?;
        for _ in 0..steps / ROUNDS {
            learner.step()?;
        }
    }
    noise_in(&mut learner, ROUNDS)?;
    Ok(learner.score_with(Sight::Both, pairs)?.into())
}

/// Trains the recipe on the boxes themselves: each picture shows where its crop is in the camera's frame, and how
/// large. Only to show that [`resampling_alone`] has something to hide: subjects that move give their time away by it.
pub fn boxes_alone(
    moments: &[Moment],
    recipe: &PretrainRecipe,
    device: Device,
    steps: u64,
    pairs: usize,
) -> Result<ChanceReport, LearnError> {
    let learner = Learner::new(with_products(recipe), device)?;
    train_and_score(learner, &boxes::drawn(moments), Sight::Both, steps, pairs)
}

/// The same pictures and masks with the subject set to 0: the central square, which is the same in all pictures, and
/// the parts of the mask connected to it.
pub fn without_subject(moments: &[Moment]) -> Vec<Moment> {
    let mut moments = moments.to_vec();
    for sample in moments.iter_mut().flat_map(|moment| &mut moment.views).flat_map(|view| &mut view.samples) {
        let subject = subject_and_middle(sample);
        let pixels = sample.rgb.chunks_exact(3).zip(&subject);
        sample.rgb =
            pixels.flat_map(|(pixel, &subject)| pixel.iter().map(move |v| if subject { 0 } else { *v })).collect();
        sample.mask =
            sample.mask.iter().zip(&subject).map(|(value, &subject)| if subject { 0 } else { *value }).collect();
    }
    moments
}

/// `[size, size]`: true in the square that usually contains the subject's box, and in the parts of the mask connected
/// to the mask inside it.
fn subject_and_middle(sample: &Sample) -> Vec<bool> {
    /// Largest distance between connected pixels, in pixels: masks have gaps.
    const REACH: usize = 2;
    let size = usize::from(sample.size_px);
    // One extra pixel on each side, since downscaling blurs edges.
    let border = size as f32 * (1.0 - 1.0 / Preprocessing::default().crop_scale) / 2.0 - 1.0;
    let middle = border.max(0.0) as usize..size - border.max(0.0) as usize;
    let mut taken: Vec<bool> =
        (0..size * size).map(|at| middle.contains(&(at / size)) && middle.contains(&(at % size))).collect();
    let mut next: Vec<usize> = (0..taken.len()).filter(|&at| taken[at] && sample.mask[at] > 0).collect();
    while let Some(at) = next.pop() {
        let near = |centre: usize| centre.saturating_sub(REACH)..(centre + REACH + 1).min(size);
        for neighbour in near(at / size).flat_map(|y| near(at % size).map(move |x| y * size + x)) {
            if sample.mask[neighbour] > 0 && !std::mem::replace(&mut taken[neighbour], true) {
                next.push(neighbour);
            }
        }
    }
    taken
}

/// [`everything_trained`] with the fusion that can relate two images.
fn with_products(recipe: &PretrainRecipe) -> PretrainRecipe {
    PretrainRecipe { fusion: Fusion::Mult, ..everything_trained(recipe) }
}

/// The recipe without held-out instants: training and evaluation use the same ones, where a shortcut shows first.
fn everything_trained(recipe: &PretrainRecipe) -> PretrainRecipe {
    let mut recipe = recipe.clone();
    recipe.hold_out.block = 0;
    recipe.hold_out.live.block_ms = 0;
    recipe.buffer.minimum_moments = 2;
    recipe
}

fn train_and_score(
    mut learner: Learner,
    moments: &[Moment],
    sight: Sight,
    steps: u64,
    pairs: usize,
) -> Result<ChanceReport, LearnError> {
    learner.take_all();
    for moment in moments {
        learner.push(moment.clone())?;
    }
    for _ in 0..steps {
        if learner.step()?.is_none() {
            break;
        }
    }
    Ok(learner.score_with(sight, pairs)?.into())
}

/// The two tasks of SYNC for a classifier that sees a single image: each image of a pair gets the pair's label.
#[derive(Clone, Copy, Debug)]
struct OneImage {
    wanted: SampleWanted,
    sampler: SamplerConfig,
    /// Pairs per head and step.
    pairs: usize,
}

impl OneImage {
    fn new(recipe: &PretrainRecipe) -> Self {
        // Two heads and two images per pair: as many images as a SYNC batch with four views.
        let pairs = match recipe.batch.shared_among(recipe.buffer.places) {
            BatchForm::Tuple { tuples } => tuples,
            BatchForm::AllPairs { times } => times,
        };
        let wanted = SampleWanted { index: 0, background: recipe.background };
        Self { wanted, sampler: recipe.sampler(), pairs: pairs.next_multiple_of(4) }
    }
}

impl PretextTask for OneImage {
    fn name(&self) -> &'static str {
        "one-image"
    }

    fn wants(&self) -> SampleWanted {
        self.wanted
    }

    fn draw(&self, seen: Seen<'_>, seed: u64) -> Option<Draw> {
        let mut sampler = PairSampler::new(self.sampler, seed);
        let sync = sampler.sync_pairs(seen.instants, self.pairs);
        let flip = sampler.flip_pairs(seen.instants, self.pairs);
        if sync.is_empty() || flip.is_empty() {
            return None;
        }
        let mut draw = Draw::default();
        let mut each_image = |pairs: Vec<LabelledPair>| {
            // Half of the pairs belong to each class, and each pair gives two terms.
            let weight = 1.0 / pairs.len() as f32;
            let mut terms = Vec::with_capacity(2 * pairs.len());
            for LabelledPair { pair, positive } in pairs {
                for image in [pair.a, pair.b] {
                    terms.push(WeightedPair { a: draw.images.len() as u32, b: 0, positive, weight });
                    draw.images.push(image);
                }
            }
            terms
        };
        (draw.sync, draw.flip) = (each_image(sync), each_image(flip));
        Some(draw)
    }

    fn loss(&self, net: &SyncNet, features: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError> {
        let (sync, flip) = net.pair_logits(features, &alone(features)?)?;
        // A matrix with a single column: `b` is always 0.
        let column = |logits: Tensor, pairs: &[WeightedPair]| pair_loss(&logits.f_unsqueeze(1)?, pairs);
        Ok(HeadLosses { sync: column(sync, &draw.sync)?, flip: column(flip, &draw.flip)? })
    }
}
