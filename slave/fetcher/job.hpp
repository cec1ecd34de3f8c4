#pragma once

#include <atomic>
#include <string>

#include "actors/ports/fetcher.hpp"
#include "slave/fetcher/cache.hpp"
#include "slave/fetcher/sandbox_writer.hpp"
#include "slave/fetcher/uri_fetcher.hpp"

namespace troupe::agent {

/// Fetches the URIs of one container, one after the other. Threads: one; blocks.
class FetchJob {
 public:
  FetchJob(const FetcherOptions& options, FetchCache* cache, const FetchSpec& spec,
           const std::atomic<bool>& cancelled)
      : options_(options), cache_(*cache), spec_(spec), cancelled_(cancelled) {}

  /// Errors: as UriFetcher::fetch().
  Result<void> run();

 private:
  using Uri = mesos::v1::CommandInfo::URI;

  Result<void> fetch(const Uri& uri, SandboxWriter* sandbox);
  /// True if it came from the cache.
  Result<bool> fetch_through_cache(const Uri& uri, const std::string& name, SandboxWriter* sandbox);
  Result<void> fetch_directly(const Uri& uri, const std::string& name, SandboxWriter* sandbox);
  Result<Transfer> transfer(const Uri& uri, int file, std::optional<std::uint64_t> max_bytes);
  Result<void> extract(int file, const std::string& name, SandboxWriter* sandbox);

  const FetcherOptions& options_;
  FetchCache& cache_;
  const FetchSpec& spec_;
  const std::atomic<bool>& cancelled_;
  std::optional<UserAccount> user_;
};

}  // namespace troupe::agent
