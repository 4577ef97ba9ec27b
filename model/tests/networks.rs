//! What the networks promise beside their agreement with PyTorch.

use model::{
    AdamW, AdamWConfig, Background, DecayReading, Frozen, Fusion, JOINTS, Mode, ModelError, Network, PoseModel,
    PoseSpec, Precision, SyncNet, SyncNetConfig, autocast, checkpoint, checkpoint::CheckpointMeta, pose_loss,
    tuple_loss, version,
};
use tch::{Kind, Tensor};

fn net(width: i64, fusion: Fusion, seed: i64) -> SyncNet {
    SyncNet::new(&SyncNetConfig { width, fusion, seed, ..SyncNetConfig::default() }, model::start(), Kind::Float)
        .unwrap()
}

fn pictures(n: i64, salt: f64) -> Tensor {
    let count = n * 3 * 32 * 32;
    let values: Vec<f64> = (0..count).map(|i| (i as f64 * 0.618 + salt * (i % 97) as f64).sin()).collect();
    Tensor::from_slice(&values).reshape([n, 3, 32, 32]).to_kind(Kind::Float).to_device(model::start())
}

fn train(net: &SyncNet, optimiser: &mut AdamW, steps: u32) {
    for step in 0..steps {
        optimiser.zero_grad().unwrap();
        let f = net.features(&pictures(6, f64::from(step)), Mode::Train).unwrap();
        let halves = f.chunk(2, 0);
        let (sync, flip) = net.pair_logits(&halves[0], &halves[1]).unwrap();
        tuple_loss(&sync, &flip, &flip, &sync).unwrap().backward();
        optimiser.step(1e-3).unwrap();
    }
}

fn same(a: &[(String, Tensor)], b: &[(String, Tensor)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((name, x), (other, y))| name == other && x == y)
}

fn copies(tensors: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    tensors.into_iter().map(|(name, tensor)| (name, tensor.detach().copy())).collect()
}

#[test]
fn all_pairs_are_the_pairs() {
    for fusion in [Fusion::Mult, Fusion::Add, Fusion::Concat, Fusion::Diff] {
        let net = net(8, fusion, 3);
        let f = net.features(&pictures(5, 0.3), Mode::Train).unwrap();
        let (sync, flip) = net.all_pair_logits(&f).unwrap();
        assert_eq!(sync.size(), [5, 5]);
        for (i, j) in (0..5).flat_map(|i| (0..5).map(move |j| (i, j))) {
            let (s, t) = net.pair_logits(&f.narrow(0, i, 1), &f.narrow(0, j, 1)).unwrap();
            assert_eq!(s.size(), [1]);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs().max(1.0);
            assert!(near(sync.double_value(&[i, j]), s.double_value(&[0])), "{fusion:?} {i} {j}");
            assert!(near(flip.double_value(&[i, j]), t.double_value(&[0])), "{fusion:?} {i} {j}");
        }
        let some = net.sync_logits(&f.narrow(0, 0, 2), &f.narrow(0, 2, 3)).unwrap();
        assert_eq!(some.size(), [2, 3]);
        let both_orders = (&sync + sync.transpose(0, 1)) * 0.5;
        let expected = both_orders.narrow(0, 0, 2).narrow(1, 2, 3);
        assert!((some - expected).abs().max().double_value(&[]) < 1e-5, "{fusion:?}");
    }
}

#[test]
fn a_seed_fixes_the_start() {
    assert!(same(&net(8, Fusion::Mult, 7).tensors(), &net(8, Fusion::Mult, 7).tensors()));
    assert!(!same(&net(8, Fusion::Mult, 7).tensors(), &net(8, Fusion::Mult, 8).tensors()));
    let named = net(16, Fusion::Mult, 1).tensors();
    let (_, conv) = named.iter().find(|(name, _)| name == "encoder.layer3.1.conv2.weight").unwrap();
    let expected = (2.0_f64 / (64.0 * 9.0)).sqrt();
    assert!((conv.std(true).double_value(&[]) / expected - 1.0).abs() < 0.02);
    let (_, norm) = named.iter().find(|(name, _)| name == "encoder.bn1.weight").unwrap();
    assert_eq!((norm.min().double_value(&[]), norm.max().double_value(&[])), (1.0, 1.0));
}

