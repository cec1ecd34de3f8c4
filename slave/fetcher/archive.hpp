#pragma once

#include <atomic>
#include <string>

#include "messages/result.hpp"
#include "slave/fetcher/sandbox_writer.hpp"

namespace troupe::agent {

/// Unpacks the archive that `descriptor` reads (format and compression are found out) into the
/// sandbox. Refuses, with what came before unpacked: absolute paths and `..`, writing through
/// links, devices, and what is damaged or cut short. Set-user bits are dropped.
/// Errors: kInvalid, kExhausted for a full disk, kUnavailable once `cancelled`; not the archive's
/// name, which the caller knows.
Result<void> extract_archive(int descriptor, SandboxWriter* sandbox,
                             const std::atomic<bool>& cancelled);

/// Unpacks one compressed file, such as a plain .gz, to `path`.
Result<void> extract_compressed_file(int descriptor, const std::string& path,
                                     SandboxWriter* sandbox, const std::atomic<bool>& cancelled);

}  // namespace troupe::agent
