#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "messages/result.hpp"
#include "messages/time.hpp"
#include "slave/checkpoint/posix.hpp"

namespace troupe::agent {

/// When a transfer stops before its end.
struct TransferLimits {
  Duration stall_timeout{};                ///< without a byte
  std::optional<std::uint64_t> max_bytes;  ///< more is Transfer::kTooLarge
  const std::atomic<bool>* cancelled = nullptr;
};

enum class Transfer { kComplete, kTooLarge };

/// Writes what `uri` leads to into `file`; follows redirects to http and https. Blocks.
/// Errors: kNotFound (404, no such host or file), kInvalid (another refusal), kUnavailable
/// (cancelled, no connection), kExhausted (disk full, stalled); none names the URI.
Result<Transfer> download(const std::string& uri, int file, const TransferLimits& limits);

/// Copies a file of this machine into `file`; it is opened with the rights of `user`, if given.
Result<Transfer> copy_local(const std::string& path, const std::optional<UserAccount>& user,
                            int file, const TransferLimits& limits);

}  // namespace troupe::agent
