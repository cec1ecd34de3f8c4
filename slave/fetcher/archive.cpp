#include "slave/fetcher/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>

#include <memory>
#include <string_view>
#include <vector>

namespace troupe::agent {

namespace {

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

constexpr std::size_t kBlockBytes = 256 * 1024;

Error archive_error(archive* reader, const std::string& doing) {
  const char* text = archive_error_string(reader);
  return invalid(doing + ": " + (text == nullptr ? "the archive is damaged" : text));
}

Result<void> open_reader(archive* reader, int descriptor) {
  archive_read_support_filter_all(reader);
  // By name, for only so libarchive seeks, and a zip keeps its modes at the end.
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  if (archive_read_open_filename(reader, path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return archive_error(reader, "open the archive");
  }
  return {};
}

/// Gives this thread a character set that has all names: without, libarchive drops those of a zip
/// that are not ASCII.
class Utf8Names {
 public:
  Utf8Names()
      : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
        previous_(locale_ == nullptr ? nullptr : uselocale(locale_)) {}
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;
  ~Utf8Names() {
    if (locale_ != nullptr) {
      uselocale(previous_);
      freelocale(locale_);
    }
  }

 private:
  locale_t locale_;
  locale_t previous_;
};

/// The first of the two that is there; names that are no UTF-8 have only the other.
std::string text_or(const char* utf8, const char* native) {
  return utf8 != nullptr ? utf8 : (native != nullptr ? native : "");
}

Result<void> copy_content(archive* reader, int file, const std::string& path,
                          const std::atomic<bool>& cancelled) {
  std::vector<char> block(kBlockBytes);
  for (;;) {
    if (cancelled) {
      return Error{ErrorCode::kUnavailable, "cancelled"};
    }
    const la_ssize_t length = archive_read_data(reader, block.data(), block.size());
    if (length == 0) {
      return {};
    }
    if (length < 0) {
      return archive_error(reader, "unpack '" + path + "'");
    }
    const std::string_view bytes(block.data(), static_cast<std::size_t>(length));
    if (Result<void> written = write_all(file, bytes, path); !written) {
      return written;
    }
  }
}

Result<void> extract_file(archive* reader, archive_entry* entry, const std::string& path,
                          SandboxWriter* sandbox, const std::atomic<bool>& cancelled) {
  const mode_t mode = (archive_entry_perm(entry) & 0777) | S_IRUSR | S_IWUSR;
  const Result<Descriptor> file = sandbox->make_file(path, mode);
  if (!file) {
    return file.error();
  }
  if (Result<void> copied = copy_content(reader, file->get(), path, cancelled); !copied) {
    return copied;
  }
  if (archive_entry_mtime_is_set(entry) != 0) {
    const timespec modified{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    const timespec times[] = {modified, modified};
    futimens(file->get(), times);
  }
  return {};
}

Result<void> extract_entry(archive* reader, archive_entry* entry, SandboxWriter* sandbox,
                           const std::atomic<bool>& cancelled) {
  const std::string path =
      text_or(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
  const std::string hard_link =
      text_or(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry));
  if (!hard_link.empty()) {
    return sandbox->make_hard_link(path, hard_link);
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return extract_file(reader, entry, path, sandbox, cancelled);
    case AE_IFDIR:
      return sandbox->make_folder(path);
    case AE_IFLNK:
      return sandbox->make_link(
          path, text_or(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry)));
    default:
      return invalid("'" + path + "' in the archive is no file, folder or link");
  }
}

}  // namespace

Result<void> extract_archive(int descriptor, SandboxWriter* sandbox,
                             const std::atomic<bool>& cancelled) {
  const Utf8Names names;
  const Reader reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_gnutar(reader.get());
  archive_read_support_format_zip(reader.get());
  if (Result<void> opened = open_reader(reader.get(), descriptor); !opened) {
    return opened;
  }
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) {
      return {};
    }
    if (status < ARCHIVE_WARN) {
      return archive_error(reader.get(), "read the archive");
    }
    if (Result<void> extracted = extract_entry(reader.get(), entry, sandbox, cancelled);
        !extracted) {
      return extracted;
    }
  }
}

Result<void> extract_compressed_file(int descriptor, const std::string& path,
                                     SandboxWriter* sandbox, const std::atomic<bool>& cancelled) {
  const Reader reader(archive_read_new());
  archive_read_support_format_raw(reader.get());
  archive_read_support_format_empty(reader.get());
  if (Result<void> opened = open_reader(reader.get(), descriptor); !opened) {
    return opened;
  }
  const Result<Descriptor> file = sandbox->make_file(path, 0644);
  if (!file) {
    return file.error();
  }
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader.get(), &entry);
  if (status == ARCHIVE_EOF) {
    return {};  // An empty file.
  }
  if (status < ARCHIVE_WARN) {
    return archive_error(reader.get(), "unpack '" + path + "'");
  }
  if (archive_filter_code(reader.get(), 0) == ARCHIVE_FILTER_NONE) {
    return invalid("unpack '" + path + "': it is not compressed");
  }
  return copy_content(reader.get(), file->get(), path, cancelled);
}

}  // namespace troupe::agent
