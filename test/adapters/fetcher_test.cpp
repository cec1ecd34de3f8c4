#include "slave/fetcher/uri_fetcher.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <filesystem>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/fetcher/uri.hpp"
#include "test/adapters/awaited.hpp"
#include "test/adapters/file_server.hpp"
#include "test/adapters/scratch.hpp"

namespace troupe::agent {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

/// What goes into an archive of a test.
struct Member {
  std::string path;
  std::string content;
  int type = AE_IFREG;
  std::string link = {};  // The target, of a link.
  unsigned mode = 0644;
};

enum class Packing { kTar, kGzip, kBzip2, kXz, kZip };

std::string pack(Packing packing, const std::vector<Member>& members) {
  // libarchive writes names beyond ASCII only under a locale that has them; ours is "C" otherwise,
  // and what is tested must do with that.
  setlocale(LC_CTYPE, "C.UTF-8");
  archive* writer = archive_write_new();
  packing == Packing::kZip ? archive_write_set_format_zip(writer)
                           : archive_write_set_format_pax_restricted(writer);
  if (packing == Packing::kGzip) {
    archive_write_add_filter_gzip(writer);
  } else if (packing == Packing::kBzip2) {
    archive_write_add_filter_bzip2(writer);
  } else if (packing == Packing::kXz) {
    archive_write_add_filter_xz(writer);
  }
  std::string bytes(1 << 20, '\0');
  std::size_t used = 0;
  archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
  for (const Member& member : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, member.path.c_str());
    archive_entry_set_filetype(entry, static_cast<unsigned>(member.type));
    archive_entry_set_perm(entry, member.mode);
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.content.size()));
    if (member.type == AE_IFLNK) {
      archive_entry_set_symlink(entry, member.link.c_str());
    } else if (!member.link.empty()) {
      archive_entry_set_hardlink(entry, member.link.c_str());
    }
    archive_write_header(writer, entry);
    archive_write_data(writer, member.content.data(), member.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  setlocale(LC_CTYPE, "C");
  bytes.resize(used);
  return bytes;
}

std::string gzip(const std::string& content) {
  archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter_gzip(writer);
  std::string bytes(content.size() + 4096, '\0');
  std::size_t used = 0;
  archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, content.data(), content.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  bytes.resize(used);
  return bytes;
}

class FetcherTest : public testing::Test {
 protected:
  using Uri = mesos::v1::CommandInfo::URI;

  FetcherTest() {
    mkdir(sandbox_.c_str(), 0755);
    options_.cache_dir = scratch_ / "cache";
    options_.cache_size_bytes = 1000;
    restart();
  }

  void restart() {
    fetcher_.reset();
    fetcher_ = std::make_unique<UriFetcher>(options_);
  }

  static Uri uri(const std::string& value) {
    Uri uri;
    uri.set_value(value);
    return uri;
  }
  static Uri cached(const std::string& value) {
    Uri uri;
    uri.set_value(value);
    uri.set_cache(true);
    return uri;
  }

  std::shared_ptr<Awaited<Result<void>>> begin(const std::vector<Uri>& uris,
                                               const std::string& id = "c",
                                               const std::string& folder = "") {
    FetchSpec spec;
    spec.container_id = ContainerId(id);
    spec.directory = folder.empty() ? sandbox_ : folder;
    spec.user = user_;
    for (const Uri& uri : uris) {
      *spec.command.add_uris() = uri;
    }
    auto fetched = std::make_shared<Awaited<Result<void>>>();
    fetcher_->fetch(spec, [fetched](Result<void> result) { fetched->set(std::move(result)); });
    return fetched;
  }

  Result<void> fetch(const std::vector<Uri>& uris) { return begin(uris)->get(); }

  void expect_fetched(const std::vector<Uri>& uris) {
    const Result<void> result = fetch(uris);
    EXPECT_TRUE(result.ok()) << result.error().message;
  }

