// Streams of records: however the bytes are cut, the same records come out, up to the same end.

#include <string>
#include <vector>

#include "messages/invariant.hpp"
#include "messages/recordio.hpp"
#include "test/fuzz/fuzz.hpp"

namespace troupe::fuzz {
namespace {

constexpr std::size_t kMaxRecordBytes = 300;
constexpr std::size_t kMaxStride = 64;

struct Decoded {
  std::vector<std::string> records;
  bool failed = false;
};

Decoded decode(std::string_view bytes, std::size_t stride) {
  Decoded decoded;
  RecordIoDecoder decoder(kMaxRecordBytes);
  const auto take = [&](std::string_view piece) {
    auto records = decoder.decode(piece);
    INVARIANT(!decoded.failed || !records.ok()) << "a broken stream goes on";
    decoded.failed = !records.ok();
    if (records) {
      for (auto& record : *records) {
        INVARIANT(record.size() <= kMaxRecordBytes);
        decoded.records.push_back(std::move(record));
      }
    }
  };
  in_pieces(bytes, stride, take);
  take("");  // What is broken is told by the call after the whole records at the latest.
  return decoded;
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;        // NOLINT(google-build-using-namespace): a target's own.
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace): a target's own.
  Input input(data, size);
  const auto stride = 1 + input.choose(kMaxStride);
  const auto whole = decode(input.rest(), 0);
  const auto pieces = decode(input.rest(), stride);
  INVARIANT(whole.records == pieces.records && whole.failed == pieces.failed)
      << whole.records.size() << " records, " << pieces.records.size() << " in pieces";
  std::string encoded;
  for (const auto& record : whole.records) {
    encoded += recordio_encode(record);
  }
  const auto again = decode(encoded, stride);
  INVARIANT(!again.failed && again.records == whole.records);
  return 0;
}
