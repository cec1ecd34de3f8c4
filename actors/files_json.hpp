#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/ports/files.hpp"

namespace troupe {

/// The bodies of /files answers (mesos-semantics 9.3). Pure. Threads: any.
std::string files_browse_json(const std::vector<FileEntry>& entries);
/// `data` may be any bytes; shown as as_utf8() has them.
std::string files_read_json(std::uint64_t offset, std::string_view data);
std::string files_debug_json(const std::map<std::string, std::string>& attached);

/// "-rw-r--r--", "drwxrwxrwt", "lrwxrwxrwx": as `ls -l` has it.
std::string format_mode(std::uint32_t mode);

/// `bytes` as valid UTF-8 that is as long: each byte that belongs to no character becomes '?', so
/// that who reads page by page still gets the next offset from the length of the data.
std::string as_utf8(std::string_view bytes);

/// How much of `bytes` to show at once: all but a character that its end cuts in two, which then
/// comes whole with the next page; all if there is nothing else.
std::size_t whole_characters(std::string_view bytes);

}  // namespace troupe
