// Precompiled for every target above messages/: what nearly each file includes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "mesos/internal/messages.pb.h"
#include "mesos/v1/mesos.pb.h"
