#pragma once

#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace troupe::agent {

/// Where a URI of a command leads.
struct Source {
  enum class Kind { kLocal, kRemote };
  Kind kind = Kind::kLocal;
  std::string location;  ///< a path, or the URI for libcurl
};

/// Plain paths (relative ones below `frameworks_home`), file, http, https, ftp, ftps.
/// Errors: kInvalid, naming the URI.
Result<Source> parse_source(const std::string& uri, const std::string& frameworks_home);

/// What a fetched file is called in its sandbox: `output_file` if it is set, else the last part of
/// the URI. Relative, and never leads out. Errors: kInvalid, naming the URI.
Result<std::string> sandbox_name(const std::string& uri, const std::string& output_file);

enum class ArchiveKind { kNone, kContainer, kCompressedFile };

/// By the end of the name (mesos-semantics 8.5); kCompressedFile is a plain .gz.
ArchiveKind archive_kind(std::string_view name);

}  // namespace troupe::agent
