#pragma once

#include "messages/pid.hpp"