#[test]
fn too_small_a_picture_is_an_error() {
    let error =
        net(8, Fusion::Mult, 0).features(&Tensor::zeros([1, 3, 16, 16], (Kind::Float, model::start())), Mode::Eval);
    assert!(matches!(error, Err(ModelError::Argument(_))));
}

#[test]
fn a_width_that_onednn_fails_at_is_refused() {
    for width in [0, 4, 12] {
        let config = SyncNetConfig { width, ..Default::default() };
        let error = SyncNet::new(&config, model::start(), Kind::Float).err().expect("it is refused").to_string();
        assert!(error.contains(&format!("not {width}")), "{error}");
    }
}

/// The fused kernel against AdamW written out, over three steps and both readings of the decay.
#[test]
fn the_fused_step_is_the_formula() {
    for decay_reading in [DecayReading::PyTorch, DecayReading::TensorFlow] {
        let config = AdamWConfig { lr: 1e-2, betas: (0.9, 0.99), eps: 1e-8, weight_decay: 0.1, decay_reading };
        let net =
            SyncNet::new(&SyncNetConfig { width: 8, ..Default::default() }, model::start(), Kind::Double).unwrap();
        let mut optimiser = AdamW::new(config, net.trainable()).unwrap();
        let mut moments: Vec<(Tensor, Tensor)> =
            net.trainable().iter().map(|(_, p)| (p.detach().zeros_like(), p.detach().zeros_like())).collect();
        for (step, lr) in (1..).zip([1e-2, 5e-3, 1e-3]) {
            optimiser.zero_grad().unwrap();
            let x = pictures(4, f64::from(step)).to_kind(Kind::Double);
            let f = net.features(&x, Mode::Train).unwrap();
            let (sync, flip) = net.pair_logits(&f, &f.flip([0])).unwrap();
            tuple_loss(&sync, &flip, &flip, &sync).unwrap().backward();
            let before = copies(net.trainable());
            optimiser.step(lr).unwrap();
            for (((name, p), (_, before)), (m, v)) in net.trainable().iter().zip(before).zip(&mut moments) {
                let grad = p.grad();
                *m = &*m * 0.9 + &grad * 0.1;
                *v = &*v * 0.99 + &grad * &grad * 0.01;
                let decay = match decay_reading {
                    DecayReading::PyTorch => lr * 0.1,
                    DecayReading::TensorFlow if p.dim() > 1 => 0.1 * lr / 1e-2,
                    DecayReading::TensorFlow => 0.0,
                };
                let m_hat = &*m / (1.0 - 0.9_f64.powi(step));
                let v_hat = &*v / (1.0 - 0.99_f64.powi(step));
                let expected = before * (1.0 - decay) - m_hat / (v_hat.sqrt() + 1e-8) * lr;
                let error = ((p - &expected).norm() / expected.norm().clamp_min(1e-9)).double_value(&[]);
                assert!(error < 1e-6, "{name} at step {step}: {error:e}");
            }
        }
        assert_eq!(optimiser.steps().unwrap(), 3);
    }
}

#[test]
fn bf16_is_near_and_ends_with_its_scope() {
    let net = net(8, Fusion::Mult, 1);
    let x = model::channels_last(&pictures(4, 0.1)).unwrap();
    let exact = net.features(&x, Mode::Eval).unwrap();
    let rounded = autocast(Precision::Bf16, net.device(), || net.features(&x, Mode::Eval)).unwrap();
    let error = ((&rounded - &exact).norm() / exact.norm()).double_value(&[]);
    assert!(error > 1e-5 && error < 0.05, "bf16 differs by {error}");
    let panicked = std::panic::catch_unwind(|| {
        autocast::<()>(Precision::Bf16, model::start(), || std::panic::resume_unwind(Box::new("stop")))
    });
    assert!(panicked.is_err());
    assert_eq!(net.features(&x, Mode::Eval).unwrap(), exact, "f32 again");
}

