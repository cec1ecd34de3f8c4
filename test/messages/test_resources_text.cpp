#include <gtest/gtest.h>

#include "messages/json.hpp"
#include "messages/resources.hpp"
#include "test/messages/resource_builders.hpp"

namespace troupe {
namespace {

using mesos::v1::Resource;

// -- text ---------------------------------------------------------------------

TEST(ResourcesText, IsReadAndWritten) {
  EXPECT_EQ(resources(" cpus : 4 ; mem(eng):1024;ports:[1-9, 20-29];disks:{b, a}; ").str(),
            "cpus:4; mem(eng):1024; ports:[1-9,20-29]; disks:{a,b}");
  EXPECT_TRUE(resources("").empty());
  EXPECT_EQ(resources("cpus:1;cpus:0.25").str(), "cpus:1.25");
}

TEST(ResourcesText, ReadsWhatItWrites) {
  const auto all = resources("cpus:0.001;mem(eng/web):1024;ports(a):[1-1,3-7];disks:{x}");
  EXPECT_EQ(resources(all.str()), all);
}

TEST(ResourcesText, ReservesForTheDefaultRole) {
  const auto all = *Resources::parse("cpus:1;mem(*):2;disk(ops):3", "eng");
  EXPECT_EQ(all, resources("cpus(eng):1;mem:2;disk(ops):3"));
}

TEST(ResourcesText, WritesMetadataShort) {
  auto revocable = resource("cpus:1");
  revocable.mutable_revocable();
  EXPECT_EQ(Resources(revocable).str(), "cpus{REV}:1");
  EXPECT_EQ(Resources(shared_volume("v", 4)).str(), "disk(eng)[v]<SHARED>:4");
  EXPECT_EQ(resources("cpus(a):1").allocated_to("a").str(), "cpus(allocated: a)(a):1");
}

TEST(ResourcesText, RefusesWhatItCannotReadAndNamesIt) {
  const std::pair<const char*, const char*> wrong[] = {
      {"cpus", "'cpus'"},
      {"cpus:", "'cpus'"},
      {":1", "name"},
      {"cpus:x", "'x'"},
      {"cpus:-1", "'-1'"},
      {"cpus:nan", "'nan'"},
      {"cpus:inf", "'inf'"},
      {"cpus:1x", "'1x'"},
      {"cpus(:1", "'cpus(:1'"},
      {"cpus():1", "'cpus():1'"},
      {"cpus(a)b:1", "'cpus(a)b:1'"},
      {"cpus(a", "'cpus(a'"},
      {"cpus(a b):1", "'a b'"},
      {"ports:[1-", "'[1-'"},
      {"ports:[1]", "'1'"},
      {"ports:[2-1]", "'2-1'"},
      {"ports:[-1-1]", "'-1-1'"},
      {"ports:[1-99999999999999999999]", "'1-99999999999999999999'"},
      {"ports:[1-2,]", "''"},
      {"disks:{a", "'{a'"},
      {"disks:{a,,b}", "empty"},
      {"name:text", "'text'"},
  };
  for (const auto& [text, named] : wrong) {
    const auto parsed = Resources::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message.find(named), std::string::npos) << parsed.error().message;
  }
}

TEST(ResourcesText, ReadsJson) {
  const auto all = Resources::parse(R"([
      {"name":"cpus","type":"SCALAR","scalar":{"value":4}},
      {"name":"mem","type":"SCALAR","scalar":{"value":8},"role":"ops"},
      {"name":"disk","type":"SCALAR","scalar":{"value":2},
       "reservations":[{"type":"STATIC","role":"x"}]}])",
                                    "eng");
  ASSERT_TRUE(all.ok()) << all.error().message;
  EXPECT_EQ(*all, resources("cpus(eng):4;mem(ops):8;disk(x):2"));
  EXPECT_FALSE(Resources::parse("[{}]").ok());
  EXPECT_FALSE(Resources::parse("[1]").ok());
  EXPECT_FALSE(Resources::parse("[").ok());
  EXPECT_FALSE(Resources::parse(R"([{"name":"cpus","type":"SCALAR","scalar":{"value":-4}}])").ok());
}

