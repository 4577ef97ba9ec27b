//! Compiles the shim against the libtorch that torch-sys found, and tells dependents where that is.

fn main() {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=build.rs");
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else {
        panic!("torch-sys did not say where libtorch lies: set LIBTORCH to a folder with lib/ and include/");
    };
    let include = format!("{lib}/../include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .opt_level(2)
        .include("shim/names")
        .include(&include)
        .include(format!("{include}/torch/csrc/api/include"))
        .file("shim/shim.cpp")
        .file("shim/processes.cpp")
        .compile("genlock_torch_shim");
    // A RUNPATH, so that LD_LIBRARY_PATH wins where a torch with CUDA is to be used instead.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    // Link arguments stop at this package: dependents read DEP_GENLOCK_MODEL_LIBTORCH_LIB and repeat the line.
    println!("cargo:libtorch_lib={lib}");
}
