#include "actors/net/host.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <memory>

namespace troupe {

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data()
                                                                             : "localhost";
}

std::string current_user() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const uid_t user = ::geteuid();
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return std::to_string(user);
}

std::string program_directory() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string program(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto slash = program.rfind('/');
  return slash == std::string::npos ? "." : program.substr(0, slash);
}

Result<Address> resolve(const std::string& host_and_port) {
  if (auto address = Address::parse(host_and_port); address.ok()) {
    return address;
  }
  const auto colon = host_and_port.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == host_and_port.size()) {
    return invalid("'" + host_and_port + "' is not HOST:PORT");
  }
  const std::string host = host_and_port.substr(0, colon);
  auto port = Address::parse("0.0.0.0:" + host_and_port.substr(colon + 1));
  if (!port.ok()) {
    return invalid("'" + host_and_port + "' has no valid port");
  }
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return not_found("host '" + host + "' does not resolve: " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what AF_INET means.
  const auto* address = reinterpret_cast<const sockaddr_in*>(list->ai_addr);
  return Address{ntohl(address->sin_addr.s_addr), port->port};
}

std::string public_ip() {
  if (auto address = resolve(host_name() + ":1"); address.ok() && (address->ip >> 24) != 127) {
    return address->ip_str();
  }
  return "127.0.0.1";
}

std::size_t online_cpus() {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

std::uint64_t total_memory_bytes() {
  struct sysinfo info {};
  return ::sysinfo(&info) == 0 ? std::uint64_t{info.totalram} * info.mem_unit : 0;
}

std::uint64_t file_system_bytes(const std::string& path) {
  struct statvfs info {};
  return ::statvfs(path.c_str(), &info) == 0 ? std::uint64_t{info.f_blocks} * info.f_frsize : 0;
}

}  // namespace troupe
