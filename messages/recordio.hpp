#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/result.hpp"

namespace troupe {

/// One record: the payload's length in decimal, a newline, the payload (mesos-semantics 2.2).
std::string recordio_encode(std::string_view payload);

/// Takes bytes as they come and gives whole records. What is whole before a bad length is still
/// given; the next call fails, and each one after it. Holds no more than the bytes that came of one
/// record, whatever length it announces.
class RecordIoDecoder {
 public:
  explicit RecordIoDecoder(std::size_t max_record_bytes) : max_record_bytes_(max_record_bytes) {}

  /// Errors: kInvalid for a length that is no number; kExhausted for one over the limit.
  Result<std::vector<std::string>> decode(std::string_view bytes);

 private:
  Error fail(ErrorCode code, const std::string& message);
  /// Reads the rest of the length and its newline, as far as it came.
  Result<void> take_length(std::string_view& bytes);

  std::size_t max_record_bytes_;
  std::size_t length_ = 0;         // Of the record under way, as far as it was read.
  std::size_t length_digits_ = 0;  // How many digits of it.
  bool in_payload_ = false;        // The length is complete.
  std::string pending_;            // The payload so far. Invariant: no longer than length_.
  std::optional<Error> failure_;
};

}  // namespace troupe
