#include "actors/files_actor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "actors/files_json.hpp"
#include "actors/runtime.hpp"
#include "slave/checkpoint/posix_files.hpp"
#include "test/actors/http_client.hpp"
#include "test/adapters/scratch.hpp"

namespace troupe::agent {
namespace {

using testing::HasSubstr;

// -- the texts -------------------------------------------------------------------------------

TEST(FilesJson, ShowsModesAsListingsDo) {
  EXPECT_EQ(format_mode(S_IFREG | 0644), "-rw-r--r--");
  EXPECT_EQ(format_mode(S_IFDIR | 0755), "drwxr-xr-x");
  EXPECT_EQ(format_mode(S_IFDIR | S_ISVTX | 0777), "drwxrwxrwt");
  EXPECT_EQ(format_mode(S_IFREG | S_ISUID | S_ISGID | 0640), "-rwSr-S---");
  EXPECT_EQ(format_mode(S_IFLNK | 0777), "lrwxrwxrwx");
  EXPECT_EQ(format_mode(S_IFIFO), "p---------");
}

TEST(FilesJson, TextKeepsItsLengthAndBecomesValid) {
  EXPECT_EQ(as_utf8("plain"), "plain");
  EXPECT_EQ(as_utf8("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\xad"),
            "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\xad");
  EXPECT_EQ(as_utf8("a\xffz"), "a?z");
  EXPECT_EQ(as_utf8("\xc3"), "?");
  EXPECT_EQ(as_utf8("\xa4z"), "?z");
  EXPECT_EQ(as_utf8("\xe2\x82z"), "??z");
  EXPECT_EQ(as_utf8("\xc0\xaf"), "??");            // An overlong '/'.
  EXPECT_EQ(as_utf8("\xed\xa0\x80"), "???");       // A surrogate.
  EXPECT_EQ(as_utf8("\xf4\x90\x80\x80"), "????");  // Past the last character.
}

TEST(FilesJson, APageEndsWithAWholeCharacter) {
  EXPECT_EQ(whole_characters(""), 0U);
  EXPECT_EQ(whole_characters("abc"), 3U);
  EXPECT_EQ(whole_characters("abc\xc3"), 3U);
  EXPECT_EQ(whole_characters("abc\xc3\xa4"), 5U);
  EXPECT_EQ(whole_characters("abc\xf0\x9f\x8e"), 3U);
  EXPECT_EQ(whole_characters("\xc3"), 1U);     // Something must go, or nobody gets on.
  EXPECT_EQ(whole_characters("abc\xff"), 4U);  // No character begins so.
  EXPECT_EQ(whole_characters("abc\xa4"), 4U);
}

TEST(FilesJson, ReadGivesValidJsonForAnyBytes) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
  }
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(files_read_json(7, bytes).c_str());
  ASSERT_FALSE(document.HasParseError());
  EXPECT_EQ(document["offset"].GetUint64(), 7U);
  EXPECT_EQ(document["data"].GetStringLength(), 256U);
}

// -- the process -----------------------------------------------------------------------------

class FilesActorTest : public testing::Test {
 protected:
  FilesActorTest() {
    auto runtime = Runtime::create({});
    if (!runtime) {
      throw std::runtime_error(runtime.error().message);
    }
    runtime_ = std::move(*runtime);
    files_ = spawn_files(*runtime_, std::make_shared<PosixFiles>());
    mkdir((scratch_ / "box").c_str(), 0755);
    mkdir((scratch_ / "box/sub").c_str(), 0755);
    write_file(scratch_ / "box/stdout", "0123456789");
    write_file(scratch_ / "box/sub/deep.txt", "deep");
    write_file(scratch_ / "secret", "secret");
    files_.attach("/box", scratch_ / "box");
  }

  http::Response get(const std::string& target) {
    return test::ask_over_socket(runtime_->address(), "GET", target);
  }
  std::string body(const std::string& target) {
    const http::Response response = get(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    return response.body;
  }
  int status(const std::string& target) { return get(target).status; }

  Scratch scratch_;
  std::unique_ptr<Runtime> runtime_;
  FilesAddress files_;
};

TEST_F(FilesActorTest, ReadsPages) {
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=0"), R"({"data":"0123456789","offset":0})");
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=3&length=4"),
            R"({"data":"3456","offset":3})");
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=3&length=-1"),
            R"({"data":"3456789","offset":3})");
  EXPECT_EQ(body("/files/read?path=/box/stdout"), R"({"data":"","offset":10})");
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=-1"), R"({"data":"","offset":10})");
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=10"), R"({"data":"","offset":10})");
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=99"), R"({"data":"","offset":99})");
  EXPECT_EQ(body("/files/read?path=/box/stdout&offset=0&length=0"), R"({"data":"","offset":0})");
  EXPECT_EQ(body("/files/read.json?path=box//sub/./deep.txt&offset=0&jsonp=f"),
            R"(f({"data":"deep","offset":0});)");
}

