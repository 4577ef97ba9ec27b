// What libtorch has and tch has not: memory formats, autocast to bfloat16 on any device, the fused AdamW step,
// and loading CUDA late. No exception leaves this file: a call returns nullptr when it went well, else a message
// that lives until the same thread's next failure.
#include "caught.h"
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adamw.h>
#include <dlfcn.h>
#include <vector>

extern "C" {

struct GenlockAutocast {
  int enabled;
  int dtype;
  int cache;
};

const char *genlock_load_cuda() {
  return dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) ? nullptr : dlerror();
}

const char *genlock_channels_last(const at::Tensor *tensor, at::Tensor **out) {
  return caught([&] { *out = new at::Tensor(tensor->contiguous(at::MemoryFormat::ChannelsLast)); });
}

const char *genlock_channels_last_in_place(at::Tensor *tensor) {
  return caught([&] {
    at::NoGradGuard no_grad;
    tensor->set_data(tensor->contiguous(at::MemoryFormat::ChannelsLast));
  });
}

// The instruction set that libtorch's own kernels were chosen for, such as "AVX2"; obeys ATEN_CPU_CAPABILITY.
const char *genlock_cpu_capability(char *out, size_t length) {
  return caught([&] {
    auto name = at::get_cpu_capability();
    auto copied = name.copy(out, length - 1);
    out[copied] = '\0';
  });
}

// Switches autocast to bfloat16 on or off and stores what was set before.
const char *genlock_autocast_enter(int cuda, int on, GenlockAutocast *before) {
  return caught([&] {
    auto device = cuda ? at::kCUDA : at::kCPU;
    before->enabled = at::autocast::is_autocast_enabled(device);
    before->dtype = static_cast<int>(at::autocast::get_autocast_dtype(device));
    before->cache = at::autocast::is_autocast_cache_enabled();
    if (on)
      at::autocast::set_autocast_dtype(device, at::kBFloat16);
    // A cached cast that was made without gradients would be used again where gradients are wanted.
    at::autocast::set_autocast_cache_enabled(false);
    at::autocast::set_autocast_enabled(device, on);
    at::autocast::increment_nesting();
  });
}

const char *genlock_autocast_leave(int cuda, const GenlockAutocast *before) {
  return caught([&] {
    auto device = cuda ? at::kCUDA : at::kCPU;
    if (at::autocast::decrement_nesting() == 0)
      at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device, before->enabled);
    at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(before->dtype));
    at::autocast::set_autocast_cache_enabled(before->cache);
  });
}

// One AdamW step; `steps` are scalar tensors, counted up here. Gradients are read from the parameters.
const char *genlock_fused_adamw(at::Tensor *const *params, at::Tensor *const *m, at::Tensor *const *v,
                                at::Tensor *const *steps, size_t n, double lr, double beta1, double beta2,
                                double weight_decay, double eps) {
  return caught([&] {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> P, G, M, V, S;
    for (size_t i = 0; i < n; i++) {
      auto grad = params[i]->grad();
      // The kernel walks all buffers in the order of memory, so a gradient in another layout would be read wrongly.
      if (grad.strides() != params[i]->strides())
        grad = at::empty_like(*params[i]).copy_(grad);
      P.push_back(*params[i]);
      G.push_back(grad);
      M.push_back(*m[i]);
      V.push_back(*v[i]);
      S.push_back(*steps[i]);
    }
    at::_foreach_add_(S, 1);
    at::_fused_adamw_(P, G, M, V, {}, S, lr, beta1, beta2, weight_decay, eps, false, false);
  });
}
}
