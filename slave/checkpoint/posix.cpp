#include "slave/checkpoint/posix.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace troupe::agent {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    value_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(value_, -1); }

void Descriptor::reset() {
  if (value_ >= 0) {
    close(release());
  }
}

Error errno_error(const std::string& doing, const std::string& path, int error_number) {
  ErrorCode code = ErrorCode::kInternal;
  if (error_number == ENOENT || error_number == ENOTDIR) {
    code = ErrorCode::kNotFound;
  } else if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    code = ErrorCode::kExhausted;
  }
  return {code, doing + " " + path + ": " + std::generic_category().message(error_number)};
}

Result<UserAccount> find_user(const std::string& name) {
  constexpr std::size_t kMaxRecordBytes = 1 << 20;
  std::vector<char> buffer(4096);
  passwd record{};
  passwd* found = nullptr;
  int error = getpwnam_r(name.c_str(), &record, buffer.data(), buffer.size(), &found);
  while (error == ERANGE && buffer.size() < kMaxRecordBytes) {
    buffer.resize(buffer.size() * 2);
    error = getpwnam_r(name.c_str(), &record, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) {
    return not_found("user " + name + " does not exist");
  }
  UserAccount account{record.pw_uid, record.pw_gid, {}};
  int count = 32;
  account.groups.resize(static_cast<std::size_t>(count));
  if (getgrouplist(name.c_str(), record.pw_gid, account.groups.data(), &count) < 0) {
    account.groups.resize(static_cast<std::size_t>(count));
    getgrouplist(name.c_str(), record.pw_gid, account.groups.data(), &count);
  }
  account.groups.resize(static_cast<std::size_t>(count));
  return account;
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = write(descriptor, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return errno_error("write", path, errno);
    }
    done += static_cast<std::size_t>(written);
  }
  return {};
}

std::optional<std::string> read_small_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    return std::nullopt;
  }
  std::string text;
  std::array<char, 2048> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it.
  for (;;) {
    const ssize_t length = read(file.get(), buffer.data(), buffer.size());
    if (length < 0 && errno != EINTR) {
      return std::nullopt;
    }
    if (length == 0) {
      return text;
    }
    if (length > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(length));
    }
  }
}

namespace {

/// Makes one folder; one that is there already (or a link to one) is left as it is.
Result<void> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0) {
    return {};
  }
  const int error = errno;
  struct stat info {};
  if (error == EEXIST && stat(path.c_str(), &info) == 0) {
    return S_ISDIR(info.st_mode) ? Result<void>()
                                 : Result<void>(conflict(path + " is there and is no folder"));
  }
  return errno_error("make folder", path, error);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using DirectoryHandle = std::unique_ptr<DIR, CloseDirectory>;

