// Every message of mesos.v1, filled at random by reflection, comes back from JSON as it was.

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "mesos/internal/messages.pb.h"
#include "mesos/v1/agent/agent.pb.h"
#include "mesos/v1/allocator/allocator.pb.h"
#include "mesos/v1/executor/executor.pb.h"
#include "mesos/v1/maintenance/maintenance.pb.h"
#include "mesos/v1/master/master.pb.h"
#include "mesos/v1/quota/quota.pb.h"
#include "mesos/v1/resource_provider/resource_provider.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/json.hpp"
#include "messages/random.hpp"

namespace troupe {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kMaxDepth = 6;

std::string any_text(Random& random) {
  static const char* const kTexts[] = {"", "a", "eng/web", "\"\\\n\t", "\xc3\xa4\xe2\x82\xac", "0"};
  return kTexts[random.below(std::size(kTexts))];
}

std::string any_bytes(Random& random) {
  std::string bytes(random.below(20), '\0');
  for (auto& byte : bytes) {
    byte = static_cast<char>(random.below(256));
  }
  return bytes;
}

void fill(Message* message, Random& random, int depth);

void fill_value(Message* message, const FieldDescriptor& field, Random& random, int depth) {
  const auto* reflection = message->GetReflection();
  const auto put = [&](auto set, auto add, auto value) {
    if (field.is_repeated()) {
      (reflection->*add)(message, &field, value);
    } else {
      (reflection->*set)(message, &field, value);
    }
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return put(&Reflection::SetInt32, &Reflection::AddInt32,
                 static_cast<std::int32_t>(random.next()));
    case FieldDescriptor::CPPTYPE_INT64:
      return put(&Reflection::SetInt64, &Reflection::AddInt64,
                 static_cast<std::int64_t>(random.next()));
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(&Reflection::SetUInt32, &Reflection::AddUInt32,
                 static_cast<std::uint32_t>(random.next()));
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(&Reflection::SetUInt64, &Reflection::AddUInt64, random.next());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&Reflection::SetDouble, &Reflection::AddDouble, random.uniform() * 1e6 - 1e3);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(&Reflection::SetFloat, &Reflection::AddFloat,
                 static_cast<float>(random.uniform()));
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(&Reflection::SetBool, &Reflection::AddBool, random.below(2) == 1);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto count = static_cast<std::uint64_t>(field.enum_type()->value_count());
      return put(&Reflection::SetEnum, &Reflection::AddEnum,
                 field.enum_type()->value(static_cast<int>(random.below(count))));
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return put(
          &Reflection::SetString, &Reflection::AddString,
          field.type() == FieldDescriptor::TYPE_BYTES ? any_bytes(random) : any_text(random));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return fill(field.is_repeated() ? reflection->AddMessage(message, &field)
                                      : reflection->MutableMessage(message, &field),
                  random, depth + 1);
  }
}

void fill_map(Message* message, const FieldDescriptor& field, Random& random, int depth) {
  for (const char* key : {"k", "a b", "\xc3\xa4"}) {  // Different, for a map drops the others.
    auto* entry = message->GetReflection()->AddMessage(message, &field);
    entry->GetReflection()->SetString(entry, field.message_type()->map_key(), key);
    fill_value(entry, *field.message_type()->map_value(), random, depth + 1);
  }
}

void fill(Message* message, Random& random, int depth) {
  const auto* descriptor = message->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto& field = *descriptor->field(i);
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const bool stop = depth >= kMaxDepth && is_message;
    if (!field.is_required() && (stop || random.below(2) == 0)) {
      // An explicit default is printed where it is unset, so it comes back as set.
      if (field.has_default_value() && !field.options().deprecated()) {
        fill_value(message, field, random, depth);
      }
    } else if (field.is_map()) {
      fill_map(message, field, random, depth);
    } else {
      const auto times = field.is_repeated() ? 1 + random.below(2) : 1;
      for (std::uint64_t n = 0; n < times; ++n) {
        fill_value(message, field, random, depth);
      }
    }
  }
}

void collect(const Descriptor* descriptor, std::set<const Descriptor*>* all) {
  if (!descriptor->options().map_entry()) {
    all->insert(descriptor);
  }
  for (int i = 0; i < descriptor->nested_type_count(); ++i) {
    collect(descriptor->nested_type(i), all);
  }
}

std::vector<const Descriptor*> all_messages() {
  const google::protobuf::FileDescriptor* files[] = {
      mesos::v1::Resource::descriptor()->file(),
      mesos::v1::agent::Call::descriptor()->file(),
      mesos::v1::allocator::InverseOfferStatus::descriptor()->file(),
      mesos::v1::executor::Call::descriptor()->file(),
      mesos::v1::maintenance::Window::descriptor()->file(),
      mesos::v1::master::Call::descriptor()->file(),
      mesos::v1::quota::QuotaConfig::descriptor()->file(),
      mesos::v1::resource_provider::Call::descriptor()->file(),
      mesos::v1::scheduler::Call::descriptor()->file(),
      mesos::internal::RunTaskMessage::descriptor()->file(),
  };
  std::set<const Descriptor*> all;
  for (const auto* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      collect(file->message_type(i), &all);
    }
  }
  std::vector<const Descriptor*> sorted(all.begin(), all.end());
  std::sort(sorted.begin(), sorted.end(), [](const Descriptor* a, const Descriptor* b) {
    return a->full_name() < b->full_name();
  });
  return sorted;
}

class JsonRoundTrip : public testing::TestWithParam<JsonDialect> {};

TEST_P(JsonRoundTrip, KeepsEveryMessage) {
  const auto messages = all_messages();
  EXPECT_GT(messages.size(), 300u);
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  std::uint64_t seed = 0;
  for (const auto* descriptor : messages) {
    for (int round = 0; round < 3; ++round) {
      SCOPED_TRACE(descriptor->full_name() + " seed " + std::to_string(++seed));
      Random random(seed);
      const std::unique_ptr<Message> sent(factory->GetPrototype(descriptor)->New());
      const std::unique_ptr<Message> got(sent->New());
      fill(sent.get(), random, 0);
      const auto json = to_json(*sent, GetParam());
      const auto read = from_json(json, got.get(), GetParam());
      ASSERT_TRUE(read.ok()) << read.error().message << "\n" << json;
      ASSERT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*sent, *got)) << json;
      ASSERT_EQ(to_json(*got, GetParam()), json);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dialects, JsonRoundTrip,
                         testing::Values(JsonDialect::kV1, JsonDialect::kV0));

}  // namespace
}  // namespace troupe
