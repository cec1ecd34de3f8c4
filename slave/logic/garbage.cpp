#include "slave/logic/garbage.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "slave/logic/executors.hpp"

namespace troupe::agent {
namespace {

void arm_garbage(const State& state, const Context& context, Outbox& out) {
  if (const auto due = state.garbage.next_due()) {
    out.arm(TimerKind::kGarbage, std::max(*due - context.now, Duration::zero()));
  }
}

void collect(State& state, const Context& context, Duration hurry, Outbox& out) {
  std::vector<std::string> paths = state.garbage.take(context.now, hurry);
  if (!paths.empty()) {
    out.intentions.push_back(RemoveGarbage{std::move(paths)});
  }
  arm_garbage(state, context, out);
}

}  // namespace

void discard_folder(State& state, const Context& context, const std::string& path, Outbox& out) {
  on_garbage_found(state, context, path, context.now, out);
}

void on_garbage_found(State& state, const Context& context, const std::string& path, Time modified,
                      Outbox& out) {
  state.garbage.add(path, modified, context.options.gc_delay);
  arm_garbage(state, context, out);
}

void on_garbage_due(State& state, const Context& context, Outbox& out) {
  collect(state, context, Duration::zero(), out);
}

void on_disk_usage(State& state, const Context& context, double usage, Outbox& out) {
  const Duration age =
      max_garbage_age(context.options.gc_delay, context.options.gc_disk_headroom, usage);
  collect(state, context, context.options.gc_delay - age, out);
}

void on_garbage_removed(State& state, const Context& context, const std::string& path,
                        const Result<void>& result, Outbox& out) {
  state.garbage.removed(path);
  out.count(result.ok() ? "gc/path_removals_succeeded" : "gc/path_removals_failed");
  if (!result.ok()) {
    out.warn("garbage-not-removed path=" + path + ": " + result.error().message);
  }
  for (auto& [framework_id, framework] : state.frameworks) {
    for (auto& [executor_id, executor] : framework.executors) {
      const bool inside = executor.directory.compare(0, path.size() + 1, path + "/") == 0;
      if (inside && executor.container == ContainerPhase::kPreparing) {
        start_executor(state, context, executor, out);
      }
    }
  }
}

}  // namespace troupe::agent
