#include <gtest/gtest.h>

#include "messages/recordio.hpp"

namespace troupe {
namespace {

using Records = std::vector<std::string>;

TEST(RecordIo, EncodesLengthNewlinePayload) {
  EXPECT_EQ(recordio_encode(R"({"type":"HEARTBEAT"})"), "20\n{\"type\":\"HEARTBEAT\"}");
  EXPECT_EQ(recordio_encode(""), "0\n");
}

TEST(RecordIo, DecodesAtEverySplitPoint) {
  const Records sent = {"a", "", "0123456789abc", std::string("\0\n\xff", 3), "12\n"};
  std::string stream;
  for (const auto& record : sent) {
    stream += recordio_encode(record);
  }
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      RecordIoDecoder decoder(100);
      Records got;
      for (const auto& part :
           {stream.substr(0, first), stream.substr(first, second - first), stream.substr(second)}) {
        auto records = decoder.decode(part);
        ASSERT_TRUE(records.ok()) << first << " " << second;
        got.insert(got.end(), records->begin(), records->end());
      }
      ASSERT_EQ(got, sent) << first << " " << second;
    }
  }
}

TEST(RecordIo, GivesARecordWithItsLastByte) {
  RecordIoDecoder decoder(10);
  EXPECT_EQ(*decoder.decode("2\na"), Records{});
  EXPECT_EQ(*decoder.decode("b3\nx"), Records{"ab"});
}

TEST(RecordIo, RefusesALengthThatIsNoNumber) {
  for (const char* bytes :
       {"x\na", "\n", "-1\na", "1x\na", " 1\na", "1\r\na", "00000000000000000000000001\na"}) {
    RecordIoDecoder decoder(100);
    const auto records = decoder.decode(bytes);
    ASSERT_FALSE(records.ok()) << bytes;
    EXPECT_EQ(records.error().code, ErrorCode::kInvalid) << bytes;
  }
}

TEST(RecordIo, RefusesARecordOverTheLimitBeforeItsBytesCome) {
  RecordIoDecoder decoder(100);
  EXPECT_TRUE(decoder.decode(recordio_encode(std::string(100, 'x'))).ok());
  const auto records = decoder.decode("101");
  ASSERT_FALSE(records.ok());
  EXPECT_EQ(records.error().code, ErrorCode::kExhausted);
}

TEST(RecordIo, GivesWhatWasWholeBeforeItFails) {
  RecordIoDecoder decoder(100);
  EXPECT_EQ(*decoder.decode("1\nax\n"), Records{"a"});
  EXPECT_FALSE(decoder.decode("1\na").ok());
}

TEST(RecordIo, StaysFailed) {
  RecordIoDecoder decoder(100);
  EXPECT_FALSE(decoder.decode("x").ok());
  EXPECT_FALSE(decoder.decode("1\na").ok());
}

TEST(RecordIo, DoesNotOverflowOnALongLength) {
  RecordIoDecoder decoder(static_cast<std::size_t>(-1));
  EXPECT_FALSE(decoder.decode("99999999999999999999").ok());
}

}  // namespace
}  // namespace troupe
