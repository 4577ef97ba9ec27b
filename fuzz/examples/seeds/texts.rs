//! Seeds of files that people write.

use crate::Seed;

pub fn seeds() -> Vec<Seed> {
    vec![
        ("recipe", "demo-cpu", include_bytes!("../../../recipes/demo-cpu.toml").to_vec()),
        ("recipe", "few-labels", include_bytes!("../../../recipes/few-labels.toml").to_vec()),
        ("recipe", "paper", include_bytes!("../../../recipes/paper.toml").to_vec()),
        ("recipe", "pose-cpu", include_bytes!("../../../recipes/pose-cpu.toml").to_vec()),
        ("recipe", "pose-eval", include_bytes!("../../../recipes/pose-eval.toml").to_vec()),
        ("recipe", "pose-gpu", include_bytes!("../../../recipes/pose-gpu.toml").to_vec()),
        ("recipe", "table2", include_bytes!("../../../recipes/table2.toml").to_vec()),
        ("rig", "example", include_bytes!("../../../calibration-free-config/examples/rig.toml").to_vec()),
        ("rig", "virtual", include_bytes!("../../../calibration-free-config/examples/virtual-rig.toml").to_vec()),
        ("rig", "two-hosts", TWO_HOSTS.into()),
        ("scenario", "example", include_bytes!("../../../virtual-studio/examples/scenario.toml").to_vec()),
        ("scenario", "twin", include_bytes!("../../../recipes/people-twin.toml").to_vec()),
        ("scenario", "two-cameras", TWO_CAMERAS.into()),
        ("settings", "words", "bulb.size-mm=[1, 2]\nname=two words\n\nversion = 1\n[bulb]\npower-w = 4.5\n".into()),
        ("settings", "file", "\n\nversion = 1\nname = \"desk\"\n".into()),
    ]
}

const TWO_HOSTS: &str = r#"version = 1
name = "two-hosts"
[trigger]
mode = "primary"
rate-hz = 30
primary = "a"
[[camera]]
name = "a"
driver = "aravis"
source = "one"
trigger-line = "Line1"
[[camera]]
name = "b"
driver = "v4l2"
host = "other"
source = "/dev/video0"
width-px = 640
height-px = 480
format = "mjpeg"
[link]
listen = "127.0.0.1:9000"
clock = "ptp"
[people]
height-mm = 1750
[recording]
directory = "takes"
budget-gb = 2.5
"#;

const TWO_CAMERAS: &str = r#"version = 1
name = "two"
seed = 1
takes = 2
instants = 30
rate-hz = 30
[place]
skies = ["noon"]
backgrounds = ["black"]
[trigger]
loss = 0.1
duplicate = 0.1
[[camera]]
size-px = [64, 48]
field-of-view-degrees = 60
position-m = [0, 1.5, 3]
look-at-m = [0, 1, 0]
[[camera]]
size-px = [64, 48]
focal-px = [60, 60]
position-m = [3, 1.5, 0]
look-at-m = [0, 1, 0]
[[turned]]
camera = 1
at-s = 0.5
degrees = 3
"#;
