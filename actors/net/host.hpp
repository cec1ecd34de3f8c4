#pragma once

#include <cstdint>
#include <string>

#include "messages/pid.hpp"

namespace troupe {

/// What the machine says of itself. Threads: any.

/// The name of the machine, "localhost" if it has none.
std::string host_name();
/// The user this program runs as, by name, by number if it has none.
std::string current_user();
/// The folder of the running program's file.
std::string program_directory();
/// "host:port" or "1.2.3.4:port" -> an IPv4 address; may ask the resolver and block. Errors:
/// kInvalid for what is no host:port, kNotFound for a name that does not resolve.
Result<Address> resolve(const std::string& host_and_port);
/// An address of this machine that others may reach it at; 127.0.0.1 if there is none better.
std::string public_ip();
std::size_t online_cpus();
std::uint64_t total_memory_bytes();
/// Size of the file system of that path, 0 if it is unknown.
std::uint64_t file_system_bytes(const std::string& path);

}  // namespace troupe
