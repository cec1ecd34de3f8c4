#include <cmath>

#include <gtest/gtest.h>

#include "messages/json.hpp"
#include "messages/validation.hpp"

namespace troupe {
namespace {

template <class Message>
Message from(const std::string& json) {
  Message message;
  const auto read = from_json(json, &message);
  EXPECT_TRUE(read.ok()) << json << ": " << (read.ok() ? "" : read.error().message);
  return message;
}

void expect_refused(const Result<void>& result, const std::string& named) {
  ASSERT_FALSE(result.ok()) << named;
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_NE(result.error().message.find(named), std::string::npos) << result.error().message;
}

TEST(ValidateId, AllowsWhatCanNameAFile) {
  for (const auto& id : {std::string("a"), std::string("a b"), std::string("..."),
                         std::string("\xc3\xa4"), std::string(255, 'x')}) {
    EXPECT_TRUE(validate_id(id).ok()) << id;
  }
}

TEST(ValidateId, RefusesTheRest) {
  for (const auto& id :
       {std::string("."), std::string(".."), std::string("a/b"), std::string("a\\b"),
        std::string("a\nb"), std::string("a\x7f"), std::string("a\0b", 3), std::string(256, 'x')}) {
    expect_refused(validate_id(id), "'" + id + "'");
  }
  expect_refused(validate_id(""), "empty");
}

TEST(ValidateRole, AllowsPathsAndTheStar) {
  for (const char* role : {"*", "eng", "eng/web", "a/b/c", "a-b", "...", "a*", "\xc3\xa4"}) {
    EXPECT_TRUE(validate_role(role).ok()) << role;
  }
}

TEST(ValidateRole, RefusesTheRest) {
  for (const char* role : {"", "/", "/a", "a/", "a//b", ".", "a/..", "a/*", "*/a", "-a", "a/-b",
                           "a b", "a\tb", "a\nb", "a\x7f", "a\x0b", "a\x0c", "a\r"}) {
    expect_refused(validate_role(role), "'" + std::string(role) + "'");
  }
}

TEST(Roles, KnowTheirAncestors) {
  EXPECT_TRUE(is_ancestor_role("a", "a/b"));
  EXPECT_TRUE(is_ancestor_role("a", "a/b/c"));
  EXPECT_FALSE(is_ancestor_role("a", "a"));
  EXPECT_FALSE(is_ancestor_role("a", "ab/c"));
  EXPECT_FALSE(is_ancestor_role("a/b", "a"));
  EXPECT_FALSE(is_ancestor_role("", "/a"));
}

Result<void> environment(const std::string& variable) {
  return validate_environment(from<mesos::v1::Environment>(R"({"variables":[)" + variable + "]}"));
}

TEST(ValidateEnvironment, WantsTheValueOfItsType) {
  EXPECT_TRUE(environment(R"({"name":"A","value":""})").ok());
  EXPECT_TRUE(environment(R"({"name":"A","type":"SECRET",
      "secret":{"type":"VALUE","value":{"data":"YQ=="}}})")
                  .ok());
  EXPECT_TRUE(environment(R"({"name":"A","type":"SECRET",
      "secret":{"type":"REFERENCE","reference":{"name":"n"}}})")
                  .ok());
  for (const char* variable :
       {R"({"name":"A"})", R"({"name":"A","type":"UNKNOWN","value":"x"})",
        R"({"name":"A","value":"x","secret":{"type":"VALUE","value":{"data":""}}})",
        R"({"name":"A","type":"SECRET"})",
        R"({"name":"A","type":"SECRET","value":"x","secret":{"type":"VALUE","value":{"data":""}}})",
        R"({"name":"A","type":"SECRET","secret":{"type":"VALUE"}})",
        R"({"name":"A","type":"SECRET","secret":{"type":"REFERENCE"}})",
        R"({"name":"A","type":"SECRET","secret":{}})",
        R"({"name":"A","type":"SECRET","secret":{"type":"VALUE","value":{"data":"YQBi"}}})"}) {
    expect_refused(environment(variable), "'A'");
  }
}

TEST(ValidateCommand, LooksIntoItsEnvironment) {
  EXPECT_TRUE(validate_command(from<mesos::v1::CommandInfo>(R"({"value":"true"})")).ok());
  expect_refused(validate_command(from<mesos::v1::CommandInfo>(
                     R"({"environment":{"variables":[{"name":"BAD"}]}})")),
                 "'BAD'");
}

Result<void> volume(const std::string& source) {
  return validate_container(from<mesos::v1::ContainerInfo>(
      R"({"type":"MESOS","volumes":[{"mode":"RW","container_path":"p")" + source + "}]}"));
}

TEST(ValidateContainer, WantsOneSourceOfAVolume) {
  const std::string text =
      "Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'";
  const std::string sandbox =
      R"("source":{"type":"SANDBOX_PATH","sandbox_path":{"type":"SELF","path":"x"}})";
  EXPECT_TRUE(volume(R"(,"host_path":"/a")").ok());
  EXPECT_TRUE(volume(R"(,"image":{"type":"DOCKER","docker":{"name":"n"}})").ok());
  EXPECT_TRUE(volume("," + sandbox).ok());
  for (const auto& wrong : {std::string(), R"(,"host_path":"",)" + sandbox}) {
    const auto refused = volume(wrong);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message, text);
  }
}