  Error error_of(const Uri& uri) {
    const Result<void> result = fetch({uri});
    EXPECT_FALSE(result.ok()) << uri.value();
    return result ? Error{} : result.error();
  }

  std::string content(const std::string& name) { return read_file(sandbox_ + "/" + name); }
  static unsigned mode(const std::string& path) {
    struct stat info {};
    return lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  Scratch scratch_;
  std::string sandbox_ = scratch_ / "sandbox";
  FetcherOptions options_;
  FileServer server_;
  std::optional<std::string> user_;
  std::unique_ptr<UriFetcher> fetcher_;
};

// -- names -----------------------------------------------------------------------------------

TEST(FetcherNames, TheSandboxNameNeverLeadsOut) {
  EXPECT_EQ(*sandbox_name("http://host/a/b.txt", ""), "b.txt");
  EXPECT_EQ(*sandbox_name("/a/b", ""), "b");
  EXPECT_EQ(*sandbox_name("b", ""), "b");
  EXPECT_EQ(*sandbox_name("http://host/a", "x/y"), "x/y");
  EXPECT_EQ(*sandbox_name("http://host/a?b=c", ""), "a?b=c");
  for (const char* uri : {"http://host", "http://host/", "/a/..", "..", "/", "file:///a/."}) {
    EXPECT_FALSE(sandbox_name(uri, "").ok()) << uri;
  }
  for (const char* output : {"/etc/passwd", "../x", "a/../../x", "x/"}) {
    EXPECT_FALSE(sandbox_name("http://host/a", output).ok()) << output;
  }
}

TEST(FetcherNames, KnowsWhereAUriLeads) {
  EXPECT_EQ(parse_source("file:///a/b", "")->location, "/a/b");
  EXPECT_EQ(parse_source("file://localhost/a", "")->location, "/a");
  EXPECT_EQ(parse_source("x/y", "/home")->location, "/home/x/y");
  EXPECT_EQ(parse_source("HTTPS://h/x", "")->kind, Source::Kind::kRemote);
  EXPECT_FALSE(parse_source("x/y", "").ok());
  EXPECT_FALSE(parse_source("file://elsewhere/a", "").ok());
  EXPECT_EQ(parse_source("hdfs://h/x", "").error().message,
            "URI 'hdfs://h/x': scheme hdfs is not supported (use a path, file, http, https, ftp or "
            "ftps)");
}

// -- plain files -----------------------------------------------------------------------------

TEST_F(FetcherTest, CopiesLocalFiles) {
  write_file(scratch_ / "one", "1");
  write_file(scratch_ / "two", "2");
  Uri program = uri(scratch_ / "two");
  program.set_executable(true);
  program.set_output_file("bin/run");
  expect_fetched({uri("file://" + (scratch_ / "one")), program});
  EXPECT_EQ(content("one"), "1");
  EXPECT_EQ(mode(sandbox_ + "/one"), 0644U);
  EXPECT_EQ(content("bin/run"), "2");
  EXPECT_EQ(mode(sandbox_ + "/bin/run"), 0755U);
}

TEST_F(FetcherTest, DownloadsAndFollowsRedirects) {
  const std::string large(3'000'000, 'x');
  server_.put("/data", {large});
  server_.put("/moved", {"", 302, "/data"});
  expect_fetched({uri(server_.url("/data")), uri(server_.url("/moved"))});
  EXPECT_EQ(content("data"), large);
  EXPECT_EQ(content("moved"), large);
}

TEST_F(FetcherTest, FetchesNothingIfThereIsNothing) { expect_fetched({}); }

TEST_F(FetcherTest, GivesFilesToTheUserAndReadsWithItsRights) {
  ASSERT_EQ(geteuid(), 0U) << "this test switches users: run it as root";
  scratch_.open_to_all();
  user_ = "nobody";
  write_file(scratch_ / "a.tar", pack(Packing::kTar, {{"d/f", "x"}, {"l", "", AE_IFLNK, "d"}}));
  write_file(scratch_ / "secret", "root's own");
  chmod((scratch_ / "secret").c_str(), 0600);
  Uri archive = uri(scratch_ / "a.tar");
  archive.set_output_file("sub/a.tar");
  expect_fetched({archive});
  for (const char* path : {"/sub", "/sub/a.tar", "/d", "/d/f", "/l"}) {
    struct stat info {};
    ASSERT_EQ(lstat((sandbox_ + path).c_str(), &info), 0) << path;
    EXPECT_EQ(info.st_uid, 65534U) << path;
  }
  EXPECT_THAT(error_of(uri(scratch_ / "secret")).message, HasSubstr("Permission denied"));
  EXPECT_THAT(error_of(cached(scratch_ / "secret")).message, HasSubstr("Permission denied"));
  user_.reset();
  expect_fetched({uri(scratch_ / "secret")});  // The thread has its own rights again.
}

// -- failures --------------------------------------------------------------------------------

TEST_F(FetcherTest, NamesTheUriThatFails) {
  const Error missing = error_of(uri("/no/such/file"));
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.message,
            "fetch '/no/such/file': open /no/such/file: No such file or directory");
  const Error not_there = error_of(uri(server_.url("/none")));
  EXPECT_EQ(not_there.code, ErrorCode::kNotFound);
  EXPECT_EQ(not_there.message,
            "fetch '" + server_.url("/none") + "': the server answered HTTP 404");
  server_.put("/broken", {"", 500});
  EXPECT_THAT(error_of(uri(server_.url("/broken"))).message, HasSubstr("HTTP 500"));
  server_.put("/short", {"1234567890", 200, "", 5});
  EXPECT_FALSE(error_of(uri(server_.url("/short"))).message.empty());
  EXPECT_EQ(error_of(uri("http://127.0.0.1:1/x")).code, ErrorCode::kUnavailable);
  EXPECT_EQ(error_of(uri("gopher://x/y")).code, ErrorCode::kInvalid);
  EXPECT_THAT(error_of(uri(scratch_.path())).message, HasSubstr("no regular file"));
}

