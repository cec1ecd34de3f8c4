#include "slave/fetcher/job.hpp"

#include <unistd.h>

#include <utility>

#include "slave/fetcher/archive.hpp"
#include "slave/fetcher/uri.hpp"

namespace troupe::agent {

namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kProgramMode = 0755;

Error naming(const mesos::v1::CommandInfo::URI& uri, const Error& error) {
  // Errors of parsing name the URI already.
  if (error.message.rfind("URI '", 0) == 0) {
    return error;
  }
  return {error.code, "fetch '" + uri.value() + "': " + error.message};
}

bool is_extracted(const mesos::v1::CommandInfo::URI& uri, const std::string& name) {
  return uri.extract() && !uri.executable() && archive_kind(name) != ArchiveKind::kNone;
}

}  // namespace

Result<void> FetchJob::run() {
  if (spec_.user) {
    Result<UserAccount> user = find_user(*spec_.user);
    if (!user) {
      return user.error();
    }
    user_ = std::move(*user);
  }
  // Only root may give files away, and nobody else needs to: they are its own.
  const bool gives_away = user_ && geteuid() == 0;
  Result<SandboxWriter> sandbox =
      SandboxWriter::open(spec_.directory, gives_away ? user_ : std::optional<UserAccount>());
  if (!sandbox) {
    return sandbox.error();
  }
  for (const Uri& uri : spec_.command.uris()) {
    if (Result<void> fetched = fetch(uri, &*sandbox); !fetched) {
      return naming(uri, fetched.error());
    }
  }
  return {};
}

Result<void> FetchJob::fetch(const Uri& uri, SandboxWriter* sandbox) {
  const Result<std::string> name = sandbox_name(uri.value(), uri.output_file());
  if (!name) {
    return name.error();
  }
  if (uri.cache()) {
    const Result<bool> done = fetch_through_cache(uri, *name, sandbox);
    if (!done || *done) {
      return done ? Result<void>() : Result<void>(done.error());
    }
  }
  return fetch_directly(uri, *name, sandbox);
}

Result<bool> FetchJob::fetch_through_cache(const Uri& uri, const std::string& name,
                                           SandboxWriter* sandbox) {
  const std::string key = spec_.user.value_or("") + "@" + uri.value();
  const Result<std::optional<Descriptor>> cached = cache_.open(
      key, cancelled_,
      [&](int file, std::uint64_t max_bytes) { return transfer(uri, file, max_bytes); });
  if (!cached) {
    return cached.error();
  }
  if (!cached->has_value()) {
    return false;
  }
  const int source = (*cached)->get();
  if (is_extracted(uri, name)) {
    Result<void> extracted = extract(source, name, sandbox);
    return extracted ? Result<bool>(true) : extracted.error();
  }
  const Result<Descriptor> file =
      sandbox->make_file(name, uri.executable() ? kProgramMode : kFileMode);
  if (!file) {
    return file.error();
  }
  const Result<Transfer> copied =
      copy_local("/proc/self/fd/" + std::to_string(source), std::nullopt, file->get(),
                 {options_.stall_timeout, std::nullopt, &cancelled_});
  return copied ? Result<bool>(true) : copied.error();
}

Result<void> FetchJob::fetch_directly(const Uri& uri, const std::string& name,
                                      SandboxWriter* sandbox) {
  const Result<Descriptor> file =
      sandbox->make_file(name, uri.executable() ? kProgramMode : kFileMode);
  if (!file) {
    return file.error();
  }
  const Result<Transfer> done = transfer(uri, file->get(), std::nullopt);
  if (!done) {
    return done.error();
  }
  return is_extracted(uri, name) ? extract(file->get(), name, sandbox) : Result<void>();
}

Result<Transfer> FetchJob::transfer(const Uri& uri, int file,
                                    std::optional<std::uint64_t> max_bytes) {
  const Result<Source> source = parse_source(uri.value(), options_.frameworks_home);
  if (!source) {
    return source.error();
  }
  const TransferLimits limits{options_.stall_timeout, max_bytes, &cancelled_};
  return source->kind == Source::Kind::kRemote ? download(source->location, file, limits)
                                               : copy_local(source->location, user_, file, limits);
}

Result<void> FetchJob::extract(int file, const std::string& name, SandboxWriter* sandbox) {
  if (archive_kind(name) == ArchiveKind::kContainer) {
    return extract_archive(file, sandbox, cancelled_);
  }
  const std::size_t suffix = std::string_view(".gz").size();
  return extract_compressed_file(file, name.substr(0, name.size() - suffix), sandbox, cancelled_);
}

}  // namespace troupe::agent