#[test]
fn recalibration_is_the_mean_over_batches() {
    let net = net(8, Fusion::Mult, 2);
    train(&net, &mut AdamW::new(AdamWConfig::default(), net.trainable()).unwrap(), 3);
    let batches = [pictures(6, 0.1), pictures(6, 0.7), pictures(6, 1.9)];
    net.recalibrate_batch_norm(&mut batches.iter().map(Tensor::shallow_clone)).unwrap();
    let named = net.tensors();
    let get = |name: &str| &named.iter().find(|(other, _)| other == name).unwrap().1;
    let means = batches.map(|x| {
        let y = x.conv2d(get("encoder.conv1.weight"), None::<&Tensor>, 2, 3, 1, 1);
        y.mean_dim([0, 2, 3].as_slice(), false, None)
    });
    let expected = (&means[0] + &means[1] + &means[2]) / 3.0;
    let error = (get("encoder.bn1.running_mean") - expected).abs().max().double_value(&[]);
    assert!(error < 1e-5, "{error}");
}

#[test]
fn a_checkpoint_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-4.safetensors");
    let first = net(8, Fusion::Mult, 5);
    let mut optimiser = AdamW::new(AdamWConfig::default(), first.trainable()).unwrap();
    train(&first, &mut optimiser, 4);
    let mut meta = CheckpointMeta::new(*first.config(), "batch = 16".into(), "0123".into(), 4, 5);
    meta.state = serde_json::json!({"drawn": 99});
    checkpoint::save(&path, &first, Some(&optimiser), &meta).unwrap();

    let second = net(8, Fusion::Mult, 6);
    let mut other = AdamW::new(AdamWConfig::default(), second.trainable()).unwrap();
    assert_eq!(checkpoint::load(&path, &second, Some(&other)).unwrap(), meta);
    assert_eq!(checkpoint::meta(&path).unwrap(), meta);
    assert!(same(&first.tensors(), &second.tensors()) && same(&optimiser.tensors(), &other.tensors()));
    assert_eq!(other.steps().unwrap(), 4);
    let hash = |net: &SyncNet| version(&net.tensors(), "0123").unwrap();
    assert_eq!(hash(&first), hash(&second));

    train(&first, &mut optimiser, 2);
    train(&second, &mut other, 2);
    assert!(same(&first.tensors(), &second.tensors()), "training goes on alike");
    assert_ne!(hash(&first), hash(&checkpoint::open(&path, model::start()).unwrap().0));
}

#[test]
fn a_checkpoint_of_another_shape_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("narrow.safetensors");
    let narrow = net(8, Fusion::Mult, 5);
    let meta = CheckpointMeta::new(*narrow.config(), String::new(), String::new(), 0, 5);
    checkpoint::save(&path, &narrow, None, &meta).unwrap();
    let wide = net(16, Fusion::Mult, 5);
    let before = copies(wide.tensors());
    let error = checkpoint::load(&path, &wide, None).unwrap_err().to_string();
    for part in ["narrow.safetensors", "encoder.conv1.weight", "[8, 3, 7, 7]", "[16, 3, 7, 7]", "set the same `width`"]
    {
        assert!(error.contains(part), "{part} in: {error}");
    }
    assert!(same(&before, &wide.tensors()));
    // The heads alone differ here: they come last, and still nothing may have been copied.
    let concat = net(8, Fusion::Concat, 9);
    let before = copies(concat.tensors());
    let error = checkpoint::load(&path, &concat, None).unwrap_err().to_string();
    assert!(error.contains("sync_head.weight") && error.contains("[1, 128]"), "{error}");
    assert!(same(&before, &concat.tensors()));
    let optimiser = AdamW::new(AdamWConfig::default(), narrow.trainable()).unwrap();
    let error = checkpoint::load(&path, &narrow, Some(&optimiser)).unwrap_err().to_string();
    assert!(error.contains("without its optimiser"), "{error}");
}

