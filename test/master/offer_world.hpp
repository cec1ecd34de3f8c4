#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "master/allocator/facts.hpp"
#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "master/options.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/random.hpp"

/// A master's logic with a few agents and frameworks, for stories about offers and tasks.
namespace troupe::master::test {

// -- values ---------------------------------------------------------------------------

/// Resources of text, allocated to `role` unless that is empty.
Resources some(const std::string& text, const std::string& role = "*");

/// A TaskInfo: 0.1 cpus and 32 MB of a command task on no agent in particular.
class TaskBuilder {
 public:
  explicit TaskBuilder(const std::string& id);
  TaskBuilder& uses(const std::string& resources);
  TaskBuilder& uses(const Resources& resources);
  TaskBuilder& on(const std::string& agent);
  /// Runs in that executor instead of as a command.
  TaskBuilder& in(const mesos::v1::ExecutorInfo& executor);
  /// The TaskInfo, to set what has no word here.
  mesos::v1::TaskInfo& info() { return info_; }
  operator mesos::v1::TaskInfo() const {  // NOLINT(google-explicit-constructor): a builder
    return info_;
  }

 private:
  mesos::v1::TaskInfo info_;
};
TaskBuilder task(const std::string& id);

mesos::v1::ExecutorInfo executor(const std::string& id, const std::string& resources = "");

using Operation = mesos::v1::Offer::Operation;
Operation launch(const std::vector<mesos::v1::TaskInfo>& tasks);
Operation launch_group(const mesos::v1::ExecutorInfo& executor,
                       const std::vector<mesos::v1::TaskInfo>& tasks);
Operation reserve(const Resources& resources);
Operation unreserve(const Resources& resources);
Operation create(const Resources& volumes);
Operation destroy(const Resources& volumes);

/// `resources` with one more dynamic reservation for `role`.
Resources reserved(const Resources& resources, const std::string& role);
/// A persistent volume of `megabytes`, of disk that is dynamically reserved for `role`.
Resources volume(const std::string& id, double megabytes, const std::string& role);

/// 16 bytes.
std::string uuid(char fill);

// -- the world ------------------------------------------------------------------------

/// What the allocator believes, from the facts it was told: compared with the master's books.
class Ledger {
 public:
  void propose(const Proposal& proposal);
  void hear(const std::vector<Fact>& facts);
  /// What it counts as allocated of an agent to a framework.
  [[nodiscard]] Resources allocated(const FrameworkId& framework, const AgentId& agent) const;

 private:
  std::map<std::pair<FrameworkId, AgentId>, Resources> allocated_;
};

class World {
 public:
  World();

  // -- who is there. Ids are what is given; an agent's address is slave(1)@10.0.0.N:5051, a
  // framework's scheduler@10.1.0.N:9090.
  Agent& agent(const std::string& id, const std::string& resources);
  Framework& framework(const std::string& id, const std::string& role = "*",
                       const std::vector<mesos::v1::FrameworkInfo::Capability::Type>& can = {
                           mesos::v1::FrameworkInfo::Capability::MULTI_ROLE,
                           mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE,
                           mesos::v1::FrameworkInfo::Capability::RESERVATION_REFINEMENT});

  // -- what happens: each clears the outbox first -------------------------------------
  /// Offers `resources` (all that is free if empty) and gives the id of the offer.
  std::string offer(const std::string& agent, const std::string& framework,
                    const std::string& resources = "");
  void allocate(std::vector<Proposal> proposals);
  /// Refuses nothing for later: refuse_seconds is 0.
  void accept(const std::string& framework, const std::vector<std::string>& offers,
              std::vector<Operation> operations);
  void decline(const std::string& framework, const std::vector<std::string>& offers,
               double refuse_seconds = 0);
  /// An update as that agent sends it; gives its uuid.
  std::string update(const std::string& agent, const std::string& framework,
                     const std::string& task, mesos::v1::TaskState state);
  void update(const Pid& from, mesos::internal::StatusUpdateMessage message);
  void acknowledge(const std::string& framework, const std::string& agent, const std::string& task,
                   const std::string& uuid);
  void kill(const std::string& framework, const std::string& task, const std::string& agent = "");
  void reconcile(const std::string& framework,
                 const std::vector<std::pair<std::string, std::string>>& tasks);

  // -- what came of it ------------------------------------------------------------------
  /// The messages of that type to anybody, in order.
  template <class M>
  std::vector<M> sent() const {
    std::vector<M> found;
    for (const Send& send : outbox.sends) {
      if (const auto* message = dynamic_cast<const M*>(send.message.get())) {
        found.push_back(*message);
      }
    }
    return found;
  }
  /// The one status that the framework was told. Fails the test if there are more, or none.
  mesos::v1::TaskStatus told() const;
  /// What went back to the allocator, all together.
  Resources recovered() const;
  const Agent& at(const std::string& agent) const;
  const Framework& of(const std::string& framework) const;
  const Task* find(const std::string& framework, const std::string& task) const;
  /// The message of update(), to be altered.
  mesos::internal::StatusUpdateMessage update_message(const std::string& agent,
                                                      const std::string& framework,
                                                      const std::string& task,
                                                      mesos::v1::TaskState state);
  /// The master's books and the allocator's ledger agree, and nobody has more than there is.
  void expect_balanced() const;
  /// One line a message: who, what, content.
  std::string trace() const;

  State state;
  Options options;
  Random random;
  Time now;
  Outbox outbox;
  Ledger ledger;

 private:
  Context context() { return {now, options, random}; }
  void begin();
  void end();

  int updates_ = 0;
};

}  // namespace troupe::master::test
