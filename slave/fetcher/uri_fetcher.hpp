#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actors/ports/fetcher.hpp"
#include "messages/time.hpp"

namespace troupe::agent {

struct FetcherOptions {
  std::string cache_dir;  ///< emptied at construction; empty: nothing is cached
  std::uint64_t cache_size_bytes = 2ULL << 30;
  Duration stall_timeout = std::chrono::seconds(60);  ///< a download without a byte this long fails
  std::string frameworks_home;                        ///< what relative paths are below
  std::size_t max_threads = 4;
};

/// Fetches paths, file, http, https, ftp and ftps URIs into sandboxes, one after the other per
/// container, and unpacks .tar, .tar.gz, .tgz, .tar.bz2, .tbz2, .tar.xz, .txz, .gz and .zip
/// (mesos-semantics 8.5).
///
/// A file gets the last part of its URI as its name (or `output_file`), and so never a place
/// outside of the sandbox. `executable` (mode 0755, not unpacked) beats `extract`. Nothing is
/// written through a link, so that neither an archive nor a task can lead it elsewhere. A local
/// path is read with the rights of the task's user, and all that is made belongs to that user.
///
/// Cached URIs are downloaded once per user, also if several containers ask at once; the least
/// recently used go when the cache is full, and what cannot be cached is fetched past it. Of a
/// cached archive only the content goes to the sandbox.
///
/// Threads: any. Work is done by up to `max_threads` threads, started when needed; idle ones end
/// after some seconds. Destruction cancels what runs and waits for it.
class UriFetcher final : public Fetcher {
 public:
  explicit UriFetcher(FetcherOptions options);
  ~UriFetcher() override;

  /// Errors: kInvalid for a bad URI, name or archive; kNotFound; kExhausted for a full disk or a
  /// stalled download; kUnavailable when cancelled; kInternal. Each names the URI.
  void fetch(const FetchSpec& spec, Fetched fetched) override;
  void cancel(const ContainerId& id) override;
  [[nodiscard]] FetcherUsage usage() const override;

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace troupe::agent