#[test]
fn a_cut_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.safetensors");
    let small = net(8, Fusion::Mult, 5);
    let meta = CheckpointMeta::new(*small.config(), String::new(), String::new(), 0, 5);
    checkpoint::save(&path, &small, None, &meta).unwrap();
    let data = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, data.len() - 1] {
        std::fs::write(&path, &data[..length]).unwrap();
        let error = checkpoint::load(&path, &small, None).unwrap_err().to_string();
        assert!(error.contains("cut.safetensors") && error.contains("not a whole safetensors file"), "{error}");
    }
}

fn pose_model(seed: i64) -> PoseModel {
    let spec = PoseSpec {
        crop_px: 32,
        background: Background::Removed,
        takes_both: false,
        preprocessing: r#"{"threshold":32}"#.into(),
        preprocessing_hash: "abcd".into(),
        joint_set: "human36m-17".into(),
        joint_names: (0..JOINTS).map(|joint| format!("joint {joint}")).collect(),
        encoder_version: "0011".into(),
        training: "{}".into(),
    };
    let mean: [f64; 51] = std::array::from_fn(|i| i as f64 * 10.0 - 200.0);
    let mut std: [f64; 51] = std::array::from_fn(|i| 40.0 + i as f64);
    std[20] = 0.0;
    PoseModel::from_encoder(&net(8, Fusion::Mult, seed), &mean, &std, spec, seed).unwrap()
}

#[test]
fn a_saved_pose_model_is_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pose.safetensors");
    let first = pose_model(1);
    first.save(&path).unwrap();
    let second = PoseModel::load(&path, model::start()).unwrap();
    let x = pictures(3, 0.2);
    assert_eq!(first.predict(&x).unwrap(), second.predict(&x).unwrap());
    assert_eq!(first.spec(), second.spec());
    assert_eq!(first.version().unwrap(), second.version().unwrap());
    assert_eq!(first.version().unwrap(), first.duplicate().unwrap().version().unwrap());
    assert_ne!(first.version().unwrap(), pose_model(2).version().unwrap());
}

#[test]
fn poses_are_in_millimetres_about_a_root_at_zero() {
    let model = pose_model(1);
    let x = pictures(3, 0.2);
    let pose = model.predict(&x).unwrap();
    assert_eq!(pose.size(), [3, 17, 3]);
    assert_eq!(pose.select(1, 0).abs().max().double_value(&[]), 0.0);
    // A coordinate without deviation is its mean.
    assert_eq!(pose.double_value(&[1, 6, 2]), 0.0);
    let normalised = model.normalise(&pose).unwrap();
    let free = model.weights().unwrap();
    assert_eq!(free.sum(None).double_value(&[]), 47.0);
    let raw = model.forward(&x, Mode::Eval, Frozen::Nothing).unwrap();
    let loss = pose_loss(&raw, &normalised, &free).unwrap();
    assert!(loss.double_value(&[]) < 1e-8, "normalising undoes predicting");
}

