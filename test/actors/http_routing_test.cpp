#include <chrono>
#include <stdexcept>

#include "test/actors/world.hpp"

namespace troupe::test {
namespace {

using std::chrono::milliseconds;

/// A process with routes that say what they were asked.
class Desk final : public Process {
 public:
  explicit Desk(const std::string& name) : Process(name) {
    for (const auto* path : {"/state", "/api/v1", "/api/v1/executor"}) {
      route(path, [this, path = std::string(path)](const http::Request& request,
                                                   const http::Responder& responder) {
        auto words = this->name() + " " + path + " rest=" + request.rest;
        for (const auto& [key, value] : request.query) {
          words += " " + key + "=" + value;
        }
        responder.send(http::Response::text(200, words));
      });
    }
    route("/later", [this](const http::Request&, const http::Responder& responder) {
      delay(milliseconds(5), [responder] { responder.send(http::Response::text(202, "later")); });
    });
    route("/never", [](const http::Request&, const http::Responder&) {});
    route("/throws",
          [](const http::Request&, const http::Responder&) { throw std::runtime_error("broken"); });
    route("/who", [](const http::Request& request, const http::Responder& responder) {
      const auto& who = request.principal;
      responder.send(http::Response::text(200, who ? who->value.value_or("?") : "nobody"));
    });
    route("/stream", [this](const http::Request&, const http::Responder& responder) {
      const auto stream = responder.stream(http::Response::text(200, "ignored"));
      stream->write("one ");
      delay(milliseconds(5), [stream] {
        stream->write("two");
        stream->close();
      });
    });
  }
};

template <class W>
class HttpRouting : public ::testing::Test {
 protected:
  HttpRouting() {
    world.a().template spawn_new<Desk>("master");
    world.a().template spawn_new<Desk>("slave(1)");
    world.a().delegate("master");
  }
  http::Response get(const std::string& target) { return world.ask(world.a(), "GET", target); }
  /// The body of a 200, else the status.
  std::string find(const std::string& target) {
    const auto response = get(target);
    return response.status == 200 ? response.body : std::to_string(response.status);
  }

  W world;
};
struct Names {
  template <class W>
  static std::string GetName(int /*index*/) {
    return std::is_same_v<W, RealWorld> ? "Real" : "Simulated";
  }
};
using Worlds = ::testing::Types<SimulatedWorld, RealWorld>;
TYPED_TEST_SUITE(HttpRouting, Worlds, Names);

TYPED_TEST(HttpRouting, TheFirstSegmentNamesTheProcess) {
  EXPECT_EQ(this->find("/master/state"), "master /state rest=");
  EXPECT_EQ(this->find("/slave(1)/state"), "slave(1) /state rest=");
  EXPECT_EQ(this->find("/slave%281%29/state"), "slave(1) /state rest=");
  EXPECT_EQ(this->find("/slave(1)/api/v1/executor"), "slave(1) /api/v1/executor rest=");
}

TYPED_TEST(HttpRouting, TheDelegateGetsPathsThatNameNobody) {
  EXPECT_EQ(this->find("/state"), "master /state rest=");
  EXPECT_EQ(this->find("/api/v1/operator?_ts=5&x=a%20b"),
            "master /api/v1 rest=/operator _ts=5 x=a b");
}

TYPED_TEST(HttpRouting, PrefixesAndTrailingSlashesMatch) {
  EXPECT_EQ(this->find("/state/"), "master /state rest=");
  EXPECT_EQ(this->find("/master/state/x"), "master /state rest=/x");
  EXPECT_EQ(this->find("/slave(1)/state/x/y"), "slave(1) /state rest=/x/y");
}

TYPED_TEST(HttpRouting, WhatNobodyHasIs404) {
  for (const auto* target : {"/slave(1)", "/slave(1)/", "//slave(1)/state", "/slave(1)/version",
                             "/slave(1)/state.json", "/slave(2)/state", "/%73tate", "/", "/nothing",
                             "/state/../x", "/master/..", "/%zz/state"}) {
    EXPECT_EQ(this->get(target).status, 404) << target;
  }
  EXPECT_EQ(this->world.ask(this->world.b(), "GET", "/state").status, 404);
}

TYPED_TEST(HttpRouting, A404NamesWhatIsNotThere) {
  EXPECT_EQ(this->get("/slave(1)/nothing").body, "There is nothing at '/slave(1)/nothing'\n");
  EXPECT_EQ(this->get("/state/../x").body, "There is nothing at '/state/../x'\n");
}

TYPED_TEST(HttpRouting, AnAnswerMayComeInALaterTurn) {
  const auto response = this->get("/later");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "later");
}

TYPED_TEST(HttpRouting, ARequestThatIsForgottenIs500) {
  EXPECT_EQ(this->get("/never").status, 500);
}

TYPED_TEST(HttpRouting, AHandlerThatThrowsIs500AndEndsItsProcess) {
  EXPECT_EQ(this->get("/slave(1)/throws").status, 500);
  EXPECT_TRUE(
      this->world.a().wait({"slave(1)", this->world.a().address()}, std::chrono::seconds(10)));
  EXPECT_EQ(this->get("/slave(1)/state").status, 404);
  EXPECT_EQ(this->get("/state").status, 200);
}

TYPED_TEST(HttpRouting, AStreamComesInChunks) {
  const auto response = this->get("/stream");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "one two");
}

TYPED_TEST(HttpRouting, TheAuthenticatorSaysWhoAsks) {
  EXPECT_EQ(this->find("/who"), "nobody");
  this->world.a().authenticate(
      [](const http::Request& request) -> Result<std::optional<http::Principal>> {
        if (request.query.count("bad") != 0) {
          return Error{ErrorCode::kUnauthorized, "bad credentials"};
        }
        return std::optional<http::Principal>(http::Principal{"alice", {}});
      });
  EXPECT_EQ(this->find("/who"), "alice");
  EXPECT_EQ(this->get("/who?bad=1").status, 401);
}

}  // namespace
}  // namespace troupe::test
