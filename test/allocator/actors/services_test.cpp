#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "actors/metrics.hpp"
#include "actors/simulation.hpp"
#include "master/allocator_actor.hpp"
#include "master/authenticator.hpp"
#include "master/logic/cram_md5.hpp"
#include "master/memory_registry_store.hpp"
#include "master/registrar_actor.hpp"
#include "test/allocator/world.hpp"

namespace troupe::master::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Spawns a T and runs closures as its turns.
template <class T>
class Spawned {
 public:
  template <class... Arguments>
  explicit Spawned(Runtime& runtime, Arguments&&... arguments) {
    auto process = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    process_ = process.get();
    ref_ = process->ref();
    pid = runtime.spawn(std::move(process));
  }
  void tell(std::function<void(T&)> turn) const {
    // The pointer is only used in a turn, that is while the process lives.
    ref_.dispatch([process = process_, turn = std::move(turn)] { turn(*process); });
  }

  Pid pid;

 private:
  T* process_ = nullptr;
  ProcessRef ref_;
};

// -- the allocator -------------------------------------------------------------------

class AllocatorActorTest : public testing::Test {
 protected:
  void tell(std::vector<Fact> facts) {
    allocator_.tell([facts = std::move(facts)](AllocatorActor& actor) { actor.tell(facts); });
  }
  static Fact framework(const std::string& id) {
    return FrameworkAdded{FrameworkId(id), framework_info({"r"}), {}, {}, true};
  }
  static Fact agent(const std::string& id) {
    return AgentAdded{AgentId(id), agent_info(), modern(), resources("cpus:4"), {}, true};
  }

  Simulation simulation_{1};
  Runtime& node_ = simulation_.add_node("10.0.0.1");
  std::vector<std::vector<Proposal>> runs_;
  Spawned<AllocatorActor> allocator_{node_, Options(), [this](std::vector<Proposal> proposals) {
                                       runs_.push_back(std::move(proposals));
                                     }};
};

TEST_F(AllocatorActorTest, RunsAtOnceWhenAFactAsksForItAndOnceForSeveral) {
  EXPECT_EQ(allocator_.pid.id, "hierarchical-allocator(1)");
  tell({framework("f1"), agent("a1")});
  tell({agent("a2")});
  simulation_.run_for(milliseconds(10));
  ASSERT_THAT(runs_, SizeIs(1));
  EXPECT_THAT(render(runs_[0]), ElementsAre("f1/r@a1", "f1/r@a2"));
}

TEST_F(AllocatorActorTest, RunsEveryInterval) {
  tell({framework("f1"), agent("a1")});
  simulation_.run_for(milliseconds(10));
  ASSERT_THAT(runs_, SizeIs(1));
  // Recovered resources wait for the interval.
  tell({ResourcesRecovered{FrameworkId("f1"), AgentId("a1"), runs_[0][0].resources, {}}});
  simulation_.run_for(milliseconds(900));
  EXPECT_THAT(runs_, SizeIs(1));
  simulation_.run_for(milliseconds(100));
  EXPECT_THAT(runs_, SizeIs(2));
  simulation_.run_for(seconds(5));
  EXPECT_THAT(runs_, SizeIs(2));
  EXPECT_EQ(node_.metrics().snapshot().at("allocator/mesos/resources/cpus/total"), 4.0);
  EXPECT_GE(node_.metrics().snapshot().at("allocator/mesos/allocation_runs"), 6.0);
}

// -- the registrar ------------------------------------------------------------------------

/// Answers when the test says so.
class HeldStore : public RegistryStore {
 public:
  void fetch(std::function<void(Result<Snapshot>)> fetched) override { memory.fetch(fetched); }
  void store(const std::string& bytes, const std::string& version,
             std::function<void(Result<std::string>)> stored) override {
    ++stores;
    if (held) {
      pending = [this, bytes, version, stored] { memory.store(bytes, version, stored); };
    } else {
      memory.store(bytes, version, stored);
    }
  }

  MemoryRegistryStore memory;
  bool held = false;
  int stores = 0;
  std::function<void()> pending;
};

mesos::SlaveInfo slave(const std::string& id) {
  mesos::SlaveInfo info;
  info.set_hostname("h");
  info.mutable_id()->set_value(id);
  return info;
}

