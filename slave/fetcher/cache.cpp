#include "slave/fetcher/cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace troupe::agent {

namespace {

std::uint64_t size_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

Result<std::optional<Descriptor>> open_cached(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    return errno_error("open cached file", path, errno);
  }
  return std::optional<Descriptor>(std::move(file));
}

}  // namespace

FetchCache::FetchCache(std::string folder, std::uint64_t capacity_bytes)
    : folder_(std::move(folder)), capacity_bytes_(capacity_bytes) {
  usable_ = !folder_.empty() && remove_tree(folder_).ok() &&
            make_directories(folder_, nullptr).ok() && chmod(folder_.c_str(), 0700) == 0;
}

Result<std::optional<Descriptor>> FetchCache::open(const std::string& key,
                                                   const std::atomic<bool>& cancelled,
                                                   const Fill& fill) {
  while (usable_) {
    bool begun = false;
    const EntryPtr entry = find_or_begin(key, &begun);
    if (begun) {
      return fill_entry(key, entry.get(), fill);
    }
    std::unique_lock<std::mutex> lock(mutex_);
    // Looks up now and then, for nobody wakes who waits when only its own fetch is cancelled.
    while (entry->state == Entry::State::kFilling && !cancelled) {
      changed_.wait_for(lock, std::chrono::milliseconds(100));
    }
    if (cancelled) {
      return Error{ErrorCode::kUnavailable, "cancelled"};
    }
    if (entry->state == Entry::State::kReady) {
      entry->last_use = ++clock_;
      // Opened under the lock, so that it is not pushed out in between.
      if (entries_.count(key) != 0) {
        return open_cached(entry->path);
      }
    } else if (!entry->fits) {
      break;
    } else if (entry->error.code != ErrorCode::kUnavailable) {
      return entry->error;
    }
  }
  return std::optional<Descriptor>();
}

std::uint64_t FetchCache::used_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return used_bytes_;
}

FetchCache::EntryPtr FetchCache::find_or_begin(const std::string& key, bool* begun) {
  const std::lock_guard<std::mutex> lock(mutex_);
  EntryPtr& entry = entries_[key];
  if (entry == nullptr) {
    *begun = true;
    entry = std::make_shared<Entry>();
    entry->last_use = ++clock_;
    entry->path = folder_ + "/c" + std::to_string(clock_);
  }
  return entry;
}

Result<std::optional<Descriptor>> FetchCache::fill_entry(const std::string& key, Entry* entry,
                                                         const Fill& fill) {
  const Result<Transfer> filled = write_file(*entry, fill);
  const std::uint64_t bytes = filled ? size_of(entry->path) : 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!filled) {
    fail(key, entry, true, filled.error());
    return filled.error();
  }
  if (*filled == Transfer::kTooLarge || !make_room(bytes)) {
    fail(key, entry, false, {});
    return std::optional<Descriptor>();
  }
  entry->bytes = bytes;
  entry->state = Entry::State::kReady;
  used_bytes_ += bytes;
  changed_.notify_all();
  return open_cached(entry->path);
}

Result<Transfer> FetchCache::write_file(const Entry& entry, const Fill& fill) {
  const Descriptor file(
      ::open(entry.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return errno_error("make cached file", entry.path, errno);
  }
  return fill(file.get(), capacity_bytes_);
}

/// Pushes out the least recently used. Requires: the lock is held.
bool FetchCache::make_room(std::uint64_t bytes) {
  if (bytes > capacity_bytes_) {
    return false;
  }
  while (used_bytes_ + bytes > capacity_bytes_) {
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->second->state == Entry::State::kReady &&
          (oldest == entries_.end() || entry->second->last_use < oldest->second->last_use)) {
        oldest = entry;
      }
    }
    unlink(oldest->second->path.c_str());
    used_bytes_ -= oldest->second->bytes;
    entries_.erase(oldest);
  }
  return true;
}

/// Requires: the lock is held.
void FetchCache::fail(const std::string& key, Entry* entry, bool fits, Error error) {
  unlink(entry->path.c_str());
  entry->state = Entry::State::kFailed;
  entry->fits = fits;
  entry->error = std::move(error);
  entries_.erase(key);
  changed_.notify_all();
}

}  // namespace troupe::agent
