// What the headers of a request say about the form of its answer.

#include "actors/http_content.hpp"
#include "actors/process.hpp"
#include "actors/simulation.hpp"
#include "gtest/gtest.h"

namespace troupe::http {
namespace {

TEST(AcceptEncoding, PrefersGzipUnlessItSaysOtherwise) {
  for (const auto* header :
       {"gzip", "GZIP", "deflate, gzip", "gzip;q=0.001", "x-gzip", "*", "gzip, identity;q=0.5",
        " deflate;q=1 ,gzip ; q=0.8", "identity;q=0.5, *;q=0.5", "gzip;level=9;q=1.0"}) {
    EXPECT_TRUE(takes_gzip(header)) << header;
  }
  for (const auto* header :
       {"", "identity", "deflate", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "gzip;q=0.5, identity",
        "gzip;q=", "gzip;q=nan", "gzip;q=-1", "gzipped", ",;,=", "br;q=1.0"}) {
    EXPECT_FALSE(takes_gzip(header)) << header;
  }
}

TEST(IfNoneMatch, IsAListOfTags) {
  EXPECT_TRUE(names_etag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("\"a\"", "W/\"a\""));
  EXPECT_TRUE(names_etag("\"x\",\"y, z\",W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("\"y, z\"", "\"y, z\""));
  EXPECT_TRUE(names_etag("*", "\"a\""));
  EXPECT_TRUE(names_etag("a", "a"));
  EXPECT_FALSE(names_etag("\"b\"", "\"a\""));
  EXPECT_FALSE(names_etag("\"x,\"a\",y\"", "\"b\""));
  EXPECT_FALSE(names_etag("", "\"a\""));
  EXPECT_FALSE(names_etag("\"", "\"a\""));
}

TEST(ContentType, OfRecordsIsKnownInAnySpelling) {
  EXPECT_TRUE(is_recordio("application/recordio"));
  EXPECT_TRUE(is_recordio(" Application/RecordIO ; charset=x"));
  EXPECT_FALSE(is_recordio("application/recordio2"));
  EXPECT_FALSE(is_recordio("application/json"));
  EXPECT_FALSE(is_recordio(""));
}

// -- the same in a simulation --------------------------------------------------------------------

/// Answers with what it read of a body, or with a large page.
class Reader final : public Process {
 public:
  Reader() : Process("reader") {
    route("/attach", [this](const Request& request, const Responder& responder) {
      if (!request.stream) {
        responder.send(Response::text(400, "no stream, body " + request.body));
        return;
      }
      read_on(request.stream, "", responder);
    });
    route("/page", [](const Request&, const Responder& responder) {
      auto response = Response::text(200, std::string(2'000, 'x'));
      response.headers["ETag"] = "\"1\"";
      responder.send(std::move(response));
    });
  }

 private:
  void read_on(const std::shared_ptr<BodyStream>& body, const std::string& so_far,
               const Responder& responder) {
    body->read(defer([this, body, so_far, responder](const Result<std::string>& bytes) {
      if (!bytes || bytes->empty()) {
        responder.send(Response::text(200, so_far + (bytes ? "" : bytes.error().message)));
      } else {
        read_on(body, so_far + *bytes, responder);
      }
    }));
  }
};

class SimulatedHttp : public testing::Test {
 protected:
  SimulatedHttp() { node_.spawn_new<Reader>(); }
  Response ask(const std::string& path, Headers headers, std::string body = "") {
    Request request;
    request.method = body.empty() ? "GET" : "POST";
    request.path = path;
    request.headers = std::move(headers);
    request.body = std::move(body);
    return simulation_.request(node_, std::move(request));
  }

 private:
  Simulation simulation_{1};
  Runtime& node_ = simulation_.add_node("10.0.0.1");
};

TEST_F(SimulatedHttp, ABodyOfRecordsIsAStream) {
  EXPECT_EQ(ask("/reader/attach", {{"Content-Type", "application/recordio"}}, "3\nabc").body,
            "3\nabc");
  EXPECT_EQ(ask("/reader/attach", {{"Content-Type", "application/recordio"}}).body, "");
  EXPECT_EQ(ask("/reader/attach", {{"Content-Type", "application/json"}}, "{}").body,
            "no stream, body {}");
}

TEST_F(SimulatedHttp, AnAnswerHasTheFormThatWasAskedFor) {
  EXPECT_EQ(ask("/reader/page", {}).body, std::string(2'000, 'x'));
  EXPECT_EQ(ask("/reader/page", {{"Accept-Encoding", "gzip"}}).body, gzip(std::string(2'000, 'x')));
  const auto unchanged = ask("/reader/page", {{"If-None-Match", "\"1\""}});
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
}

}  // namespace
}  // namespace troupe::http
