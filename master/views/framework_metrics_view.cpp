#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "master/views/views.hpp"
#include "messages/metric_names.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

using mesos::v1::scheduler::Call;
using mesos::v1::scheduler::Event;
using Operation = mesos::v1::Offer::Operation;

/// A value of an enum, and what its metric is called.
struct Kind {
  int value = 0;
  std::string name;
};
using Kinds = std::vector<Kind>;

/// All that `shown` (EnumValueDescriptor -> bool) lets through.
template <class Shown>
Kinds kinds_of(const google::protobuf::EnumDescriptor& type, const std::string& prefix,
               Shown shown) {
  Kinds kinds;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (shown(value)) {
      kinds.push_back({value.number(), prefix + metric_spelling(value.name())});
    }
  }
  return kinds;
}

bool is_known(const google::protobuf::EnumValueDescriptor& value) { return value.number() != 0; }

/// The names below a framework, made once.
struct Names {
  Kinds calls = kinds_of(*Call::Type_descriptor(), "calls/", is_known);
  Kinds events = kinds_of(*Event::Type_descriptor(), "events/", is_known);
  Kinds operations = kinds_of(*Operation::Type_descriptor(), "operations/", is_known);
  Kinds offers = {{FrameworkCounters::kSent, "offers/sent"},
                  {FrameworkCounters::kAccepted, "offers/accepted"},
                  {FrameworkCounters::kDeclined, "offers/declined"},
                  {FrameworkCounters::kRescinded, "offers/rescinded"}};
  Kinds active = kinds_of(*mesos::v1::TaskState_descriptor(), "tasks/active/",
                          [](const auto& value) { return !is_end(value); });
  Kinds terminal = kinds_of(*mesos::v1::TaskState_descriptor(), "tasks/terminal/", is_end);

  /// Of a task for good: a framework may hear of an unreachable or unknown one again.
  static bool is_end(const google::protobuf::EnumValueDescriptor& value) {
    return is_terminal(static_cast<mesos::v1::TaskState>(value.number()));
  }
};

const Names& names() {
  static const Names all;
  return all;
}

/// What is no letter, digit, "-", "_", "." or "~" as %XX: names have "/" between their parts.
std::string percent_encode(const std::string& text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return encoded;
}

template <class Counts>
void add(const std::string& prefix, const Kinds& kinds, const Counts& counts,
         MetricValues* metrics) {
  for (const Kind& kind : kinds) {
    (*metrics)[prefix + kind.name] = static_cast<double>(counts.of(kind.value));
  }
}

void add_active_tasks(const std::string& prefix, const Framework& framework,
                      MetricValues* metrics) {
  std::map<int, double> counts;
  for (const Task& task : framework.tasks) {
    counts[task.info.state()] += 1;
  }
  counts[mesos::v1::TASK_UNREACHABLE] += static_cast<double>(framework.unreachable_tasks.size());
  for (const Kind& kind : names().active) {
    (*metrics)[prefix + kind.name] = counts[kind.value];
  }
}

void add_framework(const Framework& framework, MetricValues* metrics) {
  const std::string prefix = "master/frameworks/" + percent_encode(framework.info->name()) + "/" +
                             framework.id.str() + "/";
  const FrameworkCounters& counters = *framework.counters;
  (*metrics)[prefix + "subscribed"] = framework.connected() ? 1 : 0;
  (*metrics)[prefix + "calls"] = static_cast<double>(counters.calls.sum());
  (*metrics)[prefix + "events"] = static_cast<double>(counters.events.sum());
  (*metrics)[prefix + "operations"] = static_cast<double>(counters.operations.sum());
  add(prefix, names().calls, counters.calls, metrics);
  add(prefix, names().events, counters.events, metrics);
  add(prefix, names().operations, counters.operations, metrics);
  add(prefix, names().offers, counters.offers, metrics);
  add(prefix, names().terminal, counters.ended_tasks, metrics);
  add_active_tasks(prefix, framework, metrics);
  for (const std::string& role : framework.roles) {
    (*metrics)[prefix + "roles/" + role + "/suppressed"] =
        static_cast<double>(framework.suppressed_roles.count(role));
  }
}

void add_messages(const Framework& framework, MetricValues* metrics) {
  if (framework.messages_of_principal) {
    const std::string prefix = "frameworks/" + framework.info->principal() + "/messages_";
    const MessageCounters& messages = *framework.messages_of_principal;
    (*metrics)[prefix + "received"] = static_cast<double>(messages.received.value());
    (*metrics)[prefix + "processed"] = static_cast<double>(messages.processed.value());
  }
}

}  // namespace

void add_framework_metrics(const State& state, MetricValues* metrics) {
  for (const Framework& framework : state.frameworks) {
    add_framework(framework, metrics);
    add_messages(framework, metrics);
  }
  for (const auto& framework : state.completed_frameworks) {
    add_framework(*framework, metrics);
  }
}

}  // namespace troupe::master
