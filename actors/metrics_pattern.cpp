#include <algorithm>

#include "actors/http.hpp"
#include "actors/metrics_catalogue.hpp"

namespace troupe::metrics {
namespace {

struct Capture {
  enum class Kind { kPart, kAny, kOneOf, kEncoded };
  Kind kind = Kind::kPart;
  std::string_view label;
  std::string_view choices;  ///< "a|b|c"
};

/// `text` is what stands between the braces.
Capture parse_capture(std::string_view text) {
  if (const auto equals = text.find('='); equals != std::string_view::npos) {
    return {Capture::Kind::kOneOf, text.substr(0, equals), text.substr(equals + 1)};
  }
  if (text.back() == '*') {
    return {Capture::Kind::kAny, text.substr(0, text.size() - 1), {}};
  }
  if (text.back() == '%') {
    return {Capture::Kind::kEncoded, text.substr(0, text.size() - 1), {}};
  }
  return {Capture::Kind::kPart, text, {}};
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const auto end = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, end) == value) {
      return true;
    }
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return false;
}

/// What the label is, if the capture may stand for `value`.
std::optional<std::string> label_of(const Capture& capture, std::string_view value) {
  const bool one_part = value.find('/') == std::string_view::npos;
  switch (capture.kind) {
    case Capture::Kind::kPart:
      return one_part && !value.empty() ? std::optional(std::string(value)) : std::nullopt;
    case Capture::Kind::kAny:
      return std::string(value);
    case Capture::Kind::kOneOf:
      return is_choice(capture.choices, value) ? std::optional(std::string(value)) : std::nullopt;
    case Capture::Kind::kEncoded: {
      const auto decoded = one_part ? http::percent_decode(value) : invalid("more than a part");
      return decoded.ok() ? std::optional(*decoded) : std::nullopt;
    }
  }
  return std::nullopt;
}

/// Adds the labels if the rest matches. A capture takes as much as it can: roles have "/" in them,
/// what follows them has not.
bool match_rest(std::string_view pattern, std::string_view name, Labels* labels) {
  const auto brace = std::min(pattern.find('{'), pattern.size());
  if (name.substr(0, brace) != pattern.substr(0, brace)) {
    return false;
  }
  pattern.remove_prefix(brace);
  name.remove_prefix(brace);
  if (pattern.empty()) {
    return name.empty();
  }
  const auto end = pattern.find('}');
  const Capture capture = parse_capture(pattern.substr(1, end - 1));
  pattern.remove_prefix(end + 1);
  for (std::size_t length = name.size() + 1; length-- > 0;) {
    // Cheap first: what follows must be there.
    if (pattern.empty() ? length != name.size()
                        : length >= name.size() ||
                              (pattern.front() != '{' && name[length] != pattern.front())) {
      continue;
    }
    const auto value = label_of(capture, name.substr(0, length));
    if (!value) {
      continue;
    }
    labels->emplace_back(std::string(capture.label), *value);
    if (match_rest(pattern, name.substr(length), labels)) {
      return true;
    }
    labels->pop_back();
  }
  return false;
}

}  // namespace

std::optional<Labels> match(std::string_view pattern, std::string_view name) {
  Labels labels;
  return match_rest(pattern, name, &labels) ? std::optional(std::move(labels)) : std::nullopt;
}

}  // namespace troupe::metrics