TEST(ValidateContainer, WantsTheMessageOfTheSourcesType) {
  EXPECT_TRUE(volume(R"(,"source":{"type":"HOST_PATH","host_path":{"path":"/a"}})").ok());
  for (const char* type :
       {"DOCKER_VOLUME", "HOST_PATH", "SANDBOX_PATH", "SECRET", "CSI_VOLUME", "UNKNOWN"}) {
    EXPECT_FALSE(volume(R"(,"source":{"type":")" + std::string(type) + "\"}").ok()) << type;
  }
  expect_refused(volume(R"(,"source":{"type":"CSI_VOLUME","csi_volume":{"plugin_name":"p"}})"),
                 "static_provisioning");
}

TEST(ValidateContainer, WantsDockerOfDocker) {
  const auto docker = [](const std::string& rest) {
    return validate_container(from<mesos::v1::ContainerInfo>(R"({"type":"DOCKER")" + rest + "}"));
  };
  EXPECT_TRUE(docker(R"(,"docker":{"image":"i","parameters":[{"key":"k","value":"v"}]})").ok());
  expect_refused(docker(""), "docker");
  expect_refused(docker(R"(,"docker":{"image":"i","parameters":[{"key":"name","value":"v"}]})"),
                 "'name'");
}

template <class Check, class Validate>
void expect_times_checked(const std::string& base, const std::vector<std::string>& fields,
                          Validate validate) {
  for (const auto& field : fields) {
    auto check = from<Check>(base);
    const auto* descriptor = check.GetDescriptor()->FindFieldByName(field);
    for (const double wrong : {-1.0, std::nan("")}) {
      check.GetReflection()->SetDouble(&check, descriptor, wrong);
      expect_refused(validate(check), "'" + field + "'");
    }
    check.GetReflection()->SetDouble(&check, descriptor, 0);
    EXPECT_TRUE(validate(check).ok()) << field;
  }
}

TEST(ValidateHealthCheck, WantsTheMessageOfItsType) {
  const auto health = [](const char* json) {
    return validate_health_check(from<mesos::v1::HealthCheck>(json));
  };
  EXPECT_TRUE(health(R"({"type":"COMMAND","command":{"value":"true"}})").ok());
  EXPECT_TRUE(health(R"({"type":"HTTP","http":{"port":80,"scheme":"https","path":"/x"}})").ok());
  EXPECT_TRUE(health(R"({"type":"HTTP","http":{"port":80}})").ok());
  EXPECT_TRUE(health(R"({"type":"TCP","tcp":{"port":80}})").ok());
  expect_refused(health("{}"), "type");
  expect_refused(health(R"({"type":"COMMAND"})"), "'command'");
  expect_refused(health(R"({"type":"COMMAND","command":{}})"), "'command.value'");
  expect_refused(health(R"({"type":"HTTP"})"), "'http'");
  expect_refused(health(R"({"type":"HTTP","http":{"port":80,"scheme":"ftp"}})"), "'ftp'");
  expect_refused(health(R"({"type":"HTTP","http":{"port":80,"path":"x"}})"), "'x'");
  expect_refused(health(R"({"type":"TCP"})"), "'tcp'");
  expect_times_checked<mesos::v1::HealthCheck>(
      R"({"type":"TCP","tcp":{"port":80}})",
      {"delay_seconds", "interval_seconds", "timeout_seconds", "grace_period_seconds"},
      validate_health_check);
}

TEST(ValidateCheck, WantsTheMessageOfItsType) {
  const auto check = [](const char* json) {
    return validate_check(from<mesos::v1::CheckInfo>(json));
  };
  EXPECT_TRUE(check(R"({"type":"COMMAND","command":{"command":{"value":"true"}}})").ok());
  EXPECT_TRUE(check(R"({"type":"HTTP","http":{"port":80,"path":"/x"}})").ok());
  EXPECT_TRUE(check(R"({"type":"TCP","tcp":{"port":80}})").ok());
  expect_refused(check("{}"), "type");
  expect_refused(check(R"({"type":"COMMAND"})"), "'command'");
  expect_refused(check(R"({"type":"COMMAND","command":{"command":{}}})"), "'command.value'");
  expect_refused(check(R"({"type":"HTTP"})"), "'http'");
  expect_refused(check(R"({"type":"HTTP","http":{"port":80,"path":""}})"), "path");
  expect_refused(check(R"({"type":"TCP"})"), "'tcp'");
  expect_times_checked<mesos::v1::CheckInfo>(
      R"({"type":"TCP","tcp":{"port":80}})",
      {"delay_seconds", "interval_seconds", "timeout_seconds"}, validate_check);
}

TEST(Capabilities, AreFound) {
  const auto info = from<mesos::v1::FrameworkInfo>(
      R"({"user":"u","name":"n","capabilities":[{"type":"MULTI_ROLE"}]})");
  EXPECT_TRUE(has_capability(info, mesos::v1::FrameworkInfo::Capability::MULTI_ROLE));
  EXPECT_FALSE(has_capability(info, mesos::v1::FrameworkInfo::Capability::GPU_RESOURCES));
}

}  // namespace
}  // namespace troupe
