//! A safe interface to `shim/shim.cpp`.

use std::ffi::{CStr, c_char, c_int};

use tch::{Device, Tensor};
use torch_sys::C_tensor;

use crate::ModelError;

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawAutocast {
    enabled: c_int,
    dtype: c_int,
    cache: c_int,
}

unsafe extern "C" {
    fn genlock_load_cuda() -> *const c_char;
    fn genlock_channels_last(tensor: *const C_tensor, out: *mut *mut C_tensor) -> *const c_char;
    fn genlock_channels_last_in_place(tensor: *mut C_tensor) -> *const c_char;
    fn genlock_cpu_capability(out: *mut c_char, length: usize) -> *const c_char;
    fn genlock_autocast_enter(cuda: c_int, on: c_int, before: *mut RawAutocast) -> *const c_char;
    fn genlock_autocast_leave(cuda: c_int, before: *const RawAutocast) -> *const c_char;
    fn genlock_fused_adamw(
        params: *const *const C_tensor,
        m: *const *const C_tensor,
        v: *const *const C_tensor,
        steps: *const *const C_tensor,
        n: usize,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *const c_char;
}

/// The error of a call of the shim, if there was one.
pub(crate) fn check(message: *const c_char) -> Result<(), ModelError> {
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: a message is null-terminated and lives until this thread's next failing call.
    let message = unsafe { CStr::from_ptr(message) };
    Err(ModelError::torch(&message.to_string_lossy()))
}

/// Loads libtorch's CUDA library into this process. It must be called before anything else of libtorch.
pub(crate) fn load_cuda() -> Result<(), ModelError> {
    // SAFETY: dlopen of a library by its name; the handle is kept for the life of the process.
    check(unsafe { genlock_load_cuda() })
}

/// The same values `[N, C, H, W]`, channels innermost in memory.
pub fn channels_last(tensor: &Tensor) -> Result<Tensor, ModelError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: both pointers live through the call; on success `out` is a fresh tensor that the caller owns.
    unsafe {
        check(genlock_channels_last(tensor.as_ptr(), &mut out))?;
        Ok(Tensor::from_ptr(out))
    }
}

/// Gives a parameter `[N, C, H, W]` channels-last memory. It remains the same leaf of the gradient graph.
pub fn channels_last_in_place(tensor: &mut Tensor) -> Result<(), ModelError> {
    // SAFETY: the tensor lives through the call.
    check(unsafe { genlock_channels_last_in_place(tensor.as_mut_ptr()) })
}

/// The instruction set that libtorch's own kernels were chosen for, such as `AVX2`.
pub(crate) fn cpu_capability() -> Result<String, ModelError> {
    let mut name: [c_char; 64] = [0; 64];
    // SAFETY: the buffer lives through the call, which ends what it writes there by a null.
    unsafe {
        check(genlock_cpu_capability(name.as_mut_ptr(), name.len()))?;
        Ok(CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned())
    }
}

/// Turns autocast to bfloat16 on or off for this thread and device, until it is dropped.
pub(crate) struct AutocastGuard {
    cuda: c_int,
    before: RawAutocast,
    /// The switch belongs to one thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl AutocastGuard {
    pub(crate) fn new(device: Device, on: bool) -> Result<Self, ModelError> {
        let cuda = c_int::from(matches!(device, Device::Cuda(_)));
        let mut before = RawAutocast::default();
        // SAFETY: `before` lives through the call.
        check(unsafe { genlock_autocast_enter(cuda, c_int::from(on), &mut before) })?;
        Ok(Self { cuda, before, _not_send: std::marker::PhantomData })
    }
}

impl Drop for AutocastGuard {
    fn drop(&mut self) {
        // SAFETY: `before` was filled by the call in `new`.
        if let Err(error) = check(unsafe { genlock_autocast_leave(self.cuda, &self.before) }) {
            tracing::error!(%error, "autocast could not be switched back");
        }
    }
}

/// The arguments of one fused AdamW step. All parameters must have a gradient.
pub(crate) struct FusedAdamW<'a> {
    pub params: Vec<&'a Tensor>,
    pub m: Vec<&'a Tensor>,
    pub v: Vec<&'a Tensor>,
    pub steps: Vec<&'a Tensor>,
    pub lr: f64,
    pub betas: (f64, f64),
    pub weight_decay: f64,
    pub eps: f64,
}

impl FusedAdamW<'_> {
    pub(crate) fn run(&self) -> Result<(), ModelError> {
        let n = self.params.len();
        if n == 0 {
            return Ok(());
        }
        assert!(self.m.len() == n && self.v.len() == n && self.steps.len() == n, "one moment per parameter");
        let pointers = |tensors: &[&Tensor]| tensors.iter().map(|t| t.as_ptr()).collect::<Vec<_>>();
        let (params, m, v) = (pointers(&self.params), pointers(&self.m), pointers(&self.v));
        let steps = pointers(&self.steps);
        // SAFETY: four arrays of `n` pointers to tensors that are borrowed through the call.
        check(unsafe {
            genlock_fused_adamw(
                params.as_ptr(),
                m.as_ptr(),
                v.as_ptr(),
                steps.as_ptr(),
                n,
                self.lr,
                self.betas.0,
                self.betas.1,
                self.weight_decay,
                self.eps,
            )
        })
    }
}