bool is_dots(const char* name) {
  return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/// Empties an open folder, going down by descriptors, so that no link can lead elsewhere, and the
/// length of paths does not matter. Depth is bounded by an explicit stack, not by the call stack.
class TreeRemover {
 public:
  explicit TreeRemover(std::string root) : root_(std::move(root)) {}

  Result<void> run() {
    struct stat info {};
    if (lstat(root_.c_str(), &info) != 0) {
      return errno == ENOENT || errno == ENOTDIR
                 ? Result<void>()
                 : Result<void>(errno_error("remove", root_, errno));
    }
    if (!S_ISDIR(info.st_mode)) {
      return unlink(root_.c_str()) == 0 || errno == ENOENT
                 ? Result<void>()
                 : Result<void>(errno_error("remove", root_, errno));
    }
    device_ = info.st_dev;
    if (Result<void> emptied = empty(AT_FDCWD, root_.c_str(), 0); !emptied) {
      return emptied;
    }
    // What could not be removed below says more than that the root is not empty.
    if (first_error_) {
      return *first_error_;
    }
    if (rmdir(root_.c_str()) != 0 && errno != ENOENT) {
      return errno_error("remove", root_, errno);
    }
    return {};
  }

 private:
  // Deeper folders are first moved up to the root, so that neither descriptors nor the call stack
  // run out on a tree that somebody built to that end.
  static constexpr int kMaxDepth = 100;

  Result<void> empty(int parent, const char* name, int depth) {
    Descriptor folder = open_folder(parent, name, depth);
    if (!folder.valid() && errno == EXDEV) {
      return conflict("remove " + shown(name) + ": something is mounted there");
    }
    if (!folder.valid()) {
      return errno == ENOENT ? Result<void>()
                             : Result<void>(errno_error("open", shown(name), errno));
    }
    struct stat info {};
    if (fstat(folder.get(), &info) != 0) {
      return errno_error("look at", shown(name), errno);
    }
    if (info.st_dev != device_) {
      return conflict("remove " + shown(name) + ": something is mounted there");
    }
    DirectoryHandle entries(fdopendir(folder.get()));
    if (entries == nullptr) {
      return errno_error("read", shown(name), errno);
    }
    const int descriptor = folder.release();  // Now closed with `entries`.
    if (depth == 0) {
      top_ = descriptor;
    }
    // Folders that were moved up appear in the root's listing again after a rewind.
    do {
      moved_up_ = depth == 0 ? false : moved_up_;
      rewinddir(entries.get());
      while (const dirent* entry = readdir(entries.get())) {
        if (!is_dots(entry->d_name)) {
          remember(remove_entry(descriptor, entry->d_name, depth));
        }
      }
    } while (depth == 0 && moved_up_ && !first_error_);
    return {};
  }

  /// Follows no link; below the root it also enters no mount, not even of the same file system.
  static Descriptor open_folder(int parent, const char* name, int depth) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    open_how how{};
    how.flags = kFlags;
    how.resolve = depth > 0 ? RESOLVE_NO_XDEV : 0;
    Descriptor folder(static_cast<int>(syscall(SYS_openat2, parent, name, &how, sizeof(how))));
    // Kernels before 5.6, and some sandboxes, lack the call; the device number then tells mounts.
    if (!folder.valid() && (errno == ENOSYS || errno == EPERM)) {
      folder = Descriptor(openat(parent, name, kFlags));
    }
    return folder;
  }

  Result<void> remove_entry(int parent, const char* name, int depth) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
      return {};
    }
    // Linux says EISDIR for a folder; POSIX also allows EPERM.
    if (errno != EISDIR && errno != EPERM) {
      return errno_error("remove", shown(name), errno);
    }
    if (depth >= kMaxDepth) {
      const std::string above = ".removed-" + std::to_string(moves_++);
      moved_up_ = true;
      return renameat(parent, name, top_, above.c_str()) == 0
                 ? Result<void>()
                 : Result<void>(errno_error("remove", shown(name), errno));
    }
    if (Result<void> emptied = empty(parent, name, depth + 1); !emptied) {
      return emptied;
    }
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT
               ? Result<void>()
               : Result<void>(errno_error("remove", shown(name), errno));
  }

  /// Goes on past what cannot be removed, so that as much as possible goes; the first error tells.
  void remember(Result<void> removed) {
    if (!removed && !first_error_) {
      first_error_ = removed.error();
    }
  }

  std::string shown(const char* name) const {
    return name == root_ ? root_ : root_ + "/.../" + name;
  }

  std::string root_;
  dev_t device_ = 0;
  int top_ = -1;
  bool moved_up_ = false;
  std::uint64_t moves_ = 0;
  std::optional<Error> first_error_;
};

}  // namespace

Result<void> make_directories(const std::string& path, const UserAccount* owner) {
  if (path.empty()) {
    return invalid("a folder's path is empty");
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      if (Result<void> made = make_directory(path.substr(0, slash)); !made) {
        return made;
      }
    }
    if (Result<void> made = make_directory(path); !made) {
      return made;
    }
  }
  if (owner != nullptr && lchown(path.c_str(), owner->user_id, owner->group_id) != 0) {
    return errno_error("change the owner of", path, errno);
  }
  return {};
}

Result<void> remove_tree(const std::string& path) { return TreeRemover(path).run(); }

}  // namespace troupe::agent
