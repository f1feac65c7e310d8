// What every function of the fake driver does before its own work: counts itself, fails on demand, and checks that the
// library is initialised, that a context is current and that it is not lost.
#pragma once

#include <mutex>
#include <type_traits>

#include "fake_state.hpp"

namespace fake_cuda {

enum class Needs {
  kNothing,  // may come before cuInit
  kInit,
  kContext,  // a current one that is not lost
};

// Counts the call; an error if it must fail.
Code begin_call(State& now, const char* name, Needs needs);

// Runs body(state, lock) under the lock.
template <typename Body>
Code call(const char* name, Needs needs, Body&& body) {
  State& now = state();
  std::unique_lock lock(now.mutex);
  const Code begun = begin_call(now, name, needs);
  return begun != Code::kSuccess ? begun : body(now, lock);
}

// The current context; only after a call that needs one.
inline ContextState& current_context() { return *context_stack().back(); }

}  // namespace fake_cuda

// A function of the driver's, visible by its own name.
#define FAKE_CUDA_DRIVER extern "C" __attribute__((visibility("default"))) fake_cuda::Code
