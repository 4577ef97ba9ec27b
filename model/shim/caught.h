// Turns exceptions into messages, so that none leaves the shim.
#pragma once
#include <exception>
#include <string>

namespace {
thread_local std::string message;

template <typename F> const char *caught(F body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const std::exception &error) {
    message = error.what();
  } catch (...) {
    message = "an exception of unknown type";
  }
  return message.c_str();
}
} // namespace
