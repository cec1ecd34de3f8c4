#include <gtest/gtest.h>

#include "actors/http.hpp"
#include "actors/http_routes.hpp"
#include "actors/link_table.hpp"
#include "actors/metrics.hpp"
#include "actors/static_detector.hpp"

namespace troupe {
namespace {

Pid pid(const std::string& text) { return *Pid::parse(text); }

// -- http -----------------------------------------------------------------------------------------

TEST(HttpHeaders, CompareWithoutCase) {
  http::Request request;
  request.headers["Content-Type"] = "text/plain";
  EXPECT_EQ(request.header("content-type"), "text/plain");
  EXPECT_EQ(request.header("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(request.header("Content-Typ"), "");
  request.headers["content-TYPE"] = "last";
  EXPECT_EQ(request.headers.size(), 1U);
}

TEST(PercentCoding, DecodesWhatItEncodes) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) {
    every += static_cast<char>(byte);
  }
  EXPECT_EQ(*http::percent_decode(http::percent_encode(every)), every);
  EXPECT_EQ(http::percent_encode("slave(1)/a b-._~"), "slave%281%29%2Fa%20b-._~");
  EXPECT_EQ(*http::percent_decode("slave%281%29+"), "slave(1)+");
}

TEST(PercentCoding, RefusesBadEscapes) {
  for (const auto* bad : {"%", "%2", "a%2", "%zz", "%2z", "%z2", "%%41"}) {
    EXPECT_FALSE(http::percent_decode(bad).ok()) << bad;
  }
}

TEST(Query, SplitsAndDecodes) {
  using Map = std::map<std::string, std::string>;
  EXPECT_EQ(http::parse_query("a=1&b=x%26y&c=1+2"), (Map{{"a", "1"}, {"b", "x&y"}, {"c", "1 2"}}));
  EXPECT_EQ(http::parse_query(""), Map());
  EXPECT_EQ(http::parse_query("&&a&=b&c=d=e&a=2"), (Map{{"", "b"}, {"a", "2"}, {"c", "d=e"}}));
  EXPECT_EQ(http::parse_query("a=%zz"), (Map{{"a", "%zz"}}));
}

TEST(Responses, CarryTheirType) {
  EXPECT_EQ(http::Response::text(404, "no").status, 404);
  EXPECT_EQ(http::Response::json("{}").headers.at("content-type"), "application/json");
  EXPECT_EQ(http::reason(202), "Accepted");
  EXPECT_EQ(http::reason(799), "Unknown");
}

// -- routes ---------------------------------------------------------------------------------------

/// The route that a path finds, and its rest: "/state|/x"; "none".
std::string find(const http::Routes& routes, const std::string& path) {
  const auto found = routes.find(path);
  if (found.handler == nullptr) {
    return "none";
  }
  auto name = std::string("?");
  http::Request request;
  request.path = path;
  // Each handler of these tests writes its own route into the answer.
  struct Sink : http::Responder::Sink {
    std::string* name;
    explicit Sink(std::string* where) : name(where) {}
    void send(http::Response response) override { *name = response.body; }
    std::shared_ptr<http::Stream> stream(http::Response /*head*/) override { return nullptr; }
  };
  (*found.handler)(request, http::Responder(std::make_shared<Sink>(&name)));
  return name + "|" + std::string(found.rest);
}

http::Routes routes_of(const std::vector<std::string>& paths) {
  http::Routes routes;
  for (const auto& path : paths) {
    routes.add(path, [path](const http::Request&, const http::Responder& responder) {
      responder.send(http::Response::text(200, path));
    });
  }
  return routes;
}

TEST(Routes, TheLongestPrefixEndingAtASlashWins) {
  const auto routes = routes_of({"/state", "/api/v1", "/api/v1/executor", "/files/read"});
  EXPECT_EQ(find(routes, "/state"), "/state|");
  EXPECT_EQ(find(routes, "/state/"), "/state|");
  EXPECT_EQ(find(routes, "/state/x"), "/state|/x");
  EXPECT_EQ(find(routes, "/state/x/y"), "/state|/x/y");
  EXPECT_EQ(find(routes, "/state.json"), "none");
  EXPECT_EQ(find(routes, "/stat"), "none");
  EXPECT_EQ(find(routes, "/api/v1"), "/api/v1|");
  EXPECT_EQ(find(routes, "/api/v1/executor"), "/api/v1/executor|");
  EXPECT_EQ(find(routes, "/api/v1/operator"), "/api/v1|/operator");
  EXPECT_EQ(find(routes, "/api"), "none");
  EXPECT_EQ(find(routes, "/files/browse"), "none");
  EXPECT_EQ(find(routes, "//state"), "none");
  EXPECT_EQ(find(routes, "/%73tate"), "none");
  EXPECT_EQ(find(routes, ""), "none");
  EXPECT_EQ(find(routes, "/"), "none");
}

TEST(Routes, TheSlashIsThePageOfTheProcessItselfOnly) {
  const auto routes = routes_of({"/", "/x/"});
  EXPECT_EQ(find(routes, ""), "/|");
  EXPECT_EQ(find(routes, "/"), "/|");
  EXPECT_EQ(find(routes, "/y"), "none");
  EXPECT_EQ(find(routes, "/x"), "/x/|");
  EXPECT_EQ(find(routes, "/x/y"), "/x/|/y");
}

TEST(Routes, TheFirstSegmentNamesTheProcess) {
  EXPECT_EQ(http::first_segment("/slave%281%29/state"), "slave%281%29");
  EXPECT_EQ(http::first_segment("/master"), "master");
  EXPECT_EQ(http::first_segment("//slave(1)/state"), "");
  EXPECT_EQ(http::first_segment("/"), "");
  EXPECT_EQ(http::first_segment(""), "");
  EXPECT_EQ(http::first_segment("*"), "");
}

TEST(Routes, PathsThatClimbAreSeen) {
  EXPECT_TRUE(http::climbs("/files/../x"));
  EXPECT_TRUE(http::climbs("/.."));
  EXPECT_FALSE(http::climbs("/a..b/c"));
}

// -- links ----------------------------------------------------------------------------------------

const Linker kX{"x", 1};
const Linker kY{"y", 2};

TEST(LinkTable, TellsEachLinkOnceWhenItsTargetEnds) {
  LinkTable links;
  const auto target = pid("t@1.2.3.4:1");
  EXPECT_TRUE(links.add(kX, target));
  EXPECT_FALSE(links.add(kX, target));
  EXPECT_TRUE(links.add(kY, target));
  EXPECT_EQ(links.take_target(target), (LinkTable::Told{{kX, target}, {kY, target}}));
  EXPECT_TRUE(links.take_target(target).empty());
  EXPECT_TRUE(links.empty());
}

TEST(LinkTable, TellsEveryPidOfABrokenAddressAndNoOther) {
  LinkTable links;
  const auto one = pid("one@1.2.3.4:1");
  const auto two = pid("two@1.2.3.4:1");
  const auto other = pid("one@1.2.3.4:2");
  links.add(kX, one);
  links.add(kX, two);
  links.add(kY, other);
  EXPECT_EQ(links.take_address(one.address), (LinkTable::Told{{kX, one}, {kX, two}}));
  EXPECT_TRUE(links.take_address(one.address).empty());
  EXPECT_EQ(links.take_target(other), (LinkTable::Told{{kY, other}}));
}

TEST(LinkTable, ForgettingALinkerGivesTheAddressesThatNobodyLinksAnyMore) {
  LinkTable links;
  const auto shared = pid("t@1.2.3.4:1");
  const auto own = pid("t@1.2.3.4:2");
  links.add(kX, shared);
  links.add(kX, own);
  links.add(kY, shared);
  EXPECT_EQ(links.forget(kX), std::vector<Address>{own.address});
  EXPECT_TRUE(links.forget(kX).empty());
  EXPECT_EQ(links.take_address(shared.address), (LinkTable::Told{{kY, shared}}));
  EXPECT_TRUE(links.empty());
}

// -- metrics --------------------------------------------------------------------------------------

TEST(Metrics, CountersGrowAndGaugesAreSet) {
  Metrics metrics;
  auto& counter = metrics.counter("b/counter");
  counter.add();
  counter.add(2);
  EXPECT_EQ(&metrics.counter("b/counter"), &counter);
  metrics.gauge("a/gauge", 1.5);
  metrics.gauge("a/gauge", 2.5);
  metrics.gauge("c/read", [] { return 7.0; });
  EXPECT_EQ(metrics.snapshot(),
            (std::map<std::string, double>{{"a/gauge", 2.5}, {"b/counter", 3}, {"c/read", 7}}));
}

// -- detector -------------------------------------------------------------------------------------

TEST(StaticDetector, TellsItsMasterAtOnceAsTheWireHasIt) {
  StaticDetector detector(*Address::parse("10.0.0.1:5050"));
  std::optional<mesos::v1::MasterInfo> seen;
  detector.detect([&](const auto& master) { seen = master; });
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->ip(), 16777226U);  // Network byte order (mesos-semantics 11.2, 22).
  EXPECT_EQ(seen->port(), 5050U);
  EXPECT_EQ(seen->pid(), "master@10.0.0.1:5050");
  EXPECT_EQ(seen->address().ip(), "10.0.0.1");
  EXPECT_TRUE(seen->IsInitialized());
}

}  // namespace
}  // namespace troupe
