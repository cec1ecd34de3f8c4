#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/ports/files.hpp"
#include "actors/process.hpp"

namespace troupe {

class Runtime;

/// The process `files`: shows sandboxes and logs under virtual paths (mesos-semantics 9.3).
///
///   /files/browse?path=P                  what a folder holds
///   /files/read?path=P&offset=N&length=N  a page of a file, at most 64 KiB
///   /files/download?path=P                a whole file
///   /files/debug                          virtual paths and what they stand for
///
/// `path` is a virtual path that was attached, or one with more behind it; of several the longest
/// counts. Nothing outside of what is attached can be reached, by `..` or by a link: 404.
class FilesActor : public Process {
 public:
  explicit FilesActor(std::shared_ptr<Files> files);

  // -- turns: through FilesAddress from elsewhere -----------------------------------------------
  /// Shows the file or folder `real` as `path`; a path attached before now shows this one.
  void attach(const std::string& path, const std::string& real);
  void detach(const std::string& path);
  /// What a folder holds, with virtual paths; nothing for a file. Errors: kNotFound, kInternal.
  Result<std::vector<FileEntry>> browse(const std::string& path);
  struct Page {
    std::uint64_t size = 0;  ///< of the whole file
    std::string bytes;       ///< at most 64 KiB
  };
  /// The bytes from `offset` on; nullopt reads as much as fits a page. Errors: kNotFound, kInvalid
  /// for a folder, kInternal.
  Result<Page> read(const std::string& path, std::uint64_t offset,
                    std::optional<std::uint64_t> length);

 private:
  void on_browse(const http::Request& request, const http::Responder& responder);
  void on_read(const http::Request& request, const http::Responder& responder);
  void on_download(const http::Request& request, const http::Responder& responder);
  void on_debug(const http::Request& request, const http::Responder& responder);
  /// The real path behind a virtual one. Errors: kNotFound.
  Result<std::string> resolve(const std::string& path);
  FileEntry shown_entry(FileEntry entry, const std::string& virtual_folder);
  /// Sends the bytes from `offset` to `end` part by part, each once the one before has left.
  void send_part(const std::shared_ptr<http::Stream>& stream, const std::string& real,
                 std::uint64_t offset, std::uint64_t end);

  std::shared_ptr<Files> files_;
  std::map<std::string, std::string> attached_;  // By virtual path: begins with '/', ends without.
};

/// For those who have something to show. A value; weak: does nothing once the process has ended.
/// Threads: any.
class FilesAddress {
 public:
  FilesAddress() = default;
  FilesAddress(ProcessRef process, FilesActor* actor)
      : process_(std::move(process)), actor_(actor) {}

  void attach(std::string path, std::string real) const;
  void detach(std::string path) const;
  // `done` runs in a turn of the process `files`; not at all once that has ended.
  void browse(std::string path, std::function<void(Result<std::vector<FileEntry>>)> done) const;
  void read(std::string path, std::uint64_t offset, std::optional<std::uint64_t> length,
            std::function<void(Result<FilesActor::Page>)> done) const;

 private:
  ProcessRef process_;
  FilesActor* actor_ = nullptr;  // Used in turns of the process only, hence while it lives.
};

/// Starts the process `files` on `runtime`.
FilesAddress spawn_files(Runtime& runtime, std::shared_ptr<Files> files);

}  // namespace troupe
