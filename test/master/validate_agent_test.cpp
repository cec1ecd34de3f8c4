#include "master/logic/validate_agent.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::RegisterSlaveMessage;
using mesos::internal::ReregisterSlaveMessage;
using ::testing::HasSubstr;

void fill(mesos::SlaveInfo* info) {
  info->set_hostname("a1.example");
  some("cpus:4;mem:1024", "").to(info->mutable_resources());
}

RegisterSlaveMessage registration() {
  RegisterSlaveMessage message;
  fill(message.mutable_slave());
  return message;
}

/// Agent a1 with framework f1, its executor e1 and the running task t1 of it.
ReregisterSlaveMessage reregistration() {
  ReregisterSlaveMessage message;
  fill(message.mutable_slave());
  message.mutable_slave()->mutable_id()->set_value("a1");
  auto* framework = message.add_frameworks();
  framework->set_user("nobody");
  framework->set_name("f1");
  framework->mutable_id()->set_value("f1");
  *message.add_executor_infos() = executor("e1", "cpus:1");
  message.mutable_executor_infos(0)->mutable_framework_id()->set_value("f1");
  auto* task = message.add_tasks();
  task->set_name("t1");
  task->mutable_task_id()->set_value("t1");
  task->mutable_framework_id()->set_value("f1");
  task->mutable_agent_id()->set_value("a1");
  task->mutable_executor_id()->set_value("e1");
  task->set_state(mesos::v1::TASK_RUNNING);
  some("cpus:1").to(task->mutable_resources());
  return message;
}

void expect_refused(const std::function<void(ReregisterSlaveMessage&)>& alter,
                    const std::string& text) {
  auto message = reregistration();
  alter(message);
  const auto valid = validate_reregister_agent(message);
  ASSERT_FALSE(valid.ok()) << text;
  EXPECT_THAT(valid.error().message, HasSubstr(text));
}

TEST(ValidateAgent, TakesWhatIsWhole) {
  EXPECT_TRUE(validate_register_agent(registration()).ok());
  EXPECT_TRUE(validate_reregister_agent(reregistration()).ok());
}

TEST(ValidateAgent, RefusesARegistrationWithInvalidResources) {
  auto message = registration();
  message.mutable_slave()->mutable_resources(0)->mutable_scalar()->set_value(-1);
  EXPECT_FALSE(validate_register_agent(message).ok());
}

TEST(ValidateAgent, RefusesMoreThanCanBeCounted) {
  auto message = registration();
  message.mutable_slave()->mutable_resources(0)->mutable_scalar()->set_value(1e12);
  EXPECT_TRUE(validate_register_agent(message).ok());
  message.mutable_slave()->mutable_resources(0)->mutable_scalar()->set_value(1e13);
  EXPECT_FALSE(validate_register_agent(message).ok());
  expect_refused(
      [](ReregisterSlaveMessage& m) {
        m.mutable_tasks(0)->mutable_resources(0)->mutable_scalar()->set_value(8e12);
        m.mutable_executor_infos(0)->mutable_resources(0)->mutable_scalar()->set_value(8e12);
      },
      "use too much");
}

TEST(ValidateAgent, RefusesAnIdThatIsAPath) {
  auto message = registration();
  message.mutable_slave()->mutable_id()->set_value("../a1");
  EXPECT_FALSE(validate_register_agent(message).ok());
}

TEST(ValidateAgent, CheckpointedResourcesNeedCheckpointing) {
  auto message = registration();
  reserved(some("cpus:1", ""), "eng").to(message.mutable_checkpointed_resources());
  EXPECT_FALSE(validate_register_agent(message).ok());
  message.mutable_slave()->set_checkpoint(true);
  EXPECT_TRUE(validate_register_agent(message).ok());
  message.mutable_checkpointed_resources(0)->set_name("");
  EXPECT_FALSE(validate_register_agent(message).ok());
}

TEST(ValidateAgent, RefusesAReregistrationWithoutAnId) {
  expect_refused([](ReregisterSlaveMessage& m) { m.mutable_slave()->clear_id(); }, "without an id");
}

TEST(ValidateAgent, RefusesFrameworks) {
  expect_refused([](ReregisterSlaveMessage& m) { m.mutable_frameworks(0)->clear_id(); },
                 "Framework id is invalid");
  expect_refused([](ReregisterSlaveMessage& m) { *m.add_frameworks() = m.frameworks(0); },
                 "duplicate FrameworkID");
}

TEST(ValidateAgent, RefusesExecutors) {
  expect_refused(
      [](ReregisterSlaveMessage& m) {
        m.mutable_executor_infos(0)->mutable_executor_id()->set_value("..");
      },
      "Executor id is invalid");
  expect_refused(
      [](ReregisterSlaveMessage& m) { m.mutable_executor_infos(0)->clear_framework_id(); },
      "invalid FrameworkID");
  expect_refused([](ReregisterSlaveMessage& m) { *m.add_executor_infos() = m.executor_infos(0); },
                 "duplicate ExecutorID");
  expect_refused(
      [](ReregisterSlaveMessage& m) {
        m.mutable_executor_infos(0)->mutable_resources(0)->clear_scalar();
      },
      "uses invalid resources");
}

TEST(ValidateAgent, RefusesTasks) {
  expect_refused(
      [](ReregisterSlaveMessage& m) { m.mutable_tasks(0)->mutable_task_id()->set_value("a/b"); },
      "Task id is invalid");
  expect_refused(
      [](ReregisterSlaveMessage& m) { m.mutable_tasks(0)->mutable_agent_id()->set_value("a2"); },
      "invalid agent id");
  expect_refused(
      [](ReregisterSlaveMessage& m) {
        m.mutable_tasks(0)->mutable_framework_id()->set_value("f2");
      },
      "invalid FrameworkID");
  expect_refused(
      [](ReregisterSlaveMessage& m) { m.mutable_tasks(0)->mutable_executor_id()->set_value("e2"); },
      "invalid ExecutorID");
  expect_refused(
      [](ReregisterSlaveMessage& m) { m.mutable_tasks(0)->mutable_resources(0)->clear_scalar(); },
      "uses invalid resources");
}

TEST(ValidateAgent, ATaskThatHasEndedMayHaveLostItsExecutor) {
  auto message = reregistration();
  message.clear_executor_infos();
  message.mutable_tasks(0)->set_state(mesos::v1::TASK_FINISHED);
  EXPECT_TRUE(validate_reregister_agent(message).ok());
}

}  // namespace
}  // namespace troupe::master::test
