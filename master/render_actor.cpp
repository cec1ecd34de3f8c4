#include "master/render_actor.hpp"

#include <algorithm>
#include <utility>

namespace troupe::master {
namespace {

/// A key rests so many times as long as it took.
constexpr int kRest = 3;
/// More entries than this are looked through for those of the past.
constexpr std::size_t kManyResting = 256;

}  // namespace

RenderActor::RenderActor(std::string name, MasterAddress master, Done done)
    : Process(std::move(name)), master_(std::move(master)), done_(std::move(done)) {}

void RenderActor::ask(const std::string& key, Render render) {
  wanted_.insert_or_assign(key, std::move(render));
  wake();
}

Time RenderActor::due_at(const std::string& key) const {
  const auto found = resting_.find(key);
  return found == resting_.end() ? Time() : found->second;
}

void RenderActor::wake() {
  if (asking_ || wanted_.empty()) {
    return;
  }
  Time first = Time::max();
  for (const auto& [key, render] : wanted_) {
    first = std::min(first, due_at(key));
  }
  cancel(std::exchange(timer_, 0));
  if (first > now()) {
    timer_ = delay(first - now(), [this] { wake(); });
    return;
  }
  asking_ = true;
  master_.snapshot(defer([this](const Snapshot& snapshot) { on_snapshot(snapshot); }));
}

void RenderActor::on_snapshot(const Snapshot& snapshot) {
  snapshot_ = snapshot;
  const Time time = now();
  for (auto job = wanted_.begin(); job != wanted_.end();) {
    const auto next = std::next(job);
    if (due_at(job->first) <= time) {
      batch_.insert(wanted_.extract(job));
    }
    job = next;
  }
  render_next();
}

void RenderActor::render_next() {
  if (!batch_.empty()) {
    const auto job = batch_.extract(batch_.begin());
    const Time begin = now();
    auto body = std::make_shared<const http::SharedBody>(job.mapped()(*snapshot_));
    const Time end = now();
    resting_[job.key()] = end + kRest * (end - begin);
    done_(job.key(), {snapshot_->version, leadership_of(*snapshot_), std::move(body)});
  }
  if (!batch_.empty()) {
    ref().dispatch([this] { render_next(); });
    return;
  }
  snapshot_ = nullptr;
  asking_ = false;
  if (resting_.size() > kManyResting) {
    const Time time = now();
    for (auto each = resting_.begin(); each != resting_.end();) {
      each = each->second <= time ? resting_.erase(each) : std::next(each);
    }
  }
  wake();
}

}  // namespace troupe::master
