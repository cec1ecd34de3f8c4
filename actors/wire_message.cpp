#include "actors/wire_message.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace troupe {

MessagePtr parse_wire(const google::protobuf::Message& prototype, const std::string& body) {
  std::shared_ptr<google::protobuf::Message> message(prototype.New());
  // "Partial", then the check: otherwise protobuf logs each missing field itself.
  if (!message->ParsePartialFromString(body) || !message->IsInitialized()) {
    return nullptr;
  }
  return message;
}

MessagePtr parse_wire(const std::string& type, const std::string& body) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) {
    return nullptr;
  }
  return parse_wire(
      *google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor), body);
}

std::string serialize_deterministic(const google::protobuf::Message& message) {
  std::string body;
  {
    google::protobuf::io::StringOutputStream stream(&body);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return body;
}

}  // namespace troupe
