#pragma once

// Private to actors/.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "actors/http.hpp"

namespace troupe::http {

/// What of a request decides in which form its answer goes out.
struct AnswerTerms {
  bool takes_gzip = false;
  bool is_read = false;       ///< GET or HEAD: the answer may be "not modified"
  std::string if_none_match;  ///< as it came

  static AnswerTerms of(std::string_view method, std::string_view accept_encoding,
                        std::string_view if_none_match);
};

/// The bytes of an answer's body.
class Content {
 public:
  Content() = default;
  explicit Content(std::string bytes) : own_(std::move(bytes)) {}
  explicit Content(std::shared_ptr<const std::string> bytes) : shared_(std::move(bytes)) {}

  [[nodiscard]] std::string_view bytes() const { return shared_ ? *shared_ : own_; }
  /// Null if they are nobody else's.
  [[nodiscard]] const std::shared_ptr<const std::string>& shared() const { return shared_; }
  std::string take() { return shared_ ? *shared_ : std::move(own_); }

 private:
  std::string own_;
  std::shared_ptr<const std::string> shared_;
};

/// Takes the body out of `answer` in the form that goes to the client, and sets the headers that
/// say so: 304 without a body if the client has what the ETag of a 200 names (RFC 9110, section
/// 13.1.2), gzip from 1024 bytes on if it takes that (mesos-semantics 2.1). Pure; compresses on the
/// calling thread. Threads: any.
Content negotiate(const AnswerTerms& terms, Response& answer);

/// Whether a Content-Type header says that the body is a stream of records.
bool is_recordio(std::string_view content_type);
/// Whether an Accept-Encoding header prefers gzip to the plain bytes.
bool takes_gzip(std::string_view accept_encoding);
/// Whether an If-None-Match header, a list of entity tags or "*", names `etag`; a weak tag matches
/// the strong one.
bool names_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace troupe::http
