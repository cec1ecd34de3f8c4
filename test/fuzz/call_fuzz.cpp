// Calls of schedulers in protobuf, of either package: the checks before a master looks at its state
// take whatever parses.

#include <set>
#include <string>

#include "master/logic/validate_call.hpp"
#include "master/logic/validate_framework.hpp"
#include "mesos/scheduler/scheduler.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/invariant.hpp"
#include "messages/json.hpp"
#include "messages/resources.hpp"
#include "messages/validation.hpp"
#include "test/fuzz/fuzz.hpp"

namespace troupe::fuzz {
namespace {

/// Debug builds of protobuf tell of every string that is no UTF-8.
[[maybe_unused]] auto* const kLogged = google::protobuf::SetLogHandler(nullptr);

/// As requests are parsed: a missing field is an error, and is not logged.
template <class Message>
bool parse(std::string_view bytes, Message* message) {
  return message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         message->IsInitialized();
}

void check_task(const mesos::v1::TaskInfo& task) {
  look_at(validate_id(task.task_id().value()));
  if (task.has_command()) {
    look_at(validate_command(task.command()));
  }
  if (task.has_container()) {
    look_at(validate_container(task.container()));
  }
  if (task.has_check()) {
    look_at(validate_check(task.check()));
  }
  if (task.has_health_check()) {
    look_at(validate_health_check(task.health_check()));
  }
  if (Resources::validate(task.resources())) {
    auto resources = task.resources();
    Resources::upgrade(&resources);
    const Resources held(resources);
    INVARIANT(held.contains(held)) << held;
  }
}

void check_subscribe(const mesos::v1::scheduler::Call::Subscribe& subscribe) {
  const auto& info = subscribe.framework_info();
  look_at(master::validate_framework(info, {}));
  look_at(master::validate_framework_update(info, info));
  look_at(master::validate_offer_constraints(info, subscribe.offer_constraints()));
  const std::set<std::string> suppressed(subscribe.suppressed_roles().begin(),
                                         subscribe.suppressed_roles().end());
  look_at(master::validate_own_roles(info, suppressed, "suppressed"));
}

void check_call(const mesos::v1::scheduler::Call& call) {
  const auto* missing = master::missing_part(call);
  const auto valid = master::validate_call(call, std::string("someone"));
  INVARIANT(missing == nullptr || !valid.ok()) << missing << " is missing, and nobody minds";
  check_subscribe(call.subscribe());
  for (const auto& operation : call.accept().operations()) {
    for (const auto& task : operation.launch().task_infos()) {
      check_task(task);
    }
    for (const auto& task : operation.launch_group().task_group().tasks()) {
      check_task(task);
    }
  }
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;        // NOLINT(google-build-using-namespace): a target's own.
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace): a target's own.
  const Input input(data, size);
  mesos::v1::scheduler::Call call;
  if (parse(input.rest(), &call)) {
    check_call(call);
    // Every call can be shown, whatever bytes its strings hold.
    mesos::v1::scheduler::Call shown;
    const auto text = to_json(call);
    const auto again = from_json(text, &shown);
    INVARIANT(again.ok()) << again.error().message << " in " << text;
  }
  mesos::scheduler::Call old;
  if (parse(input.rest(), &old)) {
    master::missing_part(old);
  }
  return 0;
}
