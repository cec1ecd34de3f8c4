#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>

#include "messages/result.hpp"

namespace troupe {

/// An IPv4 address and port. `ip` is in host order: 127.0.0.1 is 0x7f000001.
struct Address {
  std::uint32_t ip = 0;
  std::uint16_t port = 0;

  /// "1.2.3.4:5050". Errors: kInvalid; a host name is not resolved here.
  static Result<Address> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] std::string ip_str() const;
  [[nodiscard]] bool empty() const { return ip == 0 && port == 0; }

  friend bool operator==(const Address& a, const Address& b) {
    return a.ip == b.ip && a.port == b.port;
  }
  friend bool operator!=(const Address& a, const Address& b) { return !(a == b); }
  friend bool operator<(const Address& a, const Address& b) {
    return std::tie(a.ip, a.port) < std::tie(b.ip, b.port);
  }
  friend std::ostream& operator<<(std::ostream& out, const Address& a) { return out << a.str(); }
};

/// The address of an actor, `id@ip:port`, as libprocess writes it (mesos-semantics 3.1).
struct Pid {
  std::string id;
  Address address;

  /// Errors: kInvalid for what is not `id@ip:port`. "@0.0.0.0:0" is the empty Pid.
  static Result<Pid> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool empty() const { return id.empty() && address.empty(); }

  friend bool operator==(const Pid& a, const Pid& b) {
    return a.address == b.address && a.id == b.id;
  }
  friend bool operator!=(const Pid& a, const Pid& b) { return !(a == b); }
  friend bool operator<(const Pid& a, const Pid& b) {
    return std::tie(a.address, a.id) < std::tie(b.address, b.id);
  }
  friend std::ostream& operator<<(std::ostream& out, const Pid& pid) { return out << pid.str(); }
};

}  // namespace troupe

template <>
struct std::hash<troupe::Address> {
  std::size_t operator()(const troupe::Address& a) const {
    return std::hash<std::uint64_t>()(std::uint64_t{a.ip} << 16 | a.port);
  }
};

template <>
struct std::hash<troupe::Pid> {
  std::size_t operator()(const troupe::Pid& pid) const {
    return std::hash<std::string>()(pid.id) * 31 + std::hash<troupe::Address>()(pid.address);
  }
};
