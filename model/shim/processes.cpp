// Several processes that train one network: what they add up and gather, by torch.distributed's c10d over gloo.
// No exception leaves this file: a call returns nullptr when it went well, else a message that lives until the same
// thread's next failure.
#define USE_C10D_GLOO
#include "caught.h"
#include <ATen/ATen.h>
#include <ATen/ops/native_batch_norm.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace {
// One for each process, made once and never destroyed: its threads must not end while libtorch's do.
c10d::ProcessGroupGloo *group = nullptr;

void add_up(at::Tensor tensor) {
  std::vector<at::Tensor> tensors{tensor};
  group->allreduce(tensors, c10d::AllreduceOptions())->wait();
}

// The features of all processes, in the order of their ranks. The loss of all pictures is worked out by every process,
// so a gradient is the same everywhere; it is taken times their number, since gradients are averaged at last.
struct Gather : torch::autograd::Function<Gather> {
  static Variable forward(AutogradContext *context, Variable own) {
    std::vector<std::vector<at::Tensor>> all(1);
    for (int rank = 0; rank < group->getSize(); rank++)
      all[0].push_back(at::empty_like(own, at::MemoryFormat::Contiguous));
    std::vector<at::Tensor> inputs{own.contiguous()};
    group->allgather(all, inputs, c10d::AllgatherOptions())->wait();
    context->saved_data["rows"] = own.size(0);
    return at::cat(all[0], 0);
  }
  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto rows = context->saved_data["rows"].toInt();
    return {gradients[0].narrow(0, group->getRank() * rows, rows) * group->getSize()};
  }
};

at::Tensor per_channel(const at::Tensor &values) { return values.view({1, -1, 1, 1}); }

// BatchNorm by the statistics of all processes' pictures.
struct BatchNorm : torch::autograd::Function<BatchNorm> {
  static Variable forward(AutogradContext *context, Variable x, Variable weight, Variable bias, at::Tensor running_mean,
                          at::Tensor running_var, double momentum, double eps) {
    auto precise = at::promoteTypes(x.scalar_type(), at::kFloat);
    auto count = static_cast<double>(x.numel() / x.size(1)) * group->getSize();
    auto mean = x.sum({0, 2, 3}, false, precise);
    add_up(mean);
    mean.div_(count);
    auto var = (x.to(precise) - per_channel(mean)).square_().sum({0, 2, 3});
    add_up(var);
    var.div_(count);
    running_mean.lerp_(mean.to(running_mean.scalar_type()), momentum);
    running_var.lerp_(var.to(running_var.scalar_type()) * (count / std::max(count - 1, 1.0)), momentum);
    auto out = std::get<0>(at::native_batch_norm(x, weight, bias, mean.to(weight.scalar_type()),
                                                 var.to(weight.scalar_type()), false, 0.0, eps));
    context->save_for_backward({x, weight, mean, (var + eps).rsqrt()});
    context->saved_data["count"] = count;
    return out;
  }
  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    auto &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    auto count = context->saved_data["count"].toDouble();
    auto precise = mean.scalar_type();
    auto gradient = gradients[0].to(precise);
    auto normal = (x.to(precise) - per_channel(mean)).mul_(per_channel(inverse));
    auto of_bias = gradient.sum({0, 2, 3});
    auto of_weight = (gradient * normal).sum({0, 2, 3});
    auto sums = at::stack({of_bias, of_weight});
    add_up(sums);
    sums.div_(count);
    auto of_x = (gradient - per_channel(sums[0])).sub_(normal.mul_(per_channel(sums[1])));
    of_x.mul_(per_channel(inverse * weight.to(precise)));
    auto none = Variable();
    return {of_x.to(x.scalar_type()), of_weight.to(weight.scalar_type()), of_bias.to(weight.scalar_type()),
            none, none, none, none};
  }
};
} // namespace

extern "C" {

// Joins the group. At `host` and `port` the processes meet: one serves, the others connect to it.
const char *genlock_processes_join(const char *host, int port, int rank, int size, int serves, int timeout_ms) {
  return caught([&] {
    if (group)
      throw std::runtime_error("this process has joined a group already");
    auto timeout = std::chrono::milliseconds(timeout_ms);
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    // torchrun serves the store itself.
    options.isServer = serves != 0;
    options.numWorkers = size;
    options.waitWorkers = false;
    options.timeout = timeout;
    auto store = c10::make_intrusive<c10d::TCPStore>(std::string(host), options);
    auto prefixed = c10::make_intrusive<c10d::PrefixStore>("genlock", store);
    auto gloo = c10d::ProcessGroupGloo::Options::create();
    auto local = std::string(host) == "127.0.0.1" || std::string(host) == "localhost";
    gloo->devices.push_back(local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                  : c10d::ProcessGroupGloo::createDefaultDevice());
    gloo->timeout = timeout;
    group = c10::make_intrusive<c10d::ProcessGroupGloo>(prefixed, rank, size, gloo).release();
  });
}

const char *genlock_processes_gather(const at::Tensor *own, at::Tensor **out) {
  return caught([&] { *out = new at::Tensor(Gather::apply(*own)); });
}

const char *genlock_processes_batch_norm(const at::Tensor *x, const at::Tensor *weight, const at::Tensor *bias,
                                         const at::Tensor *running_mean, const at::Tensor *running_var, double momentum,
                                         double eps, at::Tensor **out) {
  return caught([&] {
    *out = new at::Tensor(BatchNorm::apply(*x, *weight, *bias, *running_mean, *running_var, momentum, eps));
  });
}

// Replaces the gradient of each tensor by the mean over all processes. All must have one.
const char *genlock_processes_average_gradients(at::Tensor *const *parameters, size_t n) {
  return caught([&] {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients, flat;
    for (size_t i = 0; i < n; i++) {
      gradients.push_back(parameters[i]->grad());
      flat.push_back(gradients.back().reshape(-1));
    }
    if (flat.empty())
      return;
    auto all = at::cat(flat);
    add_up(all);
    all.div_(group->getSize());
    int64_t at = 0;
    for (auto &gradient : gradients) {
      gradient.copy_(all.narrow(0, at, gradient.numel()).view(gradient.sizes()));
      at += gradient.numel();
    }
  });
}

// The least and the greatest of all processes' values.
const char *genlock_processes_extent(int64_t value, int64_t *least, int64_t *greatest) {
  return caught([&] {
    auto own = at::tensor({value, -value}, at::kLong);
    std::vector<at::Tensor> tensors{own};
    c10d::AllreduceOptions options;
    options.reduceOp = c10d::ReduceOp::MAX;
    group->allreduce(tensors, options)->wait();
    *greatest = own[0].item<int64_t>();
    *least = -own[1].item<int64_t>();
  });
}
}
