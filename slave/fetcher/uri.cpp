#include "slave/fetcher/uri.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::agent {

namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

/// "http" of "http://host/path", "" of a path.
std::string scheme_of(const std::string& uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string::npos || uri.find('/') < colon) {
    return "";
  }
  std::string scheme = uri.substr(0, colon);
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return scheme;
}

/// The path of "file:///path" and "file://localhost/path".
Result<Source> parse_file_uri(const std::string& uri) {
  const std::size_t host = std::string_view("file://").size();
  const std::size_t slash = uri.find('/', host);
  const std::string name =
      slash == std::string::npos ? uri.substr(host) : uri.substr(host, slash - host);
  if (slash == std::string::npos || (!name.empty() && name != "localhost")) {
    return invalid("URI '" + uri + "': a file URI needs an absolute path: file:///path");
  }
  return Source{Source::Kind::kLocal, uri.substr(slash)};
}

bool leads_out(const std::string& path) {
  if (path.front() == '/') {
    return true;
  }
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "..") {
      return true;
    }
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  return false;
}

}  // namespace

Result<Source> parse_source(const std::string& uri, const std::string& frameworks_home) {
  if (uri.empty() || uri.find('\0') != std::string::npos) {
    return invalid("URI '" + uri + "' is empty or holds a NUL");
  }
  const std::string scheme = scheme_of(uri);
  if (scheme.empty()) {
    if (uri.front() == '/') {
      return Source{Source::Kind::kLocal, uri};
    }
    if (frameworks_home.empty()) {
      return invalid("URI '" + uri + "' is a relative path, and the agent has no frameworks_home");
    }
    return Source{Source::Kind::kLocal, frameworks_home + "/" + uri};
  }
  if (scheme == "file") {
    return parse_file_uri(uri);
  }
  constexpr std::array<std::string_view, 4> kRemote = {"http", "https", "ftp", "ftps"};
  if (std::find(kRemote.begin(), kRemote.end(), scheme) != kRemote.end()) {
    return Source{Source::Kind::kRemote, uri};
  }
  return invalid("URI '" + uri + "': scheme " + scheme +
                 " is not supported (use a path, file, http, https, ftp or ftps)");
}

Result<std::string> sandbox_name(const std::string& uri, const std::string& output_file) {
  if (!output_file.empty()) {
    if (leads_out(output_file) || output_file.back() == '/' ||
        output_file.find('\0') != std::string::npos) {
      return invalid("URI '" + uri + "': output file '" + output_file +
                     "' is not the name of a file in the sandbox");
    }
    return output_file;
  }
  const std::string scheme = scheme_of(uri);
  const std::string rest = scheme.empty() ? uri : uri.substr(scheme.size() + 3);
  const std::size_t slash = rest.rfind('/');
  // Of "http://host" nothing is left: a host is no file.
  const bool has_path = scheme.empty() || slash != std::string::npos;
  const std::string name = has_path ? rest.substr(slash == std::string::npos ? 0 : slash + 1) : "";
  if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string::npos) {
    return invalid("URI '" + uri + "' does not end with the name of a file");
  }
  return name;
}

ArchiveKind archive_kind(std::string_view name) {
  constexpr std::array<std::string_view, 8> kContainers = {".tar",  ".tar.gz", ".tgz", ".tar.bz2",
                                                           ".tbz2", ".tar.xz", ".txz", ".zip"};
  for (const std::string_view end : kContainers) {
    if (ends_with(name, end)) {
      return ArchiveKind::kContainer;
    }
  }
  return ends_with(name, ".gz") ? ArchiveKind::kCompressedFile : ArchiveKind::kNone;
}

}  // namespace troupe::agent
