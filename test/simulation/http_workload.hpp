#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "test/simulation/cluster.hpp"
#include "test/support/scheduler_stream.hpp"

namespace troupe::sim {

/// As Batch, of command tasks, by a framework that comes over HTTP: a client that looks at its
/// stream now and then, subscribes again when that has ended, and may take over from itself.
class HttpBatch final : public HttpWorkload {
 public:
  HttpBatch(std::string name, std::size_t tasks, http::Encoding encoding);

  void step(Simulation& simulation, Runtime& master) override;
  void lose_stream(Loss loss) override;
  [[nodiscard]] bool done() const override { return left_; }
  [[nodiscard]] std::string complaint() const override { return complaint_; }
  [[nodiscard]] std::string progress() const override;

 private:
  using Call = mesos::v1::scheduler::Call;
  using Event = mesos::v1::scheduler::Event;

  struct Attempt {
    std::size_t task = 0;
    Time launched;
  };

  void subscribe();
  /// The answer, which is looked at later.
  std::shared_ptr<SimulatedAnswer> call(Call call);
  void check_answers();
  void leave();
  void on_event(const Event& event);
  void on_offer(const mesos::v1::Offer& offer);
  void on_update(const mesos::v1::TaskStatus& status);
  void remember(const mesos::v1::TaskStatus& status);
  /// Of every attempt that runs; what is long overdue is killed, so that there is an answer for it.
  void ask();
  /// It was removed: nothing of it runs any more.
  void start_anew();
  mesos::v1::TaskInfo make_task(const mesos::v1::Offer& offer);

  // Of the step under way.
  Simulation* simulation_ = nullptr;
  Runtime* master_ = nullptr;

  const std::string name_;
  const http::Encoding encoding_;
  const std::size_t tasks_;
  std::set<std::size_t> waiting_;
  std::map<std::string, Attempt> running_;
  std::set<std::size_t> finished_;
  std::map<std::string, mesos::v1::TaskState> ended_;  // Attempt -> how, as its executor said.
  std::size_t attempts_ = 0;

  std::optional<test::SchedulerStream> stream_;
  std::string id_;  // Of the framework, once it has one.
  Time next_subscription_;
  Time next_question_;
  std::deque<std::shared_ptr<SimulatedAnswer>> answers_;  // Of calls, oldest first.
  std::shared_ptr<SimulatedAnswer> teardown_;
  bool left_ = false;
  std::string complaint_;
};

}  // namespace troupe::sim
