#include "slave/checkpoint/posix_files.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/adapters/scratch.hpp"

namespace troupe::agent {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FilesTest : public testing::Test {
 protected:
  Scratch scratch_;
  PosixFiles files_;
};

template <class R>
Error error_of(const R& result) {
  EXPECT_FALSE(result.ok());
  return result ? Error{} : result.error();
}

// -- folders and links -----------------------------------------------------------------------

TEST_F(FilesTest, MakesFoldersAndGivesTheLastOneAway) {
  ASSERT_EQ(geteuid(), 0U) << "this test changes owners: run it as root";
  ASSERT_TRUE(files_.make_directories(scratch_ / "a/b/c", "nobody").ok());
  EXPECT_EQ(files_.stat(scratch_ / "a/b/c")->user, "nobody");
  EXPECT_EQ(files_.stat(scratch_ / "a/b/c")->group, "nogroup");
  EXPECT_EQ(files_.stat(scratch_ / "a/b")->user, "root");
  EXPECT_TRUE(files_.make_directories(scratch_ / "a/b", "nobody").ok());
  EXPECT_EQ(files_.stat(scratch_ / "a/b")->user, "nobody");
  EXPECT_TRUE(files_.make_directories(scratch_ / "a/b/", std::nullopt).ok());
  EXPECT_EQ(error_of(files_.make_directories(scratch_ / "x", "no-such-user")).code,
            ErrorCode::kNotFound);
  write_file(scratch_ / "file", "");
  EXPECT_EQ(error_of(files_.make_directories(scratch_ / "file", std::nullopt)).code,
            ErrorCode::kConflict);
  EXPECT_FALSE(files_.make_directories(scratch_ / "file/x", std::nullopt).ok());
}

TEST_F(FilesTest, MakesAndReplacesLinks) {
  ASSERT_TRUE(files_.link("one", scratch_ / "latest").ok());
  ASSERT_TRUE(files_.link("two", scratch_ / "latest").ok());
  write_file(scratch_ / "two", "content");
  EXPECT_EQ(*files_.read(scratch_ / "latest", 0, 100), "content");
  EXPECT_EQ(*files_.resolve(scratch_ / "./latest"), *files_.resolve(scratch_ / "two"));
  EXPECT_TRUE(*files_.exists(scratch_ / "latest"));
  EXPECT_EQ(error_of(files_.link("one", scratch_ / "none/latest")).code, ErrorCode::kNotFound);
}

TEST_F(FilesTest, KnowsWhatExists) {
  EXPECT_FALSE(*files_.exists(scratch_ / "none"));
  write_file(scratch_ / "file", "");
  EXPECT_TRUE(*files_.exists(scratch_ / "file"));
  EXPECT_FALSE(*files_.exists(scratch_ / "file/below"));
}

// -- removing --------------------------------------------------------------------------------

TEST_F(FilesTest, RemovesATreeButNothingBehindItsLinks) {
  mkdir((scratch_ / "kept").c_str(), 0755);
  write_file(scratch_ / "kept/file", "mine");
  ASSERT_TRUE(files_.make_directories(scratch_ / "tree/a/b", std::nullopt).ok());
  write_file(scratch_ / "tree/a/b/file", "");
  ASSERT_EQ(symlink((scratch_ / "kept").c_str(), (scratch_ / "tree/a/link").c_str()), 0);
  ASSERT_EQ(symlink("nowhere", (scratch_ / "tree/dangling").c_str()), 0);
  ASSERT_EQ(mkfifo((scratch_ / "tree/pipe").c_str(), 0600), 0);
  EXPECT_TRUE(files_.remove_tree(scratch_ / "tree").ok());
  EXPECT_FALSE(exists(scratch_ / "tree"));
  EXPECT_EQ(read_file(scratch_ / "kept/file"), "mine");
}

TEST_F(FilesTest, OfALinkOnlyTheLinkIsRemoved) {
  mkdir((scratch_ / "kept").c_str(), 0755);
  ASSERT_EQ(symlink((scratch_ / "kept").c_str(), (scratch_ / "link").c_str()), 0);
  EXPECT_TRUE(files_.remove_tree(scratch_ / "link").ok());
  EXPECT_FALSE(exists(scratch_ / "link"));
  EXPECT_TRUE(exists(scratch_ / "kept"));
}

TEST_F(FilesTest, RemovesFilesAndWhatIsNotThere) {
  write_file(scratch_ / "file", "");
  EXPECT_TRUE(files_.remove_tree(scratch_ / "file").ok());
  EXPECT_FALSE(exists(scratch_ / "file"));
  EXPECT_TRUE(files_.remove_tree(scratch_ / "file").ok());
}

TEST_F(FilesTest, RemovesTreesDeeperThanPathsAndDescriptorsGo) {
  const std::string root = scratch_ / "deep";
  mkdir(root.c_str(), 0755);
  const std::string home = std::filesystem::current_path();
  ASSERT_EQ(chdir(root.c_str()), 0);
  for (int depth = 0; depth < 400; ++depth) {
    ASSERT_EQ(mkdir("folder", 0755), 0);
    ASSERT_EQ(chdir("folder"), 0);
  }
  ASSERT_EQ(chdir(home.c_str()), 0);
  const Result<void> removed = files_.remove_tree(root);
  EXPECT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_FALSE(exists(root));
}

TEST_F(FilesTest, LeavesMountsAlone) {
  for (const std::string name : {"tree/disk", "tree/bound", "kept"}) {
    ASSERT_TRUE(files_.make_directories(scratch_ / name, std::nullopt).ok());
  }
  write_file(scratch_ / "tree/file", "");
  ASSERT_EQ(mount("tmpfs", (scratch_ / "tree/disk").c_str(), "tmpfs", 0, "size=64k"), 0)
      << "this test mounts: run it as root";
  ASSERT_EQ(mount((scratch_ / "kept").c_str(), (scratch_ / "tree/bound").c_str(), nullptr, MS_BIND,
                  nullptr),
            0);
  write_file(scratch_ / "tree/disk/file", "on the disk");
  write_file(scratch_ / "kept/file", "kept");
  const Error error = error_of(files_.remove_tree(scratch_ / "tree"));
  const std::string on_disk = read_file(scratch_ / "tree/disk/file");
  umount2((scratch_ / "tree/disk").c_str(), MNT_DETACH);
  umount2((scratch_ / "tree/bound").c_str(), MNT_DETACH);
  EXPECT_EQ(error.code, ErrorCode::kConflict);
  EXPECT_THAT(error.message, HasSubstr("mounted"));
  EXPECT_EQ(on_disk, "on the disk");
  EXPECT_EQ(read_file(scratch_ / "kept/file"), "kept");
  EXPECT_FALSE(exists(scratch_ / "tree/file"));
  EXPECT_TRUE(files_.remove_tree(scratch_ / "tree").ok());
}

// -- reading and writing ---------------------------------------------------------------------

TEST_F(FilesTest, ReadsPages) {
  write_file(scratch_ / "file", "0123456789");
  EXPECT_EQ(*files_.read(scratch_ / "file", 0, 100), "0123456789");
  EXPECT_EQ(*files_.read(scratch_ / "file", 3, 4), "3456");
  EXPECT_EQ(*files_.read(scratch_ / "file", 10, 4), "");
  EXPECT_EQ(*files_.read(scratch_ / "file", 99, 4), "");
  EXPECT_EQ(*files_.read(scratch_ / "file", 3, 0), "");
  EXPECT_FALSE(files_.read("/proc/self/status", 0, 100'000)->empty());
  EXPECT_EQ(error_of(files_.read(scratch_ / "none", 0, 1)),
            not_found("read " + (scratch_ / "none") + ": No such file or directory"));
  EXPECT_EQ(error_of(files_.read(scratch_.path(), 0, 1)).code, ErrorCode::kInvalid);
  ASSERT_EQ(mkfifo((scratch_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of(files_.read(scratch_ / "pipe", 0, 1)).code, ErrorCode::kInvalid);
}

TEST_F(FilesTest, WritesFilesWhole) {
  const std::string bytes("a\0b", 3);
  ASSERT_TRUE(files_.write(scratch_ / "file", bytes).ok());
  EXPECT_EQ(read_file(scratch_ / "file"), bytes);
  chmod((scratch_ / "file").c_str(), 0600);
  ASSERT_TRUE(files_.write(scratch_ / "file", "new").ok());
  EXPECT_EQ(read_file(scratch_ / "file"), "new");
  EXPECT_EQ(files_.stat(scratch_ / "file")->mode & 07777, 0600U);
  EXPECT_EQ(files_.list(scratch_.path())->size(), 1U);  // No temporary is left.
  EXPECT_EQ(error_of(files_.write(scratch_ / "none/file", "x")).code, ErrorCode::kNotFound);
}

TEST_F(FilesTest, AFullDiskIsToldAndTheOldFileStays) {
  ASSERT_EQ(mount("tmpfs", scratch_.path().c_str(), "tmpfs", 0, "size=64k"), 0)
      << "this test needs a small disk: run it as root";
  const Result<void> first = files_.write(scratch_ / "file", "old");
  const Error error = error_of(files_.write(scratch_ / "file", std::string(200'000, 'x')));
  const std::string content = read_file(scratch_ / "file");
  const std::size_t entries = files_.list(scratch_.path())->size();
  write_file(scratch_ / "filler", std::string(48'000, 'x'));
  const Result<double> usage = files_.disk_usage(scratch_.path());
  umount2(scratch_.path().c_str(), MNT_DETACH);
  EXPECT_TRUE(first.ok());
  EXPECT_EQ(error.code, ErrorCode::kExhausted);
  EXPECT_THAT(error.message, AllOf(HasSubstr("file"), HasSubstr("No space left on device")));
  EXPECT_EQ(content, "old");
  EXPECT_EQ(entries, 1U);
  EXPECT_NEAR(*usage, 0.8, 0.1);
}

// -- looking ---------------------------------------------------------------------------------

TEST_F(FilesTest, ListsByPathAndShowsLinksThemselves) {
  write_file(scratch_ / "b", "12345");
  mkdir((scratch_ / "a").c_str(), 0750);
  ASSERT_EQ(symlink("b", (scratch_ / "c").c_str()), 0);
  const Result<std::vector<FileEntry>> entries = files_.list(scratch_.path());
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ(entries->at(0).path, scratch_ / "a");
  EXPECT_EQ(entries->at(0).mode, S_IFDIR | 0750U);
  EXPECT_EQ(entries->at(0).links, 2U);
  EXPECT_EQ(entries->at(1).size, 5U);
  EXPECT_TRUE(S_ISLNK(entries->at(2).mode));
  EXPECT_TRUE(S_ISREG(files_.stat(scratch_ / "c")->mode));
  EXPECT_EQ(error_of(files_.list(scratch_ / "none")).code, ErrorCode::kNotFound);
}

TEST_F(FilesTest, TellsWhenAFileWasModified) {
  write_file(scratch_ / "file", "");
  const timespec times[] = {{1'000'000, 0}, {1'500'000'000, 250'000'000}};
  ASSERT_EQ(utimensat(AT_FDCWD, (scratch_ / "file").c_str(), times, 0), 0);
  const Time expected(std::chrono::milliseconds(1'500'000'000'250));
  EXPECT_EQ(*files_.modified(scratch_ / "file"), expected);
  EXPECT_EQ(files_.stat(scratch_ / "file")->modified, expected);
  EXPECT_EQ(error_of(files_.modified(scratch_ / "none")).code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace troupe::agent
