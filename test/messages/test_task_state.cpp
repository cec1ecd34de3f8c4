#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "messages/task_state.hpp"

namespace troupe {
namespace {

using mesos::v1::TaskState;

struct Row {
  TaskState state;
  bool terminal;
  bool frees;
  TaskState told;  // to a framework that is not partition-aware
};

const Row kTable[] = {
    {mesos::v1::TASK_STAGING, false, false, mesos::v1::TASK_STAGING},
    {mesos::v1::TASK_STARTING, false, false, mesos::v1::TASK_STARTING},
    {mesos::v1::TASK_RUNNING, false, false, mesos::v1::TASK_RUNNING},
    {mesos::v1::TASK_KILLING, false, false, mesos::v1::TASK_KILLING},
    {mesos::v1::TASK_FINISHED, true, true, mesos::v1::TASK_FINISHED},
    {mesos::v1::TASK_FAILED, true, true, mesos::v1::TASK_FAILED},
    {mesos::v1::TASK_KILLED, true, true, mesos::v1::TASK_KILLED},
    {mesos::v1::TASK_ERROR, true, true, mesos::v1::TASK_ERROR},
    {mesos::v1::TASK_LOST, true, true, mesos::v1::TASK_LOST},
    {mesos::v1::TASK_DROPPED, true, true, mesos::v1::TASK_LOST},
    {mesos::v1::TASK_UNREACHABLE, false, true, mesos::v1::TASK_LOST},
    {mesos::v1::TASK_GONE, true, true, mesos::v1::TASK_LOST},
    {mesos::v1::TASK_GONE_BY_OPERATOR, true, true, mesos::v1::TASK_LOST},
    {mesos::v1::TASK_UNKNOWN, false, false, mesos::v1::TASK_LOST},
};

TEST(TaskState, FollowsTheTable) {
  EXPECT_EQ(std::size(kTable), std::size_t{mesos::v1::TaskState_ARRAYSIZE});
  for (const auto& row : kTable) {
    const auto name = TaskState_Name(row.state);
    EXPECT_EQ(is_terminal(row.state), row.terminal) << name;
    EXPECT_EQ(frees_resources(row.state), row.frees) << name;
    EXPECT_EQ(state_for(row.state, true), row.state) << name;
    EXPECT_EQ(state_for(row.state, false), row.told) << name;
  }
}

TEST(OperationState, KnowsWhatIsTerminal) {
  const std::set<int> terminal = {mesos::v1::OPERATION_FINISHED, mesos::v1::OPERATION_FAILED,
                                  mesos::v1::OPERATION_ERROR, mesos::v1::OPERATION_DROPPED,
                                  mesos::v1::OPERATION_GONE_BY_OPERATOR};
  for (int i = 0; i < mesos::v1::OperationState_ARRAYSIZE; ++i) {
    EXPECT_EQ(is_terminal(static_cast<mesos::v1::OperationState>(i)), terminal.count(i) == 1) << i;
  }
}

}  // namespace
}  // namespace troupe
