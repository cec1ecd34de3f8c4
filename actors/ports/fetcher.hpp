#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/result.hpp"

namespace troupe {

/// Brings the URIs of a command into a sandbox (mesos-semantics 8.5).
struct FetchSpec {
  ContainerId container_id;
  std::string directory;            ///< the sandbox
  mesos::v1::CommandInfo command;   ///< its `uris`
  std::optional<std::string> user;  ///< owner of what is fetched
};

/// What a fetcher did so far, and how full its cache is.
struct FetcherUsage {
  std::uint64_t cache_size_bytes = 0;  ///< the most it may hold
  std::uint64_t cache_used_bytes = 0;
  std::uint64_t fetches_succeeded = 0;  ///< containers whose URIs all came
  std::uint64_t fetches_failed = 0;
};

/// Threads: any. `fetched` comes once, from any thread, also after cancel() (with an Error).
class Fetcher {
 public:
  using Fetched = std::function<void(Result<void>)>;

  virtual ~Fetcher() = default;
  /// Errors name the URI and what went wrong.
  virtual void fetch(const FetchSpec& spec, Fetched fetched) = 0;
  virtual void cancel(const ContainerId& id) = 0;
  /// Never blocks on a fetch. One without a cache that counts nothing has nothing to tell.
  [[nodiscard]] virtual FetcherUsage usage() const { return {}; }
};

}  // namespace troupe
