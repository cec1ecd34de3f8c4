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

namespace troupe::net {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

// A promise of a large body is believed up to here; beyond, the buffer grows with what arrives.
constexpr std::uint64_t kMaxReserve = 1024 * 1024;
// Kept from one request to the next; more is given back.
constexpr std::size_t kKeptHeadBytes = 512;

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

/// Beast's state machine, which calls back with what it recognises.
class Reader final : public beast::http::basic_parser<true> {
 public:
  Reader(Head& head, std::string& body) : head_(head), body_(body) { eager(true); }

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
  void on_header_impl(error_code&) override { in_body_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) {
      body_.reserve(static_cast<std::size_t>(std::min(*length, kMaxReserve)));
    }
  }
  std::size_t on_body_impl(string_view bytes, error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override {
    if (body_.empty() && size > 0) {
      body_.reserve(static_cast<std::size_t>(std::min(size, kMaxReserve)));
    }
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}

  Head& head_;
  std::string& body_;
  bool in_body_ = false;
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
  auto& reader = machine_->reader.emplace(machine_->head, machine_->body);
  reader.header_limit(static_cast<std::uint32_t>(max_head_bytes_));
  reader.body_limit(max_body_bytes_);
  head_bytes_ = 0;
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
      fail(failure_status(error));
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
        fail(431);
      }
      return;
    }
    phase_ = Phase::kBody;
    if (has_header("Transfer-Encoding") && !reader.chunked()) {
      fail(501);  // Where such a body ends cannot be known.
      return;
    }
  }
  if (reader.is_done()) {
    phase_ = Phase::kDone;
  } else if (took == 0 && left > max_head_bytes_) {
    fail(400);  // The line that tells the size of a chunk, or the trailers, without end.
  }
}

void RequestParser::fail(int status) {
  phase_ = Phase::kFailed;
  failure_ = status;
}

bool RequestParser::is_post() const { return method() == "POST"; }

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
  const auto& head = machine_->head;
  for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
    if (same_name(head.part(field->name, field->value), name)) {
      return head.part(field->value, field->end);
    }
  }
  return {};
}

bool RequestParser::has_header(std::string_view name) const {
  const auto& head = machine_->head;
  return std::any_of(head.fields.begin(), head.fields.end(), [&](const Field& field) {
    return same_name(head.part(field.name, field.value), name);
  });
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

std::string RequestParser::take_body() { return std::exchange(machine_->body, {}); }

}  // namespace troupe::net
