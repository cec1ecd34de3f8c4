#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "messages/result.hpp"
#include "slave/checkpoint/posix.hpp"

namespace troupe::agent {

/// Makes files below one folder, and nowhere else: paths are relative, may not hold `..`, and no
/// link on the way is followed, whoever made it. Folders on the way are made; what is there under a
/// name is replaced. All that is made belongs to the owner. Threads: one.
class SandboxWriter {
 public:
  /// Errors: kNotFound if the folder is not there.
  static Result<SandboxWriter> open(const std::string& folder, std::optional<UserAccount> owner);

  /// A new file, open for reading and writing.
  Result<Descriptor> make_file(const std::string& path, mode_t mode);
  Result<void> make_folder(const std::string& path);
  /// The target is not looked at: whoever follows the link does so with rights of its own.
  Result<void> make_link(const std::string& path, const std::string& target);
  Result<void> make_hard_link(const std::string& path, const std::string& existing);

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  struct Place {
    Descriptor parent;
    std::string name;  // Empty: the sandbox itself.
  };

  SandboxWriter(std::string folder, Descriptor root, std::optional<UserAccount> owner)
      : folder_(std::move(folder)), root_(std::move(root)), owner_(std::move(owner)) {}

  Result<Place> find_place(const std::string& path, bool make_folders);
  Result<Descriptor> enter(int parent, const std::string& name, bool make, const std::string& path);
  Result<void> give_away(int parent, const std::string& name, const std::string& path);
  [[nodiscard]] Error error_at(const std::string& doing, const std::string& path,
                               int error_number) const;

  std::string folder_;
  Descriptor root_;
  std::optional<UserAccount> owner_;
};

}  // namespace troupe::agent