mesos::v1::MasterInfo master_info(const std::string& id) {
  mesos::v1::MasterInfo info;
  info.set_id(id);
  info.set_ip(0);
  info.set_port(5050);
  return info;
}

class RegistrarTest : public testing::Test {
 protected:
  struct Seen {
    std::vector<mesos::internal::Registry> recovered;
    std::vector<std::string> applied;  ///< "S1 yes", "|" after each batch
    std::vector<Error> failed;
  };
  Spawned<RegistrarActor> spawn(Runtime& node, Seen& seen) {
    RegistrarActor::Callbacks callbacks;
    callbacks.recovered = [&seen](mesos::internal::Registry registry) {
      seen.recovered.push_back(std::move(registry));
    };
    callbacks.applied = [&seen](std::vector<RegistryApplied> answers) {
      for (const RegistryApplied& answer : answers) {
        seen.applied.push_back(std::get<AdmitAgent>(answer.operation).info.id().value() +
                               (answer.applied ? " yes" : " no"));
      }
      seen.applied.emplace_back("|");
    };
    callbacks.failed = [&seen](Error error) { seen.failed.push_back(std::move(error)); };
    return Spawned<RegistrarActor>(node, store_, callbacks);
  }
  static void recover(const Spawned<RegistrarActor>& registrar, const std::string& id) {
    registrar.tell([id](RegistrarActor& actor) { actor.recover(master_info(id)); });
  }
  static void admit(const Spawned<RegistrarActor>& registrar, const std::string& id) {
    registrar.tell([id](RegistrarActor& actor) { actor.apply({AdmitAgent{slave(id)}}); });
  }

  Simulation simulation_{1};
  Runtime& node_ = simulation_.add_node("10.0.0.1");
  std::shared_ptr<HeldStore> store_ = std::make_shared<HeldStore>();
};

TEST_F(RegistrarTest, HandsOnWhatTheFormerLeaderLeft) {
  Seen first;
  auto registrar = spawn(node_, first);
  admit(registrar, "S1");  // Waits for recovery.
  simulation_.run_for(seconds(1));
  EXPECT_THAT(first.applied, IsEmpty());
  recover(registrar, "m1");
  simulation_.run_for(seconds(1));
  ASSERT_THAT(first.recovered, SizeIs(1));
  EXPECT_EQ(first.recovered[0].master().info().id(), "m1");
  EXPECT_THAT(first.applied, ElementsAre("S1 yes", "|"));

  Seen second;
  auto successor = spawn(simulation_.add_node("10.0.0.2"), second);
  recover(successor, "m2");
  simulation_.run_for(seconds(1));
  ASSERT_THAT(second.recovered, SizeIs(1));
  EXPECT_EQ(second.recovered[0].slaves().slaves_size(), 1);

  // The former leader does not know yet; its next write is refused and ends it.
  admit(registrar, "S2");
  simulation_.run_for(seconds(1));
  EXPECT_THAT(first.applied, SizeIs(2));
  ASSERT_THAT(first.failed, SizeIs(1));
  EXPECT_EQ(first.failed[0].code, ErrorCode::kConflict);
  admit(registrar, "S3");
  simulation_.run_for(seconds(1));
  EXPECT_THAT(first.applied, SizeIs(2));
  EXPECT_THAT(first.failed, SizeIs(1));
}

TEST_F(RegistrarTest, StoresAllThatQueuedMeanwhileAtOnce) {
  Seen seen;
  auto registrar = spawn(node_, seen);
  recover(registrar, "m1");
  simulation_.run_for(seconds(1));
  store_->held = true;
  store_->stores = 0;
  for (const char* id : {"S1", "S2", "S2", "S3"}) {
    admit(registrar, id);
    simulation_.run_for(milliseconds(10));
  }
  EXPECT_EQ(store_->stores, 1);
  EXPECT_THAT(seen.applied, IsEmpty());
  store_->held = false;
  store_->pending();
  simulation_.run_for(seconds(1));
  EXPECT_EQ(store_->stores, 2);
  EXPECT_THAT(seen.applied, ElementsAre("S1 yes", "|", "S2 yes", "S2 no", "S3 yes", "|"));

  // What changes nothing is not stored.
  admit(registrar, "S1");
  simulation_.run_for(seconds(1));
  EXPECT_EQ(store_->stores, 2);
  EXPECT_EQ(seen.applied.size(), 8U);
}

