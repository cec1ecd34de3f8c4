#include <limits>

#include <gtest/gtest.h>

#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/json.hpp"

namespace troupe {
namespace {

template <class Message>
Message read(const std::string& json, JsonDialect dialect = JsonDialect::kV1) {
  Message message;
  const auto result = from_json(json, &message, dialect);
  EXPECT_TRUE(result.ok()) << json << ": " << (result.ok() ? "" : result.error().message);
  return message;
}

template <class Message>
void expect_refused(const std::string& json, const std::string& named) {
  Message message;
  const auto result = from_json(json, &message);
  ASSERT_FALSE(result.ok()) << json;
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_NE(result.error().message.find(named), std::string::npos) << result.error().message;
}

// -- writing ------------------------------------------------------------------

TEST(ToJson, PrintsExplicitDefaultsButNotDeprecatedOnes) {
  mesos::v1::FrameworkInfo info;
  info.set_user("u");
  info.set_name("n");
  // `role` has a default too, but is deprecated; `roles` is empty.
  EXPECT_EQ(to_json(info), R"({"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false})");
  info.set_role("*");
  EXPECT_NE(to_json(info).find(R"("role":"*")"), std::string::npos);
}

TEST(ToJson, PrintsTheHeartbeatAsMesosDoes) {
  mesos::v1::scheduler::Event event;
  event.set_type(mesos::v1::scheduler::Event::HEARTBEAT);
  EXPECT_EQ(to_json(event), R"({"type":"HEARTBEAT"})");
}

TEST(ToJson, EscapesEveryControlCharacter) {
  for (char control = 1; control < ' '; ++control) {
    mesos::v1::Label label;
    label.set_key("long enough for sixteen bytes at a time " + std::string(1, control) +
                  " and some more of them");
    const std::string json = to_json(label);
    EXPECT_EQ(json.find(control), std::string::npos) << static_cast<int>(control);
    EXPECT_EQ(read<mesos::v1::Label>(json).key(), label.key()) << static_cast<int>(control);
  }
}

TEST(ToJson, PrintsLargeIntegersAsNumbers) {
  mesos::v1::Value::Range range;
  range.set_begin(9007199254740993);
  range.set_end(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(to_json(range), R"({"begin":9007199254740993,"end":18446744073709551615})");
}

TEST(ToJson, PrintsDoublesShortAndWithAPoint) {
  mesos::v1::Value::Scalar scalar;
  const auto print = [&scalar](double value) {
    scalar.set_value(value);
    return to_json(scalar);
  };
  EXPECT_EQ(print(4), R"({"value":4.0})");
  EXPECT_EQ(print(0.1), R"({"value":0.1})");
  EXPECT_EQ(print(1795366141.25), R"({"value":1795366141.25})");
  EXPECT_EQ(print(std::numeric_limits<double>::infinity()), R"({"value":"Infinity"})");
  EXPECT_EQ(print(-std::numeric_limits<double>::infinity()), R"({"value":"-Infinity"})");
}

TEST(ToJson, PrintsBytesAsBase64) {
  mesos::v1::scheduler::Call::Acknowledge acknowledge;
  acknowledge.mutable_agent_id()->set_value("a");
  acknowledge.mutable_task_id()->set_value("t");
  acknowledge.set_uuid(
      std::string("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16));
  EXPECT_NE(to_json(acknowledge).find(R"("uuid":"ABEiM0RVZneImaq7zN3u/w==")"), std::string::npos);
}

TEST(ToJson, PrintsMapsAsObjectsInTheOrderOfTheirKeys) {
  mesos::v1::OfferFilters::ResourceQuantities quantities;
  (*quantities.mutable_quantities())["mem"].set_value(32);
  (*quantities.mutable_quantities())["cpus"].set_value(0.5);
  EXPECT_EQ(to_json(quantities), R"({"quantities":{"cpus":{"value":0.5},"mem":{"value":32.0}}})");
}

TEST(ToJson, EscapesAndRepairsText) {
  mesos::v1::TaskID id;
  id.set_value("a\"\\\n\x01\xc3\xa4");
  EXPECT_EQ(to_json(id), "{\"value\":\"a\\\"\\\\\\n\\u0001\xc3\xa4\"}");
  id.set_value("a\xff\xc3z\xed\xa0\x80");  // a stray byte, a cut character, a surrogate
  EXPECT_EQ(to_json(id),
            "{\"value\":\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
}

TEST(ToJson, KeepsTheOrderOfDeclaration) {
  mesos::v1::TaskStatus status;
  status.mutable_task_id()->set_value("t");
  status.mutable_agent_id()->set_value("a");
  status.set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  status.set_state(mesos::v1::TASK_RUNNING);
  status.set_timestamp(1.5);
  EXPECT_EQ(to_json(status),
            R"({"task_id":{"value":"t"},"state":"TASK_RUNNING","source":"SOURCE_EXECUTOR",)"
            R"("agent_id":{"value":"a"},"timestamp":1.5})");
}

// -- dialects -----------------------------------------------------------------

TEST(JsonDialects, NameAgentsSlavesInV0) {
  mesos::v1::TaskStatus status;
  status.mutable_task_id()->set_value("t");
  status.mutable_agent_id()->set_value("a");
  status.set_source(mesos::v1::TaskStatus::SOURCE_AGENT);
  status.set_reason(mesos::v1::TaskStatus::REASON_AGENT_REMOVED_BY_OPERATOR);
  status.set_state(mesos::v1::TASK_LOST);
  const auto v0 = to_json(status, JsonDialect::kV0);
  EXPECT_EQ(v0, R"({"task_id":{"value":"t"},"state":"TASK_LOST","source":"SOURCE_SLAVE",)"
                R"("reason":"REASON_SLAVE_REMOVED_BY_OPERATOR","slave_id":{"value":"a"}})");
  EXPECT_EQ(read<mesos::v1::TaskStatus>(v0, JsonDialect::kV0).SerializeAsString(),
            status.SerializeAsString());
  EXPECT_FALSE(read<mesos::v1::TaskStatus>(v0).has_agent_id());
  EXPECT_NE(to_json(status).find(R"("reason":"REASON_AGENT_REMOVED_BY_OPERATOR")"),
            std::string::npos);
}

TEST(JsonDialects, LeaveOtherNamesWithAgentAlone) {
  mesos::v1::MasterInfo::Capability capability;
  capability.set_type(mesos::v1::MasterInfo::Capability::AGENT_UPDATE);
  EXPECT_EQ(to_json(capability, JsonDialect::kV0), R"({"type":"AGENT_UPDATE"})");
}

// -- reading ------------------------------------------------------------------

TEST(FromJson, IgnoresUnknownKeysAndTakesNullForUnset) {
  const auto info = read<mesos::v1::FrameworkInfo>(
      R"({"user":"u","name":"n","no_such":[{"x":[1,{}]}],"principal":null,"roles":null})");
  EXPECT_EQ(info.user(), "u");
  EXPECT_FALSE(info.has_principal());
  EXPECT_EQ(info.roles_size(), 0);
}

TEST(FromJson, ClearsWhatWasThere) {
  mesos::v1::FrameworkInfo info;
  info.set_hostname("old");
  ASSERT_TRUE(from_json(R"({"user":"u","name":"n"})", &info).ok());
  EXPECT_FALSE(info.has_hostname());
}

TEST(FromJson, TakesNumbersAndBoolsFromText) {
  const auto range = read<mesos::v1::Value::Range>(R"({"begin":"1","end":"18446744073709551615"})");
  EXPECT_EQ(range.end(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(read<mesos::v1::Value::Scalar>(R"({"value":"1.5"})").value(), 1.5);
  EXPECT_EQ(read<mesos::v1::Value::Scalar>(R"({"value":7})").value(), 7);
  EXPECT_EQ(read<mesos::v1::Value::Scalar>(R"({"value":"-Infinity"})").value(),
            -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(
      read<mesos::v1::CommandInfo::URI>(R"({"value":"v","executable":"true"})").executable());
}

TEST(FromJson, TakesWholeDoublesForIntegers) {
  EXPECT_EQ(read<mesos::v1::Value::Range>(R"({"begin":1e3,"end":2000.0})").begin(), 1000u);
  expect_refused<mesos::v1::Value::Range>(R"({"begin":1.5,"end":2})", "'begin'");
  expect_refused<mesos::v1::Value::Range>(R"({"begin":1e300,"end":2})", "'begin'");
}

TEST(FromJson, RefusesNumbersOutOfRange) {
  expect_refused<mesos::v1::Value::Range>(R"({"begin":-1,"end":2})", "-1");
  expect_refused<mesos::v1::Value::Range>(R"({"begin":0,"end":18446744073709551616})", "'end'");
  expect_refused<mesos::v1::HealthCheck>(R"({"http":{"port":4294967296}})", "'http.port'");
  expect_refused<mesos::v1::HealthCheck>(R"({"http":{"port":-1}})", "'http.port'");
  expect_refused<mesos::v1::HealthCheck>(R"({"http":{"port":"80x"}})", "\"80x\"");
  expect_refused<mesos::v1::HealthCheck>(R"({"http":{"port":""}})", "'http.port'");
}

TEST(FromJson, ReadsExtremeNumbersAsTheyAre) {
  const auto read_value = [](const std::string& number) {
    return read<mesos::v1::Value::Scalar>("{\"value\":" + number + "}").value();
  };
  EXPECT_EQ(read_value("0e308"), 0);
  EXPECT_EQ(read_value("1e-400"), 0);
  EXPECT_EQ(read_value("-1.5E2"), -150);
  EXPECT_EQ(read_value("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(read_value("0.1"), 0.1);
  EXPECT_EQ(read_value("123456789012345678901234567890"), 123456789012345678901234567890.0);
  expect_refused<mesos::v1::Value::Scalar>(R"({"value":3186432e308})", "at byte");
  expect_refused<mesos::v1::Value::Scalar>(R"({"value":1e999})", "at byte");
}

TEST(FromJson, NamesThePathAndTheValue) {
  expect_refused<mesos::v1::scheduler::Call>(
      R"({"accept":{"operations":[{},{"launch":{"task_infos":[{"name":5}]}}]}})",
      "'accept.operations[1].launch.task_infos[0].name': expected a string, got 5");
  expect_refused<mesos::v1::OfferFilters::ResourceQuantities>(
      R"({"quantities":{"cpus":1}})", "'quantities.cpus': expected an object, got 1");
  expect_refused<mesos::v1::FrameworkInfo>(R"({"user":["u"]})", "expected a string, got a list");
  expect_refused<mesos::v1::FrameworkInfo>(R"({"roles":"r"})", "'roles': expected a list");
  expect_refused<mesos::v1::FrameworkInfo>(R"({"checkpoint":"yes"})", "got \"yes\"");
}

TEST(FromJson, RefusesWhatLacksARequiredField) {
  expect_refused<mesos::v1::FrameworkInfo>(R"({"user":"u"})", "'name'");
  expect_refused<mesos::v1::TaskStatus>(R"({"task_id":{},"state":"TASK_LOST"})", "'task_id.value'");
}

TEST(FromJson, TakesAnUnknownEnumeratorForUnset) {
  const auto status = read<mesos::v1::TaskStatus>(
      R"({"task_id":{"value":"t"},"state":"TASK_RUNNING","reason":"REASON_OF_TOMORROW"})");
  EXPECT_FALSE(status.has_reason());
  expect_refused<mesos::v1::TaskStatus>(R"({"task_id":{"value":"t"},"state":"TASK_NEW"})",
                                        "'state': expected a name of TaskState, got \"TASK_NEW\"");
  expect_refused<mesos::v1::TaskStatus>(R"({"task_id":{"value":"t"},"state":1})", "'state'");
}

TEST(FromJson, DecodesBytes) {
  const auto secret = read<mesos::v1::Secret>(R"({"value":{"data":"YQBi"}})");
  EXPECT_EQ(secret.value().data(), std::string("a\0b", 3));
  expect_refused<mesos::v1::Secret>(R"({"value":{"data":"Y"}})", "'value.data'");
  expect_refused<mesos::v1::Secret>(R"({"value":{"data":"Y*=="}})", "'value.data'");
}

TEST(FromJson, LetsTheLastOfEqualKeysCount) {
  const auto info = read<mesos::v1::FrameworkInfo>(
      R"({"user":"a","user":"b","name":"n","roles":["x"],"roles":["y"]})");
  EXPECT_EQ(info.user(), "b");
  ASSERT_EQ(info.roles_size(), 1);
  EXPECT_EQ(info.roles(0), "y");
}

TEST(FromJson, RefusesWhatIsNoJsonObject) {
  for (const char* text : {"", " ", "[]", "1", "\"x\"", "{", "{}x", "{\"a\":}", "{'a':1}",
                           "{\"a\":1,}", "{\"a\":\"\xff\"}", "{\"a\":nul}", "]", "\"", "{\"\\"}) {
    expect_refused<mesos::v1::Labels>(text, "JSON");
  }
}

std::string nested(int depth) {
  // The object itself is one level.
  return R"({"x":)" + std::string(static_cast<std::size_t>(depth - 1), '[') +
         std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
}

TEST(FromJson, LimitsNesting) {
  mesos::v1::Labels labels;
  EXPECT_TRUE(from_json(nested(100), &labels).ok());
  expect_refused<mesos::v1::Labels>(nested(101), "nesting");
  expect_refused<mesos::v1::Labels>(nested(1'000'000), "nesting");
  // Brackets in text are no nesting.
  EXPECT_TRUE(from_json(R"({"x":"\")" + std::string(500, '[') + "\"}", &labels).ok());
}

// -- base64 -------------------------------------------------------------------

TEST(Base64, GoesBothWays) {
  const std::pair<const char*, const char*> pairs[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [bytes, text] : pairs) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(*base64_decode(text), bytes);
  }
}

TEST(Base64, RefusesTheRest) {
  for (const char* text : {"Z", "Zg=", "Zg", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9-", "=g=="}) {
    EXPECT_FALSE(base64_decode(text).ok()) << text;
  }
}

}  // namespace
}  // namespace troupe
