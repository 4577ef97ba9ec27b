//! Copies of a network that learns: the running mean of its weights, and what others get.

use model::{ModelError, SyncNet, checkpoint};
use tch::Tensor;

const AVERAGE: &str = "average.";

/// The running mean of a network's weights, and the copy of it that others get, which changes when it is told to.
pub(crate) struct Copies {
    average: SyncNet,
    served: SyncNet,
    decay: f64,
}

impl Copies {
    /// Copies of a network as it is.
    ///
    /// # Errors
    /// If the device runs out of memory.
    pub fn of(net: &SyncNet, decay: f64) -> Result<Self, ModelError> {
        Ok(Self { average: net.duplicate()?, served: net.duplicate()?, decay })
    }

    /// Makes both equal to the network.
    pub fn begin(&mut self, net: &SyncNet) -> Result<(), ModelError> {
        self.average.take_values(net)?;
        self.served.take_values(net)
    }

    /// The network made its `step`th step. In the first ones the mean stays for shorter, or it would be of random
    /// weights for long.
    pub fn follow(&self, net: &SyncNet, step: u64) -> Result<(), ModelError> {
        let stays = self.decay.min((1.0 + step as f64) / (10.0 + step as f64));
        self.average.approach(net, 1.0 - stays)
    }

    /// From now on others get the mean as it is now.
    pub fn serve(&self) -> Result<(), ModelError> {
        self.served.take_values(&self.average)
    }

    pub fn average(&self) -> &SyncNet {
        &self.average
    }

    pub fn served(&self) -> &SyncNet {
        &self.served
    }

    /// Of both, for checkpoints.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        let both = [(&self.average, AVERAGE), (&self.served, checkpoint::SERVED)];
        let named = |(net, prefix): (&SyncNet, &str)| -> Vec<(String, Tensor)> {
            net.tensors().into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect()
        };
        both.into_iter().flat_map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use model::SyncNetConfig;
    use tch::{Device, Kind};

    use super::*;

    fn net(seed: i64) -> SyncNet {
        SyncNet::new(&SyncNetConfig { width: 8, seed, ..Default::default() }, Device::Cpu, Kind::Float).unwrap()
    }

    fn value(net: &SyncNet) -> f64 {
        net.trainable()[0].1.double_value(&[0, 0, 0, 0])
    }

    #[test]
    fn the_mean_follows_and_is_served_when_told() {
        let (begun, goal) = (net(1), net(2));
        let copies = Copies::of(&begun, 0.9).unwrap();
        copies.follow(&goal, 1).unwrap();
        let first = value(&begun) + 9.0 / 11.0 * (value(&goal) - value(&begun));
        assert!((value(copies.average()) - first).abs() < 1e-6);
        copies.follow(&goal, 1_000_000).unwrap();
        let second = first + 0.1 * (value(&goal) - first);
        assert!((value(copies.average()) - second).abs() < 1e-6);
        assert_eq!(value(copies.served()), value(&begun));
        copies.serve().unwrap();
        assert_eq!(value(copies.served()), value(copies.average()));
    }
}
