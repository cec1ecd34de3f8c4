// One assertion of Beast's chunk parser is wrong: it fails for an empty chunked body that arrives
// byte by byte, which any peer can send. What it guards works without it.
#define BOOST_DISABLE_ASSERTS

#include "actors/net/request_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "actors/http_content.hpp"

namespace troupe::net {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

// Kept from one request to the next; more is given back.
constexpr std::size_t kKeptHeadBytes = 512;

constexpr std::string_view kMessageAgent = "libprocess/";

bool same_name(std::string_view a, std::string_view b) {
  return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

/// One field of a head: where its name and value stand in `Head::text`.
struct Field {
  std::uint32_t name = 0;
  std::uint32_t value = 0;
  std::uint32_t end = 0;
};

/// A head, copied once into one buffer: whether it is a message, which needs no map of headers, is
/// only known at its end.
struct Head {
  std::string text;
  std::vector<Field> fields;
  std::uint32_t method_end = 0;
  std::uint32_t target_end = 0;
  int version = 11;

  std::string_view part(std::uint32_t begin, std::uint32_t end) const {
    return std::string_view(text).substr(begin, end - begin);
  }
  /// The last value of that header; nullopt if there is none.
  std::optional<std::string_view> find(std::string_view name) const {
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
      if (same_name(part(field->name, field->value), name)) {
        return part(field->value, field->end);
      }
    }
    return std::nullopt;
  }
  void clear() {
    if (text.capacity() > kKeptHeadBytes) {
      std::string().swap(text);
      std::vector<Field>().swap(fields);
    }
    text.clear();
    fields.clear();
    method_end = target_end = 0;
    version = 11;
  }
};

std::optional<std::string_view> sender_of(const Head& head) {
  if (head.part(0, head.method_end) != "POST") {
    return std::nullopt;
  }
  if (const auto from = head.find("Libprocess-From")) {
    return from;
  }
  const auto agent = head.find("User-Agent").value_or(std::string_view());
  if (agent.substr(0, kMessageAgent.size()) == kMessageAgent) {
    return agent.substr(kMessageAgent.size());
  }
  return std::nullopt;
}

bool is_streamed(const Head& head) {
  const auto type = head.find("Content-Type");
  return type && http::is_recordio(*type) && !sender_of(head);
}

/// Beast's state machine, which calls back with what it recognises.
class Reader final : public beast::http::basic_parser<true> {
 public:
  Reader(Head& head, std::string& body, std::uint64_t max_body_bytes)
      : head_(head), body_(body), body_room_(max_body_bytes) {
    eager(true);
    // Only at the end of the head is it known whether a limit holds.
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  using string_view = beast::string_view;

  void on_request_impl(beast::http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    head_.text.append(method.data(), method.size());
    head_.method_end = static_cast<std::uint32_t>(head_.text.size());
    head_.text.append(target.data(), target.size());
    head_.target_end = static_cast<std::uint32_t>(head_.text.size());
    head_.version = version;
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast::http::field, string_view name, string_view value,
                     error_code&) override {
    if (in_body_) {
      return;  // Trailers: nobody asks for them.
    }
    Field field;
    field.name = static_cast<std::uint32_t>(head_.text.size());
    head_.text.append(name.data(), name.size());
    field.value = static_cast<std::uint32_t>(head_.text.size());
    head_.text.append(value.data(), value.size());
    field.end = static_cast<std::uint32_t>(head_.text.size());
    head_.fields.push_back(field);
  }
  void on_header_impl(error_code& error) override {
    in_body_ = true;
    streams_ = is_streamed(head_);
    if (!streams_ && content_length().value_or(0) > body_room_) {
      error = beast::http::error::body_limit;
    }
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override { return keep(bytes); }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code& error) override {
    if (!streams_ && size > body_room_) {
      error = beast::http::error::body_limit;
      return;
    }
    body_room_ -= streams_ ? 0 : size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override {
    return keep(bytes);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t keep(string_view bytes) {
    body_.append(bytes.data(), bytes.size());
    body_bytes_ += bytes.size();
    return bytes.size();
  }

  Head& head_;
  std::string& body_;
  std::uint64_t body_room_;  // For further chunks.
  std::uint64_t body_bytes_ = 0;
  bool in_body_ = false;
  bool streams_ = false;
};

int failure_status(const error_code& error) {
  namespace http = beast::http;
  if (error == http::error::header_limit) {
    return 431;
  }
  if (error == http::error::body_limit) {
    return 413;
  }
  return error == http::error::bad_version ? 505 : 400;
}

}  // namespace

struct RequestParser::Machine {
  Head head;
  std::string body;
  std::optional<Reader> reader;
  bool expect_taken = false;
};

RequestParser::RequestParser(std::size_t max_head_bytes, std::size_t max_body_bytes)
    : machine_(std::make_unique<Machine>()),
      max_head_bytes_(
          std::min<std::size_t>(max_head_bytes, std::numeric_limits<std::uint32_t>::max() / 2)),
      max_body_bytes_(max_body_bytes) {
  next();
}

RequestParser::~RequestParser() = default;

void RequestParser::next() {
  machine_->head.clear();
  std::string().swap(machine_->body);
  machine_->expect_taken = false;
  auto& reader = machine_->reader.emplace(machine_->head, machine_->body, max_body_bytes_);
  reader.header_limit(static_cast<std::uint32_t>(max_head_bytes_));
  head_bytes_ = 0;
  streams_body_ = false;
  phase_ = Phase::kIdle;
}

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  if (phase_ == Phase::kIdle) {
    // Empty lines between requests are to be ignored (RFC 9112, section 2.2).
    while (used < bytes.size() && (bytes[used] == '\r' || bytes[used] == '\n')) {
      ++used;
    }
    bytes.remove_prefix(used);
    if (bytes.empty()) {
      return used;
    }
    phase_ = Phase::kHead;
  }
  while (!bytes.empty() && (phase_ == Phase::kHead || phase_ == Phase::kBody)) {
    error_code error;
    const auto took =
        machine_->reader->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(took);
    used += took;
    if (error && error != beast::http::error::need_more) {
      fail(failure_status(error), error.message());
      break;
    }
    after_feed(took, bytes.size());
    if (took == 0 || error) {
      break;
    }
  }
  return used;
}

/// The phase and limits after `took` bytes, with `left` bytes that must wait for more.
void RequestParser::after_feed(std::size_t took, std::size_t left) {
  const auto& reader = *machine_->reader;
  if (phase_ == Phase::kHead) {
    head_bytes_ += took;
    if (!reader.is_header_done()) {
      if (head_bytes_ + left > max_head_bytes_) {
        fail(431, "");
      }
      return;
    }
    phase_ = Phase::kBody;
    streams_body_ = is_streamed(machine_->head);
    if (has_header("Transfer-Encoding") && !reader.chunked()) {
      // Where such a body ends cannot be known.
      fail(501, "Transfer-Encoding '" + std::string(header("Transfer-Encoding")) +
                    "' is not supported: only 'chunked' is");
      return;
    }
  }
  if (reader.is_done()) {
    phase_ = Phase::kDone;
  } else if (took == 0 && left > max_head_bytes_) {
    fail(400, "a line between chunks, or the trailers, exceed " + std::to_string(max_head_bytes_) +
                  " bytes");
  }
}

void RequestParser::fail(int status, const std::string& what) {
  phase_ = Phase::kFailed;
  failure_ = status;
  if (status == 431) {
    why_ = "The head of the request exceeds " + std::to_string(max_head_bytes_) + " bytes";
  } else if (status == 413) {
    why_ = "The body of the request exceeds " + std::to_string(max_body_bytes_) + " bytes";
  } else {
    why_ = (status == 400 ? "The request is malformed: " : "") + what;
  }
}

bool RequestParser::take_expect_continue() {
  const bool wanted = phase_ == Phase::kBody && !machine_->expect_taken && !is_http_1_0() &&
                      same_name(header("Expect"), "100-continue");
  machine_->expect_taken = machine_->expect_taken || phase_ == Phase::kBody;
  return wanted;
}

bool RequestParser::keep_alive() const { return machine_->reader->keep_alive(); }

bool RequestParser::is_http_1_0() const { return machine_->head.version == 10; }

std::string_view RequestParser::method() const {
  return machine_->head.part(0, machine_->head.method_end);
}

std::string_view RequestParser::target() const {
  return machine_->head.part(machine_->head.method_end, machine_->head.target_end);
}

std::string_view RequestParser::header(std::string_view name) const {
  return machine_->head.find(name).value_or(std::string_view());
}

bool RequestParser::has_header(std::string_view name) const {
  return machine_->head.find(name).has_value();
}

std::optional<std::string_view> RequestParser::message_sender() const {
  return sender_of(machine_->head);
}

http::Headers RequestParser::headers() const {
  const auto& head = machine_->head;
  http::Headers headers;
  for (const auto& field : head.fields) {
    headers[std::string(head.part(field.name, field.value))] =
        std::string(head.part(field.value, field.end));
  }
  return headers;
}

std::uint64_t RequestParser::body_bytes() const { return machine_->reader->body_bytes(); }

std::string RequestParser::take_body() { return std::exchange(machine_->body, {}); }

}  // namespace troupe::net
