#include "slave/fetcher/sandbox_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::agent {

namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// The names on a path, without empty ones and dots.
Result<std::vector<std::string>> split(const std::string& path) {
  if (path.empty() || path.front() == '/') {
    return invalid("'" + path + "' is not a path within the sandbox");
  }
  std::vector<std::string> names;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == "..") {
      return invalid("'" + path + "' leads out of the sandbox");
    }
    if (!name.empty() && name != ".") {
      names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

Result<SandboxWriter> SandboxWriter::open(const std::string& folder,
                                          std::optional<UserAccount> owner) {
  Descriptor root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    return errno_error("open sandbox", folder, errno);
  }
  return SandboxWriter(folder, std::move(root), std::move(owner));
}

Result<Descriptor> SandboxWriter::make_file(const std::string& path, mode_t mode) {
  const Result<Place> place = find_place(path, true);
  if (!place) {
    return place.error();
  }
  const char* name = place->name.c_str();
  // A new file each time: what was there may be a link, or shared with somebody by a hard link.
  if (unlinkat(place->parent.get(), name, 0) != 0 && errno != ENOENT) {
    return error_at("replace", path, errno);
  }
  Descriptor file(
      openat(place->parent.get(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() || fchmod(file.get(), mode) != 0 ||
      (owner_ && fchown(file.get(), owner_->user_id, owner_->group_id) != 0)) {
    return error_at("make", path, errno);
  }
  return file;
}

Result<void> SandboxWriter::make_folder(const std::string& path) {
  const Result<Place> place = find_place(path, true);
  if (!place || place->name.empty()) {
    return place ? Result<void>() : Result<void>(place.error());
  }
  const Result<Descriptor> folder = enter(place->parent.get(), place->name, true, path);
  return folder ? Result<void>() : Result<void>(folder.error());
}

Result<void> SandboxWriter::make_link(const std::string& path, const std::string& target) {
  const Result<Place> place = find_place(path, true);
  if (!place) {
    return place.error();
  }
  const char* name = place->name.c_str();
  if ((unlinkat(place->parent.get(), name, 0) != 0 && errno != ENOENT) ||
      symlinkat(target.c_str(), place->parent.get(), name) != 0) {
    return error_at("make link", path, errno);
  }
  return give_away(place->parent.get(), place->name, path);
}

Result<void> SandboxWriter::make_hard_link(const std::string& path, const std::string& existing) {
  const Result<Place> source = find_place(existing, false);
  const Result<Place> place = source ? find_place(path, true) : source.error();
  if (!place) {
    return place.error();
  }
  const char* name = place->name.c_str();
  struct stat info {};
  if (fstatat(source->parent.get(), source->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return error_at("link to", existing, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid("link '" + path + "': '" + existing + "' is no regular file");
  }
  if ((unlinkat(place->parent.get(), name, 0) != 0 && errno != ENOENT) ||
      linkat(source->parent.get(), source->name.c_str(), place->parent.get(), name, 0) != 0) {
    return error_at("make link", path, errno);
  }
  return {};
}

Result<SandboxWriter::Place> SandboxWriter::find_place(const std::string& path, bool make_folders) {
  Result<std::vector<std::string>> names = split(path);
  if (!names) {
    return names.error();
  }
  Place place;
  place.parent = Descriptor(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
  if (!place.parent.valid()) {
    return error_at("open", path, errno);
  }
  if (names->empty()) {
    return place;
  }
  place.name = std::move(names->back());
  names->pop_back();
  for (const std::string& name : *names) {
    Result<Descriptor> next = enter(place.parent.get(), name, make_folders, path);
    if (!next) {
      return next.error();
    }
    place.parent = std::move(*next);
  }
  return place;
}

Result<Descriptor> SandboxWriter::enter(int parent, const std::string& name, bool make,
                                        const std::string& path) {
  Descriptor folder(openat(parent, name.c_str(), kFolderFlags));
  if (folder.valid() || errno != ENOENT || !make) {
    return folder.valid() ? std::move(folder)
                          : Result<Descriptor>(error_at("enter folder of", path, errno));
  }
  if (mkdirat(parent, name.c_str(), 0755) != 0) {
    return error_at("make folder of", path, errno);
  }
  folder = Descriptor(openat(parent, name.c_str(), kFolderFlags));
  if (!folder.valid() || (owner_ && fchown(folder.get(), owner_->user_id, owner_->group_id) != 0)) {
    return error_at("make folder of", path, errno);
  }
  return folder;
}

Result<void> SandboxWriter::give_away(int parent, const std::string& name,
                                      const std::string& path) {
  if (owner_ &&
      fchownat(parent, name.c_str(), owner_->user_id, owner_->group_id, AT_SYMLINK_NOFOLLOW) != 0) {
    return error_at("change the owner of", path, errno);
  }
  return {};
}

Error SandboxWriter::error_at(const std::string& doing, const std::string& path,
                              int error_number) const {
  if (error_number == ELOOP) {
    return invalid(doing + " '" + path + "': a link is on the way");
  }
  return errno_error(doing, folder_ + "/" + path, error_number);
}

}  // namespace troupe::agent
