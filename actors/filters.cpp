#include "actors/filters.hpp"

#include <atomic>
#include <utility>

#include "actors/filter_gate.hpp"

namespace troupe {
namespace {

enum class Kind { kDrop, kHold, kDelay, kExpect };

struct Filter {
  Kind kind;
  Match match;
  Duration by{};
  bool live = true;
  std::vector<Delivery> seen;
  std::vector<Delivery> held;  // Only of kHold.

  [[nodiscard]] bool takes(const Delivery& delivery) const {
    return live && seen.size() < match.times &&
           (match.type.empty() || match.type == delivery.type()) &&
           (!match.from_name || *match.from_name == delivery.from.id) &&
           (!match.to_name || *match.to_name == delivery.to.id) &&
           (!match.predicate || match.predicate(delivery));
  }
};

}  // namespace

struct Filters::State {
  // Held while a release delivers, so that nothing later overtakes what was held.
  mutable std::mutex mutex;
  std::vector<Filter> filters;  // An Id is an index; filters are never taken out.
  std::atomic<bool> active{false};
  FilterGate::Deliver deliver;
  FilterGate::Later later;

  Id add(Kind kind, Match match, Duration by = {}) {
    const std::lock_guard<std::mutex> lock(mutex);
    filters.push_back({kind, std::move(match), by, true, {}, {}});
    active.store(true, std::memory_order_relaxed);
    return filters.size() - 1;
  }

  void end(Id id) {
    filters[id].live = false;
    filters[id].held.clear();
    bool any = false;
    for (const auto& filter : filters) {
      any = any || filter.live;
    }
    active.store(any, std::memory_order_relaxed);
  }
};

// -- for tests ------------------------------------------------------------------------------------

Filters::Filters() : state_(std::make_shared<State>()) {}
Filters::~Filters() = default;

Filters::Id Filters::drop(Match match) { return state_->add(Kind::kDrop, std::move(match)); }
Filters::Id Filters::hold(Match match) { return state_->add(Kind::kHold, std::move(match)); }
Filters::Id Filters::expect(Match match) { return state_->add(Kind::kExpect, std::move(match)); }
Filters::Id Filters::delay(Match match, Duration by) {
  return state_->add(Kind::kDelay, std::move(match), by);
}

void Filters::release(Id id) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (id >= state_->filters.size()) {
    return;
  }
  for (auto& delivery : state_->filters[id].held) {
    if (state_->deliver) {
      state_->deliver(std::move(delivery));
    }
  }
  state_->end(id);
}

void Filters::remove(Id id) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (id < state_->filters.size()) {
    state_->end(id);
  }
}

std::size_t Filters::count(Id id) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return id < state_->filters.size() ? state_->filters[id].seen.size() : 0;
}

std::vector<Delivery> Filters::seen(Id id) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return id < state_->filters.size() ? state_->filters[id].seen : std::vector<Delivery>();
}

// -- for nodes ------------------------------------------------------------------------------------

FilterGate::FilterGate(const Filters& filters, Deliver deliver, Later later)
    : state_(filters.state_) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->deliver = std::move(deliver);
  state_->later = std::move(later);
}

FilterGate::~FilterGate() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->deliver = nullptr;
  state_->later = nullptr;
}

bool FilterGate::active() const { return state_->active.load(std::memory_order_relaxed); }

bool FilterGate::pass(const Delivery& delivery) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  Filter* taker = nullptr;
  for (auto& filter : state_->filters) {
    if (filter.takes(delivery)) {
      taker = &filter;
      break;
    }
  }
  if (taker == nullptr) {
    return true;
  }
  taker->seen.push_back(delivery);
  switch (taker->kind) {
    case Kind::kExpect:
      return true;
    case Kind::kDrop:
      return false;
    case Kind::kHold:
      taker->held.push_back(delivery);
      return false;
    case Kind::kDelay:
      state_->later(taker->by, [weak = std::weak_ptr<Filters::State>(state_), delivery] {
        const auto state = weak.lock();
        if (!state) {
          return;
        }
        const std::lock_guard<std::mutex> lock(state->mutex);
        if (state->deliver) {
          state->deliver(delivery);
        }
      });
      return false;
  }
  return true;
}

}  // namespace troupe
