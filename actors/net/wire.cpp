#include "actors/net/wire.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace troupe::net::wire {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

constexpr std::size_t kHexDigits = 16;

std::string_view hex(std::size_t number, std::array<char, kHexDigits>& digits) {
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

/// The Date of this second; rendered once a second and thread.
std::string_view date_of(TimePoint now) {
  thread_local std::time_t rendered = -1;
  thread_local std::string text;
  const auto second = std::chrono::system_clock::to_time_t(now);
  if (second != rendered) {
    text = format_http_date(now);
    rendered = second;
  }
  return text;
}

bool same_name(std::string_view a, std::string_view b) {
  const http::NameLess less;
  return !less(a, b) && !less(b, a);
}

/// Those are written by us, from what is true.
bool is_framing_header(std::string_view name) {
  return same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding") ||
         same_name(name, "Connection") || same_name(name, "Date");
}

bool is_bodiless(int status) { return status / 100 == 1 || status == 204 || status == 304; }

/// Line breaks in a value would let its author write headers of his own.
void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  }
}

std::string status_line(int status, TimePoint now) {
  std::string out;
  out.reserve(256);
  out += "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += http::reason(status);
  out += "\r\nDate: ";
  out += date_of(now);
  out += "\r\n";
  return out;
}

void append_headers(std::string& out, const http::Response& response, const AnswerForm& form) {
  for (const auto& [name, value] : response.headers) {
    if (!is_framing_header(name)) {
      append_value(out, name);
      out += ": ";
      append_value(out, value);
      out += "\r\n";
    }
  }
  if (closes_connection(response, form)) {
    out += "Connection: close\r\n";
  } else if (form.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
}

}  // namespace

// -- messages ---------------------------------------------------------------------------

std::optional<std::size_t> append_message(OutputQueue& out, const Pid& from, const Pid& to,
                                          const google::protobuf::Message& message,
                                          std::size_t limit) {
  const auto size = message.ByteSizeLong();
  const auto& type = message.GetDescriptor()->full_name();
  const auto sender = from.str();
  std::string head;
  head.reserve(192 + to.id.size() + type.size() + 2 * sender.size());
  head += "POST /";
  head += to.id;
  head += '/';
  head += type;
  head += " HTTP/1.1\r\nUser-Agent: libprocess/";
  head += sender;
  head += "\r\nLibprocess-From: ";
  head += sender;
  head += "\r\nConnection: Keep-Alive\r\nHost: ";
  head += to.address.str();
  head += size == 0 ? "\r\n\r\n" : "\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::array<char, kHexDigits> digits{};
  std::string_view end;
  if (size != 0) {
    head += hex(size, digits);
    head += "\r\n";
    end = "\r\n0\r\n\r\n";
  }
  const auto total = head.size() + size + end.size();
  if (total > limit) {
    return std::nullopt;
  }
  char* to_write = out.extend(total);
  to_write += head.copy(to_write, head.size());
  if (size != 0) {
    to_write = reinterpret_cast<char*>(
        message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to_write)));
    end.copy(to_write, end.size());
  }
  return total;
}

std::optional<MessageTarget> parse_message_target(std::string_view target) {
  if (target.empty() || target.front() != '/') {
    return std::nullopt;
  }
  target.remove_prefix(1);
  const auto slash = target.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == target.size()) {
    return std::nullopt;
  }
  auto to = http::percent_decode(target.substr(0, slash));
  if (!to) {
    return std::nullopt;
  }
  return MessageTarget{std::move(*to), std::string(target.substr(slash + 1))};
}

// -- requests -----------------------------------------------------------------------------

std::optional<RequestTarget> parse_request_target(std::string_view target) {
  if (target == "*") {
    return RequestTarget{target, {}};
  }
  const auto scheme = target.find("://");
  if (!target.empty() && target.front() != '/' && scheme != std::string_view::npos) {
    target.remove_prefix(scheme + 3);
    const auto end = std::min(target.find_first_of("/?#"), target.size());
    target.remove_prefix(end);
    if (target.empty()) {
      return RequestTarget{"/", {}};
    }
  }
  if (target.empty() || target.front() != '/') {
    return std::nullopt;
  }
  target = target.substr(0, target.find('#'));
  const auto question = target.find('?');
  if (question == std::string_view::npos) {
    return RequestTarget{target, {}};
  }
  return RequestTarget{target.substr(0, question), target.substr(question + 1)};
}

// -- answers --------------------------------------------------------------------------------

std::string format_http_date(TimePoint time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto second = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&second, &utc);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon],
                                 utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

bool closes_connection(const http::Response& response, const AnswerForm& form) {
  const auto found = response.headers.find("Connection");
  return !form.keep_alive || (found != response.headers.end() && same_name(found->second, "close"));
}

void append_answer(OutputQueue& out, const http::Response& head, http::Content&& content,
                   const AnswerForm& form, TimePoint now) {
  auto text = status_line(head.status, now);
  append_headers(text, head, form);
  if (!is_bodiless(head.status)) {
    text += "Content-Length: ";
    text += std::to_string(content.bytes().size());
    text += "\r\n";
  }
  text += "\r\n";
  out.append(std::string_view(text));
  if (form.head_only || is_bodiless(head.status)) {
    return;
  }
  if (content.shared()) {
    out.append(content.shared());
  } else {
    out.append(content.take());
  }
}

void append_stream_head(OutputQueue& out, const http::Response& head, const AnswerForm& form,
                        TimePoint now) {
  auto text = status_line(head.status, now);
  append_headers(text, head, form);
  if (!form.http_1_0) {
    text += "Transfer-Encoding: chunked\r\n";
  }
  text += "\r\n";
  out.append(std::string_view(text));
}

void append_chunk(OutputQueue& out, std::string&& bytes) {
  std::array<char, kHexDigits> digits{};
  out.append(hex(bytes.size(), digits));
  out.append(std::string_view("\r\n"));
  out.append(std::move(bytes));
  out.append(std::string_view("\r\n"));
}

void append_status(OutputQueue& out, int status, TimePoint now) {
  auto text = status_line(status, now);
  text += "Content-Length: 0\r\n\r\n";
  out.append(std::string_view(text));
}

}  // namespace troupe::net::wire
