#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/pid.hpp"
#include "messages/result.hpp"

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

/// The body of a request that is handed over while it still comes: of `Content-Type:
/// application/recordio` (mesos-semantics 9.2). Threads: any.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// `taken` runs once, on any thread, with the next bytes; with "" at the end of the body.
  /// Nothing is read from the connection until it is asked for. One read at a time.
  /// Errors: kUnavailable if the peer has gone, kInvalid for bad framing.
  virtual void read(std::function<void(Result<std::string> bytes)> taken) = 0;
};

struct Request {
  std::string method;                        ///< "GET", "POST", ...
  std::string path;                          ///< as asked, without the query: "/master/state"
  std::string rest;                          ///< what follows the matched route: "" or "/x"
  std::map<std::string, std::string> query;  ///< percent-decoded
  Headers headers;
  std::string body;                    ///< empty if there is a `stream`
  std::shared_ptr<BodyStream> stream;  ///< null for all but RecordIO bodies
  std::optional<Principal> principal;
  Address peer;

  /// The value of a header, "" if absent.
  [[nodiscard]] const std::string& header(std::string_view name) const;
};

/// A body that several answers share, never copied: what many clients read at once is rendered and
/// compressed once. Threads: any.
class SharedBody {
 public:
  explicit SharedBody(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  /// The same, compressed when first asked for.
  [[nodiscard]] const std::string& gzipped() const;

 private:
  const std::string bytes_;
  mutable std::once_flag compressed_;
  mutable std::string gzipped_;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::shared_ptr<const SharedBody> shared = nullptr;  ///< wins over `body`

  /// The body, whichever it is.
  [[nodiscard]] const std::string& content() const { return shared ? shared->bytes() : body; }

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
  /// Ends the answer before its end: the peer sees a connection that breaks, and cannot take what
  /// it has for the whole.
  virtual void abort() { close(); }
  /// `closed` runs once, on any thread, when the peer goes away or close() took effect.
  virtual void on_closed(std::function<void()> closed) = 0;
  /// `drained` runs once, on any thread, when all that was written has left for the peer, or it is
  /// gone: what is long is written piece by piece.
  virtual void on_drained(std::function<void()> drained) = 0;
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
/// In the format of gzip (RFC 1952).
std::string gzip(std::string_view bytes);
/// `a=1&b=2`, percent-decoded; '+' is a space.
std::map<std::string, std::string> parse_query(std::string_view query);

}  // namespace troupe::http
