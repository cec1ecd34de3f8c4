#include "actors/files_actor.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/files_json.hpp"
#include "actors/runtime.hpp"

namespace troupe {

namespace {

constexpr std::size_t kMaxPageBytes = 64 * 1024;  // 16 pages of 4 KiB.
// A file up to this size is sent whole. What is larger goes in parts, each once the one before has
// left: memory stays bounded however slowly a client reads, and other requests get their turns.
constexpr std::uint64_t kPartBytes = 1 << 20;
constexpr std::uint32_t kTypeMask = 0170000;  // Of st_mode.
constexpr std::uint32_t kFolder = 0040000;
constexpr std::uint32_t kLink = 0120000;

bool has_type(const FileEntry& entry, std::uint32_t type) {
  return (entry.mode & kTypeMask) == type;
}

http::Response refusal(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return http::Response::text(400, error.message + "\n");
    case ErrorCode::kUnauthorized:
      return http::Response::text(403, error.message + "\n");
    case ErrorCode::kNotFound:
      return http::Response::text(404, error.message + "\n");
    default:
      return http::Response::text(500, error.message + "\n");
  }
}

/// JSON, or a call of the function that the query names (JSONP).
http::Response json_response(const http::Request& request, std::string json) {
  const auto wrapper = request.query.find("jsonp");
  if (wrapper == request.query.end() || wrapper->second.empty()) {
    return http::Response::json(std::move(json));
  }
  http::Response response = http::Response::text(200, wrapper->second + "(" + json + ");");
  response.headers["Content-Type"] = "text/javascript";
  return response;
}

/// "/a/b" of "a//b/" and "/a/./b".
Result<std::string> normalize(std::string_view path) {
  std::string normal;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part == "..") {
      return not_found("paths with '..' lead nowhere");
    }
    if (!part.empty() && part != ".") {
      normal.append("/").append(part);
    }
  }
  return normal.empty() ? "/" : normal;
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// What is below a folder: the folder itself, or a path that goes on after it with '/'.
bool is_within(const std::string& path, const std::string& folder) {
  return path.compare(0, folder.size(), folder) == 0 &&
         (path.size() == folder.size() || folder.back() == '/' || path[folder.size()] == '/');
}

Result<std::string> path_of(const http::Request& request) {
  const auto path = request.query.find("path");
  if (path == request.query.end() || path->second.empty()) {
    return invalid("Expecting 'path=value' in query.");
  }
  if (path->second.find('\0') != std::string::npos) {
    return invalid("'path' holds a NUL");
  }
  return path->second;
}

/// A number of the query; -1 if it is not there.
Result<std::int64_t> number_of(const http::Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) {
    return std::int64_t{-1};
  }
  const std::string& text = found->second;
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return invalid("Failed to parse " + name + ": '" + text + "' is no whole number");
  }
  if (number < -1) {
    return invalid("Negative " + name + " provided: " + text);
  }
  return number;
}

/// What stands in a quoted header value.
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char letter : name) {
    const bool plain = static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f;
    text.append(letter == '"' || letter == '\\' ? "\\" : "").append(1, plain ? letter : '_');
  }
  return text + "\"";
}

std::string content_type(const std::string& name) {
  static const std::map<std::string, std::string> kTypes = {
      {".css", "text/css"},          {".csv", "text/csv"},      {".gif", "image/gif"},
      {".html", "text/html"},        {".jpg", "image/jpeg"},    {".js", "text/javascript"},
      {".json", "application/json"}, {".log", "text/plain"},    {".pdf", "application/pdf"},
      {".png", "image/png"},         {".svg", "image/svg+xml"}, {".txt", "text/plain"},
      {".xml", "application/xml"}};
  const std::size_t dot = name.rfind('.');
  const auto found = kTypes.find(dot == std::string::npos ? "" : name.substr(dot));
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

}  // namespace

// -- what is shown ---------------------------------------------------------------------------

FilesActor::FilesActor(std::shared_ptr<Files> files) : Process("files"), files_(std::move(files)) {
  const auto route_to = [this](const std::string& path,
                               void (FilesActor::*handler)(const http::Request&,
                                                           const http::Responder&)) {
    route(path, [this, handler](const http::Request& request, const http::Responder& responder) {
      (this->*handler)(request, responder);
    });
  };
  for (const std::string suffix : {"", ".json"}) {  // Both names are in use.
    route_to("/browse" + suffix, &FilesActor::on_browse);
    route_to("/read" + suffix, &FilesActor::on_read);
    route_to("/download" + suffix, &FilesActor::on_download);
    route_to("/debug" + suffix, &FilesActor::on_debug);
  }
}

