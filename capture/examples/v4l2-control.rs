//! Sets a control of a V4L2 device by its name: `v4l2-control /dev/video0 Gain 12`.

use capture::drivers::v4l2::find_control;
use v4l::control::{Control, Value};

fn main() -> Result<(), String> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [path, name, value] = words.as_slice() else { return Err("usage: v4l2-control DEVICE NAME VALUE".into()) };
    let failed = |error: std::io::Error| format!("{path}: {error}");
    let device = v4l::Device::with_path(path).map_err(failed)?;
    let id = find_control(&device, name).ok_or_else(|| format!("{path} has no control {name}"))?;
    let value = value.parse().map_err(|_| format!("{value} is no number"))?;
    device.set_control(Control { id, value: Value::Integer(value) }).map_err(failed)
}