#[test]
fn what_is_frozen_stays() {
    // Of each block after the first of a stage 6 parameters, of the first one 9 with its shortcut, and of the head 2.
    for (frozen, stays, trained) in [
        (
            Frozen::Stages(3),
            &["encoder.conv1", "encoder.bn1", "encoder.layer1", "encoder.layer2", "encoder.layer3"][..],
            17,
        ),
        (
            Frozen::Blocks(3),
            &["encoder.conv1", "encoder.bn1", "encoder.layer1", "encoder.layer2.0"][..],
            6 + 15 + 15 + 2,
        ),
        (Frozen::ENCODER, &["encoder."][..], 2),
    ] {
        let model = pose_model(1);
        assert_eq!(model.trainable(frozen).len(), trained, "{frozen:?}");
        let mut optimiser = AdamW::new(AdamWConfig::default(), model.trainable(frozen)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let dump = |name: &str| {
            let path = folder.path().join(name);
            model.save(&path).unwrap();
            tch::Tensor::read_safetensors(path).unwrap()
        };
        let before = dump("before.safetensors");
        let raw = model.forward(&pictures(4, 0.4), Mode::Train, frozen).unwrap();
        pose_loss(&raw, &raw.zeros_like(), &model.weights().unwrap()).unwrap().backward();
        optimiser.step(1e-2).unwrap();
        let after = dump("after.safetensors");
        for (name, value) in before {
            let (_, now) = after.iter().find(|(other, _)| *other == name).unwrap();
            let moves = !["mean", "std"].contains(&name.as_str()) && !stays.iter().any(|part| name.starts_with(part));
            assert_eq!(value != *now, moves, "{name}, {frozen:?} frozen");
        }
    }
}

#[test]
fn a_model_with_heads_comes_back_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.safetensors");
    let first = pose_model(1).with_heads(7).unwrap();
    first.save(&path).unwrap();
    let second = PoseModel::load(&path, model::start()).unwrap();
    let x = pictures(3, 0.2);
    let (a, b) = (first.predict_all(&x).unwrap(), second.predict_all(&x).unwrap());
    assert_eq!((&a.joints_mm, &a.joints_2d, &a.confidence), (&b.joints_mm, &b.joints_2d, &b.confidence));
    assert_eq!(first.version().unwrap(), second.version().unwrap());
    assert_eq!(first.version().unwrap(), first.duplicate().unwrap().version().unwrap());
    let (plane, sure) = (a.joints_2d.unwrap(), a.confidence.unwrap());
    assert_eq!((plane.size(), sure.size()), (vec![3, 17, 2], vec![3, 17]));
    assert!(sure.min().double_value(&[]) > 0.0 && sure.max().double_value(&[]) < 1.0);
    // The heads do not touch the pose.
    assert_eq!(a.joints_mm, pose_model(1).predict(&x).unwrap());
    assert!(!pose_model(1).has_heads() && pose_model(1).predict_all(&x).unwrap().confidence.is_none());
}

/// Files of before there were heads.
#[test]
fn a_file_of_format_1_still_loads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.safetensors");
    let first = pose_model(1);
    first.save(&path).unwrap();
    let mut data = std::fs::read(&path).unwrap();
    let (new, old) = (br#"\"format\":2,"#, br#"\"format\":1,"#);
    let at = data.windows(new.len()).position(|bytes| bytes == new).unwrap();
    data[at..at + old.len()].copy_from_slice(old);
    let heads = br#"\"heads\":false,"#;
    let at = data.windows(heads.len()).position(|bytes| bytes == heads).unwrap();
    // Blanks where the key was keep the header's length.
    data[at..at + heads.len()].fill(b' ');
    std::fs::write(&path, &data).unwrap();
    let second = PoseModel::load(&path, model::start()).unwrap();
    assert_eq!(first.version().unwrap(), second.version().unwrap());
    assert!(!second.has_heads());
    let newer = br#"\"format\":3,"#;
    let at = data.windows(old.len()).position(|bytes| bytes == old).unwrap();
    data[at..at + old.len()].copy_from_slice(newer);
    std::fs::write(&path, &data).unwrap();
    let error = PoseModel::load(&path, model::start()).err().unwrap().to_string();
    assert!(error.contains("format is 3"), "{error}");
}

#[test]
fn half_the_bytes_are_nearly_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, half) = (folder.path().join("f32.safetensors"), folder.path().join("f16.safetensors"));
    let config = SyncNetConfig { width: 16, seed: 3, ..Default::default() };
    let encoder = SyncNet::new(&config, model::start(), Kind::Float).unwrap();
    let spec = pose_model(1).spec().clone();
    let first = PoseModel::from_encoder(&encoder, &[0.0; 51], &[150.0; 51], spec, 1).unwrap().with_heads(2).unwrap();
    first.save(&whole).unwrap();
    first.save_f16(&half).unwrap();
    let size = |path: &std::path::Path| std::fs::metadata(path).unwrap().len() as f64;
    assert!(size(&half) < 0.53 * size(&whole));
    let second = PoseModel::load(&half, model::start()).unwrap();
    let x = pictures(3, 0.2);
    let (a, b) = (first.predict(&x).unwrap(), second.predict(&x).unwrap());
    assert_eq!(b.kind(), Kind::Float);
    let off = (&a - &b).abs().max().double_value(&[]);
    assert!(off > 0.0 && off < 2.0, "{off} mm");
    // Rounding twice is rounding once.
    second.save_f16(&whole).unwrap();
    assert_eq!(PoseModel::load(&whole, model::start()).unwrap().version().unwrap(), second.version().unwrap());
}

