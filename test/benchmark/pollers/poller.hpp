#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace troupe::benchmark {

/// One GET, as a client sees it.
struct Fetched {
  long status = 0;          ///< 0: no answer
  std::uint64_t bytes = 0;  ///< as they came: compressed, if the client takes that
  double first_byte_seconds = 0;
  double seconds = 0;
};
/// Blocks. `keep` gets the body, if it is not null.
Fetched fetch(const std::string& url, bool compressed, std::string* keep = nullptr);

/// Clients that each ask for a URL once a period, on a connection that they keep, from construction
/// to destruction. A client whose answer takes longer than the period asks again at once.
class Pollers {
 public:
  Pollers(std::size_t clients, const std::string& url, std::chrono::milliseconds period,
          bool compressed);
  Pollers(const Pollers&) = delete;
  Pollers& operator=(const Pollers&) = delete;
  ~Pollers();

  [[nodiscard]] std::uint64_t answers() const { return answers_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void poll(const std::string& url, std::chrono::milliseconds period, bool compressed);

  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> answers_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::vector<std::thread> threads_;
};

}  // namespace troupe::benchmark
