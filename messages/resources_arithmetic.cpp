// Resources: adding, taking, containing, and the operations that convert.

#include <algorithm>
#include <utility>

#include "messages/resources.hpp"
#include "messages/resources_match.hpp"
#include "messages/values.hpp"

namespace troupe {
namespace {

using mesos::v1::Offer;
using mesos::v1::Resource;
using Bundle = std::vector<Resource>;

/// The entry that `resource` can be added to or taken from. For what stands alone: an identical
/// one.
template <class Entries>
auto find_match(Entries& entries, const Resource& resource) {
  const bool alone = resources::stands_alone(resource);
  return std::find_if(entries.begin(), entries.end(), [&resource, alone](const Resource& mine) {
    return resources::same_kind(mine, resource) && (!alone || values::equal(mine, resource));
  });
}

std::ptrdiff_t count_identical(const Bundle& entries, const Resource& resource) {
  return std::count_if(entries.begin(), entries.end(), [&resource](const Resource& mine) {
    return resources::identical(mine, resource);
  });
}

// -- conversions --------------------------------------------------------------

struct Conversion {
  Resources sources;
  Resources results;
};

Error refuse(const char* operation, const Resource& resource, const char* why) {
  return invalid(std::string(operation) + " of '" + Resources(resource).str() + "': " + why);
}

Resource without_last_reservation(Resource resource) {
  resource.mutable_reservations()->RemoveLast();
  return resource;
}

Resource without_volume(Resource resource) {
  auto* disk = resource.mutable_disk();
  disk->clear_persistence();
  disk->clear_volume();
  if (!disk->has_source()) {
    resource.clear_disk();
  }
  resource.clear_shared();  // Only persistent volumes are shared.
  return resource;
}

Resource upgraded(Resource resource) {
  resources::upgrade(&resource);
  return resource;
}

Result<Conversion> convert_reserve(const Offer::Operation::Reserve& reserve) {
  Conversion conversion;
  for (const auto& proto : reserve.resources()) {
    const Resource resource = upgraded(proto);
    if (!Resources::is_dynamically_reserved(resource)) {
      return refuse("RESERVE", resource, "it is not dynamically reserved");
    }
    conversion.results += resource;
    if (reserve.source_size() == 0) {
      conversion.sources += without_last_reservation(resource);
    }
  }
  if (reserve.source_size() > 0) {  // From one reservation to another in one step.
    conversion.sources = Resources(reserve.source());
  }
  return conversion;
}

Result<Conversion> convert_unreserve(const Offer::Operation::Unreserve& unreserve) {
  Conversion conversion;
  for (const auto& proto : unreserve.resources()) {
    const Resource resource = upgraded(proto);
    if (!Resources::is_dynamically_reserved(resource)) {
      return refuse("UNRESERVE", resource, "it is not dynamically reserved");
    }
    if (Resources::is_persistent_volume(resource)) {
      return refuse("UNRESERVE", resource, "it is a persistent volume");
    }
    conversion.sources += resource;
    conversion.results += without_last_reservation(resource);
  }
  return conversion;
}

/// CREATE's results with what they are made of; DESTROY is the same the other way round.
Result<Conversion> convert_create(const char* operation, const Resources::Protos& volumes) {
  Conversion conversion;
  for (const auto& proto : volumes) {
    const Resource volume = upgraded(proto);
    if (!Resources::is_persistent_volume(volume)) {
      return refuse(operation, volume, "it is not a persistent volume");
    }
    conversion.sources += without_volume(volume);
    conversion.results += volume;
  }
  return conversion;
}

Result<Conversion> convert(const Offer::Operation& operation) {
  switch (operation.type()) {
    case Offer::Operation::RESERVE:
      return convert_reserve(operation.reserve());
    case Offer::Operation::UNRESERVE:
      return convert_unreserve(operation.unreserve());
    case Offer::Operation::CREATE:
      return convert_create("CREATE", operation.create().volumes());
    case Offer::Operation::DESTROY: {
      auto made = convert_create("DESTROY", operation.destroy().volumes());
      if (made) {
        std::swap(made->sources, made->results);
      }
      return made;
    }
    default:
      return invalid("operation " + Offer::Operation::Type_Name(operation.type()) +
                     " converts no resources");
  }
}

}  // namespace

void Resources::add(Resource&& resource) {
  if (is_empty(resource)) {
    return;
  }
  if (resource.has_role() || resource.has_reservation()) {
    resources::upgrade(&resource);
  }
  values::normalize(&resource);
  const auto match = find_match(resources_, resource);
  if (match == resources_.end()) {
    resources_.push_back(std::move(resource));
  } else if (resources::stands_alone(resource)) {
    resources_.insert(match, std::move(resource));
  } else {
    values::add(&*match, resource);
  }
}

void Resources::add_entry(const Resource& entry) {
  const auto match = find_match(resources_, entry);
  if (match == resources_.end()) {
    resources_.push_back(entry);
  } else if (resources::stands_alone(entry)) {
    resources_.insert(match, entry);
  } else {
    values::add(&*match, entry);
  }
}

void Resources::subtract_entry(const Resource& entry) {
  const auto match = find_match(resources_, entry);
  if (match == resources_.end()) {
    return;
  }
  if (!resources::stands_alone(entry)) {
    values::subtract(&*match, entry);
    if (!values::empty(*match)) {
      return;
    }
  }
  resources_.erase(match);
}

Resources& Resources::operator+=(const Resources& other) {
  if (this == &other) {
    return *this += Resources(other);
  }
  if (resources_.empty()) {
    resources_ = other.resources_;
    return *this;
  }
  for (const auto& entry : other.resources_) {
    add_entry(entry);
  }
  return *this;
}

Resources& Resources::operator-=(const Resources& other) {
  if (this == &other) {
    resources_.clear();
    return *this;
  }
  for (const auto& entry : other.resources_) {
    subtract_entry(entry);
  }
  return *this;
}

bool Resources::contains(const Resources& other) const {
  return std::all_of(other.resources_.begin(), other.resources_.end(), [&](const Resource& part) {
    const auto match = find_match(resources_, part);
    if (match == resources_.end()) {
      return false;
    }
    if (!resources::stands_alone(part)) {
      // No other entry of `other` is of this kind, so nobody else takes from the match.
      return values::contains(*match, part);
    }
    return count_identical(other.resources_, part) <= count_identical(resources_, part);
  });
}

Result<Resources> Resources::apply(const Offer::Operation& operation) const {
  auto conversion = convert(operation);
  if (!conversion) {
    return conversion.error();
  }
  if (!contains(conversion->sources)) {
    return invalid(Offer::Operation::Type_Name(operation.type()) + " of '" +
                   conversion->sources.str() + "': not contained in '" + str() + "'");
  }
  Resources result = *this - conversion->sources;
  if (operation.type() == Offer::Operation::DESTROY) {
    for (const auto& volume : conversion->sources) {
      if (result.contains(volume)) {
        return refuse("DESTROY", volume, "other copies of the shared volume are there");
      }
    }
  }
  return result += conversion->results;
}

}  // namespace troupe
