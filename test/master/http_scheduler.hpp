#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/simulation.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "test/support/scheduler_stream.hpp"

namespace troupe::master::test {

/// A scheduler over HTTP under a script: says what it is told to, and remembers what it hears.
class HttpScheduler {
 public:
  using Call = mesos::v1::scheduler::Call;
  using Event = mesos::v1::scheduler::Event;

  HttpScheduler(Simulation& simulation, Runtime& master, http::Encoding encoding);

  /// What `framework_info` says; MULTI_ROLE and PARTITION_AWARE, of role "r", unless given.
  static mesos::v1::FrameworkInfo info();
  static Call make(Call::Type type);
  Call subscription(const mesos::v1::FrameworkInfo& info) const;

  /// On a new stream, with the id that it has. The head of the answer.
  http::Response subscribe(mesos::v1::FrameworkInfo info = HttpScheduler::info());
  /// With its framework's id and the id of its stream.
  http::Response call(Call call);
  /// One command task of one cpu on the latest offer.
  http::Response launch(const std::string& task);
  http::Response acknowledge(const mesos::v1::TaskStatus& status);
  http::Response kill(const std::string& task);
  void hang_up();

  /// Runs until an event of that type is there, which is taken. Events before it are dropped.
  std::optional<Event> hear(Event::Type type, Duration limit = std::chrono::seconds(20));
  /// Types of what has come and was not taken.
  std::vector<Event::Type> waiting();
  [[nodiscard]] bool ended() const { return stream_->ended(); }
  bool until_ended();
  [[nodiscard]] std::string stream_id() const { return stream_->id(); }

  std::string id;                        ///< once subscribed
  std::vector<mesos::v1::Offer> offers;  ///< of the latest OFFERS that was taken

 private:
  void read();
  /// The first of that type, of what has come.
  std::optional<Event> take(Event::Type type);

  Simulation& simulation_;
  Runtime& master_;
  const http::Encoding encoding_;
  std::optional<troupe::test::SchedulerStream> stream_;
  std::vector<Event> heard_;  // And not taken.
};

}  // namespace troupe::master::test
