#pragma once

#include <string>

#include <rapidjson/document.h>

#include "messages/result.hpp"

namespace troupe::cli {

/// Blocking HTTP requests of the user's verbs. Errors: kUnavailable if nobody answers, kNotFound
/// for 404, kInvalid for another 4xx, kInternal for the rest; each names the URL.
Result<std::string> http_get(const std::string& url);
Result<std::string> http_post_form(const std::string& url, const std::string& form);
Result<rapidjson::Document> http_get_json(const std::string& url);

}  // namespace troupe::cli