TEST(ResourcesText, ReadsOneValue) {
  EXPECT_EQ(Resources(*Resources::parse_value("ports", "[2-3,1-1]", "eng")),
            resources("ports(eng):[1-3]"));
  EXPECT_FALSE(Resources::parse_value("", "1").ok());
  EXPECT_FALSE(Resources::parse_value("cpus", "1", "").ok());
}

// -- validity -----------------------------------------------------------------

Resource from_text(const std::string& json) {
  Resource resource;
  const auto read = from_json(json, &resource);
  EXPECT_TRUE(read.ok()) << json;
  return resource;
}

std::string cpus_with(const std::string& rest) {
  return R"({"name":"cpus","type":"SCALAR","scalar":{"value":1},)" + rest + "}";
}

std::string disk_with(const std::string& rest) {
  return R"({"name":"disk","type":"SCALAR","scalar":{"value":1},)" + rest + "}";
}

TEST(ResourcesValidate, Allows) {
  for (
      const auto& json : {
          cpus_with(R"("role":"*")"),
          cpus_with(R"("role":"eng")"),
          cpus_with(R"("role":"eng","reservation":{"principal":"p"})"),
          cpus_with(
              R"("reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}])"),
          cpus_with(R"("revocable":{})"),
          disk_with(R"("disk":{"source":{"type":"PATH","path":{"root":"/a"}}})"),
          disk_with(R"("disk":{"source":{"type":"MOUNT","mount":{"root":"/a"}}})"),
          disk_with(R"("disk":{"source":{"type":"RAW"}})"),
          disk_with(R"("disk":{"persistence":{"id":"v"}},"shared":{})"),
          std::string(
              R"({"name":"p","type":"RANGES","ranges":{"range":[{"begin":3,"end":4},{"begin":1,"end":2}]}})"),
          std::string(R"({"name":"s","type":"SET","set":{"item":["a","b"]}})"),
      }) {
    const auto valid = Resources::validate(from_text(json));
    EXPECT_TRUE(valid.ok()) << json << ": " << valid.error().message;
  }
}

TEST(ResourcesValidate, RefusesBadValues) {
  for (
      const auto& json : {
          std::string(R"({"name":"","type":"SCALAR","scalar":{"value":1}})"),
          std::string(R"({"name":"cpus","type":"SCALAR","scalar":{"value":-1}})"),
          std::string(R"({"name":"cpus","type":"SCALAR","scalar":{"value":"Infinity"}})"),
          std::string(R"({"name":"cpus","type":"SCALAR"})"),
          std::string(R"({"name":"cpus","type":"TEXT"})"),
          std::string(R"({"name":"p","type":"SCALAR","ranges":{}})"),
          cpus_with(R"("set":{"item":["a"]})"),
          std::string(R"({"name":"p","type":"RANGES","ranges":{"range":[{"begin":2,"end":1}]}})"),
          std::string(
              R"({"name":"p","type":"RANGES","ranges":{"range":[{"begin":1,"end":5},{"begin":5,"end":9}]}})"),
          std::string(
              R"({"name":"p","type":"RANGES","ranges":{"range":[{"begin":5,"end":9},{"begin":1,"end":20}]}})"),
          std::string(
              R"({"name":"p","type":"RANGES","ranges":{"range":[{"begin":1,"end":20},{"begin":5,"end":9}]}})"),
          std::string(R"({"name":"s","type":"SET","set":{"item":["a","a"]}})"),
      }) {
    EXPECT_FALSE(Resources::validate(from_text(json)).ok()) << json;
  }
}

