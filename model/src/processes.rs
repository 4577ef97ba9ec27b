//! Several processes that train one network together, as one process does on the whole batch.
//!
//! Every process draws the same batch and knows its whole loss. Between them they share the work of the encoder: each
//! encodes its part of the pictures, BatchNorm takes its statistics over all parts, and the features of all are
//! gathered. Gradients are averaged before each step of the optimiser, so the weights stay the same everywhere.
//!
//! The engine is gloo of torch.distributed (c10d), which is a part of libtorch.

use std::ffi::{CString, c_char, c_int};
use std::sync::OnceLock;
use std::time::Duration;

use tch::{Kind, Tensor};
use torch_sys::C_tensor;

use crate::ModelError;
use crate::shim::check;

unsafe extern "C" {
    fn genlock_processes_join(
        host: *const c_char,
        port: c_int,
        rank: c_int,
        size: c_int,
        serves: c_int,
        timeout_ms: c_int,
    ) -> *const c_char;
    fn genlock_processes_gather(own: *const C_tensor, out: *mut *mut C_tensor) -> *const c_char;
    fn genlock_processes_batch_norm(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        running_mean: *const C_tensor,
        running_var: *const C_tensor,
        momentum: f64,
        eps: f64,
        out: *mut *mut C_tensor,
    ) -> *const c_char;
    fn genlock_processes_average_gradients(parameters: *const *const C_tensor, n: usize) -> *const c_char;
    fn genlock_processes_extent(value: i64, least: *mut i64, greatest: *mut i64) -> *const c_char;
}

static GROUP: OnceLock<Processes> = OnceLock::new();

/// This process's place among those that train together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processes {
    /// 0 to `size` − 1.
    pub rank: u32,
    /// How many there are.
    pub size: u32,
}

/// Where processes meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Name or address of the host of rank 0. Between hosts nothing is encrypted.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether this process serves it; the others connect.
    pub serves: bool,
    /// How long to wait for the others, there and later in each exchange.
    pub patience: Duration,
}

impl Processes {
    /// Joins the others, once in a process's life, before any network is trained.
    ///
    /// # Errors
    /// If there are fewer than two, the rank is not one of them, or they do not meet in time.
    pub fn join(self, meeting: &Meeting) -> Result<Self, ModelError> {
        let Self { rank, size } = self;
        if size < 2 || rank >= size {
            return Err(ModelError::Argument(format!("rank {rank} of {size} processes is not possible")));
        }
        let host = CString::new(meeting.host.as_str())
            .map_err(|_| ModelError::Argument("the host of the first process has a zero byte".into()))?;
        let patience_ms = i32::try_from(meeting.patience.as_millis()).unwrap_or(i32::MAX);
        let serves = c_int::from(meeting.serves);
        // SAFETY: the host's name is null-terminated and lives through the call.
        check(unsafe {
            genlock_processes_join(
                host.as_ptr(),
                meeting.port.into(),
                rank as c_int,
                size as c_int,
                serves,
                patience_ms,
            )
        })
        .map_err(|error| {
            ModelError::Argument(format!(
                "the {size} processes did not meet at {}:{}: {error}",
                meeting.host, meeting.port
            ))
        })?;
        Ok(*GROUP.get_or_init(|| self))
    }

    /// Those that this process has joined; `None` if it trains alone.
    pub fn joined() -> Option<Self> {
        GROUP.get().copied()
    }

    /// Whether this process is the one that writes files: the first, or the only one.
    pub fn is_first() -> bool {
        Self::joined().is_none_or(|group| group.rank == 0)
    }

    /// Whether any process says `yes`. All must ask at the same point.
    ///
    /// # Errors
    /// If another process has ended or does not answer in time.
    pub fn any(yes: bool) -> Result<bool, ModelError> {
        if Self::joined().is_none() {
            return Ok(yes);
        }
        Ok(extent(i64::from(yes))?.1 != 0)
    }

    /// Checks that all processes have the same value of `what`, a plural.
    ///
    /// # Errors
    /// If they have not, or another process has ended or does not answer in time.
    pub fn agree(what: &str, value: u64) -> Result<(), ModelError> {
        if Self::joined().is_none() {
            return Ok(());
        }
        let (least, greatest) = extent(value.cast_signed())?;
        if least == greatest {
            return Ok(());
        }
        Err(ModelError::Argument(format!("the processes have different {what}: start all with the same command")))
    }

    /// Replaces the gradients of parameters by their means over all processes. Parameters without a gradient stay so;
    /// they are the same ones everywhere.
    ///
    /// # Errors
    /// If another process has ended or does not answer in time.
    pub fn average_gradients<'a>(parameters: impl Iterator<Item = &'a Tensor>) -> Result<(), ModelError> {
        if Self::joined().is_none() {
            return Ok(());
        }
        let mut with_gradient = Vec::new();
        for parameter in parameters {
            if parameter.f_grad()?.defined() {
                with_gradient.push(parameter.as_ptr());
            }
        }
        // SAFETY: pointers to tensors that are borrowed through the call.
        check(unsafe { genlock_processes_average_gradients(with_gradient.as_ptr(), with_gradient.len()) }).map_err(lost)
    }

    /// This process's part of a batch.
    pub(crate) fn part(self, batch: &Tensor) -> Result<Tensor, ModelError> {
        let (all, size) = (batch.size()[0], i64::from(self.size));
        if all % size != 0 {
            return Err(ModelError::Argument(format!(
                "a batch of {all} pictures does not divide among {size} processes: choose another batch or number"
            )));
        }
        Ok(batch.f_narrow(0, i64::from(self.rank) * (all / size), all / size)?)
    }

    /// The features of all processes' parts, in the order of the batch.
    pub(crate) fn gather(self, own: &Tensor) -> Result<Tensor, ModelError> {
        let kind = own.kind();
        // gloo does not know every kind of number.
        let own = if kind == Kind::Double { own.shallow_clone() } else { own.f_to_kind(Kind::Float)? };
        let mut out = std::ptr::null_mut();
        // SAFETY: both pointers live through the call; on success `out` is a fresh tensor that the caller owns.
        let all = unsafe {
            check(genlock_processes_gather(own.as_ptr(), &mut out)).map_err(lost)?;
            Tensor::from_ptr(out)
        };
        Ok(all.f_to_kind(kind)?)
    }

    /// BatchNorm `[N, C, H, W]` by the statistics of all processes' pictures, which also update the running ones.
    pub(crate) fn batch_norm(
        self,
        x: &Tensor,
        [weight, bias]: [&Tensor; 2],
        [mean, var]: [&Tensor; 2],
        momentum: f64,
        eps: f64,
    ) -> Result<Tensor, ModelError> {
        let mut out = std::ptr::null_mut();
        let pointers = [x, weight, bias, mean, var].map(Tensor::as_ptr);
        let [x, weight, bias, mean, var] = pointers;
        // SAFETY: all pointers live through the call; on success `out` is a fresh tensor that the caller owns.
        unsafe {
            check(genlock_processes_batch_norm(x, weight, bias, mean, var, momentum, eps, &mut out)).map_err(lost)?;
            Ok(Tensor::from_ptr(out))
        }
    }
}

fn extent(value: i64) -> Result<(i64, i64), ModelError> {
    let (mut least, mut greatest) = (0, 0);
    // SAFETY: both numbers live through the call.
    check(unsafe { genlock_processes_extent(value, &mut least, &mut greatest) }).map_err(lost)?;
    Ok((least, greatest))
}

fn lost(error: ModelError) -> ModelError {
    ModelError::Argument(format!("another process of this training has ended or does not answer: {error}"))
}
