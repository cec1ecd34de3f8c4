#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actors/http.hpp"
#include "messages/pid.hpp"

namespace troupe::net {

/// Reads HTTP/1.x requests from a stream of bytes, one after the other. Boost.Beast's parser
/// inside. Holds no more than a small object while no request is under way, and never more of a
/// body than has come: a promised length reserves nothing. Threads: one.
class RequestParser {
 public:
  enum class Phase {
    kIdle,   ///< nothing of a request was seen
    kHead,   ///< the head is incomplete
    kBody,   ///< the head is there, the body incomplete
    kDone,   ///< a whole request: read it, then next()
    kFailed  ///< malformed or over a limit: failure() says which; nothing more can be read
  };

  RequestParser(std::size_t max_head_bytes, std::size_t max_body_bytes);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  /// Reads on; how many bytes it took. The rest must come again, with more behind it, unless the
  /// phase is now kDone or kFailed.
  std::size_t feed(std::string_view bytes);
  [[nodiscard]] Phase phase() const { return phase_; }
  /// Forgets the request that is done.
  void next();

  /// The status that tells the peer why: 400, 413, 431, 501 or 505.
  [[nodiscard]] int failure() const { return failure_; }
  /// The same in words: "The head of the request exceeds 131072 bytes".
  [[nodiscard]] const std::string& why() const { return why_; }

  // -- a request whose head is there -----------------------------------------------------
  /// The client waits for "100 Continue" before it sends the body. True once.
  bool take_expect_continue();
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_http_1_0() const;
  [[nodiscard]] std::string_view method() const;
  [[nodiscard]] std::string_view target() const;
  /// The last value of that header; "" if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool has_header(std::string_view name) const;
  [[nodiscard]] http::Headers headers() const;
  /// Who sent it, if the request is a libprocess message (mesos-semantics 3.2): what its
  /// Libprocess-From says, or its User-Agent alone.
  [[nodiscard]] std::optional<std::string_view> message_sender() const;
  /// Whether the body is to be handed over while it comes: RecordIO in a request that is no
  /// message. The limit of bodies does not hold for such, and take_body() gives what came since.
  [[nodiscard]] bool streams_body() const { return streams_body_; }
  /// How much of the body has come.
  [[nodiscard]] std::uint64_t body_bytes() const;
  std::string take_body();

 private:
  struct Machine;

  void fail(int status, const std::string& what);
  void after_feed(std::size_t took, std::size_t left);

  std::unique_ptr<Machine> machine_;
  std::size_t max_head_bytes_;
  std::size_t max_body_bytes_;
  std::size_t head_bytes_ = 0;  // Taken so far of this head.
  Phase phase_ = Phase::kIdle;
  bool streams_body_ = false;
  int failure_ = 0;
  std::string why_;
};

}  // namespace troupe::net
