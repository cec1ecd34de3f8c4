// Random accepts, declines, updates, acknowledgements and kills: after each, the master's books and
// the allocator's ledger agree, and no agent has more taken than it has.

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

/// Plays frameworks, agents and the allocator by the dice.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : dice_(seed) {
    world_.agent("a1", "cpus:8;mem:8192;disk:1000;ports:[1-100]");
    world_.agent("a2", "cpus:2;mem:512;cpus(eng):2");
    world_.agent("a3", "cpus:4;mem:4096;disk:100")
        .capabilities.insert(mesos::v1::AgentInfo::Capability::RESOURCE_PROVIDER);
    world_.framework("f1");
    world_.framework("f2", "eng");
    world_.framework("old", "*", {});
  }

  void step() {
    switch (dice_.below(8)) {
      case 0:
      case 1:
        return offer();
      case 2:
        return accept();
      case 3:
        return decline();
      case 4:
      case 5:
        return update();
      case 6:
        return acknowledge();
      default:
        return kill();
    }
  }

  World& world() { return world_; }
  int launched() const { return launched_; }
  int refused() const { return refused_; }

 private:
  template <class List>
  const auto& any(const List& list) {
    auto at = list.begin();
    std::advance(at, dice_.below(list.size()));
    return *at;
  }
  std::string any_agent() { return any(std::vector<std::string>{"a1", "a2", "a3"}); }
  std::string any_framework() { return any(std::vector<std::string>{"f1", "f2", "old"}); }

  std::string amounts() {
    return "cpus:" + std::to_string(static_cast<double>(dice_.below(1200)) / 1000) +
           ";mem:" + std::to_string(dice_.below(200));
  }

  void offer() {
    const std::string agent = any_agent();
    const std::string framework = any_framework();
    if (dice_.below(2) == 0) {
      world_.offer(agent, framework);
    } else {
      world_.offer(agent, framework, "cpus:0.5;mem:64");  // May not be free: then it goes back.
    }
  }

  Operation any_operation(const std::string& agent, const std::string& role) {
    switch (dice_.below(6)) {
      case 0:
        return reserve(reserved(some("cpus:0.25", role), role));
      case 1:
        return unreserve(reserved(some("cpus:0.25", role), role));
      case 2: {
        auto runner = executor("e" + std::to_string(dice_.below(3)));
        some("cpus:0.1;mem:32", role).to(runner.mutable_resources());
        return launch({task(next_task()).on(agent).uses(some(amounts(), role)).in(runner)});
      }
      default:
        return launch({task(next_task()).on(agent).uses(some(amounts(), role)),
                       task(next_task()).on(agent).uses(some(amounts(), role))});
    }
  }

  std::string next_task() { return "t" + std::to_string(dice_.below(400)); }

  void accept() {
    if (world_.state.offers.empty()) {
      return;
    }
    const auto& [id, framework, agent] = any_offer();
    const std::string role = *world_.of(framework).roles.begin();
    std::vector<Operation> operations;
    for (std::uint64_t i = dice_.below(4); i > 0; --i) {
      operations.push_back(any_operation(agent, role));
    }
    std::vector<std::string> ids = {id};
    if (dice_.below(10) == 0) {
      ids.push_back(dice_.below(2) == 0 ? id : std::get<0>(any_offer()));
    }
    world_.accept(framework, ids, std::move(operations));
    launched_ += static_cast<int>(world_.sent<mesos::internal::RunTaskMessage>().size());
    refused_ += static_cast<int>(world_.sent<mesos::internal::StatusUpdateMessage>().size());
  }

  void decline() {
    if (!world_.state.offers.empty()) {
      const auto& [id, framework, agent] = any_offer();
      world_.decline(framework, {id});
    }
  }

  void update() {
    const std::string framework = any_framework();
    const std::string task = any_task(framework);
    const auto state = any(std::vector<mesos::v1::TaskState>{
        mesos::v1::TASK_RUNNING, mesos::v1::TASK_RUNNING, mesos::v1::TASK_FINISHED,
        mesos::v1::TASK_FAILED, mesos::v1::TASK_GONE});
    const Task* known = world_.find(framework, task);
    const std::string agent =
        known != nullptr && dice_.below(10) != 0 ? known->agent().str() : any_agent();
    unacknowledged_[{framework, agent, task}] = world_.update(agent, framework, task, state);
  }

  void acknowledge() {
    if (unacknowledged_.empty()) {
      return;
    }
    const auto [who, uuid] = any(unacknowledged_);
    unacknowledged_.erase(who);
    const auto& [framework, agent, task] = who;
    world_.acknowledge(framework, agent, task, uuid);
  }

  void kill() {
    const std::string framework = any_framework();
    world_.kill(framework, any_task(framework));
  }

  std::tuple<std::string, std::string, std::string> any_offer() {
    auto at = world_.state.offers.begin();
    for (std::uint64_t i = dice_.below(world_.state.offers.size()); i > 0; --i) {
      ++at;
    }
    return {at->id.str(), at->framework.str(), at->agent.str()};
  }

  std::string any_task(const std::string& framework) {
    const auto& tasks = world_.of(framework).tasks;
    if (tasks.empty()) {
      return "ghost";
    }
    auto at = tasks.begin();
    for (std::uint64_t i = dice_.below(tasks.size()); i > 0; --i) {
      ++at;
    }
    return at->id().str();
  }

  World world_;
  Random dice_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> unacknowledged_;
  int launched_ = 0;
  int refused_ = 0;
};

TEST(Books, BalanceWhateverHappens) {
  int launched = 0;
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    for (int step = 0; step < 200; ++step) {
      dice.step();
      dice.world().expect_balanced();
      const auto valid = check_invariants(dice.world().state);
      ASSERT_TRUE(valid.ok()) << "step " << step << ": " << valid.error().message;
      ASSERT_FALSE(::testing::Test::HasFailure()) << "step " << step;
    }
    launched += dice.launched();
    refused += dice.refused();
  }
  // The dice reach both sides.
  EXPECT_GT(launched, 150) << refused;
  EXPECT_GT(refused, 50) << launched;
}

}  // namespace
}  // namespace troupe::master::test