void FilesActor::attach(const std::string& path, const std::string& real) {
  if (const Result<std::string> normal = normalize(path)) {
    attached_[*normal] = real;
  }
}

void FilesActor::detach(const std::string& path) {
  if (const Result<std::string> normal = normalize(path)) {
    attached_.erase(*normal);
  }
}

Result<std::string> FilesActor::resolve(const std::string& path) {
  const Result<std::string> normal = normalize(path);
  if (!normal) {
    return normal.error();
  }
  const Error unknown = not_found("'" + path + "' is not there");
  std::string prefix = *normal;
  auto found = attached_.find(prefix);
  while (found == attached_.end() && prefix.size() > 1) {
    prefix.resize(std::max<std::size_t>(1, prefix.rfind('/')));
    found = attached_.find(prefix);
  }
  if (found == attached_.end()) {
    return unknown;
  }
  const std::string rest = normal->substr(prefix == "/" ? 0 : prefix.size());
  // Resolved only now: an attached path may be a link that moves on, such as `runs/latest`.
  const Result<std::string> root = files_->resolve(found->second);
  if (!root) {
    return root.error().code == ErrorCode::kNotFound ? unknown : root.error();
  }
  Result<std::string> real = files_->resolve(*root + (rest == "/" ? "" : rest));
  if (!real) {
    return real.error().code == ErrorCode::kNotFound ? unknown : real.error();
  }
  return is_within(*real, *root) ? std::move(real) : Result<std::string>(unknown);
}

FileEntry FilesActor::shown_entry(FileEntry entry, const std::string& virtual_folder) {
  const bool ends_with_slash = !virtual_folder.empty() && virtual_folder.back() == '/';
  std::string path = virtual_folder + (ends_with_slash ? "" : "/") + name_of(entry.path);
  if (has_type(entry, kLink)) {
    // A link within is shown as what it leads to; one that leads out, or nowhere, as a link.
    const Result<std::string> real = resolve(path);
    if (Result<FileEntry> target = real ? files_->stat(*real) : real.error()) {
      entry = std::move(*target);
    }
  }
  entry.path = std::move(path);
  return entry;
}

Result<std::vector<FileEntry>> FilesActor::browse(const std::string& path) {
  const Result<std::string> real = resolve(path);
  const Result<FileEntry> folder = real ? files_->stat(*real) : real.error();
  if (!folder) {
    return folder.error();
  }
  std::vector<FileEntry> entries;
  if (has_type(*folder, kFolder)) {  // A file has nothing in it: [].
    Result<std::vector<FileEntry>> listed = files_->list(*real);
    if (!listed) {
      return listed.error();
    }
    for (FileEntry& entry : *listed) {
      entries.push_back(shown_entry(std::move(entry), path));
    }
  }
  return entries;
}

Result<FilesActor::Page> FilesActor::read(const std::string& path, std::uint64_t offset,
                                          std::optional<std::uint64_t> length) {
  const Result<std::string> real = resolve(path);
  const Result<FileEntry> file = real ? files_->stat(*real) : real.error();
  if (!file) {
    return file.error();
  }
  if (has_type(*file, kFolder)) {
    return invalid("Cannot read from a directory: '" + path + "'");
  }
  const auto wanted = static_cast<std::size_t>(
      std::min<std::uint64_t>(kMaxPageBytes, length.value_or(kMaxPageBytes)));
  Result<std::string> bytes = wanted == 0 ? std::string() : files_->read(*real, offset, wanted);
  if (!bytes) {
    return bytes.error();
  }
  return Page{file->size, std::move(*bytes)};
}

// -- requests --------------------------------------------------------------------------------

void FilesActor::on_browse(const http::Request& request, const http::Responder& responder) {
  const Result<std::string> path = path_of(request);
  const Result<std::vector<FileEntry>> entries =
      path ? browse(*path) : Result<std::vector<FileEntry>>(path.error());
  responder.send(entries ? json_response(request, files_browse_json(*entries))
                         : refusal(entries.error()));
}

