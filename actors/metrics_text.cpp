#include "actors/metrics_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "actors/http_api.hpp"
#include "actors/metrics_catalogue.hpp"
#include "messages/utf8.hpp"

namespace troupe::metrics {
namespace {

/// One line: name, labels, value.
struct Sample {
  std::string series;  ///< the labels without the quantile: what belongs together
  std::string suffix;
  std::string labels;  ///< as they are written, with their braces
  double value = 0;

  /// Quantiles, then the count, then the sum, as the suffixes sort.
  friend bool operator<(const Sample& a, const Sample& b) {
    return std::tie(a.series, a.suffix, a.labels) < std::tie(b.series, b.suffix, b.labels);
  }
};
/// By the name of the family.
using Samples = std::map<std::string, std::pair<Family, std::vector<Sample>>>;

void append_escaped(const std::string& text, std::string* out) {
  for (const char c : to_utf8(text)) {
    if (c == '\n') {
      *out += "\\n";
    } else {
      if (c == '\\' || c == '"') {
        *out += '\\';
      }
      *out += c;
    }
  }
}

std::string written(const Labels& labels) {
  if (labels.empty()) {
    return "";
  }
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    text += (text.size() > 1 ? "," : "") + name + "=\"";
    append_escaped(value, &text);
    text += '"';
  }
  return text + "}";
}

std::string written(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

/// What the table does not know.
const Family& other() {
  static const Family family = {"troupe_other", Type::kGauge, "",
                                "Metrics without a description, by their names in "
                                "/metrics/snapshot."};
  return family;
}

Meaning meaning_or_other(const std::string& name) {
  auto meaning = meaning_of(name);
  return meaning ? std::move(*meaning) : Meaning{&other(), "", {{"name", name}}, 1};
}

void add(const Meaning& meaning, double value, Samples* samples) {
  Labels series = meaning.labels;
  series.erase(std::remove_if(series.begin(), series.end(),
                              [](const auto& label) { return label.first == "quantile"; }),
               series.end());
  auto& [family, of_family] =
      samples->try_emplace(meaning.family->name, *meaning.family, std::vector<Sample>())
          .first->second;
  of_family.push_back(
      {written(series), meaning.suffix, written(meaning.labels), value * meaning.scale});
}

const char* name_of(const Family& family, TextFormat format) {
  switch (family.type) {
    case Type::kCounter:
      return "counter";
    case Type::kSummary:
      return "summary";
    case Type::kGauge:
      break;
  }
  if (family.name == other().name) {
    return format == TextFormat::kOpenMetrics ? "unknown" : "untyped";
  }
  return "gauge";
}

void write(const Family& family, const std::vector<Sample>& samples, TextFormat format,
           std::string* text) {
  const std::string total = family.type == Type::kCounter ? "_total" : "";
  // Prometheus's format gives the names of samples, OpenMetrics those of families.
  const std::string shown = format == TextFormat::kOpenMetrics ? family.name : family.name + total;
  *text += "# HELP " + shown + " " + family.help + "\n";
  *text += "# TYPE " + shown + " " + name_of(family, format) + "\n";
  if (format == TextFormat::kOpenMetrics && !family.unit.empty()) {
    *text += "# UNIT " + shown + " " + family.unit + "\n";
  }
  for (const Sample& sample : samples) {
    *text +=
        family.name + sample.suffix + total + sample.labels + " " + written(sample.value) + "\n";
  }
}

}  // namespace

TextFormat text_format(const http::Request& request) {
  return http::accepts(request.header("Accept"), "application/openmetrics-text")
             ? TextFormat::kOpenMetrics
             : TextFormat::kPrometheus;
}

const char* content_type(TextFormat format) {
  return format == TextFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string render_text(const Metrics::Values& values, TextFormat format) {
  Samples samples;
  for (const auto& [name, value] : values) {
    const Meaning meaning = meaning_or_other(name);
    if (meaning.family != nullptr) {
      add(meaning, value, &samples);
    }
  }
  std::string text;
  for (auto& [name, family] : samples) {
    std::sort(family.second.begin(), family.second.end());
    write(family.first, family.second, format, &text);
  }
  if (format == TextFormat::kOpenMetrics) {
    text += "# EOF\n";
  }
  return text;
}

http::Response text_answer(const http::Request& request, const Metrics::Values& values) {
  const TextFormat format = text_format(request);
  return {200, {{"Content-Type", content_type(format)}}, render_text(values, format)};
}

}  // namespace troupe::metrics