TEST_F(FetcherTest, StopsAtTheFirstFailure) {
  write_file(scratch_ / "one", "1");
  EXPECT_FALSE(fetch({uri("/no/such/file"), uri(scratch_ / "one")}).ok());
  EXPECT_FALSE(exists(sandbox_ + "/one"));
}

TEST_F(FetcherTest, RefusesAServerThatStalls) {
  options_.stall_timeout = 200ms;
  restart();
  server_.put("/slow", {"1234567890", 200, "", 0, true});
  const Error error = error_of(uri(server_.url("/slow")));
  EXPECT_EQ(error.code, ErrorCode::kExhausted);
  EXPECT_THAT(error.message, AllOf(HasSubstr("/slow"), HasSubstr("stalled")));
}

TEST_F(FetcherTest, CancelEndsAFetchAndThoseThatWait) {
  options_.max_threads = 1;
  restart();
  server_.put("/slow", {"1234567890", 200, "", 0, true});
  const auto running = begin({uri(server_.url("/slow"))}, "c");
  const auto waiting = begin({uri(server_.url("/slow"))}, "d");
  fetcher_->cancel(ContainerId("d"));
  fetcher_->cancel(ContainerId("c"));
  fetcher_->cancel(ContainerId("unknown"));
  EXPECT_EQ(running->get().error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(waiting->get().error().message, HasSubstr("container d"));
}

TEST_F(FetcherTest, DestructionAnswersEverybody) {
  options_.max_threads = 1;
  restart();
  server_.put("/slow", {"1234567890", 200, "", 0, true});
  const auto running = begin({uri(server_.url("/slow"))}, "c");
  const auto waiting = begin({uri(server_.url("/slow"))}, "d");
  fetcher_.reset();
  EXPECT_FALSE(running->get().ok());
  EXPECT_FALSE(waiting->get().ok());
}

TEST_F(FetcherTest, SaysThatTheDiskIsFull) {
  ASSERT_EQ(mount("tmpfs", sandbox_.c_str(), "tmpfs", 0, "size=64k"), 0)
      << "this test needs a small disk: run it as root";
  write_file(scratch_ / "large", std::string(200'000, 'x'));
  const Error error = error_of(uri(scratch_ / "large"));
  write_file(scratch_ / "a.tgz", pack(Packing::kGzip, {{"large", std::string(200'000, 'x')}}));
  const Error in_archive = error_of(uri(scratch_ / "a.tgz"));
  ASSERT_EQ(umount2(sandbox_.c_str(), MNT_DETACH), 0);
  EXPECT_EQ(error.code, ErrorCode::kExhausted);
  EXPECT_THAT(error.message, AllOf(HasSubstr("large"), HasSubstr("No space left on device")));
  EXPECT_EQ(in_archive.code, ErrorCode::kExhausted);
  EXPECT_THAT(in_archive.message, HasSubstr("a.tgz"));
}

// -- archives --------------------------------------------------------------------------------

TEST_F(FetcherTest, UnpacksEveryKindOfArchive) {
  const std::vector<std::pair<std::string, Packing>> kinds = {
      {"a.tar", Packing::kTar},       {"b.tar.gz", Packing::kGzip}, {"c.tgz", Packing::kGzip},
      {"d.tar.bz2", Packing::kBzip2}, {"e.tbz2", Packing::kBzip2},  {"f.tar.xz", Packing::kXz},
      {"g.txz", Packing::kXz},        {"h.zip", Packing::kZip}};
  for (const auto& [name, packing] : kinds) {
    write_file(scratch_ / name,
               pack(packing, {{name + ".d", "", AE_IFDIR, "", 0755},
                              {name + ".d/run", "text of " + name, AE_IFREG, "", 0755},
                              {name + ".d/\xc3\xa4", "", AE_IFREG},
                              {name + ".d/link", "", AE_IFLNK, "run"}}));
    expect_fetched({uri(scratch_ / name)});
    EXPECT_EQ(content(name + ".d/link"), "text of " + name);
    EXPECT_EQ(mode(sandbox_ + "/" + name + ".d/run"), 0755U) << name;
    EXPECT_TRUE(exists(sandbox_ + "/" + name + ".d/\xc3\xa4")) << name;
    EXPECT_TRUE(exists(sandbox_ + "/" + name));
  }
}

TEST_F(FetcherTest, UnpacksACompressedFile) {
  write_file(scratch_ / "words.gz", gzip("many words"));
  expect_fetched({uri(scratch_ / "words.gz")});
  EXPECT_EQ(content("words"), "many words");
  write_file(scratch_ / "plain.gz", "not compressed at all");
  EXPECT_THAT(error_of(uri(scratch_ / "plain.gz")).message, HasSubstr("not compressed"));
}

TEST_F(FetcherTest, LeavesArchivesAloneWhenTold) {
  write_file(scratch_ / "a.tar", pack(Packing::kTar, {{"f", "x"}}));
  Uri kept = uri(scratch_ / "a.tar");
  kept.set_extract(false);
  expect_fetched({kept});
  Uri program = uri(scratch_ / "a.tar");
  program.set_executable(true);
  expect_fetched({program});
  EXPECT_FALSE(exists(sandbox_ + "/f"));
  EXPECT_EQ(mode(sandbox_ + "/a.tar"), 0755U);
}

TEST_F(FetcherTest, NoArchiveWritesOutsideOfTheSandbox) {
  mkdir((scratch_ / "outside").c_str(), 0755);
  write_file(scratch_ / "outside/hosts", "mine");
  const std::vector<std::vector<Member>> attacks = {
      {{"../slipped", "x"}},
      {{"a/../../slipped", "x"}},
      {{"/" + (scratch_ / "slipped").substr(1), "x"}},
      {{"l", "", AE_IFLNK, scratch_ / "outside"}, {"l/slipped", "x"}},
      {{"l", "", AE_IFLNK, ".."}, {"l/slipped", "x"}},
      {{"h", "", AE_IFREG, "../outside/hosts"}, {"h", "x"}},
      {{"l", "", AE_IFLNK, scratch_ / "outside/hosts"}, {"h", "", AE_IFREG, "l"}},
  };
  for (const Packing packing : {Packing::kTar, Packing::kZip}) {
    // A zip has no hard links.
    const std::size_t count = packing == Packing::kZip ? 5 : attacks.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = packing == Packing::kZip ? "a.zip" : "a.tar";
      write_file(scratch_ / name, pack(packing, attacks[i]));
      const Error error = error_of(uri(scratch_ / name));
      EXPECT_EQ(error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound, true)
          << i << " " << error.message;
      EXPECT_THAT(error.message, HasSubstr(name));
    }
  }
  EXPECT_FALSE(exists(scratch_ / "slipped"));
  EXPECT_FALSE(exists(scratch_ / "outside/slipped"));
  EXPECT_EQ(read_file(scratch_ / "outside/hosts"), "mine");
}

TEST_F(FetcherTest, ReplacesALinkInsteadOfWritingThroughIt) {
  write_file(scratch_ / "victim", "mine");
  write_file(scratch_ / "f", "new");
  ASSERT_EQ(symlink((scratch_ / "victim").c_str(), (sandbox_ + "/f").c_str()), 0);
  expect_fetched({uri(scratch_ / "f")});
  EXPECT_EQ(read_file(scratch_ / "victim"), "mine");
  EXPECT_EQ(content("f"), "new");
  write_file(scratch_ / "a.tar",
             pack(Packing::kTar, {{"l", "", AE_IFLNK, scratch_ / "victim"}, {"l", "file now"}}));
  expect_fetched({uri(scratch_ / "a.tar")});
  EXPECT_EQ(read_file(scratch_ / "victim"), "mine");
  EXPECT_EQ(content("l"), "file now");
}

TEST_F(FetcherTest, RefusesDamagedArchives) {
  const std::string noise = [] {
    std::string text;
    for (unsigned i = 0, x = 1; i < 20'000; ++i, x = x * 1103515245 + 12345) {
      text += static_cast<char>(x >> 16);
    }
    return text;
  }();
  const std::vector<std::pair<std::string, Packing>> kinds = {{"a.tar", Packing::kTar},
                                                              {"a.tgz", Packing::kGzip},
                                                              {"a.txz", Packing::kXz},
                                                              {"a.tbz2", Packing::kBzip2},
                                                              {"a.zip", Packing::kZip}};
  for (const auto& [name, packing] : kinds) {
    const std::string whole = pack(packing, {{"f", noise}});
    write_file(scratch_ / name, whole.substr(0, whole.size() / 2));
    EXPECT_EQ(error_of(uri(scratch_ / name)).code, ErrorCode::kInvalid) << name;
    write_file(scratch_ / name, "this is no archive, whatever it is called");
    EXPECT_THAT(error_of(uri(scratch_ / name)).message, HasSubstr(name));
  }
}

// -- the cache -------------------------------------------------------------------------------

TEST_F(FetcherTest, DownloadsACachedUriOnce) {
  server_.put("/data", {"text"});
  expect_fetched({cached(server_.url("/data"))});
  server_.put("/data", {"changed"});
  Uri again = cached(server_.url("/data"));
  again.set_output_file("again");
  again.set_executable(true);
  expect_fetched({again});
  EXPECT_EQ(content("data"), "text");
  EXPECT_EQ(content("again"), "text");
  EXPECT_EQ(mode(sandbox_ + "/again"), 0755U);
  EXPECT_EQ(server_.requests("/data"), 1);
}

TEST_F(FetcherTest, ConcurrentFetchesShareOneDownload) {
  server_.put("/data", {"text"});
  std::vector<std::shared_ptr<Awaited<Result<void>>>> fetches;
  for (int i = 0; i < 20; ++i) {
    const std::string folder = scratch_ / ("s" + std::to_string(i));
    mkdir(folder.c_str(), 0755);
    fetches.push_back(begin({cached(server_.url("/data"))}, std::to_string(i), folder));
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(fetches[static_cast<std::size_t>(i)]->get().ok());
    EXPECT_EQ(read_file(scratch_ / ("s" + std::to_string(i) + "/data")), "text");
  }
  EXPECT_EQ(server_.requests("/data"), 1);
}

TEST_F(FetcherTest, ADownloadSharedByOthersSurvivesACancel) {
  server_.put("/slow", {"1234567890", 200, "", 0, true});
  const auto first = begin({cached(server_.url("/slow"))}, "c");
  while (server_.requests("/slow") == 0) {
    std::this_thread::yield();
  }
  const auto second = begin({cached(server_.url("/slow"))}, "d", scratch_.path());
  server_.put("/slow", {"1234567890"});
  fetcher_->cancel(ContainerId("c"));
  EXPECT_FALSE(first->get().ok());
  EXPECT_TRUE(second->get().ok());
  EXPECT_EQ(read_file(scratch_ / "slow"), "1234567890");
}

TEST_F(FetcherTest, OfACachedArchiveOnlyTheContentComes) {
  options_.cache_size_bytes = 1 << 20;
  restart();
  server_.put("/a.tgz", {pack(Packing::kGzip, {{"f", "x"}})});
  for (int i = 0; i < 2; ++i) {
    unlink((sandbox_ + "/f").c_str());
    expect_fetched({cached(server_.url("/a.tgz"))});
    EXPECT_EQ(content("f"), "x");
    EXPECT_FALSE(exists(sandbox_ + "/a.tgz"));
  }
  EXPECT_EQ(server_.requests("/a.tgz"), 1);
}

TEST_F(FetcherTest, PushesOutTheLeastRecentlyUsed) {
  for (const char* path : {"/a", "/b", "/c"}) {
    server_.put(path, {std::string(400, path[1])});  // Two fit.
  }
  for (const char* path : {"/a", "/b", "/a", "/c", "/a", "/b"}) {
    expect_fetched({cached(server_.url(path))});
    EXPECT_EQ(content(path + 1), std::string(400, path[1]));
  }
  EXPECT_EQ(server_.requests("/a"), 1);
  EXPECT_EQ(server_.requests("/b"), 2);  // Pushed out by c.
  std::uint64_t used = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options_.cache_dir)) {
    used += entry.file_size();
  }
  EXPECT_EQ(used, 800U);
}

TEST_F(FetcherTest, FetchesPastTheCacheWhatDoesNotFit) {
  server_.put("/large", {std::string(5000, 'x')});
  expect_fetched({cached(server_.url("/large"))});
  EXPECT_EQ(content("large").size(), 5000U);
  EXPECT_TRUE(std::filesystem::is_empty(options_.cache_dir));
}

TEST_F(FetcherTest, AFailedDownloadIsNotCached) {
  EXPECT_THAT(error_of(cached(server_.url("/late"))).message, HasSubstr("404"));
  server_.put("/late", {"text"});
  expect_fetched({cached(server_.url("/late"))});
  EXPECT_EQ(content("late"), "text");
}

TEST_F(FetcherTest, EmptiesTheCacheAtStart) {
  server_.put("/data", {"text"});
  expect_fetched({cached(server_.url("/data"))});
  restart();
  EXPECT_TRUE(std::filesystem::is_empty(options_.cache_dir));
  expect_fetched({cached(server_.url("/data"))});
  EXPECT_EQ(server_.requests("/data"), 2);
}

}  // namespace
}  // namespace troupe::agent
