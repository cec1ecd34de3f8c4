#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "messages/result.hpp"

namespace troupe {

/// One record: the payload's length in decimal, a newline, the payload (mesos-semantics 2.2).
std::string recordio_encode(std::string_view payload);

/// Takes bytes as they come and gives whole records. Once it failed, it stays failed.
class RecordIoDecoder {
 public:
  explicit RecordIoDecoder(std::size_t max_record_bytes) : max_record_bytes_(max_record_bytes) {}

  /// Errors: kInvalid for a length that is no number; kExhausted for one over the limit.
  Result<std::vector<std::string>> decode(std::string_view bytes);

 private:
  std::size_t max_record_bytes_;
  std::string pending_;
  bool failed_ = false;
};

}  // namespace troupe
