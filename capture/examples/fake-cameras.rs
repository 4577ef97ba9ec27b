//! Runs simulated GigE Vision cameras until it is killed: `fake-cameras TRIGGERS_PER_S LOST_RATIO ADDRESS…`. They check
//! for triggers TRIGGERS_PER_S times a second, unlike Aravis's own program, which checks 25 times.

use aravis::GvFakeCamera;

fn main() -> Result<(), String> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [triggers, lost, addresses @ ..] = words.as_slice() else {
        return Err("usage: fake-cameras TRIGGERS_PER_S LOST_RATIO ADDRESS…".into());
    };
    let number = |text: &String| text.parse::<f64>().map_err(|_| format!("{text} is no number"));
    let (triggers, lost) = (number(triggers)?, number(lost)?);
    let mut cameras = vec![];
    for (index, address) in addresses.iter().enumerate() {
        let camera = GvFakeCamera::new(Some(address), Some(&format!("FC{index:02}")));
        if !camera.is_running() {
            return Err(format!("no camera runs at {address}"));
        }
        camera.fake_camera().ok_or("a fake camera without a camera")?.set_trigger_frequency(triggers);
        camera.set_gvsp_lost_ratio(lost);
        cameras.push(camera);
    }
    println!("{} cameras", cameras.len());
    loop {
        std::thread::park();
    }
}
