//! Sets a control of a V4L2 device by its name, as `v4l2-ctl` would: `v4l2-control /dev/video0 "Gain" 12`.

use v4l::control::{Control, Type, Value};

fn main() -> Result<(), String> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [path, name, value] = words.as_slice() else { return Err("usage: v4l2-control DEVICE NAME VALUE".into()) };
    let failed = |error: std::io::Error| format!("{path}: {error}");
    let device = v4l::Device::with_path(path).map_err(failed)?;
    let controls = device.query_controls().map_err(failed)?;
    let Some(control) = controls.iter().find(|control| control.name == *name) else {
        let names: Vec<_> = controls.iter().map(|control| control.name.as_str()).collect();
        return Err(format!("{path} has no control {name}; it has {}", names.join(", ")));
    };
    let value = match control.typ {
        Type::Button => Value::Boolean(true),
        _ => Value::Integer(value.parse().map_err(|_| format!("{value} is no number"))?),
    };
    device.set_control(Control { id: control.id, value }).map_err(failed)
}
