#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "messages/result.hpp"
#include "messages/time.hpp"

namespace troupe {

/// One entry of a folder, as /files/browse shows it.
struct FileEntry {
  std::string path;
  std::uint32_t links = 1;
  std::uint64_t size = 0;
  Time modified;
  std::uint32_t mode = 0;  ///< st_mode: type and permissions
  std::string user;
  std::string group;
};

/// The disk as an agent or master needs it. Threads: any; calls block on the disk, so that long
/// ones (remove_tree) belong on an actor of their own. Errors: kNotFound, kInternal with errno's
/// text and the path.
class Files {
 public:
  virtual ~Files() = default;
  virtual Result<void> make_directories(const std::string& path,
                                        const std::optional<std::string>& owner) = 0;
  /// Makes or replaces a symbolic link.
  virtual Result<void> link(const std::string& target, const std::string& path) = 0;
  /// Never follows a link or crosses a mount out of `path`. Ok if nothing is there.
  virtual Result<void> remove_tree(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<Time> modified(const std::string& path) = 0;
  /// By path, each `path` whole; a link is shown itself.
  virtual Result<std::vector<FileEntry>> list(const std::string& path) = 0;
  /// Of what a link leads to.
  virtual Result<FileEntry> stat(const std::string& path) = 0;
  /// At most `length` bytes from `offset`; "" at or past the end.
  virtual Result<std::string> read(const std::string& path, std::uint64_t offset,
                                   std::size_t length) = 0;
  /// Writes a file whole: temporary, fsync, rename.
  virtual Result<void> write(const std::string& path, const std::string& bytes) = 0;
  /// The path without links and dots, so that two can be compared. The default is for file systems
  /// without links.
  virtual Result<std::string> resolve(const std::string& path) { return path; }
  /// Part of the file system of `path` in use, 0 to 1.
  virtual Result<double> disk_usage(const std::string& path) = 0;
};

}  // namespace troupe
