#include "master/logic/executor_equality.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <google/protobuf/util/message_differencer.h>

#include "messages/resources.hpp"

namespace troupe::master {
namespace {

using google::protobuf::util::MessageDifferencer;

/// Equal, and set in both or in neither.
template <class Message>
bool same(bool has_a, const Message& a, bool has_b, const Message& b) {
  return has_a == has_b && (!has_a || MessageDifferencer::Equals(a, b));
}

template <class List>
std::vector<std::string> sorted_bytes(const List& list) {
  std::vector<std::string> bytes;
  bytes.reserve(list.size());
  for (const auto& one : list) {
    bytes.push_back(one.SerializeAsString());
  }
  std::sort(bytes.begin(), bytes.end());
  return bytes;
}

}  // namespace

bool same_command(const mesos::v1::CommandInfo& a, const mesos::v1::CommandInfo& b) {
  return a.uris_size() == b.uris_size() && a.value() == b.value() &&
         a.has_value() == b.has_value() && a.shell() == b.shell() && a.user() == b.user() &&
         std::equal(a.arguments().begin(), a.arguments().end(), b.arguments().begin(),
                    b.arguments().end()) &&
         sorted_bytes(a.uris()) == sorted_bytes(b.uris()) &&
         sorted_bytes(a.environment().variables()) == sorted_bytes(b.environment().variables());
}

bool same_executor(const mesos::v1::ExecutorInfo& a, const mesos::v1::ExecutorInfo& b) {
  if (a.type() != b.type() || a.executor_id().value() != b.executor_id().value() ||
      a.framework_id().value() != b.framework_id().value() || a.data() != b.data() ||
      a.name() != b.name() || a.source() != b.source() || a.has_command() != b.has_command()) {
    return false;
  }
  return same_command(a.command(), b.command()) &&
         same(a.has_container(), a.container(), b.has_container(), b.container()) &&
         same(a.has_discovery(), a.discovery(), b.has_discovery(), b.discovery()) &&
         Resources(a.resources()) == Resources(b.resources());
}

}  // namespace troupe::master
