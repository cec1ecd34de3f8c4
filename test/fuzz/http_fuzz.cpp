// Heads and bodies of requests: however the bytes are cut, the same requests are read, and what is
// looked at before a handler sees them takes them all.

#include <algorithm>
#include <vector>

#include "actors/http_content.hpp"
#include "actors/http_routes.hpp"
#include "actors/net/wire.hpp"
#include "messages/invariant.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/fuzz/http_reader.hpp"

namespace troupe::fuzz {
namespace {

constexpr std::size_t kMaxStride = 64;

void check_answer(const ReadRequest& request) {
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  const auto terms =
      http::AnswerTerms::of(request.method, header("Accept-Encoding"), header("If-None-Match"));
  auto response = http::Response::text(200, std::string(2000, 'x') + header("Host"));
  response.headers["ETag"] = header("ETag");
  response.headers["X-Echo"] = header("X-Echo");
  auto content = http::negotiate(terms, response);
  net::OutputQueue out;
  net::wire::append_answer(out, response, std::move(content), {}, {});
  // No header of a client can write a header of ours: one empty line, after the head.
  const auto pieces = out.take();
  const auto text = pieces.at(0).view();
  const auto end = text.find("\r\n\r\n");
  INVARIANT(end != std::string_view::npos);
  INVARIANT(text.substr(0, end).find("\nEvil:") == std::string_view::npos);
}

void check_target(const ReadRequest& request) {
  net::wire::parse_message_target(request.target);
  const auto target = net::wire::parse_request_target(request.target);
  if (!target) {
    return;
  }
  http::climbs(target->path);
  const auto segment = http::first_segment(target->path);
  if (const auto name = http::percent_decode(segment)) {
    const auto again = http::percent_decode(http::percent_encode(*name));
    INVARIANT(again.ok() && *again == *name) << *name;
  }
  http::parse_query(target->query);
  http::Routes routes;
  routes.add("/state", nullptr);
  routes.add("/api/v1", nullptr);
  const auto found = routes.find(target->path);
  INVARIANT(found.rest.size() <= target->path.size());
}

/// Whether two ways to cut the same bytes gave the same. A head that never ends may be known to be
/// malformed in one, and still be waited for in the other.
bool agree(const std::vector<ReadRequest>& a, const std::vector<ReadRequest>& b) {
  const auto& longer = a.size() > b.size() ? a : b;
  const auto common = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin()) &&
         longer.size() <= common + 1 && (longer.size() == common || longer.back().failure != 0);
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace): a target's own.
  Input input(data, size);
  const auto stride = 1 + input.choose(kMaxStride);
  const auto whole = read_requests(input.rest(), 0);
  const auto pieces = read_requests(input.rest(), stride);
  INVARIANT(agree(whole, pieces)) << whole.size() << " requests, " << pieces.size()
                                  << " in pieces of " << stride;
  for (const auto& request : whole) {
    if (request.failure == 0) {
      check_target(request);
      check_answer(request);
    }
  }
  return 0;
}