TEST_F(RegistrarTest, GivesUpWhenTheStoreDoesNotAnswer) {
  Seen seen;
  auto registrar = spawn(node_, seen);
  recover(registrar, "m1");
  simulation_.run_for(seconds(1));
  store_->held = true;
  admit(registrar, "S1");
  simulation_.run_for(seconds(19));
  EXPECT_THAT(seen.failed, IsEmpty());
  simulation_.run_for(seconds(2));
  ASSERT_THAT(seen.failed, SizeIs(1));
  EXPECT_EQ(seen.failed[0].code, ErrorCode::kUnavailable);
  store_->pending();  // Too late: nobody must act on it.
  simulation_.run_for(seconds(1));
  EXPECT_THAT(seen.applied, IsEmpty());
}

TEST_F(RegistrarTest, RefusesBytesThatAreNoRegistry) {
  store_->memory.store("no registry", "0",
                       [](const Result<std::string>& stored) { ASSERT_TRUE(stored.ok()); });
  Seen seen;
  auto registrar = spawn(node_, seen);
  recover(registrar, "m1");
  simulation_.run_for(seconds(1));
  EXPECT_THAT(seen.recovered, IsEmpty());
  EXPECT_THAT(seen.failed, SizeIs(1));
}

// -- authentication -------------------------------------------------------------------------