void FilesActor::on_read(const http::Request& request, const http::Responder& responder) {
  const Result<std::string> path = path_of(request);
  const Result<std::int64_t> offset = number_of(request, "offset");
  const Result<std::int64_t> length = number_of(request, "length");
  for (const Error* error : {path ? nullptr : &path.error(), offset ? nullptr : &offset.error(),
                             length ? nullptr : &length.error()}) {
    if (error != nullptr) {
      return responder.send(refusal(*error));
    }
  }
  const bool size_only = *offset == -1;
  const std::uint64_t start = size_only ? 0 : static_cast<std::uint64_t>(*offset);
  const auto wanted = *length == -1 ? std::nullopt : std::optional<std::uint64_t>(*length);
  const Result<Page> page = read(*path, start, size_only ? 0 : wanted);
  if (!page) {
    return responder.send(refusal(page.error()));
  }
  if (size_only) {
    return responder.send(json_response(request, files_read_json(page->size, "")));
  }
  const std::string_view shown =
      std::string_view(page->bytes).substr(0, whole_characters(page->bytes));
  responder.send(json_response(request, files_read_json(start, shown)));
}

void FilesActor::on_download(const http::Request& request, const http::Responder& responder) {
  const Result<std::string> path = path_of(request);
  const Result<std::string> real = path ? resolve(*path) : path;
  const Result<FileEntry> file = real ? files_->stat(*real) : real.error();
  if (!file) {
    return responder.send(refusal(file.error()));
  }
  if (has_type(*file, kFolder)) {
    return responder.send(refusal(invalid("Cannot download a directory: '" + *path + "'")));
  }
  http::Response response;
  const std::string name = name_of(*real);
  response.headers["Content-Type"] = content_type(name);
  response.headers["Content-Disposition"] = "attachment; filename=" + quoted(name);
  if (file->size <= kPartBytes) {
    Result<std::string> bytes = files_->read(*real, 0, static_cast<std::size_t>(file->size));
    if (!bytes) {
      return responder.send(refusal(bytes.error()));
    }
    response.body = std::move(*bytes);
    return responder.send(std::move(response));
  }
  send_part(responder.stream(std::move(response)), *real, 0, file->size);
}

void FilesActor::send_part(const std::shared_ptr<http::Stream>& stream, const std::string& real,
                           std::uint64_t offset, std::uint64_t end) {
  const std::size_t wanted = std::min<std::uint64_t>(kPartBytes, end - offset);
  Result<std::string> bytes = files_->read(real, offset, wanted);
  // A file that was cut short, or cannot be read any more: the client must not take what it has for
  // the whole.
  if (!bytes || bytes->empty()) {
    return stream->abort();
  }
  const std::uint64_t next = offset + bytes->size();
  if (!stream->write(std::move(*bytes))) {
    return;  // The client has gone.
  }
  if (next >= end) {
    return stream->close();
  }
  stream->on_drained(
      defer([this, stream, real, next, end] { send_part(stream, real, next, end); }));
}

void FilesActor::on_debug(const http::Request& request, const http::Responder& responder) {
  responder.send(json_response(request, files_debug_json(attached_)));
}

// -- from elsewhere --------------------------------------------------------------------------

void FilesAddress::attach(std::string path, std::string real) const {
  process_.dispatch([actor = actor_, path = std::move(path), real = std::move(real)] {
    actor->attach(path, real);
  });
}

void FilesAddress::detach(std::string path) const {
  process_.dispatch([actor = actor_, path = std::move(path)] { actor->detach(path); });
}

void FilesAddress::browse(std::string path,
                          std::function<void(Result<std::vector<FileEntry>>)> done) const {
  process_.dispatch([actor = actor_, path = std::move(path), done = std::move(done)] {
    done(actor->browse(path));
  });
}

void FilesAddress::read(std::string path, std::uint64_t offset, std::optional<std::uint64_t> length,
                        std::function<void(Result<FilesActor::Page>)> done) const {
  process_.dispatch([actor = actor_, path = std::move(path), offset, length,
                     done = std::move(done)] { done(actor->read(path, offset, length)); });
}

FilesAddress spawn_files(Runtime& runtime, std::shared_ptr<Files> files) {
  auto process = std::make_unique<FilesActor>(std::move(files));
  FilesActor* actor = process.get();
  return {runtime.find(runtime.spawn(std::move(process))), actor};
}

}  // namespace troupe
