#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/result.hpp"

namespace troupe::agent {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool valid() const { return value_ >= 0; }
  int release();
  void reset();

 private:
  int value_ = -1;
};

/// A user of this machine, with all the groups of the account.
struct UserAccount {
  unsigned user_id = 0;
  unsigned group_id = 0;
  std::vector<unsigned> groups;
};

/// "<doing> <path>: <errno's text>"; kNotFound for ENOENT and ENOTDIR, kExhausted for a full disk
/// or quota, otherwise kInternal.
Error errno_error(const std::string& doing, const std::string& path, int error_number);

/// Errors: kNotFound: no such user.
Result<UserAccount> find_user(const std::string& name);

/// Writes all of `bytes`. Errors: those of errno_error().
Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path);

/// The whole of a small file, such as those of /proc; nullopt if it cannot be read.
std::optional<std::string> read_small_file(const std::string& path);

/// Makes a folder and those above it, mode 0755. The last one, not those above it, is given to
/// `owner`, also if it was there.
Result<void> make_directories(const std::string& path, const UserAccount* owner);

/// Removes what is at `path`, and all below it if it is a folder. Follows no link; leaves alone
/// what is mounted below `path`, and so the folders that hold a mount: kConflict.
Result<void> remove_tree(const std::string& path);

}  // namespace troupe::agent
