#include "test/fuzz/http_reader.hpp"

#include "messages/invariant.hpp"
#include "test/fuzz/fuzz.hpp"

namespace troupe::fuzz {
namespace {

using Phase = net::RequestParser::Phase;

constexpr std::size_t kMaxHeadBytes = 64 * 1024;
constexpr std::size_t kMaxBodyBytes = 1000;

ReadRequest take_request(net::RequestParser& parser, std::string body) {
  ReadRequest read;
  read.method = parser.method();
  read.target = parser.target();
  read.headers = parser.headers();
  read.keep_alive = parser.keep_alive();
  read.streams_body = parser.streams_body();
  const auto sender = parser.message_sender();
  read.has_sender = sender.has_value();
  read.sender = sender.value_or(std::string_view());
  read.body = std::move(body) + parser.take_body();
  INVARIANT(read.streams_body || read.body.size() <= kMaxBodyBytes) << read.body.size();
  return read;
}

/// The server's loop around the parser.
class Reader {
 public:
  void take(std::string_view piece) {
    unparsed_ += piece;
    std::size_t used = 0;
    while (!failed_ && used < unparsed_.size()) {
      used += parser_.feed(std::string_view(unparsed_).substr(used));
      INVARIANT(used <= unparsed_.size());
      if (parser_.streams_body()) {
        body_ += parser_.take_body();
      }
      if (!finish_request()) {
        break;
      }
    }
    unparsed_.erase(0, used);
    INVARIANT(failed_ || unparsed_.size() <= kMaxHeadBytes) << unparsed_.size();
  }
  std::vector<ReadRequest> requests;

 private:
  /// True if there may be another one.
  bool finish_request() {
    if (parser_.phase() == Phase::kFailed) {
      INVARIANT(parser_.failure() >= 400 && !parser_.why().empty());
      failed_ = true;
      ReadRequest refused;
      refused.failure = parser_.failure();
      requests.push_back(std::move(refused));
      return false;
    }
    if (parser_.phase() != Phase::kDone) {
      parser_.take_expect_continue();
      return false;
    }
    requests.push_back(take_request(parser_, std::exchange(body_, {})));
    parser_.next();
    return true;
  }

  net::RequestParser parser_{kMaxHeadBytes, kMaxBodyBytes};
  std::string unparsed_;
  std::string body_;
  bool failed_ = false;
};

}  // namespace

std::vector<ReadRequest> read_requests(std::string_view bytes, std::size_t stride) {
  Reader reader;
  in_pieces(bytes, stride, [&](std::string_view piece) { reader.take(piece); });
  return std::move(reader.requests);
}

}  // namespace troupe::fuzz
