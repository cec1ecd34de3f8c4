#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/ports/files.hpp"

namespace troupe::agent {

/// The files of this machine. Threads: any; no state. Errors: as Files, and kExhausted for a full
/// disk or quota.
class PosixFiles final : public Files {
 public:
  /// `owner`, a user's name, gets the last folder of `path`, not those above it. Errors: also
  /// kNotFound for an unknown user.
  Result<void> make_directories(const std::string& path,
                                const std::optional<std::string>& owner) override;
  Result<void> link(const std::string& target, const std::string& path) override;
  /// What is mounted below stays, with the folders that lead to it: kConflict.
  Result<void> remove_tree(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<Time> modified(const std::string& path) override;
  Result<std::vector<FileEntry>> list(const std::string& path) override;
  Result<FileEntry> stat(const std::string& path) override;
  Result<std::string> read(const std::string& path, std::uint64_t offset,
                           std::size_t length) override;
  /// The folder of `path` must be there. Mode 0644, or that of the file it replaces.
  Result<void> write(const std::string& path, const std::string& bytes) override;
  /// Counts what only root may use as used, as `df` does.
  Result<double> disk_usage(const std::string& path) override;
  Result<std::string> resolve(const std::string& path) override;
};

}  // namespace troupe::agent
