#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/pid.hpp"

namespace troupe::http {

/// Header names compare without case; a repeated header keeps its last value
/// (mesos-semantics 12.10).
struct NameLess {
  using is_transparent = void;  // Lookups by string_view copy nothing.
  bool operator()(std::string_view a, std::string_view b) const;
};
using Headers = std::map<std::string, std::string, NameLess>;

/// Who asks, once authenticated. Without authentication there is none.
struct Principal {
  std::optional<std::string> value;
  std::map<std::string, std::string> claims;
};

struct Request {
  std::string method;                        ///< "GET", "POST", ...
  std::string path;                          ///< as asked, without the query: "/master/state"
  std::string rest;                          ///< what follows the matched route: "" or "/x"
  std::map<std::string, std::string> query;  ///< percent-decoded
  Headers headers;
  std::string body;
  std::optional<Principal> principal;
  Address peer;

  /// The value of a header, "" if absent.
  [[nodiscard]] const std::string& header(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;

  static Response text(int status, std::string body);
  static Response json(std::string body);
};

/// An open streaming answer. Threads: any. A stream whose peer has gone drops what is written.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Sends one chunk. False once the peer is gone or its buffer limit is passed (then it is
  /// closed).
  virtual bool write(std::string bytes) = 0;
  virtual void close() = 0;
  /// `closed` runs once, on any thread, when the peer goes away or close() took effect.
  virtual void on_closed(std::function<void()> closed) = 0;
};

/// Answers one request, once; copies share the answer. Threads: any. If the last copy goes without
/// an answer the peer gets 500.
class Responder {
 public:
  struct Sink {
    virtual ~Sink() = default;
    virtual void send(Response response) = 0;
    virtual std::shared_ptr<Stream> stream(Response head) = 0;
  };

  explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}

  void send(Response response) const { sink_->send(std::move(response)); }
  /// Answers with a chunked body that goes on until the stream is closed. `head.body` is ignored.
  [[nodiscard]] std::shared_ptr<Stream> stream(Response head) const {
    return sink_->stream(std::move(head));
  }

 private:
  std::shared_ptr<Sink> sink_;
};

/// Runs on the turn of the process that owns the route.
using Handler = std::function<void(const Request&, Responder)>;

std::string_view reason(int status);
/// Errors: kInvalid for a bad escape.
Result<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);
/// `a=1&b=2`, percent-decoded; '+' is a space.
std::map<std::string, std::string> parse_query(std::string_view query);

}  // namespace troupe::http
