#include "test/benchmark/pollers/poller.hpp"

#include <memory>

#include <curl/curl.h>

namespace troupe::benchmark {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::size_t take(const char* data, std::size_t /*one*/, std::size_t bytes, void* keep) {
  if (keep != nullptr) {
    static_cast<std::string*>(keep)->append(data, bytes);
  }
  return bytes;
}

Handle make_handle(const std::string& url, bool compressed, std::string* keep) {
  Handle handle(curl_easy_init(), &curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(handle.get(), CURLOPT_BUFFERSIZE, 512L * 1024);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, keep);
  if (compressed) {
    // Asked for by hand: unpacking it is the client's own pleasure.
    static curl_slist* const headers = curl_slist_append(nullptr, "Accept-Encoding: gzip");
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers);
  }
  return handle;
}

Fetched perform(CURL* handle) {
  Fetched fetched;
  if (curl_easy_perform(handle) != CURLE_OK) {
    return fetched;
  }
  curl_off_t bytes = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &fetched.status);
  curl_easy_getinfo(handle, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  curl_easy_getinfo(handle, CURLINFO_STARTTRANSFER_TIME, &fetched.first_byte_seconds);
  curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME, &fetched.seconds);
  fetched.bytes = static_cast<std::uint64_t>(bytes);
  return fetched;
}

}  // namespace

Fetched fetch(const std::string& url, bool compressed, std::string* keep) {
  return perform(make_handle(url, compressed, keep).get());
}

Pollers::Pollers(std::size_t clients, const std::string& url, std::chrono::milliseconds period,
                 bool compressed) {
  for (std::size_t i = 0; i < clients; ++i) {
    threads_.emplace_back([this, url, period, compressed] { poll(url, period, compressed); });
  }
}

Pollers::~Pollers() {
  ended_ = true;
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Pollers::poll(const std::string& url, std::chrono::milliseconds period, bool compressed) {
  const Handle handle = make_handle(url, compressed, nullptr);
  while (!ended_) {
    const auto next = std::chrono::steady_clock::now() + period;
    const Fetched fetched = perform(handle.get());
    bytes_ += fetched.bytes;
    ++(fetched.status == 200 ? answers_ : failures_);
    std::this_thread::sleep_until(next);
  }
}

}  // namespace troupe::benchmark
