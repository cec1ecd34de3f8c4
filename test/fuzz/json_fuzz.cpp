// JSON bodies of the APIs: what is read is written so that it is read again as the same.

#include <memory>
#include <string>

#include "mesos/v1/agent/agent.pb.h"
#include "mesos/v1/executor/executor.pb.h"
#include "mesos/v1/master/master.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/invariant.hpp"
#include "messages/json.hpp"
#include "test/fuzz/fuzz.hpp"

namespace troupe::fuzz {
namespace {

std::unique_ptr<google::protobuf::Message> new_call(std::size_t which) {
  switch (which) {
    case 0:
      return std::make_unique<mesos::v1::scheduler::Call>();
    case 1:
      return std::make_unique<mesos::v1::master::Call>();
    case 2:
      return std::make_unique<mesos::v1::agent::Call>();
    default:
      return std::make_unique<mesos::v1::executor::Call>();
  }
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;        // NOLINT(google-build-using-namespace): a target's own.
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace): a target's own.
  Input input(data, size);
  const auto which = input.choose(8);
  const auto dialect = which < 4 ? JsonDialect::kV1 : JsonDialect::kV0;
  const auto call = new_call(which % 4);
  const auto parsed = from_json(input.rest(), call.get(), dialect);
  if (!parsed) {
    INVARIANT(!parsed.error().message.empty());
    return 0;
  }
  INVARIANT(call->IsInitialized()) << call->InitializationErrorString();
  const auto text = to_json(*call, dialect);
  const auto again = new_call(which % 4);
  const auto parsed_again = from_json(text, again.get(), dialect);
  INVARIANT(parsed_again.ok()) << parsed_again.error().message << " in " << text;
  INVARIANT(to_json(*again, dialect) == text) << text;
  return 0;
}
