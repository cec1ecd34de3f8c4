#include "master/master_counters.hpp"

#include <string>

#include "messages/metric_names.hpp"

namespace troupe::master {
namespace {

std::string name_of(const TaskEnd& end) {
  return "master/" + metric_spelling(mesos::v1::TaskState_Name(end.state)) + "/" +
         metric_spelling(mesos::v1::TaskStatus::Source_Name(end.source)) + "/" +
         metric_spelling(mesos::v1::TaskStatus::Reason_Name(end.reason));
}

/// OPERATION_FINISHED is "finished".
std::string name_of(mesos::v1::OperationState state) {
  static const std::string prefix = "OPERATION_";
  return metric_spelling(mesos::v1::OperationState_Name(state).substr(prefix.size()));
}

}  // namespace

void MasterCounters::count(const char* name) {
  Counter*& counter = named_[name];
  if (counter == nullptr) {
    counter = &metrics_.counter(name);
  }
  counter->add();
}

void MasterCounters::count(const TaskEnd& end) {
  Counter*& counter = task_ends_[{end.state, end.source, end.reason}];
  if (counter == nullptr) {
    counter = &metrics_.counter(name_of(end));
  }
  counter->add();
}

void MasterCounters::count(const OperationEnd& end) {
  auto& [all, of_type] = operation_ends_[{end.type, end.state}];
  if (all == nullptr) {
    const std::string state = name_of(end.state);
    const std::string type = metric_spelling(mesos::v1::Offer::Operation::Type_Name(end.type));
    all = &metrics_.counter("master/operations/" + state);
    of_type = &metrics_.counter("master/operations/" + type + "/" + state);
  }
  all->add();
  of_type->add();
}

}  // namespace troupe::master
