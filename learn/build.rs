//! Lets this package's programs and tests find the libtorch that `model` was built against. A RUNPATH, so that
//! LD_LIBRARY_PATH wins.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(lib) = std::env::var("DEP_GENLOCK_MODEL_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
