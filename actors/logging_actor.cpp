#include "actors/logging_actor.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <glog/logging.h>

#include "actors/http_api.hpp"
#include "actors/runtime.hpp"

namespace troupe {
namespace {

Result<std::int64_t> parse_level(const std::string& text) {
  std::int64_t level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid("level '" + text + "' is no whole number");
  }
  return level;
}

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message + ".\n");
}

}  // namespace

LoggingActor::LoggingActor() : Process("logging"), original_(FLAGS_v) {
  route("/toggle", [this](const http::Request& request, const http::Responder& responder) {
    on_toggle(request, responder);
  });
}

std::uint32_t LoggingActor::level() { return static_cast<std::uint32_t>(std::max(0, FLAGS_v)); }

Result<void> LoggingActor::set(std::int64_t level, Duration duration) {
  if (level < original_ || level > std::numeric_limits<std::int32_t>::max()) {
    return invalid("level " + std::to_string(level) + " is below the original level " +
                   std::to_string(original_) + ", or beyond what a level can be");
  }
  if (duration <= Duration::zero()) {
    return invalid("the duration of a level has to be positive");
  }
  cancel(timer_);
  FLAGS_v = static_cast<std::int32_t>(level);
  timer_ = delay(duration, [this] { reset(); });
  LOG(INFO) << "logging-level-set level=" << level << " for=" << format_duration(duration);
  return {};
}

void LoggingActor::reset() {
  timer_ = 0;
  FLAGS_v = original_;
  LOG(INFO) << "logging-level-reset level=" << original_;
}

void LoggingActor::on_toggle(const http::Request& request, const http::Responder& responder) {
  const auto asked = request.query.find("level");
  const auto lasting = request.query.find("duration");
  const bool has_level = asked != request.query.end();
  const bool has_duration = lasting != request.query.end();
  if (!has_level && !has_duration) {
    responder.send(http::Response::text(200, std::to_string(level()) + "\n"));
    return;
  }
  if (!has_level || !has_duration) {
    responder.send(http::Response::text(
        400,
        std::string("Expecting '") + (has_level ? "duration" : "level") + "=value' in query.\n"));
    return;
  }
  const auto level = parse_level(asked->second);
  const auto duration = parse_duration(lasting->second);
  if (!level || !duration) {
    responder.send(refusal(level ? duration.error() : level.error()));
    return;
  }
  const Result<void> done = set(*level, *duration);
  responder.send(done ? http::Response::text(200, std::to_string(LoggingActor::level()) + "\n")
                      : refusal(done.error()));
}

// -- from elsewhere ---------------------------------------------------------------------------

void LoggingAddress::set(std::int64_t level, Duration duration,
                         std::function<void(Result<void>)> done) const {
  process_.dispatch([actor = actor_, level, duration, done = std::move(done)] {
    done(actor->set(level, duration));
  });
}

LoggingAddress spawn_logging(Runtime& runtime) {
  auto process = std::make_unique<LoggingActor>();
  LoggingActor* actor = process.get();
  return {runtime.find(runtime.spawn(std::move(process))), actor};
}

}  // namespace troupe