std::string hmac_md5(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

TEST(CramMd5Answer, IsThatOfRfc2195) {
  EXPECT_EQ(cram_md5_answer(hmac_md5, "tim", "tanstaaftanstaaf",
                            "<1896.697170952@postoffice.reston.mci.net>"),
            "tim b913a602c7eda7a495b4e6e7334d3890");
}

/// A client that answers with what it is told to believe.
class Authenticatee : public Process {
 public:
  Authenticatee(std::string principal, std::string secret)
      : Process("crammd5-authenticatee(1)"),
        principal_(std::move(principal)),
        secret_(std::move(secret)) {
    install(&Authenticatee::on_mechanisms);
    install(&Authenticatee::on_step);
    install(&Authenticatee::on_completed);
    install(&Authenticatee::on_failed);
    install(&Authenticatee::on_error);
  }

  std::vector<std::string> seen;
  std::string mechanism = "CRAM-MD5";
  bool silent = false;

 private:
  void on_mechanisms(const Pid& from,
                     const mesos::internal::AuthenticationMechanismsMessage& message) {
    seen.push_back(message.mechanisms(0));
    if (!silent) {
      mesos::internal::AuthenticationStartMessage start;
      start.set_mechanism(mechanism);
      send(from, start);
    }
  }
  void on_step(const Pid& from, const mesos::internal::AuthenticationStepMessage& message) {
    seen.emplace_back("step");
    mesos::internal::AuthenticationStepMessage step;
    step.set_data(cram_md5_answer(hmac_md5, principal_, secret_, message.data()));
    send(from, step);
  }
  void on_completed(const Pid& /*from*/,
                    const mesos::internal::AuthenticationCompletedMessage& /*message*/) {
    seen.emplace_back("completed");
  }
  void on_failed(const Pid& /*from*/,
                 const mesos::internal::AuthenticationFailedMessage& /*message*/) {
    seen.emplace_back("failed");
  }
  void on_error(const Pid& /*from*/,
                const mesos::internal::AuthenticationErrorMessage& /*message*/) {
    seen.emplace_back("error");
  }

  std::string principal_;
  std::string secret_;
};

class AuthenticatorTest : public testing::Test {
 protected:
  /// Puts `client` on the second node. It lives as long as the simulation.
  Authenticatee& client(const std::string& principal, const std::string& secret) {
    auto process = std::make_unique<Authenticatee>(principal, secret);
    Authenticatee& result = *process;
    pid_ = there_.spawn(std::move(process));
    return result;
  }
  void begin() {
    authenticator_.begin(scheduler_, pid_);
    EXPECT_TRUE(authenticator_.in_progress(scheduler_));
  }

  Simulation simulation_{1};
  Runtime& here_ = simulation_.add_node("10.0.0.1");
  Runtime& there_ = simulation_.add_node("10.0.0.2");
  std::vector<AuthenticationOutcome> outcomes_;
  Authenticator authenticator_{
      here_, {{"tim", "tanstaaftanstaaf"}, {"a b", "c"}}, [this](AuthenticationOutcome outcome) {
        outcomes_.push_back(std::move(outcome));
      }};
  Pid scheduler_ = *Pid::parse("scheduler(1)@10.0.0.2:5050");
  Pid pid_;
};

TEST_F(AuthenticatorTest, TellsWhoTheClientIs) {
  const auto& tim = client("tim", "tanstaaftanstaaf");
  begin();
  simulation_.run_for(seconds(1));
  EXPECT_THAT(tim.seen, ElementsAre("CRAM-MD5", "step", "completed"));
  ASSERT_THAT(outcomes_, SizeIs(1));
  ASSERT_TRUE(outcomes_[0].principal.ok());
  EXPECT_EQ(*outcomes_[0].principal, "tim");
  EXPECT_EQ(outcomes_[0].client, scheduler_);
  EXPECT_EQ(outcomes_[0].session.id, "crammd5-authenticator-session(1)");
  EXPECT_TRUE(authenticator_.conclude(outcomes_[0]));
  EXPECT_FALSE(authenticator_.in_progress(scheduler_));
  EXPECT_FALSE(authenticator_.conclude(outcomes_[0]));
}

TEST_F(AuthenticatorTest, TakesAPrincipalWithASpace) {
  const auto& spaced = client("a b", "c");
  begin();
  simulation_.run_for(seconds(1));
  EXPECT_THAT(spaced.seen, ElementsAre("CRAM-MD5", "step", "completed"));
}

TEST_F(AuthenticatorTest, RefusesAStranger) {
  const auto& stranger = client("stranger", "");
  begin();
  simulation_.run_for(seconds(1));
  EXPECT_THAT(stranger.seen, ElementsAre("CRAM-MD5", "step", "failed"));
  ASSERT_THAT(outcomes_, SizeIs(1));
  EXPECT_EQ(outcomes_[0].principal.error().code, ErrorCode::kUnauthorized);
}

TEST_F(AuthenticatorTest, RefusesAWrongSecret) {
  const auto& liar = client("tim", "guess");
  begin();
  simulation_.run_for(seconds(1));
  EXPECT_THAT(liar.seen, ElementsAre("CRAM-MD5", "step", "failed"));
}

TEST_F(AuthenticatorTest, RefusesAnotherMechanism) {
  auto& other = client("tim", "tanstaaftanstaaf");
  other.mechanism = "PLAIN";
  begin();
  simulation_.run_for(seconds(1));
  EXPECT_THAT(other.seen, ElementsAre("CRAM-MD5", "error"));
  EXPECT_FALSE(outcomes_.at(0).principal.ok());
}

TEST_F(AuthenticatorTest, WaitsFifteenSeconds) {
  auto& silent = client("tim", "tanstaaftanstaaf");
  silent.silent = true;
  begin();
  simulation_.run_for(milliseconds(14'900));
  EXPECT_THAT(outcomes_, IsEmpty());
  simulation_.run_for(milliseconds(200));
  EXPECT_THAT(silent.seen, ElementsAre("CRAM-MD5", "error"));
  EXPECT_THAT(outcomes_, SizeIs(1));
}

TEST_F(AuthenticatorTest, ANewRequestCancelsTheOld) {
  auto& tim = client("tim", "tanstaaftanstaaf");
  tim.silent = true;
  begin();
  simulation_.run_for(seconds(1));
  tim.silent = false;
  begin();
  simulation_.run_for(seconds(30));
  ASSERT_THAT(outcomes_, SizeIs(1));
  EXPECT_EQ(outcomes_[0].session.id, "crammd5-authenticator-session(2)");
  EXPECT_TRUE(authenticator_.conclude(outcomes_[0]));
}

}  // namespace
}  // namespace troupe::master::test
