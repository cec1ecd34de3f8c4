// A download holds no more of its file than a part, however slowly its client reads.

#include <algorithm>

#include "actors/files_actor.hpp"
#include "actors/simulation.hpp"
#include "gtest/gtest.h"

namespace troupe {
namespace {

constexpr std::uint64_t kPart = 1 << 20;

/// One large file; everything else is not there.
class OneFile final : public Files {
 public:
  explicit OneFile(std::uint64_t size) : size_(size) {}

  std::uint64_t bytes_read = 0;
  std::uint64_t ends_at = ~std::uint64_t{0};  ///< it was cut short after it was looked at

  Result<void> make_directories(const std::string&, const std::optional<std::string>&) override {
    return {};
  }
  Result<void> link(const std::string&, const std::string&) override { return {}; }
  Result<void> remove_tree(const std::string&) override { return {}; }
  Result<bool> exists(const std::string&) override { return true; }
  Result<Time> modified(const std::string&) override { return Time(); }
  Result<std::vector<FileEntry>> list(const std::string&) override {
    return std::vector<FileEntry>();
  }
  Result<FileEntry> stat(const std::string& path) override {
    FileEntry entry;
    entry.path = path;
    entry.size = size_;
    entry.mode = 0100644;
    return entry;
  }
  Result<std::string> read(const std::string&, std::uint64_t offset, std::size_t length) override {
    const auto end = std::min(size_, ends_at);
    const auto size = std::min<std::uint64_t>(length, end - std::min(end, offset));
    bytes_read += size;
    return std::string(size, static_cast<char>('a' + offset / kPart % 26));
  }
  Result<void> write(const std::string&, const std::string&) override { return {}; }
  Result<double> disk_usage(const std::string&) override { return 0.5; }

 private:
  const std::uint64_t size_;
};

struct Download {
  explicit Download(std::uint64_t size) : file(std::make_shared<OneFile>(size)) {
    spawn_files(node, file).attach("/box", "/box");
    http::Request request;
    request.method = "GET";
    request.path = "/files/download?path=/box/large.log";
    answer = simulation.ask(node, std::move(request));
  }
  [[nodiscard]] std::uint64_t received() const {
    std::uint64_t total = 0;
    for (const auto& chunk : answer->chunks) {
      total += chunk.size();
    }
    return total;
  }

  Simulation simulation{7};
  Runtime& node = simulation.add_node("10.0.0.1");
  std::shared_ptr<OneFile> file;
  std::shared_ptr<SimulatedAnswer> answer;
};

TEST(FilesDownload, OfAnySizeArrivesWhole) {
  constexpr std::uint64_t kSize = 300 * kPart + 17;
  Download download(kSize);
  download.simulation.run_for(std::chrono::seconds(1));
  ASSERT_TRUE(download.answer->response.has_value());
  EXPECT_EQ(download.answer->response->headers.at("Content-Type"), "text/plain");
  EXPECT_EQ(download.answer->response->headers.at("Content-Disposition"),
            "attachment; filename=\"large.log\"");
  EXPECT_EQ(download.received(), kSize);
  EXPECT_TRUE(download.answer->closed);
  EXPECT_FALSE(download.answer->aborted);
}

TEST(FilesDownload, WaitsForAClientThatReadsNothing) {
  Download download(100 * kPart);
  download.answer->stalled = true;
  download.simulation.run_for(std::chrono::hours(1));
  EXPECT_EQ(download.file->bytes_read, kPart);
  EXPECT_FALSE(download.answer->closed);
  download.answer->read_on();
  download.simulation.run_for(std::chrono::seconds(1));
  EXPECT_EQ(download.received(), 100 * kPart);
  EXPECT_TRUE(download.answer->closed);
}

TEST(FilesDownload, EndsWithItsClient) {
  Download download(100 * kPart);
  download.answer->stalled = true;
  download.simulation.run_for(std::chrono::seconds(1));
  download.answer->hang_up();
  download.simulation.run_for(std::chrono::seconds(1));
  EXPECT_LE(download.file->bytes_read, 2 * kPart);
}

TEST(FilesDownload, OfAFileThatIsCutShortBreaksOff) {
  Download download(10 * kPart);
  download.file->ends_at = 3 * kPart;
  download.simulation.run_for(std::chrono::seconds(1));
  EXPECT_EQ(download.received(), 3 * kPart);
  EXPECT_TRUE(download.answer->aborted);
}

}  // namespace
}  // namespace troupe
