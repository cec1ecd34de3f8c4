#include "slave/fetcher/download.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace troupe::agent {

namespace {

using Clock = std::chrono::steady_clock;

Error cancelled_error() { return {ErrorCode::kUnavailable, "cancelled"}; }

/// Takes on a user's rights over files, for this thread only, and gives them back.
class FileIdentity {
 public:
  explicit FileIdentity(const std::optional<UserAccount>& user)
      : taken_(user.has_value() && geteuid() == 0 && user->user_id != 0) {
    if (!taken_) {
      return;
    }
    const int count = getgroups(0, nullptr);
    groups_.resize(static_cast<std::size_t>(std::max(count, 0)));
    getgroups(count, groups_.data());
    // The bare system calls: the C library's would change every thread of the program.
    syscall(SYS_setgroups, user->groups.size(), user->groups.data());
    setfsgid(user->group_id);
    setfsuid(user->user_id);
  }
  FileIdentity(const FileIdentity&) = delete;
  FileIdentity& operator=(const FileIdentity&) = delete;
  ~FileIdentity() {
    if (taken_) {
      setfsuid(geteuid());
      setfsgid(getegid());
      syscall(SYS_setgroups, groups_.size(), groups_.data());
    }
  }

 private:
  bool taken_;
  std::vector<gid_t> groups_;
};

// -- libcurl ---------------------------------------------------------------------------------

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;

/// What the write callback fills.
struct Sink {
  int file = -1;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> max_bytes;
  bool too_large = false;
  std::optional<Error> error;
  Clock::time_point last_byte = Clock::now();
};

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* context) {
  auto* sink = static_cast<Sink*>(context);
  const std::string_view bytes(data, size * count);
  sink->bytes += bytes.size();
  sink->last_byte = Clock::now();
  if (sink->max_bytes && sink->bytes > *sink->max_bytes) {
    sink->too_large = true;
    return 0;  // Ends the transfer.
  }
  const Result<void> written = write_all(sink->file, bytes, "the file");
  if (!written) {
    sink->error = written.error();
    return 0;
  }
  return bytes.size();
}

void set_options(CURL* easy, const std::string& uri, Sink* sink, const TransferLimits& limits) {
  const auto timeout_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(limits.stall_timeout).count();
  curl_easy_setopt(easy, CURLOPT_URL, uri.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, sink);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp,ftps");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<long>(timeout_ms, 1)));
}

Error transfer_error(CURL* easy, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  const std::string text = curl_easy_strerror(code);
  switch (code) {
    case CURLE_HTTP_RETURNED_ERROR: {
      const bool gone = status == 404 || status == 410;
      return {gone ? ErrorCode::kNotFound : ErrorCode::kInvalid,
              "the server answered HTTP " + std::to_string(status)};
    }
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_COULDNT_RESOLVE_HOST:
      return not_found(text);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return invalid(text);
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::kExhausted, "no connection in time: " + text};
    default:
      return {ErrorCode::kUnavailable, text};
  }
}

/// Runs the transfer to its end. Errors: cancelled, stalled.
Result<CURLcode> run_transfer(CURLM* multi, const Sink& sink, const TransferLimits& limits) {
  constexpr int kLookMs = 100;  // How long a cancel or a stall may go unseen.
  for (;;) {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi, &running); code != CURLM_OK) {
      return internal_error(curl_multi_strerror(code));
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) {
        return message->data.result;
      }
    }
    if (*limits.cancelled) {
      return cancelled_error();
    }
    if (Clock::now() - sink.last_byte > limits.stall_timeout) {
      return Error{ErrorCode::kExhausted,
                   "stalled: nothing came for " + format_duration(limits.stall_timeout)};
    }
    curl_multi_poll(multi, nullptr, 0, kLookMs, nullptr);
  }
}

}  // namespace

Result<Transfer> download(const std::string& uri, int file, const TransferLimits& limits) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const Easy easy(curl_easy_init());
  const Multi multi(curl_multi_init());
  if (easy == nullptr || multi == nullptr) {
    return internal_error("libcurl does not start");
  }
  Sink sink;
  sink.file = file;
  sink.max_bytes = limits.max_bytes;
  set_options(easy.get(), uri, &sink, limits);
  curl_multi_add_handle(multi.get(), easy.get());
  const Result<CURLcode> code = run_transfer(multi.get(), sink, limits);
  curl_multi_remove_handle(multi.get(), easy.get());
  if (sink.too_large) {
    return Transfer::kTooLarge;
  }
  if (sink.error) {
    return *sink.error;
  }
  if (!code) {
    return code.error();
  }
  return *code == CURLE_OK ? Result<Transfer>(Transfer::kComplete)
                           : transfer_error(easy.get(), *code);
}

Result<Transfer> copy_local(const std::string& path, const std::optional<UserAccount>& user,
                            int file, const TransferLimits& limits) {
  Descriptor source;
  {
    const FileIdentity identity(user);
    // Without O_NONBLOCK opening a pipe would wait for its other end.
    source = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  }
  struct stat info {};
  if (!source.valid() || fstat(source.get(), &info) != 0) {
    return errno_error("open", path, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid(path + " is no regular file");
  }
  std::vector<char> block(1 << 20);
  std::uint64_t bytes = 0;
  for (;;) {
    if (*limits.cancelled) {
      return cancelled_error();
    }
    const ssize_t length = read(source.get(), block.data(), block.size());
    if (length < 0 && errno != EINTR) {
      return errno_error("read", path, errno);
    }
    if (length == 0) {
      return Transfer::kComplete;
    }
    const auto count = static_cast<std::size_t>(std::max<ssize_t>(length, 0));
    bytes += count;
    if (limits.max_bytes && bytes > *limits.max_bytes) {
      return Transfer::kTooLarge;
    }
    if (Result<void> written = write_all(file, std::string_view(block.data(), count), "the file");
        !written) {
      return written.error();
    }
  }
}

}  // namespace troupe::agent
