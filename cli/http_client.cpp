#include "cli/http_client.hpp"

#include <memory>

#include <curl/curl.h>

namespace troupe::cli {

namespace {

constexpr long kConnectSeconds = 5;
constexpr long kTotalSeconds = 60;

std::size_t append(const char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

ErrorCode code_of(long status) {
  if (status == 404) {
    return ErrorCode::kNotFound;
  }
  if (status == 503) {
    return ErrorCode::kUnavailable;
  }
  return status >= 400 && status < 500 ? ErrorCode::kInvalid : ErrorCode::kInternal;
}

/// One handle per thread keeps its connections: log followers ask often.
CURL* handle() {
  thread_local const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                              &curl_easy_cleanup);
  return curl.get();
}

Result<std::string> perform(const std::string& url, const std::string* form) {
  CURL* curl = handle();
  if (curl == nullptr) {
    return internal_error("libcurl does not start");
  }
  curl_easy_reset(curl);
  std::string body;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, kTotalSeconds);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 3L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  if (form != nullptr) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form->c_str());
  }
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    return Error{ErrorCode::kUnavailable, url + ": " + curl_easy_strerror(code)};
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200 && status != 202) {
    return Error{code_of(status), url + ": " + std::to_string(status) +
                                      (body.empty() ? "" : " " + body.substr(0, 300))};
  }
  return body;
}

}  // namespace

Result<std::string> http_get(const std::string& url) { return perform(url, nullptr); }

Result<std::string> http_post_form(const std::string& url, const std::string& form) {
  return perform(url, &form);
}

Result<rapidjson::Document> http_get_json(const std::string& url) {
  auto body = http_get(url);
  if (!body.ok()) {
    return body.error();
  }
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body->c_str(), body->size());
  if (document.HasParseError() || !document.IsObject()) {
    return internal_error(url + " does not answer with a JSON object");
  }
  return document;
}

}  // namespace troupe::cli
