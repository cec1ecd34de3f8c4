#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "actors/simulation.hpp"
#include "master/logic/cram_md5.hpp"
#include "master/master.hpp"
#include "master/master_actor.hpp"
#include "mesos/internal/authentication.pb.h"
#include "mesos/internal/messages.pb.h"
#include "mesos/scheduler/scheduler.pb.h"

// Who may register with a master that wants to know with whom it has to do.
namespace troupe::master {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
namespace wire = mesos::internal;

std::string hmac_md5(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

/// A driver that is its own authenticatee, and impatient: it subscribes before it is known.
class ImpatientDriver final : public Process {
 public:
  ImpatientDriver(Pid master, std::string secret, std::string pid = "")
      : Process("scheduler-1"),
        master_(std::move(master)),
        secret_(std::move(secret)),
        pid_(std::move(pid)) {
    install(&ImpatientDriver::on_mechanisms);
    install(&ImpatientDriver::on_challenge);
    install(&ImpatientDriver::note<wire::AuthenticationCompletedMessage>);
    install(&ImpatientDriver::note<wire::AuthenticationFailedMessage>);
    install(&ImpatientDriver::note<wire::AuthenticationErrorMessage>);
    install(&ImpatientDriver::note<wire::FrameworkRegisteredMessage>);
    install(&ImpatientDriver::note<wire::FrameworkErrorMessage>);
  }
  std::vector<std::string> got;

 protected:
  void started() override {
    wire::AuthenticateMessage authenticate;
    authenticate.set_pid(pid_.empty() ? self().str() : pid_);
    send(master_, std::move(authenticate));
    mesos::scheduler::Call call;
    call.set_type(mesos::v1::scheduler::Call::SUBSCRIBE);
    call.mutable_subscribe()->mutable_framework_info()->set_user("somebody");
    call.mutable_subscribe()->mutable_framework_info()->set_name("story");
    send(master_, std::move(call));
  }

 private:
  template <class M>
  void note(const Pid& /*from*/, const M& message) {
    got.push_back(message.GetDescriptor()->name());
  }
  void on_mechanisms(const Pid& from, const wire::AuthenticationMechanismsMessage& message) {
    note(from, message);
    wire::AuthenticationStartMessage start;
    start.set_mechanism("CRAM-MD5");
    send(from, std::move(start));
  }
  void on_challenge(const Pid& from, const wire::AuthenticationStepMessage& message) {
    wire::AuthenticationStepMessage step;
    step.set_data(cram_md5_answer(hmac_md5, "tim", secret_, message.data()));
    send(from, std::move(step));
  }

  Pid master_;
  std::string secret_;
  std::string pid_;
};

class Authentication : public ::testing::Test {
 protected:
  Authentication() {
    Options options;
    options.authenticate_frameworks = true;
    options.credentials = {{"tim", "tanstaaftanstaaf"}};
    master_ = spawn_master_actors(simulation_.add_node("10.0.0.1"), options, {});
  }
  /// What a driver with that secret hears of the master.
  std::vector<std::string> heard(const std::string& secret, const std::string& pid = "") {
    auto made = std::make_unique<ImpatientDriver>(master_.pid(), secret, pid);
    auto& driver = *made;
    simulation_.add_node("10.0.0.2").spawn(std::move(made));
    simulation_.run_for(1s);
    return driver.got;
  }

  Simulation simulation_{7};
  MasterAddress master_;
};

TEST_F(Authentication, LetsARegistrationWaitForItsOutcome) {
  EXPECT_THAT(heard("tanstaaftanstaaf"),
              ElementsAre("AuthenticationMechanismsMessage", "AuthenticationCompletedMessage",
                          "FrameworkRegisteredMessage"));
  ASSERT_EQ(master_.peek().principals.size(), 1U);
  EXPECT_EQ(master_.peek().principals.begin()->second, "tim");
}

TEST_F(Authentication, RefusesTheFrameworkOfOneWhoDoesNotKnowTheSecret) {
  EXPECT_THAT(heard("guess"), ElementsAre("AuthenticationMechanismsMessage",
                                          "AuthenticationFailedMessage", "FrameworkErrorMessage"));
  EXPECT_TRUE(master_.peek().principals.empty());
}

TEST_F(Authentication, RefusesToSpeakOfAClientThatHasNoAddress) {
  EXPECT_THAT(heard("tanstaaftanstaaf", "nobody"),
              ElementsAre("AuthenticationErrorMessage", "FrameworkErrorMessage"));
}

}  // namespace
}  // namespace troupe::master
