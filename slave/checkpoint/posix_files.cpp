#include "slave/checkpoint/posix_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>

#include "slave/checkpoint/posix.hpp"

namespace troupe::agent {

namespace {

Time to_time(const timespec& time) {
  return Time(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

/// The name of a user, or the number if it has none.
std::string user_name(uid_t id) {
  std::array<char, 4096> buffer{};
  passwd record{};
  passwd* found = nullptr;
  getpwuid_r(id, &record, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(id) : found->pw_name;
}

std::string group_name(gid_t id) {
  std::array<char, 4096> buffer{};
  group record{};
  group* found = nullptr;
  getgrgid_r(id, &record, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(id) : found->gr_name;
}

/// Names looked up once a listing: each lookup reads a file, or asks a server.
class Names {
 public:
  const std::string& user(uid_t id) { return look_up(id, &users_, user_name); }
  const std::string& group(gid_t id) { return look_up(id, &groups_, group_name); }

 private:
  static const std::string& look_up(unsigned id, std::map<unsigned, std::string>* known,
                                    std::string (*name)(unsigned)) {
    const auto found = known->find(id);
    return found != known->end() ? found->second : known->emplace(id, name(id)).first->second;
  }

  std::map<unsigned, std::string> users_;
  std::map<unsigned, std::string> groups_;
};

FileEntry to_entry(std::string path, const struct stat& info, Names* names) {
  FileEntry entry;
  entry.path = std::move(path);
  entry.links = static_cast<std::uint32_t>(info.st_nlink);
  entry.size = static_cast<std::uint64_t>(info.st_size);
  entry.modified = to_time(info.st_mtim);
  entry.mode = info.st_mode;
  entry.user = names->user(info.st_uid);
  entry.group = names->group(info.st_gid);
  return entry;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// A name beside `path` that no other writer of this machine uses.
std::string temporary_name(const std::string& path) {
  static std::atomic<std::uint64_t> counter{0};
  return path + "." + std::to_string(getpid()) + "-" + std::to_string(counter++) + ".tmp";
}

/// A crash after this leaves the new name of a file, not the old one.
Result<void> sync_folder(const std::string& path) {
  const Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || fsync(folder.get()) != 0) {
    return errno_error("sync", path, errno);
  }
  return {};
}

Result<void> write_and_sync(const std::string& temporary, const std::string& path,
                            const std::string& bytes) {
  struct stat old {};
  const mode_t mode = ::stat(path.c_str(), &old) == 0 ? old.st_mode & 07777 : 0644;
  const Descriptor file(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file.valid()) {
    return errno_error("write", path, errno);
  }
  if (Result<void> written = write_all(file.get(), bytes, path); !written) {
    return written;
  }
  if (fsync(file.get()) != 0) {
    return errno_error("write", path, errno);
  }
  return {};
}

}  // namespace

Result<void> PosixFiles::make_directories(const std::string& path,
                                          const std::optional<std::string>& owner) {
  if (!owner) {
    return agent::make_directories(path, nullptr);
  }
  const Result<UserAccount> account = find_user(*owner);
  return account ? agent::make_directories(path, &*account) : Result<void>(account.error());
}

Result<void> PosixFiles::link(const std::string& target, const std::string& path) {
  // Made beside and moved over, so that nobody finds the name missing.
  const std::string temporary = temporary_name(path);
  if (symlink(target.c_str(), temporary.c_str()) != 0) {
    return errno_error("link", path, errno);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return errno_error("link", path, error);
  }
  return {};
}

Result<void> PosixFiles::remove_tree(const std::string& path) { return agent::remove_tree(path); }

Result<bool> PosixFiles::exists(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0) {
    return true;
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return false;
  }
  return errno_error("look at", path, errno);
}

Result<Time> PosixFiles::modified(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return errno_error("look at", path, errno);
  }
  return to_time(info.st_mtim);
}

Result<std::vector<FileEntry>> PosixFiles::list(const std::string& path) {
  struct Close {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> folder(opendir(path.c_str()));
  if (folder == nullptr) {
    return errno_error("list", path, errno);
  }
  Names names;
  std::vector<FileEntry> entries;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    struct stat info {};
    // What goes away while it is listed is not in the list.
    if (name != "." && name != ".." &&
        fstatat(dirfd(folder.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
      entries.push_back(to_entry(path + (path.back() == '/' ? "" : "/") + name, info, &names));
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; });
  return entries;
}

Result<FileEntry> PosixFiles::stat(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return errno_error("look at", path, errno);
  }
  Names names;
  return to_entry(path, info, &names);
}

Result<std::string> PosixFiles::read(const std::string& path, std::uint64_t offset,
                                     std::size_t length) {
  // Without O_NONBLOCK opening a pipe would wait for its other end, for ever perhaps.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!file.valid() || fstat(file.get(), &info) != 0) {
    return errno_error("read", path, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid("read " + path + ": it is no regular file");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  // Files of /proc say 0; so at least a page is asked for.
  constexpr std::uint64_t kLeast = 4096;
  const std::uint64_t left = offset < size ? size - offset : 0;
  std::string bytes(std::min<std::uint64_t>(length, std::max(left, kLeast)), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = pread(file.get(), bytes.data() + done, bytes.size() - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return errno_error("read", path, errno);
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

Result<void> PosixFiles::write(const std::string& path, const std::string& bytes) {
  const std::string temporary = temporary_name(path);
  if (Result<void> written = write_and_sync(temporary, path, bytes); !written) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return errno_error("write", path, error);
  }
  return sync_folder(folder_of(path));
}

Result<double> PosixFiles::disk_usage(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) {
    return errno_error("look at the disk of", path, errno);
  }
  const auto used = static_cast<double>(info.f_blocks - info.f_bfree);
  const double usable = used + static_cast<double>(info.f_bavail);
  return usable > 0 ? used / usable : 0.0;
}

Result<std::string> PosixFiles::resolve(const std::string& path) {
  struct Free {
    void operator()(char* text) const { free(text); }
  };
  const std::unique_ptr<char, Free> real(realpath(path.c_str(), nullptr));
  if (real == nullptr) {
    return errno_error("find", path, errno);
  }
  return std::string(real.get());
}

}  // namespace troupe::agent
