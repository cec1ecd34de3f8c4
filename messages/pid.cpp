#include "messages/pid.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {
namespace {

/// A whole decimal number of at most `max`; nothing before or after it, no sign.
bool parse_number(std::string_view text, std::uint32_t max, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number <= max;
}

bool parse_ip(std::string_view text, std::uint32_t& ip) {
  ip = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    const bool last = part == 3;
    std::uint32_t number = 0;
    if ((dot == std::string_view::npos) != last ||
        !parse_number(text.substr(0, dot), 255, number)) {
      return false;
    }
    ip = ip << 8 | number;
    text.remove_prefix(last ? text.size() : dot + 1);
  }
  return true;
}

/// An id goes raw into request lines and headers: what would break those is refused. '/' would end
/// the id in a path.
bool valid_id(std::string_view id) {
  return std::all_of(id.begin(), id.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && c != '/';
  });
}

void append_ip(std::string& out, std::uint32_t ip) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string(ip >> shift & 0xff);
    if (shift != 0) {
      out += '.';
    }
  }
}

void append_address(std::string& out, const Address& address) {
  append_ip(out, address.ip);
  out += ':';
  out += std::to_string(address.port);
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  Address address;
  std::uint32_t port = 0;
  if (colon == std::string_view::npos || !parse_ip(text.substr(0, colon), address.ip) ||
      !parse_number(text.substr(colon + 1), 65535, port)) {
    return invalid("address '" + std::string(text) + "' is not IPv4:port");
  }
  address.port = static_cast<std::uint16_t>(port);
  return address;
}

std::string Address::str() const {
  std::string text;
  text.reserve(21);
  append_address(text, *this);
  return text;
}

std::string Address::ip_str() const {
  std::string text;
  append_ip(text, ip);
  return text;
}

Result<Pid> Pid::parse(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) {
    return invalid("pid '" + std::string(text) + "' is not id@ip:port");
  }
  auto address = Address::parse(text.substr(at + 1));
  if (!address) {
    return invalid("pid '" + std::string(text) + "': " + address.error().message);
  }
  const auto id = text.substr(0, at);
  if (!valid_id(id) || (id.empty() && !address->empty())) {
    return invalid("pid '" + std::string(text) + "': its id is empty or has forbidden characters");
  }
  return Pid{std::string(id), *address};
}

std::string Pid::str() const {
  std::string text;
  text.reserve(id.size() + 22);
  text += id;
  text += '@';
  append_address(text, address);
  return text;
}

}  // namespace troupe
