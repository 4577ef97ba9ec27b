//! SyncNet's forward pass, both losses, all gradients and two optimiser steps against the numbers that Python's
//! PyTorch computed (fixture/make_fixture.py).

use std::collections::BTreeMap;

use model::{AdamW, AdamWConfig, DecayReading, Fusion, Mode, SyncNet, SyncNetConfig, tuple_loss, weighted_pair_loss};
use safetensors::SafeTensors;
use tch::{Device, Kind, Tensor};

const LR: [f64; 2] = [3e-4, 2e-4];
const CONFIG: AdamWConfig =
    AdamWConfig { lr: LR[0], betas: (0.9, 0.999), eps: 1e-4, weight_decay: 0.05, decay_reading: DecayReading::PyTorch };

type Values = BTreeMap<String, Tensor>;

/// The script's formula for weights, inputs and projections, in float64.
fn wave(shape: &[i64], salt: u32) -> Tensor {
    let values: Vec<f64> = (0..shape.iter().product::<i64>())
        .map(|index| index as f64)
        .map(|index| (index * 0.739_085_1 + index * index * 1.3e-4 + f64::from(salt) * 1.618).sin())
        .collect();
    Tensor::from_slice(&values).reshape(shape)
}

fn build(width: i64, kind: Kind) -> SyncNet {
    let config = SyncNetConfig { width, fusion: Fusion::Mult, ..SyncNetConfig::default() };
    let net = SyncNet::new(&config, model::start(), kind).unwrap();
    tch::no_grad(|| {
        for (salt, (name, mut tensor)) in (1..).zip(net.tensors()) {
            let shape = tensor.size();
            let value = wave(&shape, salt);
            let value = match shape.len() {
                4 => value * (2.0 / (shape[1] * shape[2] * shape[3]) as f64).sqrt(),
                2 => value / (shape[1] as f64).sqrt(),
                _ if name.ends_with("weight") || name.ends_with("running_var") => 1.0 + 0.2 * value,
                _ => 0.1 * value,
            };
            tensor.copy_(&value);
        }
    });
    net
}

/// Images in groups of two: the anchor view, its partner, another instant, the mirrored partner.
fn tuple(net: &SyncNet, features: &Tensor) -> Tensor {
    let groups = features.chunk(4, 0);
    let [anchor, partner, other, mirrored] = &groups[..] else { unreachable!("four groups were asked for") };
    let (sync_pos, flip_pos) = net.pair_logits(anchor, partner).unwrap();
    let (sync_neg, _) = net.pair_logits(partner, other).unwrap();
    let (_, flip_neg) = net.pair_logits(anchor, mirrored).unwrap();
    tuple_loss(&sync_pos, &sync_neg, &flip_pos, &flip_neg).unwrap()
}

/// All ordered pairs of different images, with the script's labels.
fn pairs(net: &SyncNet, features: &Tensor) -> Tensor {
    let n = features.size()[0];
    let (a, b): (Vec<i64>, Vec<i64>) = (0..n).flat_map(|a| (0..n).map(move |b| (a, b))).filter(|(a, b)| a != b).unzip();
    let (sync, flip) = net.all_pair_logits(features).unwrap();
    let head = |logits: &Tensor, label: &dyn Fn(i64, i64) -> bool| {
        let labels: Vec<bool> = a.iter().zip(&b).map(|(a, b)| label(*a, *b)).collect();
        let positives = labels.iter().filter(|label| **label).count();
        let share = |label: &bool| 1.0 / (if *label { positives } else { labels.len() - positives }) as f64;
        let weights: Vec<f64> = labels.iter().map(share).collect();
        let options = (logits.kind(), logits.device());
        let float = |values: &[f64]| Tensor::from_slice(values).to_kind(options.0).to_device(options.1);
        let index = |values: &[i64]| Tensor::from_slice(values).to_device(options.1);
        let labels: Vec<f64> = labels.iter().map(|label| f64::from(u8::from(*label))).collect();
        weighted_pair_loss(logits, &index(&a), &index(&b), &float(&labels), &float(&weights)).unwrap()
    };
    head(&sync, &|a, b| (a + b) % 3 == 0) + head(&flip, &|a, b| (a * b) % 2 == 0)
}

