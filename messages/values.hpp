#pragma once

#include <cstdint>
#include <string>

#include "mesos/v1/mesos.pb.h"

/// The arithmetic of one value: scalars in thousandths, ranges as inclusive intervals of uint64,
/// sets of names. Used by Resources and Quantities; others want those. Source: mesos-semantics 7.6.
///
/// Normal form: ranges sorted by begin, neither overlapping nor adjacent; set items sorted, each
/// once. What takes two values requires both in normal form and keeps the first in it.
namespace troupe::values {

// -- ranges -------------------------------------------------------------------
void normalize(mesos::v1::Value::Ranges* ranges);
void add(mesos::v1::Value::Ranges* to, const mesos::v1::Value::Ranges& what);
void subtract(mesos::v1::Value::Ranges* from, const mesos::v1::Value::Ranges& what);
bool contains(const mesos::v1::Value::Ranges& whole, const mesos::v1::Value::Ranges& part);

// -- sets ---------------------------------------------------------------------
void normalize(mesos::v1::Value::Set* set);
void add(mesos::v1::Value::Set* to, const mesos::v1::Value::Set& what);
void subtract(mesos::v1::Value::Set* from, const mesos::v1::Value::Set& what);
bool contains(const mesos::v1::Value::Set& whole, const mesos::v1::Value::Set& part);

// -- the value of a resource --------------------------------------------------
/// Requires for the pairs: both have the same type.
void normalize(mesos::v1::Resource* resource);
void add(mesos::v1::Resource* to, const mesos::v1::Resource& what);
/// Takes what is there: a scalar stops at zero.
void subtract(mesos::v1::Resource* from, const mesos::v1::Resource& what);
bool contains(const mesos::v1::Resource& whole, const mesos::v1::Resource& part);
bool equal(const mesos::v1::Resource& a, const mesos::v1::Resource& b);
bool empty(const mesos::v1::Resource& resource);
/// In thousandths: of a scalar its amount, of ranges and sets 1000 times their size; saturated.
std::int64_t quantity(const mesos::v1::Resource& resource);

// -- numbers ------------------------------------------------------------------
std::int64_t add_saturated(std::int64_t a, std::int64_t b);
/// 1500 is "1.5", 4000 is "4".
std::string format_thousandths(std::int64_t thousandths);

}  // namespace troupe::values
