#include "actors/files_json.hpp"

#include <array>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace troupe {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_string(std::string_view text, Writer* writer) {
  writer->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void write_member(const char* name, std::string_view text, Writer* writer) {
  writer->Key(name);
  write_string(text, writer);
}

void write_entry(const FileEntry& entry, Writer* writer) {
  writer->StartObject();
  write_member("gid", as_utf8(entry.group), writer);
  write_member("mode", format_mode(entry.mode), writer);
  writer->Key("mtime");
  writer->Int64(
      std::chrono::duration_cast<std::chrono::seconds>(entry.modified.time_since_epoch()).count());
  writer->Key("nlink");
  writer->Uint(entry.links);
  write_member("path", as_utf8(entry.path), writer);
  writer->Key("size");
  writer->Uint64(entry.size);
  write_member("uid", as_utf8(entry.user), writer);
  writer->EndObject();
}

std::string text_of(const rapidjson::StringBuffer& buffer) {
  return {buffer.GetString(), buffer.GetSize()};
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// How long the character is that begins with `byte`; 0 if none does.
std::size_t character_bytes(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  if (value < 0x80) {
    return 1;
  }
  if (value >= 0xc2 && value < 0xe0) {
    return 2;
  }
  if (value >= 0xe0 && value < 0xf0) {
    return 3;
  }
  return value >= 0xf0 && value < 0xf5 ? 4 : 0;
}

/// Whether the second byte may follow the first: no overlong forms, surrogates, or beyond U+10FFFF.
bool is_second_byte(char first, char second) {
  const auto a = static_cast<unsigned char>(first);
  const auto b = static_cast<unsigned char>(second);
  return is_continuation(second) && !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b > 0x9f) &&
         !(a == 0xf0 && b < 0x90) && !(a == 0xf4 && b > 0x8f);
}

/// How many bytes of one character stand at the start of `bytes`; fewer than character_bytes() if
/// they end or break off.
std::size_t matched_bytes(std::string_view bytes) {
  const std::size_t wanted = character_bytes(bytes.front());
  std::size_t matched = wanted == 0 ? 0 : 1;
  while (matched < wanted && matched < bytes.size() &&
         (matched == 1 ? is_second_byte(bytes[0], bytes[1]) : is_continuation(bytes[matched]))) {
    ++matched;
  }
  return matched;
}

}  // namespace

std::string files_browse_json(const std::vector<FileEntry>& entries) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartArray();
  for (const FileEntry& entry : entries) {
    write_entry(entry, &writer);
  }
  writer.EndArray();
  return text_of(buffer);
}

std::string files_read_json(std::uint64_t offset, std::string_view data) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  write_member("data", as_utf8(data), &writer);
  writer.Key("offset");
  writer.Uint64(offset);
  writer.EndObject();
  return text_of(buffer);
}

std::string files_debug_json(const std::map<std::string, std::string>& attached) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  for (const auto& [path, real] : attached) {
    const std::string key = as_utf8(path);
    writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    write_string(as_utf8(real), &writer);
  }
  writer.EndObject();
  return text_of(buffer);
}

std::string format_mode(std::uint32_t mode) {
  // The numbers of st_mode, which are the same on every system that we know.
  constexpr std::array<char, 16> kTypes = {'?', 'p', 'c', '?', 'd', '?', 'b', '?',
                                           '-', '?', 'l', '?', 's', '?', '?', '?'};
  constexpr std::string_view kLetters = "rwxrwxrwx";
  std::string text(1, kTypes.at((mode >> 12) & 0xf));
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    text += (mode & (0400U >> i)) != 0 ? kLetters[i] : '-';
  }
  const auto mark = [&](std::uint32_t bit, std::size_t at, char executable, char other) {
    if ((mode & bit) != 0) {
      text[at] = text[at] == 'x' ? executable : other;
    }
  };
  mark(04000, 3, 's', 'S');
  mark(02000, 6, 's', 'S');
  mark(01000, 9, 't', 'T');
  return text;
}

std::string as_utf8(std::string_view bytes) {
  std::string text(bytes);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view rest = bytes.substr(at);
    const std::size_t wanted = character_bytes(rest.front());
    if (wanted != 0 && matched_bytes(rest) == wanted) {
      at += wanted;
    } else {
      text[at++] = '?';
    }
  }
  return text;
}

std::size_t whole_characters(std::string_view bytes) {
  // A character has 4 bytes at most: only the last 3 can begin one that goes on.
  for (std::size_t back = 1; back <= 3 && back < bytes.size(); ++back) {
    const std::string_view tail = bytes.substr(bytes.size() - back);
    if (!is_continuation(tail.front())) {
      const bool cut = matched_bytes(tail) == back && character_bytes(tail.front()) > back;
      return bytes.size() - (cut ? back : 0);
    }
  }
  return bytes.size();
}

}  // namespace troupe