/// The script's `run`: everything of two training steps, and the logits in eval mode before them.
fn run(width: i64, kind: Kind, loss_of: fn(&SyncNet, &Tensor) -> Tensor) -> Values {
    let net = build(width, kind);
    let mut optimiser = AdamW::new(CONFIG, net.trainable()).unwrap();
    let input = |step: u32| wave(&[8, 3, 64, 64], 1000 + step).to_kind(kind).to_device(net.device());
    let input = |step| model::channels_last(&input(step)).unwrap();
    let mut out = Values::new();
    tch::no_grad(|| {
        let features = net.features(&input(0), Mode::Eval).unwrap();
        let halves = features.chunk(2, 0);
        let (sync, flip) = net.pair_logits(&halves[0], &halves[1]).unwrap();
        out.insert("eval.features".into(), features);
        out.insert("eval.sync".into(), sync);
        out.insert("eval.flip".into(), flip);
    });
    for (step, lr) in (0..).zip(LR) {
        optimiser.zero_grad().unwrap();
        let features = net.features(&input(step), Mode::Train).unwrap();
        let loss = loss_of(&net, &features);
        loss.backward();
        out.insert(format!("{step}.features"), features.detach());
        out.insert(format!("{step}.loss"), loss.detach());
        for (name, parameter) in net.trainable() {
            out.insert(format!("{step}.grad.{name}"), parameter.grad().copy());
        }
        optimiser.step(lr).unwrap();
        for (name, tensor) in net.tensors() {
            out.insert(format!("{step}.after.{name}"), tensor.detach().copy());
        }
    }
    out
}

/// The script's `summary`: norm and three projections.
fn summary(tensor: &Tensor) -> Tensor {
    let flat = tensor.reshape([-1]);
    let mut values = vec![flat.norm()];
    values.extend((0..3).map(|k| flat.dot(&wave(&flat.size(), 2000 + k))));
    Tensor::stack(&values, 0)
}

fn fixture() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/pytorch_sync_net.safetensors")).unwrap()
}

/// Compares every value of the fixture under `prefix`: float64 value by value, float32 by the norm of each tensor.
/// In float32 the full width is held to its first step: at the second, PyTorch's own float32 gradients differ from
/// its float64 ones by 1e-2, since rounding carries a few units across the kink of their ReLU.
fn check(prefix: &str, mut computed: Values, kind: Kind) {
    let data = fixture();
    let fixture = SafeTensors::deserialize(&data).unwrap();
    let first_step_only = prefix.starts_with("64") && kind == Kind::Float;
    let wanted = |name: &str| !(first_step_only && name.starts_with("1."));
    computed.retain(|name, _| wanted(name));
    let expected: Values = fixture
        .iter()
        .filter_map(|(name, view)| {
            let shape: Vec<i64> = view.shape().iter().map(|n| *n as i64).collect();
            let tensor = Tensor::from_data_size(view.data(), &shape, Kind::Double);
            Some((name.strip_prefix(prefix)?.to_owned(), tensor))
        })
        .filter(|(name, _)| wanted(name))
        .collect();
    let names = |values: &Values| values.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&expected), names(&computed), "both sides hold the same tensors");

    let mut failures = Vec::new();
    let mut worst = (0.0, String::new());
    for (name, expected) in &expected {
        let full = computed[name].to_device(Device::Cpu).to_kind(Kind::Double);
        let summarised = full.size() != expected.size();
        let found = if summarised { summary(&full) } else { full };
        // A projection may be small by cancellation, so its scale is the tensor's norm, the summary's first value.
        let scale = if summarised { expected.get(0) } else { expected.norm() };
        let error = if kind == Kind::Double && !summarised {
            // Value by value; values that are nothing beside their tensor are held to a billionth of its norm.
            ((&found - expected).abs() / (expected.abs() + &scale * 1e-3 + 1e-300)).max()
        } else {
            (&found - expected).norm() / (scale + 1e-300)
        };
        let error = error.double_value(&[]);
        let tolerance = if kind == Kind::Double { 1e-6 } else { 1e-4 };
        if error.is_nan() || error > tolerance {
            failures.push(format!("{name}: {error:.2e}"));
        }
        if error > worst.0 {
            worst = (error, name.clone());
        }
    }
    println!("{prefix}* {kind:?}: {} tensors, worst {:.1e} at {}", expected.len(), worst.0, worst.1);
    assert!(failures.is_empty(), "{prefix}* in {kind:?} differs from PyTorch:\n{}", failures.join("\n"));
}

#[test]
fn small_tuple_float64() {
    check("4.tuple.", run(4, Kind::Double, tuple), Kind::Double);
}

#[test]
fn small_pairs_float64() {
    check("4.pairs.", run(4, Kind::Double, pairs), Kind::Double);
}

#[test]
fn full_width_tuple() {
    check("64.tuple.", run(64, Kind::Double, tuple), Kind::Double);
    check("64.tuple.", run(64, Kind::Float, tuple), Kind::Float);
}

#[test]
fn full_width_pairs() {
    check("64.pairs.", run(64, Kind::Double, pairs), Kind::Double);
    check("64.pairs.", run(64, Kind::Float, pairs), Kind::Float);
}
