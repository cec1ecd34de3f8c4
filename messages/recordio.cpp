#include "messages/recordio.hpp"

#include <algorithm>

namespace troupe {
namespace {

constexpr std::size_t kMaxLengthDigits = 20;  // of 2^64

/// False, and `number` unchanged, if it would be over `max`.
bool append_digit(std::size_t& number, char digit, std::size_t max) {
  std::size_t next = 0;
  if (__builtin_mul_overflow(number, 10, &next) ||
      __builtin_add_overflow(next, static_cast<std::size_t>(digit - '0'), &next) || next > max) {
    return false;
  }
  number = next;
  return true;
}

}  // namespace

std::string recordio_encode(std::string_view payload) {
  std::string record = std::to_string(payload.size());
  record.reserve(record.size() + 1 + payload.size());
  record += '\n';
  record += payload;
  return record;
}

Error RecordIoDecoder::fail(ErrorCode code, const std::string& message) {
  failure_ = Error{code, "recordio: " + message};
  return *failure_;
}

Result<void> RecordIoDecoder::take_length(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char next = bytes.front();
    bytes.remove_prefix(1);
    if (next == '\n' && length_digits_ > 0) {
      in_payload_ = true;
      return {};
    }
    if (next < '0' || next > '9' || length_digits_ == kMaxLengthDigits) {
      return fail(ErrorCode::kInvalid, "a record's length is not a number");
    }
    ++length_digits_;
    if (!append_digit(length_, next, max_record_bytes_)) {
      return fail(ErrorCode::kExhausted,
                  "a record is over the limit of " + std::to_string(max_record_bytes_) + " bytes");
    }
  }
  return {};
}

Result<std::vector<std::string>> RecordIoDecoder::decode(std::string_view bytes) {
  if (failure_) {
    return *failure_;
  }
  std::vector<std::string> records;
  while (true) {
    if (!in_payload_) {
      if (auto taken = take_length(bytes); !taken) {
        return records.empty() ? Result<std::vector<std::string>>(taken.error()) : records;
      }
      if (!in_payload_) {
        return records;
      }
    }
    const auto wanted = std::min(length_ - pending_.size(), bytes.size());
    pending_.append(bytes.data(), wanted);
    bytes.remove_prefix(wanted);
    if (pending_.size() < length_) {
      return records;
    }
    records.push_back(std::move(pending_));
    pending_.clear();
    length_ = 0;
    length_digits_ = 0;
    in_payload_ = false;
  }
}

}  // namespace troupe
