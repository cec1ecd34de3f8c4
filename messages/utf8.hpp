#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// `text` with each byte that breaks the encoding replaced by U+FFFD: a bad name from one client
/// must not spoil the JSON that all clients read.
std::string to_utf8(std::string_view text);

}  // namespace troupe