#[test]
fn losses_are_zero_at_the_truth_and_confidence_changes_no_feature() {
    let model = pose_model(1).with_heads(7).unwrap();
    let x = pictures(4, 0.3);
    let truth = model.predict_all(&x).unwrap();
    let plane = truth.joints_2d.unwrap();
    assert!(model::distance_loss(&truth.joints_mm, &truth.joints_mm).unwrap().double_value(&[]) < 1e-4);
    assert!(model::plane_loss(&plane, &plane).unwrap().double_value(&[]) < 2e-3);
    // Every joint 100 mm off: one unit.
    let moved = &truth.joints_mm + Tensor::from_slice(&[100.0f32, 0.0, 0.0]).to_device(model.device());
    let loss = model::distance_loss(&moved, &truth.joints_mm).unwrap().double_value(&[]);
    assert!((loss - 1.0).abs() < 1e-3, "{loss}");
    // Joints beyond the crop count for nothing.
    let beyond = plane.zeros_like() + 1.5;
    assert_eq!(model::plane_loss(&plane, &beyond).unwrap().double_value(&[]), 0.0);

    let output = model.outputs(&x, Mode::Train, Frozen::Nothing).unwrap();
    let errors = Tensor::from_slice(&[50.0f32, 150.0]).repeat([34]).reshape([4, 17]).to_device(model.device());
    model::confidence_loss(&output.confidence.unwrap(), &errors).unwrap().backward();
    for (name, parameter) in model.trainable(Frozen::Nothing) {
        let has_gradient = parameter.grad().defined();
        assert_eq!(has_gradient, name.starts_with("confidence_head"), "{name}");
    }
}

#[test]
fn a_pose_model_in_training_goes_on_where_it_was() {
    use model::{PoseCheckpointMeta, pose_checkpoint, training_file};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transfer.safetensors");
    let step = |model: &PoseModel, optimiser: &mut AdamW, salt: f64| {
        optimiser.zero_grad().unwrap();
        let output = model.outputs(&pictures(4, salt), Mode::Train, Frozen::Nothing).unwrap();
        pose_loss(&output.pose, &output.pose.zeros_like(), &model.weights().unwrap()).unwrap().backward();
        optimiser.step(1e-3).unwrap();
    };
    let first = pose_model(1).with_heads(7).unwrap();
    let mut optimiser = AdamW::new(AdamWConfig::default(), first.trainable(Frozen::Nothing)).unwrap();
    step(&first, &mut optimiser, 0.1);
    let meta = PoseCheckpointMeta::new(&first, serde_json::json!({"steps": 1}));
    training_file::save(&path, first.tensors(), Some(&optimiser), &meta).unwrap();
    let (second, state) = pose_checkpoint::open(&path, model::start()).unwrap();
    assert_eq!(state["steps"], 1);
    let mut other = AdamW::new(AdamWConfig::default(), second.trainable(Frozen::Nothing)).unwrap();
    let meta: PoseCheckpointMeta = training_file::load(&path, second.tensors(), Some(&other)).unwrap();
    assert_eq!(meta.state, state);
    assert!(same(&optimiser.tensors(), &other.tensors()));
    step(&first, &mut optimiser, 0.2);
    step(&second, &mut other, 0.2);
    assert_eq!(first.version().unwrap(), second.version().unwrap());
    first.save(&path).unwrap();
    assert!(pose_checkpoint::open(&path, model::start()).is_err(), "a finished model is none in training");
}

