// libprocess messages: what any peer can send to an actor's mailbox (mesos-semantics 3.2).

#include "actors/net/wire.hpp"
#include "actors/wire_message.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/scheduler/scheduler.pb.h"
#include "messages/invariant.hpp"
#include "messages/pid.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/fuzz/http_reader.hpp"

namespace troupe::fuzz {
namespace {

void check_sender(const std::string& text) {
  const auto pid = Pid::parse(text);
  if (!pid) {
    return;
  }
  const auto again = Pid::parse(pid->str());
  INVARIANT(again.ok() && *again == *pid) << pid->str();
}

void check_message(const ReadRequest& request) {
  check_sender(request.sender);
  const auto target = net::wire::parse_message_target(request.target);
  if (!target) {
    return;
  }
  const auto message = parse_wire(target->type, request.body);
  if (!message) {
    return;
  }
  // What we send is read again as the same message.
  net::OutputQueue out;
  const Pid self{"master", {0x7f000001, 5050}};
  INVARIANT(net::wire::append_message(out, self, self, *message, 1 << 20).has_value());
  std::string sent;
  for (const auto& piece : out.take()) {
    sent += piece.view();
  }
  const auto read = read_requests(sent, 0);
  if (read.size() == 1 && read[0].failure == 413) {
    return;  // An unknown field may be kept in a longer form than it came in.
  }
  INVARIANT(read.size() == 1 && read[0].failure == 0 && read[0].sender == self.str()) << sent;
  const auto again = parse_wire(message->GetDescriptor()->full_name(), read[0].body);
  INVARIANT(again != nullptr) << target->type;
  INVARIANT(serialize_deterministic(*again) == serialize_deterministic(*message)) << target->type;
}

/// Debug builds of protobuf tell of every string that is no UTF-8.
[[maybe_unused]] auto* const kLogged = google::protobuf::SetLogHandler(nullptr);

/// Links the message types in, so that they are found by name.
const google::protobuf::Descriptor* const kTypes[] = {
    mesos::internal::RegisterSlaveMessage::descriptor(), mesos::scheduler::Call::descriptor()};

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace): a target's own.
  INVARIANT(kTypes[0] != nullptr);
  const Input input(data, size);
  for (const auto& request : read_requests(input.rest(), 0)) {
    if (request.has_sender) {
      check_message(request);
    }
  }
  return 0;
}