TEST_F(FilesActorTest, OnePageHasAtMost64KiB) {
  write_file(scratch_ / "box/large", std::string(200'000, 'x'));
  rapidjson::Document document;
  document.Parse(body("/files/read?path=/box/large&offset=5&length=100000").c_str());
  EXPECT_EQ(document["data"].GetStringLength(), 65536U);
}

TEST_F(FilesActorTest, RefusesBadQuestions) {
  for (const char* target :
       {"/files/read", "/files/read?path=", "/files/read?path=/box/stdout&offset=x",
        "/files/read?path=/box/stdout&offset=-2", "/files/read?path=/box/stdout&offset=0&length=-2",
        "/files/read?path=/box/stdout&offset=99999999999999999999", "/files/read?path=/box/sub",
        "/files/read?path=/box/%00", "/files/browse", "/files/download",
        "/files/download?path=/box/sub"}) {
    EXPECT_EQ(status(target), 400) << target;
  }
  for (const char* path : {"/none", "/box/none", "/", "/boxes", "/box/stdout/x"}) {
    EXPECT_EQ(status(std::string("/files/read?path=") + path), 404) << path;
    EXPECT_EQ(status(std::string("/files/browse?path=") + path), 404) << path;
    EXPECT_EQ(status(std::string("/files/download?path=") + path), 404) << path;
  }
}

TEST_F(FilesActorTest, NothingOutsideCanBeReached) {
  ASSERT_EQ(symlink((scratch_ / "secret").c_str(), (scratch_ / "box/out").c_str()), 0);
  ASSERT_EQ(symlink("../secret", (scratch_ / "box/up").c_str()), 0);
  ASSERT_EQ(symlink("..", (scratch_ / "box/parent").c_str()), 0);
  ASSERT_EQ(symlink("stdout", (scratch_ / "box/in").c_str()), 0);
  // A folder whose name begins like that of the attached one.
  mkdir((scratch_ / "boxer").c_str(), 0755);
  write_file(scratch_ / "boxer/file", "secret");
  ASSERT_EQ(symlink("../boxer/file", (scratch_ / "box/boxer").c_str()), 0);
  for (const char* path : {"/box/../secret", "/box/%2e%2e/secret", "/box/out", "/box/up",
                           "/box/parent/secret", "/box/boxer", "/../etc/passwd"}) {
    for (const char* endpoint : {"/files/read", "/files/download", "/files/browse"}) {
      const http::Response response = get(std::string(endpoint) + "?path=" + path + "&offset=0");
      EXPECT_EQ(response.status, 404) << endpoint << path;
      EXPECT_THAT(response.body, testing::Not(HasSubstr("secret\"")));
    }
  }
  EXPECT_EQ(body("/files/read?path=/box/in&offset=0"), R"({"data":"0123456789","offset":0})");
}

TEST_F(FilesActorTest, BrowsesFolders) {
  ASSERT_EQ(symlink("stdout", (scratch_ / "box/in").c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", (scratch_ / "box/out").c_str()), 0);
  rapidjson::Document document;
  document.Parse(body("/files/browse?path=/box").c_str());
  ASSERT_TRUE(document.IsArray());
  ASSERT_EQ(document.Size(), 4U);
  const auto text = [&](unsigned at, const char* name) {
    return std::string(document[at][name].GetString());
  };
  EXPECT_EQ(text(0, "path"), "/box/in");
  EXPECT_EQ(text(0, "mode").front(), '-');  // What the link leads to,
  EXPECT_EQ(text(1, "path"), "/box/out");
  EXPECT_EQ(text(1, "mode").front(), 'l');  // but not when that is outside.
  EXPECT_EQ(text(2, "path"), "/box/stdout");
  EXPECT_EQ(document[2]["size"].GetUint64(), 10U);
  EXPECT_EQ(document[2]["nlink"].GetUint(), 1U);
  EXPECT_GT(document[2]["mtime"].GetInt64(), 1'600'000'000);
  EXPECT_FALSE(text(2, "uid").empty());
  EXPECT_FALSE(text(2, "gid").empty());
  EXPECT_EQ(text(3, "mode").front(), 'd');
  EXPECT_EQ(body("/files/browse?path=/box/stdout"), "[]");
}

TEST_F(FilesActorTest, TheLongestVirtualPathCounts) {
  write_file(scratch_ / "log", "log text");
  mkdir((scratch_ / "other").c_str(), 0755);
  write_file(scratch_ / "other/deep.txt", "other");
  files_.attach("/box/sub/", scratch_ / "other");
  files_.attach("/master/log", scratch_ / "log");
  EXPECT_EQ(body("/files/read?path=/box/sub/deep.txt&offset=0"), R"({"data":"other","offset":0})");
  EXPECT_EQ(body("/files/read?path=/master/log&offset=4"), R"({"data":"text","offset":4})");
  EXPECT_EQ(status("/files/read?path=/master&offset=4"), 404);
  files_.detach("/box/sub");
  EXPECT_EQ(body("/files/read?path=/box/sub/deep.txt&offset=0"), R"({"data":"deep","offset":0})");
}

TEST_F(FilesActorTest, AnAttachedLinkMayMove) {
  ASSERT_EQ(symlink("box", (scratch_ / "latest").c_str()), 0);
  files_.attach("/latest", scratch_ / "latest");
  EXPECT_EQ(status("/files/read?path=/latest/stdout"), 200);
  unlink((scratch_ / "latest").c_str());
  EXPECT_EQ(status("/files/read?path=/latest/stdout"), 404);
}

TEST_F(FilesActorTest, DownloadsFilesOfAnySize) {
  const http::Response small = get("/files/download?path=/box/sub/deep.txt");
  EXPECT_EQ(small.status, 200);
  EXPECT_EQ(small.body, "deep");
  EXPECT_EQ(small.headers.at("Content-Type"), "text/plain");
  EXPECT_EQ(small.headers.at("Content-Disposition"), "attachment; filename=\"deep.txt\"");
  std::string large(10'000'000, 'x');
  large.back() = 'z';
  write_file(scratch_ / "box/large", large);
  const http::Response response = get("/files/download?path=/box/large");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body == large) << response.body.size();
}

TEST_F(FilesActorTest, ShowsWhatIsAttached) {
  EXPECT_EQ(body("/files/debug"), "{\"/box\":\"" + (scratch_ / "box") + "\"}");
}

}  // namespace
}  // namespace troupe::agent
