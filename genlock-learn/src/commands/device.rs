//! `genlock-learn device`: the device on which networks would run, which also shows that libtorch was found.

use tch::Device;

pub fn run() {
    match model::start() {
        Device::Cuda(index) => println!("cuda:{index}"),
        _ => println!("cpu"),
    }
}
