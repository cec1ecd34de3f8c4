#pragma once

namespace troupe {

/// The version of this program.
inline constexpr const char* kVersion = "0.1.0";
/// The version of Mesos whose protocols it speaks: what it announces on the wire, where peers
/// compare it (mesos-semantics, trap 21).
inline constexpr const char* kWireVersion = "1.11.0";

}  // namespace troupe
