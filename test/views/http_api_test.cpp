#include "actors/http_api.hpp"

#include <gtest/gtest.h>

#include "mesos/v1/master/master.pb.h"

// The rules that every v1 API and JSON endpoint follows (mesos-semantics 2.1).
namespace troupe::http {
namespace {

using Message = mesos::v1::master::Call;

Request call_with(const std::string& type, const std::string& body, const std::string& accept) {
  Request request;
  request.method = "POST";
  request.body = body;
  if (!type.empty()) {
    request.headers["Content-Type"] = type;
  }
  if (!accept.empty()) {
    request.headers["Accept"] = accept;
  }
  return request;
}

/// The status of a refusal; 0 if it is none.
int refused(const Request& request) {
  Message message;
  const Call call = read_call(request, &message);
  return call.refusal ? call.refusal->status : 0;
}

constexpr const char* kHealth = R"({"type":"GET_HEALTH"})";

TEST(HttpApi, ReadsJsonAndProtobuf) {
  Message message;
  EXPECT_FALSE(read_call(call_with("application/json", kHealth, ""), &message).refusal);
  EXPECT_EQ(message.type(), Message::GET_HEALTH);
  const std::string bytes = message.SerializeAsString();
  message.Clear();
  EXPECT_FALSE(read_call(call_with("application/x-protobuf", bytes, ""), &message).refusal);
  EXPECT_EQ(message.type(), Message::GET_HEALTH);
}

TEST(HttpApi, RefusesWhatBreaksARule) {
  auto get = call_with("application/json", kHealth, "");
  get.method = "GET";
  Message message;
  const Call call = read_call(get, &message);
  ASSERT_TRUE(call.refusal);
  EXPECT_EQ(call.refusal->status, 405);
  EXPECT_EQ(call.refusal->headers.at("Allow"), "POST");
  EXPECT_EQ(refused(call_with("", kHealth, "")), 400);
  EXPECT_EQ(refused(call_with("text/plain", kHealth, "")), 415);
  EXPECT_EQ(refused(call_with("application/json", "{", "")), 400);
  EXPECT_EQ(refused(call_with("application/x-protobuf", "\xff\xff", "")), 400);
  EXPECT_EQ(refused(call_with("application/json", kHealth, "image/png")), 406);
  EXPECT_EQ(refused(call_with("application/json; charset=utf-8", kHealth, "*/*")), 0);
}

TEST(HttpApi, AnswersInJsonUnlessOnlyProtobufIsTaken) {
  Message message;
  const auto encoding = [&message](const std::string& accept) {
    return read_call(call_with("application/json", kHealth, accept), &message).answer;
  };
  EXPECT_EQ(encoding(""), Encoding::kJson);
  EXPECT_EQ(encoding("application/*"), Encoding::kJson);
  EXPECT_EQ(encoding("application/x-protobuf, application/json"), Encoding::kJson);
  EXPECT_EQ(encoding("application/x-protobuf"), Encoding::kProtobuf);
  EXPECT_EQ(encoding("application/json;q=0, application/x-protobuf"), Encoding::kProtobuf);
}

TEST(HttpApi, JsonpCallsAFunctionAndNothingElse) {
  EXPECT_EQ(json_answer({}, "{}").body, "{}");
  const Response script = json_answer({{"jsonp", "app.show"}}, "{}");
  EXPECT_EQ(script.body, "app.show({});");
  EXPECT_EQ(script.headers.at("Content-Type"), "text/javascript");
  EXPECT_EQ(json_answer({{"jsonp", "alert(1);f"}}, "{}").status, 400);
  EXPECT_EQ(json_answer({{"jsonp", ""}}, "{}").status, 400);
}

TEST(HttpApi, AParameterIsInTheQueryOrInTheForm) {
  Request request;
  request.query["a"] = "1";
  request.body = "a=2&b=x%2Fy";
  EXPECT_EQ(parameter(request, "a"), "1");
  EXPECT_EQ(parameter(request, "b"), "x/y");
  EXPECT_EQ(parameter(request, "c"), std::nullopt);
}

TEST(HttpApi, ATimeoutIsADuration) {
  EXPECT_TRUE(check_timeout({}));
  EXPECT_TRUE(check_timeout({{"timeout", "5secs"}}));
  EXPECT_FALSE(check_timeout({{"timeout", "soon"}}));
}

}  // namespace
}  // namespace troupe::http
