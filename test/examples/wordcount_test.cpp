#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "wordcount/plan.hpp"
#include "wordcount/words.hpp"

namespace wordcount {
namespace {

class Text {
 public:
  explicit Text(const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("troupe-words-" + std::to_string(std::random_device()()))) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

Counts whole(const std::string& content) {
  const Text text(content);
  return *count_part(text.path(), 0, content.size());
}

TEST(Words, AreRunsOfLettersInLowerCase) {
  EXPECT_EQ(whole("The cat, the CAT's 9lives"),
            (Counts{{"the", 2}, {"cat", 2}, {"s", 1}, {"lives", 1}}));
  EXPECT_TRUE(whole("  123 ... ").empty());
}

TEST(Words, OfPartsAddUpToThoseOfTheWholeWhereverItIsCut) {
  const std::string content = "one two, three-four  FIVE.\nsix  (two) one";
  const Text text(content);
  const Counts wanted = whole(content);
  for (std::uint64_t size = 1; size <= content.size() + 1; ++size) {
    Counts sum;
    for (std::uint64_t begin = 0; begin < content.size(); begin += size) {
      add_lines(to_lines(*count_part(text.path(), begin, begin + size)), &sum);
    }
    EXPECT_EQ(sum, wanted) << "parts of " << size;
  }
}

TEST(Words, OfAMissingFileAreAnErrorThatNamesIt) {
  const auto counts = count_part("/no/such/file", 0, 1);
  ASSERT_FALSE(counts.ok());
  EXPECT_NE(counts.error().message.find("/no/such/file"), std::string::npos);
}

TEST(Words, LinesThatAreNoCountsAreSkipped) {
  Counts counts;
  add_lines("2 a\nnonsense\n7\n3 a\n", &counts);
  EXPECT_EQ(counts, (Counts{{"a", 5}}));
}

/// What the executor does with the data of an attempt.
std::string execute(const std::string& data, const std::map<std::string, Counts>& maps) {
  const auto line = data.substr(0, data.find('\n'));
  if (line != "reduce") {
    return to_lines(maps.at(line));
  }
  Counts counts;
  add_lines(data.substr(line.size() + 1), &counts);
  return to_lines(counts);
}

TEST(Plan, CountsEachPartOnceWhateverIsLost) {
  const std::vector<Part> parts = {{"/a", 0, 9}, {"/a", 9, 18}, {"/b", 0, 9}};
  const std::map<std::string, Counts> maps = {{"map 0 9 /a", {{"x", 1}, {"y", 2}}},
                                              {"map 9 18 /a", {{"x", 3}}},
                                              {"map 0 9 /b", {{"z", 4}}}};
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Plan plan(parts, 2);
    std::map<std::string, std::string> launched;  // Also those given up: they may yet answer.
    for (int step = 0; step < 10'000 && !plan.done(); ++step) {
      if (const auto attempt = plan.next()) {
        launched[attempt->id] = attempt->data;
      }
      auto any = std::next(launched.begin(), random() % launched.size());
      if (random() % 3 == 0) {
        plan.lost(any->first);
      } else if (random() % 2 == 0) {
        plan.finished(any->first, execute(any->second, maps));
      }
    }
    ASSERT_TRUE(plan.done()) << "seed " << seed << ": " << plan.progress();
    EXPECT_EQ(plan.counts(), (Counts{{"x", 4}, {"y", 2}, {"z", 4}})) << "seed " << seed;
    EXPECT_EQ(plan.fraction(), 1.0);
  }
}

TEST(Plan, GivesEveryAttemptAnIdOfItsOwn) {
  Plan plan({{"/a", 0, 9}}, 1);
  EXPECT_EQ(plan.next()->id, "map-0.1");
  EXPECT_FALSE(plan.next().has_value());
  EXPECT_EQ(plan.attempts("map-0.1"), 1U);
  plan.lost("map-0.1");
  EXPECT_EQ(plan.next()->id, "map-0.2");
  EXPECT_FALSE(plan.finished("map-0.1", ""));
  EXPECT_TRUE(plan.finished("map-0.2", "1 a\n"));
  EXPECT_EQ(plan.next()->id, "reduce-0.1");
}

}  // namespace
}  // namespace wordcount
