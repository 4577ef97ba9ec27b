//! `genlock-learn device`: where networks would run here, which also says that libtorch is found.

use tch::Device;

pub fn run() {
    match model::start() {
        Device::Cuda(index) => println!("cuda:{index}"),
        _ => println!("cpu"),
    }
}