/// Names and shapes are torchvision's, of whose list these are counts and samples.
#[test]
fn a_resnet_50_is_torchvisions() {
    let config = SyncNetConfig { network: Network::ResNet50, ..SyncNetConfig::default() };
    let net = SyncNet::new(&config, model::start(), Kind::Float).unwrap();
    let named = net.tensors();
    let shape = |name: &str| {
        let (_, tensor) = named.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("{name} is missing"));
        tensor.size()
    };
    // The published 25,557,032 parameters without the 1000 × 2048 + 1000 of its classifier.
    let encoder = net.trainable().into_iter().filter(|(name, _)| name.starts_with("encoder."));
    assert_eq!(encoder.map(|(_, parameter)| parameter.numel()).sum::<usize>(), 25_557_032 - 2_049_000);
    for (name, expected) in [
        ("conv1.weight", &[64, 3, 7, 7][..]),
        ("layer1.0.conv1.weight", &[64, 64, 1, 1]),
        ("layer1.0.downsample.0.weight", &[256, 64, 1, 1]),
        ("layer2.0.conv2.weight", &[128, 128, 3, 3]),
        ("layer2.0.downsample.1.running_var", &[512]),
        ("layer3.5.bn3.bias", &[1024]),
        ("layer4.2.conv3.weight", &[2048, 512, 1, 1]),
    ] {
        assert_eq!(shape(&format!("encoder.{name}")), expected, "{name}");
    }
    let features = net.features(&pictures(2, 0.1), Mode::Eval).unwrap();
    assert_eq!(features.size(), [2, 2048]);
}

#[test]
fn published_sizes_of_a_resnet_18() {
    let net = SyncNet::new(&SyncNetConfig::default(), model::start(), Kind::Float).unwrap();
    let encoder = net.trainable().into_iter().filter(|(name, _)| name.starts_with("encoder."));
    assert_eq!(encoder.map(|(_, parameter)| parameter.numel()).sum::<usize>(), 11_689_512 - 513_000);
}

/// A network that takes ImageNet's values sees a picture from −1 to 1 as the other one sees it normalised.
#[test]
fn imagenets_normalisation_is_in_the_stem() {
    for network in [Network::ResNet18, Network::ResNet50] {
        let config = |seed| SyncNetConfig { network, seed, ..SyncNetConfig::default() };
        let given = SyncNet::new(&config(1), model::start(), Kind::Float).unwrap();
        // Statistics that matter.
        given.recalibrate_batch_norm(&mut [pictures(4, 0.9)].into_iter()).unwrap();
        let encoder: Vec<(String, Tensor)> = given
            .tensors()
            .into_iter()
            .filter_map(|(name, tensor)| {
                Some((name.strip_prefix("encoder.")?.to_owned(), tensor.detach().contiguous()))
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("imagenet.safetensors");
        Tensor::write_safetensors(&encoder, &path).unwrap();

        let taken = SyncNet::new(&config(2), model::start(), Kind::Float).unwrap();
        taken.take_imagenet(&path).unwrap();
        // Grey pictures, wide enough that the rim hardly matters: normalised they are the offsets of the channels.
        let side = 224;
        let normalised = |values: [f64; 3]| {
            let channels = Tensor::from_slice(&values).to_kind(Kind::Float).reshape([1, 3, 1, 1]);
            channels.expand([1, 3, side, side], false).contiguous().to_device(model::start())
        };
        let p = [0.9, 0.2, 0.6];
        let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        let theirs = normalised(std::array::from_fn(|channel| (p[channel] - mean[channel]) / deviation[channel]));
        let ours = normalised(p.map(|value| 2.0 * value - 1.0));
        let (theirs, ours) = (given.features(&theirs, Mode::Eval).unwrap(), taken.features(&ours, Mode::Eval).unwrap());
        let off = (&theirs - &ours).norm().double_value(&[]) / theirs.norm().double_value(&[]);
        let raw = given.features(&normalised(p.map(|value| 2.0 * value - 1.0)), Mode::Eval).unwrap();
        let without = (&theirs - raw).norm().double_value(&[]) / theirs.norm().double_value(&[]);
        assert!(off < 0.05 && without > 3.0 * off, "{network:?}: off by {off:.4}, without the stem's by {without:.4}");

        let error = SyncNet::new(&SyncNetConfig { width: 8, ..config(0) }, model::start(), Kind::Float)
            .unwrap()
            .take_imagenet(&path)
            .unwrap_err()
            .to_string();
        assert!(error.contains("conv1.weight") || error.contains("weights of the recipe's network"), "{error}");
    }
}
