#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "messages/result.hpp"
#include "slave/checkpoint/posix.hpp"
#include "slave/fetcher/download.hpp"

namespace troupe::agent {

/// Files fetched before, up to a size. Who asks for one that is being fetched waits for that fetch.
/// Whoever has a file open keeps it, also when it is pushed out. Threads: any.
class FetchCache {
 public:
  /// Writes what belongs in the cache to `file`, at most `max_bytes`.
  using Fill = std::function<Result<Transfer>(int file, std::uint64_t max_bytes)>;

  /// Empties `folder`. One that cannot be made caches nothing.
  FetchCache(std::string folder, std::uint64_t capacity_bytes);

  /// The file of `key`, open for reading; filled first if it is not there. nullopt if it does not
  /// fit in: fetch it elsewhere. Errors: those of `fill`, shared by all who waited (but that a
  /// cancelled fill is done again by one of them); kUnavailable once `cancelled`.
  Result<std::optional<Descriptor>> open(const std::string& key, const std::atomic<bool>& cancelled,
                                         const Fill& fill);

  [[nodiscard]] std::uint64_t used_bytes() const;

 private:
  struct Entry {
    enum class State { kFilling, kReady, kFailed };
    State state = State::kFilling;
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t last_use = 0;
    bool fits = true;  // When kFailed: it is too large.
    Error error;       // When kFailed.
  };
  using EntryPtr = std::shared_ptr<Entry>;

  EntryPtr find_or_begin(const std::string& key, bool* begun);
  Result<std::optional<Descriptor>> fill_entry(const std::string& key, Entry* entry,
                                               const Fill& fill);
  Result<Transfer> write_file(const Entry& entry, const Fill& fill);
  bool make_room(std::uint64_t bytes);
  void fail(const std::string& key, Entry* entry, bool fits, Error error);

  const std::string folder_;
  const std::uint64_t capacity_bytes_;
  bool usable_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, EntryPtr> entries_;  // Those kFilling or kReady.
  std::uint64_t used_bytes_ = 0;             // Of those kReady.
  std::uint64_t clock_ = 0;
};

}  // namespace troupe::agent
