#pragma once

#include <string>

#include "actors/http.hpp"
#include "actors/metrics.hpp"

/// Metrics as text for those who scrape them: families with labels, help and unit, as
/// metrics_catalogue.hpp has them. What it does not know is shown as troupe_other{name="..."}.
/// Pure. Threads: any. Source: OpenMetrics 1.0; Prometheus's text format 0.0.4.
namespace troupe::metrics {

enum class TextFormat { kOpenMetrics, kPrometheus };

/// OpenMetrics if the client takes it, else Prometheus's format.
TextFormat text_format(const http::Request& request);
const char* content_type(TextFormat format);

/// Families by name; within one by labels.
std::string render_text(const Metrics::Values& values, TextFormat format);

/// The answer to GET /metrics.
http::Response text_answer(const http::Request& request, const Metrics::Values& values);

}  // namespace troupe::metrics
