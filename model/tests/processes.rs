//! Two processes compute what one computes on the whole batch, in double precision: losses, gradients, weights, and the
//! running statistics of BatchNorm.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use model::{AdamW, AdamWConfig, Meeting, Mode, Processes, SyncNet, SyncNetConfig};
use tch::{Device, Kind, Tensor};

const PICTURES: i64 = 8;
const STEPS: usize = 5;
const RANK: &str = "GENLOCK_TEST_RANK";
const PORT: &str = "GENLOCK_TEST_PORT";
const OUT: &str = "GENLOCK_TEST_OUT";

/// Numbers without a pattern, the same in every process.
fn numbers(shape: &[i64], seed: f64) -> Tensor {
    let index = Tensor::arange(shape.iter().product::<i64>(), (Kind::Double, Device::Cpu));
    (&index * (0.739 + seed) + index.square() * 1.3e-4).sin().reshape(shape)
}

/// Trains some steps; returns losses, the gradients of the first step, and all tensors in the end.
fn train() -> Vec<(String, Tensor)> {
    let config = SyncNetConfig { width: 8, ..Default::default() };
    let net = SyncNet::new(&config, Device::Cpu, Kind::Double).unwrap();
    let mut optimiser = AdamW::new(AdamWConfig { lr: 1e-3, ..Default::default() }, net.trainable()).unwrap();
    let wanted = [0.1, 0.2].map(|seed| numbers(&[PICTURES, PICTURES], seed));
    let mut kept = Vec::new();
    for step in 0..STEPS {
        let pictures = numbers(&[PICTURES, 3, 32, 32], step as f64);
        optimiser.zero_grad().unwrap();
        let (sync, flip) = net.all_pair_logits(&net.features(&pictures, Mode::Train).unwrap()).unwrap();
        // Every picture is in a pair with every other, so no part of the batch has a loss of its own.
        let loss = (sync - &wanted[0]).square().mean(None) + (flip - &wanted[1]).square().mean(None);
        loss.backward();
        Processes::average_gradients(optimiser.parameters()).unwrap();
        kept.push((format!("loss.{step}"), loss.detach()));
        if step == 0 {
            let gradients =
                net.trainable().into_iter().map(|(name, weight)| (format!("gradient.{name}"), weight.grad().copy()));
            kept.extend(gradients);
        }
        optimiser.step(1e-3).unwrap();
    }
    kept.extend(net.tensors().into_iter().map(|(name, tensor)| (format!("tensor.{name}"), tensor.detach())));
    kept.into_iter().map(|(name, tensor)| (name, tensor.contiguous())).collect()
}

/// One of the processes that the other test starts; of itself it does nothing.
#[test]
fn member() {
    let Ok(rank) = std::env::var(RANK) else { return };
    let rank: u32 = rank.parse().unwrap();
    let port = std::env::var(PORT).unwrap().parse().unwrap();
    let patience = Duration::from_secs(120);
    let meeting = Meeting { host: "127.0.0.1".into(), port, serves: rank == 0, patience };
    let joined = Processes { rank, size: 2 }.join(&meeting).unwrap();
    assert_eq!((joined.rank, Processes::is_first()), (rank, rank == 0));
    assert!(!Processes::any(false).unwrap() && Processes::any(rank == 1).unwrap());
    Processes::agree("numbers", 7).unwrap();
    let said = Processes::agree("ranks", rank.into()).unwrap_err().to_string();
    assert!(said.contains("different ranks"), "{said}");
    let trained = train();
    // All have the same, so any may write.
    Tensor::write_safetensors(&trained, Path::new(&std::env::var(OUT).unwrap()).join(format!("{rank}"))).unwrap();
}

#[test]
fn two_processes_compute_what_one_computes() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let start = |rank: u32| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["member", "--exact", "--nocapture"]).env(RANK, rank.to_string());
        command.env(PORT, port.to_string()).env(OUT, folder.path()).env("OMP_NUM_THREADS", "1").spawn().unwrap()
    };
    let mut members = [start(0), start(1)];
    let alone = train();
    assert!(members.iter_mut().all(|member| member.wait().unwrap().success()));
    for rank in ["0", "1"] {
        let mut together = Tensor::read_safetensors(folder.path().join(rank)).unwrap();
        assert_eq!(together.len(), alone.len());
        for (name, one) in &alone {
            let at = together.iter().position(|(other, _)| other == name).unwrap();
            let (_, two) = together.swap_remove(at);
            let apart = (one - &two).abs().max().double_value(&[]);
            let size = one.abs().max().double_value(&[]);
            assert!(apart <= 1e-9 * size.max(1e-3), "process {rank}: {name} is {apart} apart of {size}");
        }
    }
    // What was compared is not all the same to begin with.
    let value = |name: &str| alone.iter().find(|(other, _)| other == name).unwrap().1.double_value(&[]);
    assert!((value("loss.0") - value("loss.4")).abs() > 1e-3);
    assert!(
        alone
            .iter()
            .any(|(name, tensor)| name.ends_with("running_var") && (tensor - 1.0).abs().max().double_value(&[]) > 0.1)
    );
}
