#include "actors/net/prober/curl_prober.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <climits>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace troupe {

namespace {

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;

/// One probe on its way. The address stays: libcurl holds it.
struct Transfer {
  Easy easy;
  std::string what;       // For errors: the URL, or "ip:port".
  int status = 0;         // Of the last head that has begun.
  bool answered = false;  // A head that is an answer is complete.
  std::function<void(Result<int>)> done;
};

Error unavailable(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }

/// "HTTP/1.1 200 OK" begins a head, an empty line ends it. Those of 1xx only come before the
/// answer.
std::size_t on_head_line(char* data, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  if (line.substr(0, 5) == "HTTP/") {
    const auto space = line.find(' ');
    transfer.status = 0;
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), transfer.status);
    }
  } else if ((line == "\r\n" || line == "\n") && transfer.status >= 200) {
    transfer.answered = true;
    return 0;  // Ends the transfer.
  }
  return line.size();
}

/// A body without a head: what HTTP/0.9 was. Not accepted.
std::size_t on_body(char* /*data*/, std::size_t /*size*/, std::size_t /*count*/,
                    void* /*context*/) {
  return 0;
}

/// As libcurl does it, but no process that the agent starts inherits it.
curl_socket_t open_socket(void* /*context*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

long milliseconds(Duration timeout) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  return static_cast<long>(std::clamp<std::int64_t>(count, 1, INT_MAX));
}

std::unique_ptr<Transfer> make_transfer(const std::string& url, Duration timeout,
                                        std::function<void(Result<int>)> done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->easy.reset(curl_easy_init());
  transfer->what = url;
  transfer->done = std::move(done);
  CURL* const easy = transfer->easy.get();
  if (easy == nullptr) {
    return transfer;
  }
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head_line);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(timeout));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "troupe-check");
  return transfer;
}

Result<int> result_of(const Transfer& transfer, CURLcode code) {
  if (transfer.answered || code == CURLE_OK) {
    return transfer.status;
  }
  const std::string message = transfer.what + ": " + curl_easy_strerror(code);
  return code == CURLE_URL_MALFORMAT ? invalid(message) : unavailable(message);
}

}  // namespace

/// The thread, what waits for it and what it has under way.
class CurlProber::Loop {
 public:
  Loop() : multi_(curl_multi_init()) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    stopping_ = true;
    curl_multi_wakeup(multi_.get());
    if (thread_.joinable()) {
      thread_.join();
    }
    for (auto& transfer : waiting_) {
      transfer->done(unavailable(transfer->what + ": the agent stops"));
    }
  }

  void add(std::unique_ptr<Transfer> transfer) {
    if (transfer->easy == nullptr || multi_ == nullptr) {
      transfer->done(unavailable(transfer->what + ": libcurl does not start"));
      return;
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_.push_back(std::move(transfer));
      if (!thread_.joinable()) {
        thread_ = std::thread([this] { run(); });
      }
    }
    curl_multi_wakeup(multi_.get());
  }

 private:
  void run() {
    while (!stopping_) {
      take_waiting();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      answer_finished();
      constexpr int kLongestMs = 60'000;  // Woken for all that is new.
      curl_multi_poll(multi_.get(), nullptr, 0, kLongestMs, nullptr);
    }
    for (auto& [easy, transfer] : under_way_) {
      curl_multi_remove_handle(multi_.get(), easy);
      transfer->done(unavailable(transfer->what + ": the agent stops"));
    }
  }

  void take_waiting() {
    std::vector<std::unique_ptr<Transfer>> taken;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      taken.swap(waiting_);
    }
    for (auto& transfer : taken) {
      CURL* const easy = transfer->easy.get();
      curl_multi_add_handle(multi_.get(), easy);
      under_way_.emplace(easy, std::move(transfer));
    }
  }

  void answer_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) {
        continue;
      }
      const CURLcode code = message->data.result;
      auto finished = under_way_.extract(message->easy_handle);
      curl_multi_remove_handle(multi_.get(), finished.key());
      const std::unique_ptr<Transfer> transfer = std::move(finished.mapped());
      const auto result = result_of(*transfer, code);
      transfer->easy.reset();  // Hangs up before anybody is told.
      transfer->done(result);
    }
  }

  Multi multi_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // Guards waiting_ and the start of thread_.
  std::vector<std::unique_ptr<Transfer>> waiting_;
  std::thread thread_;
  std::map<CURL*, std::unique_ptr<Transfer>> under_way_;  // Used by the thread.
};

CurlProber::CurlProber() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  loop_ = std::make_unique<Loop>();
}

CurlProber::~CurlProber() = default;

void CurlProber::http(const std::string& url, Duration timeout,
                      std::function<void(Result<int> status)> answered) {
  loop_->add(make_transfer(url, timeout, std::move(answered)));
}

void CurlProber::tcp(const std::string& ip, std::uint16_t port, Duration timeout,
                     std::function<void(Result<void>)> connected) {
  const bool ipv6 = ip.find(':') != std::string::npos;
  const std::string address = (ipv6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
  auto transfer = make_transfer(
      "http://" + address, timeout, [connected = std::move(connected)](const Result<int>& result) {
        connected(result.ok() ? Result<void>() : Result<void>(result.error()));
      });
  transfer->what = address;
  if (transfer->easy != nullptr) {
    curl_easy_setopt(transfer->easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  }
  loop_->add(std::move(transfer));
}

}  // namespace troupe
