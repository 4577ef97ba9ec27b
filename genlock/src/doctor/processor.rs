//! Whether this machine's cores are enough for the pictures, roughly.

use super::finding::Finding;
use super::host::Host;
use super::rate::DataRate;

/// Decoding a JPEG of 1088×1920 pixels and cutting the crop: 3.6 ms of one core (docs/benchmarks.md, "Latency").
const CORE_S_PER_PIXEL: f64 = 3.6e-3 / (1088.0 * 1920.0);

pub fn check(host: &Host, rate: &DataRate) -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let load = host.text("/proc/loadavg").and_then(|text| text.split_whitespace().next()?.parse().ok());
    judge(cores, load.unwrap_or(0.0), rate.pixels_per_s * CORE_S_PER_PIXEL)
}

fn judge(cores: f64, load: f64, needed: f64) -> Finding {
    let found = format!(
        "{cores} cores, load {load:.1}; crops of all pictures take about {needed:.2} cores (3.6 ms for 1088x1920, \
         measured on another machine), learning takes what is left"
    );
    if needed > 0.7 * cores {
        Finding::warning("processor", found, "a lower `rate-hz`, or smaller pictures by `width-px` and `height-px`")
    } else if load > cores {
        Finding::warning("processor", found, "end what else runs; `top` shows it")
    } else {
        Finding::ok("processor", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    #[test]
    fn cores_must_be_enough_and_free() {
        assert_eq!(judge(8.0, 0.5, 1.0).state, State::Ok);
        assert!(judge(2.0, 0.5, 1.6).remedy.unwrap().contains("rate-hz"));
        assert!(judge(2.0, 3.0, 0.4).remedy.unwrap().contains("top"));
    }
}