TEST(ResourcesValidate, RefusesBadReservations) {
  for (const auto& json : {
           cpus_with(R"("role":"")"),
           cpus_with(R"("role":"a//b")"),
           cpus_with(R"("role":"*","reservation":{})"),
           cpus_with(R"("role":"eng","reservation":{"role":"eng"})"),
           cpus_with(R"("role":"eng","reservation":{"type":"DYNAMIC"})"),
           cpus_with(R"("role":"eng","reservations":[{"type":"STATIC","role":"eng"}])"),
           cpus_with(R"("role":"*","reservations":[{"type":"STATIC","role":"eng"}])"),
           cpus_with(R"("reservation":{},"reservations":[{"type":"STATIC","role":"eng"}])"),
           cpus_with(R"("reservations":[{"type":"STATIC"}])"),
           cpus_with(R"("reservations":[{"type":"STATIC","role":"*"}])"),
           cpus_with(R"("reservations":[{"role":"eng"}])"),
           cpus_with(R"("reservations":[{"type":"UNKNOWN","role":"eng"}])"),
           cpus_with(
               R"("reservations":[{"type":"DYNAMIC","role":"a"},{"type":"STATIC","role":"a/b"}])"),
           cpus_with(
               R"("reservations":[{"type":"DYNAMIC","role":"a"},{"type":"DYNAMIC","role":"a"}])"),
           cpus_with(
               R"("reservations":[{"type":"DYNAMIC","role":"a"},{"type":"DYNAMIC","role":"ab"}])"),
           cpus_with(R"("revocable":{},"reservations":[{"type":"DYNAMIC","role":"a"}])"),
           cpus_with(R"("revocable":{},"role":"a","reservation":{})"),
       }) {
    EXPECT_FALSE(Resources::validate(from_text(json)).ok()) << json;
  }
}

TEST(ResourcesValidate, RefusesBadDisks) {
  for (const auto& json : {
           cpus_with(R"("disk":{})"),
           cpus_with(R"("shared":{})"),
           disk_with(R"("disk":{"source":{"type":"PATH"}})"),
           disk_with(R"("disk":{"source":{"type":"PATH","path":{},"mount":{}}})"),
           disk_with(R"("disk":{"source":{"type":"MOUNT"}})"),
           disk_with(R"("disk":{"source":{"type":"BLOCK","mount":{}}})"),
           disk_with(R"("disk":{"source":{"type":"UNKNOWN"}})"),
       }) {
    EXPECT_FALSE(Resources::validate(from_text(json)).ok()) << json;
  }
}

TEST(ResourcesValidate, NamesTheResourceInAList) {
  Resources::Protos list;
  *list.Add() = resource("cpus:1");
  EXPECT_TRUE(Resources::validate(list).ok());
  *list.Add() = from_text(R"({"name":"bad","type":"SCALAR"})");
  const auto valid = Resources::validate(list);
  ASSERT_FALSE(valid.ok());
  EXPECT_NE(valid.error().message.find("'bad'"), std::string::npos);
}

// -- formats ------------------------------------------------------------------

TEST(ReservationFormats, UpgradeAndDowngrade) {
  const std::pair<std::string, std::string> pairs[] = {
      {cpus_with(R"("role":"*")"), cpus_with(R"("x":0)")},
      {cpus_with(R"("role":"eng")"),
       cpus_with(R"("reservations":[{"type":"STATIC","role":"eng"}])")},
      {cpus_with(R"("role":"eng","reservation":{})"),
       cpus_with(R"("reservations":[{"type":"DYNAMIC","role":"eng"}])")},
      {cpus_with(
           R"("role":"eng","reservation":{"principal":"p","labels":{"labels":[{"key":"k"}]}})"),
       cpus_with(
           R"("reservations":[{"type":"DYNAMIC","role":"eng","principal":"p","labels":{"labels":[{"key":"k"}]}}])")},
  };
  for (const auto& [old_json, new_json] : pairs) {
    const Resource older = from_text(old_json);
    const Resource newer = from_text(new_json);
    Resources::Protos list;
    *list.Add() = older;
    for (int twice = 0; twice < 2; ++twice) {
      Resources::upgrade(&list);
      EXPECT_EQ(list[0].SerializeAsString(), newer.SerializeAsString()) << list[0].DebugString();
    }
    for (int twice = 0; twice < 2; ++twice) {
      ASSERT_TRUE(Resources::downgrade(&list).ok());
      EXPECT_EQ(list[0].SerializeAsString(), older.SerializeAsString()) << list[0].DebugString();
    }
  }
}

TEST(ReservationFormats, CannotDowngradeARefinedOne) {
  Resources::Protos list;
  *list.Add() = resource("mem(a):1");
  *list.Add() = reserved_for("a/b", resource("cpus(a):1"));
  const auto before = list;
  const auto done = Resources::downgrade(&list);
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().message.find("'a/b'"), std::string::npos);
  EXPECT_EQ(list[0].SerializeAsString(), before[0].SerializeAsString());  // nothing changed
}

}  // namespace
}  // namespace troupe
