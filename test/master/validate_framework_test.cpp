#include "master/logic/validate_framework.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::master {
namespace {

using mesos::v1::FrameworkInfo;
using ::testing::HasSubstr;

FrameworkInfo framework(bool multi_role = true) {
  FrameworkInfo info;
  info.set_user("nobody");
  info.set_name("f");
  if (multi_role) {
    info.add_capabilities()->set_type(FrameworkInfo::Capability::MULTI_ROLE);
  }
  return info;
}

void expect_refused(const FrameworkInfo& info, const std::string& text,
                    const FrameworkRules& rules = {}) {
  const auto valid = validate_framework(info, rules);
  ASSERT_FALSE(valid.ok()) << text;
  EXPECT_THAT(valid.error().message, HasSubstr(text));
}

TEST(ValidateFramework, TakesRolesByCapability) {
  FrameworkInfo modern = framework();
  EXPECT_TRUE(validate_framework(modern, {}).ok());
  modern.add_roles("eng");
  modern.add_roles("eng/sub");
  EXPECT_TRUE(validate_framework(modern, {}).ok());
  FrameworkInfo old = framework(false);
  EXPECT_TRUE(validate_framework(old, {}).ok());
  old.set_role("eng");
  EXPECT_TRUE(validate_framework(old, {}).ok());
}

TEST(ValidateFramework, RefusesTheOtherRoleField) {
  FrameworkInfo modern = framework();
  modern.set_role("eng");
  expect_refused(modern, "'FrameworkInfo.role' must not be set");
  FrameworkInfo old = framework(false);
  old.add_roles("eng");
  expect_refused(
      old, "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable");
}

TEST(ValidateFramework, RefusesRolesThatAreNone) {
  for (const char* role : {"", "a b", "/a", "a/", "a//b", "a/*", "-a", "..", "a/."}) {
    FrameworkInfo info = framework();
    info.add_roles(role);
    expect_refused(info, "is invalid");
  }
  FrameworkInfo twice = framework();
  twice.add_roles("eng");
  twice.add_roles("eng");
  expect_refused(twice, "duplicate");
}

TEST(ValidateFramework, KeepsToTheMastersRoles) {
  FrameworkRules rules;
  rules.roles = {"ads"};
  FrameworkInfo info = framework();
  info.add_roles("*");
  EXPECT_TRUE(validate_framework(info, rules).ok());
  info.add_roles("eng");
  expect_refused(info, "--roles", rules);
}

TEST(ValidateFramework, RefusesIdsThatArePaths) {
  FrameworkInfo info = framework();
  info.mutable_id()->set_value("");  // As good as none.
  EXPECT_TRUE(validate_framework(info, {}).ok());
  info.mutable_id()->set_value("../x");
  expect_refused(info, "Framework id is invalid");
}

TEST(ValidateFramework, RootNeedsThePermission) {
  FrameworkInfo info = framework();
  info.set_user("root");
  EXPECT_TRUE(validate_framework(info, {}).ok());
  FrameworkRules rules;
  rules.root_submissions = false;
  expect_refused(info, "'root'", rules);
}

TEST(ValidateFramework, RefusesTimeoutsThatAreNoDuration) {
  FrameworkInfo info = framework();
  info.set_failover_timeout(9e9);
  EXPECT_TRUE(validate_framework(info, {}).ok());
  for (const double seconds : {1e10, -1e10, std::nan(""), HUGE_VAL}) {
    info.set_failover_timeout(seconds);
    expect_refused(info, "failover_timeout");
  }
}

TEST(ValidateFramework, RefusesFiltersThatSayNothing) {
  FrameworkInfo info = framework();
  auto& filters = (*info.mutable_offer_filters())["eng"];
  EXPECT_TRUE(validate_framework(info, {}).ok());
  auto* minimum = filters.mutable_min_allocatable_resources();
  expect_refused(info, "must not be empty");
  auto* group = minimum->add_quantities();
  expect_refused(info, "must not be empty");
  auto& cpus = (*group->mutable_quantities())["cpus"];
  for (const double amount : {-1.0, std::nan(""), HUGE_VAL, 1e-320}) {
    cpus.set_value(amount);
    expect_refused(info, "'cpus'");
  }
  cpus.set_value(1);
  EXPECT_TRUE(validate_framework(info, {}).ok());
}

TEST(ValidateFramework, ThePrincipalStays) {
  FrameworkInfo known = framework();
  known.set_principal("ann");
  FrameworkInfo update = known;
  update.set_name("other");
  EXPECT_TRUE(validate_framework_update(known, update).ok());
  update.set_principal("bob");
  EXPECT_FALSE(validate_framework_update(known, update).ok());
}

TEST(ValidateFramework, SuppressesOnlyItsOwnRoles) {
  FrameworkInfo info = framework();
  info.add_roles("eng");
  EXPECT_TRUE(validate_own_roles(info, {"eng"}, "Suppressed").ok());
  EXPECT_FALSE(validate_own_roles(info, {"eng", "ads"}, "Suppressed").ok());
}

}  // namespace
}  // namespace troupe::master
