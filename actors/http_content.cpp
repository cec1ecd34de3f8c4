#include "actors/http_content.hpp"

#include <algorithm>
#include <cstdlib>

namespace troupe::http {
namespace {

constexpr std::size_t kMinGzipBytes = 1024;
constexpr std::size_t kMaxGzipBytes = std::size_t{1} << 30;  // zlib counts in 32 bits.

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// Takes what stands before the next `mark`, without blanks around it, off the front of `text`.
std::string_view take_part(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const auto part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool same(std::string_view a, std::string_view b) {
  const NameLess less;
  return !less(a, b) && !less(b, a);
}

/// The weight of one entry of an Accept-Encoding header, from its parameters: "q=0.5".
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = take_part(parameters, ';');
    if (parameter.size() >= 2 && same(parameter.substr(0, 2), "q=")) {
      // What is no number weighs nothing.
      return std::strtod(std::string(parameter.substr(2)).c_str(), nullptr);
    }
  }
  return 1;
}

std::string_view without_weakness(std::string_view etag) {
  return etag.substr(0, 2) == "W/" ? etag.substr(2) : etag;
}

/// Takes one entity tag off the front of a list: W/"a,b". Commas may stand within the quotes.
std::string_view take_etag(std::string_view& list) {
  const auto open = list.find('"');
  const auto close = open == std::string_view::npos ? open : list.find('"', open + 1);
  if (close == std::string_view::npos || list.find(',') < open) {
    return take_part(list, ',');  // Without quotes: not by the book, but compared as it stands.
  }
  const auto tag = trimmed(list.substr(0, close + 1));
  list.remove_prefix(close + 1);
  take_part(list, ',');
  return tag;
}

void add_vary(Headers& headers) {
  auto& vary = headers["Vary"];
  vary += vary.empty() ? "Accept-Encoding" : ", Accept-Encoding";
}

bool is_not_modified(const AnswerTerms& terms, const Response& answer) {
  if (!terms.is_read || terms.if_none_match.empty() || answer.status != 200) {
    return false;
  }
  const auto etag = answer.headers.find("ETag");
  return etag != answer.headers.end() && names_etag(terms.if_none_match, etag->second);
}

/// 304 says only what could have changed in what the client has (RFC 9110, section 15.4.5).
void make_not_modified(Response& answer) {
  answer.status = 304;
  answer.headers.erase("Content-Type");
  answer.headers.erase("Content-Encoding");
}

Content compressed(Response& answer) {
  answer.headers["Content-Encoding"] = "gzip";
  const auto etag = answer.headers.find("ETag");
  if (etag != answer.headers.end() && etag->second.substr(0, 1) == "\"") {
    // The same content in other bytes: a strong tag would promise the same bytes.
    etag->second.insert(0, "W/");
  }
  if (answer.shared) {
    return Content(std::shared_ptr<const std::string>(answer.shared, &answer.shared->gzipped()));
  }
  return Content(gzip(answer.body));
}

}  // namespace

AnswerTerms AnswerTerms::of(std::string_view method, std::string_view accept_encoding,
                            std::string_view if_none_match) {
  AnswerTerms terms;
  terms.takes_gzip = http::takes_gzip(accept_encoding);
  terms.is_read = method == "GET" || method == "HEAD";
  terms.if_none_match = if_none_match;
  return terms;
}

Content negotiate(const AnswerTerms& terms, Response& answer) {
  const auto size = answer.content().size();
  const bool compressible = size >= kMinGzipBytes && size <= kMaxGzipBytes &&
                            answer.headers.count("Content-Encoding") == 0;
  if (compressible) {
    add_vary(answer.headers);
  }
  if (is_not_modified(terms, answer)) {
    make_not_modified(answer);
    return Content();
  }
  if (compressible && terms.takes_gzip) {
    return compressed(answer);
  }
  if (answer.shared) {
    return Content(std::shared_ptr<const std::string>(answer.shared, &answer.shared->bytes()));
  }
  return Content(std::move(answer.body));
}

bool is_recordio(std::string_view content_type) {
  return same(trimmed(content_type.substr(0, content_type.find(';'))), "application/recordio");
}

bool takes_gzip(std::string_view accept_encoding) {
  double gzip = -1;  // Not named.
  double any = 0;
  double plain = 0;
  while (!accept_encoding.empty()) {
    auto entry = take_part(accept_encoding, ',');
    const auto coding = take_part(entry, ';');
    const auto weight = weight_of(entry);
    if (same(coding, "gzip") || same(coding, "x-gzip")) {
      gzip = weight;
    } else if (coding == "*") {
      any = weight;
    } else if (same(coding, "identity")) {
      plain = weight;
    }
  }
  const auto wanted = gzip >= 0 ? gzip : any;
  return wanted > 0 && wanted >= plain;
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  if (trimmed(if_none_match) == "*") {
    return true;
  }
  const auto wanted = without_weakness(etag);
  while (!if_none_match.empty()) {
    if (without_weakness(take_etag(if_none_match)) == wanted) {
      return true;
    }
  }
  return false;
}

}  // namespace troupe::http
