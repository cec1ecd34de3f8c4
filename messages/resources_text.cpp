// Resources: reading and writing text.

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "messages/json.hpp"
#include "messages/resources.hpp"
#include "messages/values.hpp"

namespace troupe {
namespace {

using mesos::v1::Resource;
using mesos::v1::Value;

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// Calls `each` with the trimmed parts between separators until one fails.
template <class Each>
Result<void> for_each_part(std::string_view text, char separator, Each each) {
  while (true) {
    const auto end = text.find(separator);
    if (auto done = each(trim(text.substr(0, end))); !done) {
      return done;
    }
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
}

Error bad_value(std::string_view value, const char* why) {
  return invalid("'" + std::string(value) + "' " + why);
}

/// Decimal, as strtod in the C locale reads it, but neither hexadecimal nor infinite.
Result<void> parse_scalar(std::string_view text, Value::Scalar* scalar) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return bad_value(text, "is not a number");
  }
  if (value < 0) {
    return bad_value(text, "is negative");
  }
  scalar->set_value(value);
  return {};
}

Result<void> parse_range(std::string_view text, Value::Range* range) {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const auto dash = text.find('-');
  const auto number = [](std::string_view digits, std::uint64_t& to) {
    const auto last = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), last, to);
    return error == std::errc() && at == last;
  };
  if (dash == std::string_view::npos || !number(trim(text.substr(0, dash)), begin) ||
      !number(trim(text.substr(dash + 1)), end)) {
    return bad_value(text, "is not a range such as 1-9");
  }
  if (begin > end) {
    return bad_value(text, "is a range that ends before it begins");
  }
  range->set_begin(begin);
  range->set_end(end);
  return {};
}

/// What stands between the brackets.
Result<std::string_view> inside(std::string_view text, char close) {
  if (text.size() < 2 || text.back() != close) {
    return invalid("'" + std::string(text) + "' does not end with '" + close + "'");
  }
  return trim(text.substr(1, text.size() - 2));
}

Result<void> parse_ranges(std::string_view text, Value::Ranges* ranges) {
  auto list = inside(text, ']');
  if (!list) {
    return list.error();
  }
  if (list->empty()) {
    return {};
  }
  auto done = for_each_part(*list, ',', [ranges](std::string_view part) {
    return parse_range(part, ranges->add_range());
  });
  if (done) {
    values::normalize(ranges);
  }
  return done;
}

Result<void> parse_set(std::string_view text, Value::Set* set) {
  auto list = inside(text, '}');
  if (!list) {
    return list.error();
  }
  if (list->empty()) {
    return {};
  }
  auto done = for_each_part(*list, ',', [set](std::string_view part) -> Result<void> {
    if (part.empty()) {
      return invalid("an item of the set is empty");
    }
    set->add_item(std::string(part));
    return {};
  });
  if (done) {
    values::normalize(set);
  }
  return done;
}

Result<void> parse_into(std::string_view value, Resource* resource) {
  if (value.empty()) {
    return invalid("the value is empty");
  }
  if (value.front() == '[') {
    resource->set_type(Value::RANGES);
    return parse_ranges(value, resource->mutable_ranges());
  }
  if (value.front() == '{') {
    resource->set_type(Value::SET);
    return parse_set(value, resource->mutable_set());
  }
  resource->set_type(Value::SCALAR);
  return parse_scalar(value, resource->mutable_scalar());
}

struct Part {
  std::string_view name;
  std::string_view role;
  std::string_view value;
};

/// `name:value` or `name(role):value`.
Result<Part> split_part(std::string_view text) {
  const auto open = text.find('(');
  auto colon = text.find(':');
  Part part;
  if (open != std::string_view::npos && open < colon) {
    const auto close = text.find(')', open);
    if (close == std::string_view::npos) {
      return bad_value(text, "has no ')'");
    }
    colon = text.find(':', close);
    if (colon == std::string_view::npos ||
        !trim(text.substr(close + 1, colon - close - 1)).empty()) {
      return bad_value(text, "is not name(role):value");
    }
    part.name = trim(text.substr(0, open));
    part.role = trim(text.substr(open + 1, close - open - 1));
    if (part.role.empty()) {
      return bad_value(text, "has an empty role");
    }
  } else if (colon == std::string_view::npos) {
    return bad_value(text, "is not name:value");
  } else {
    part.name = trim(text.substr(0, colon));
  }
  part.value = trim(text.substr(colon + 1));
  return part;
}

Result<Resources> parse_list(std::string_view text, const std::string& default_role) {
  Resources all;
  auto done = for_each_part(text, ';', [&](std::string_view part) -> Result<void> {
    if (part.empty()) {
      return {};
    }
    auto split = split_part(part);
    if (!split) {
      return split.error();
    }
    const std::string role(split->role);
    auto resource = Resources::parse_value(std::string(split->name), split->value,
                                           role.empty() ? default_role : role);
    if (!resource) {
      return resource.error();
    }
    all += *resource;
    return {};
  });
  if (!done) {
    return Error{done.error().code, "resources: " + done.error().message};
  }
  return all;
}

Result<Resources> parse_json(std::string_view text, const std::string& default_role) {
  // A message with nothing but a list of resources, so that one reader serves all JSON.
  mesos::v1::Offer::Operation::Unreserve list;
  const auto object = std::string("{\"resources\":").append(text).append("}");
  if (auto parsed = from_json(object, &list); !parsed) {
    return parsed.error();
  }
  for (auto& resource : *list.mutable_resources()) {
    if (!resource.has_role() && resource.reservations_size() == 0) {
      resource.set_role(default_role);
    }
    if (auto valid = Resources::validate(resource); !valid) {
      return valid.error();
    }
  }
  return Resources(list.resources());
}

void write_value(std::string& out, const Resource& resource) {
  const char* separator = "";
  if (resource.type() == Value::RANGES) {
    out += '[';
    for (const auto& range : resource.ranges().range()) {
      out.append(separator).append(std::to_string(range.begin())).append("-");
      out.append(std::to_string(range.end()));
      separator = ",";
    }
    out += ']';
  } else if (resource.type() == Value::SET) {
    out += '{';
    for (const auto& item : resource.set().item()) {
      out.append(separator).append(item);
      separator = ",";
    }
    out += '}';
  } else {
    out += values::format_thousandths(values::quantity(resource));
  }
}

void write_resource(std::string& out, const Resource& resource) {
  out += resource.name();
  if (resource.has_allocation_info()) {
    out.append("(allocated: ").append(resource.allocation_info().role()).append(")");
  }
  if (Resources::is_reserved(resource)) {
    out.append("(").append(Resources::reservation_role(resource)).append(")");
  }
  if (Resources::is_persistent_volume(resource)) {
    out.append("[").append(resource.disk().persistence().id()).append("]");
  }
  if (resource.has_revocable()) {
    out += "{REV}";
  }
  if (resource.has_shared()) {
    out += "<SHARED>";
  }
  out += ':';
  write_value(out, resource);
}

}  // namespace

Result<Resources> Resources::parse(std::string_view text, const std::string& default_role) {
  const auto trimmed = trim(text);
  if (!trimmed.empty() && trimmed.front() == '[') {
    return parse_json(trimmed, default_role);
  }
  return parse_list(trimmed, default_role);
}

Result<Resource> Resources::parse_value(const std::string& name, std::string_view value,
                                        const std::string& role) {
  Resource resource;
  resource.set_name(name);
  if (auto parsed = parse_into(trim(value), &resource); !parsed) {
    return invalid("resource '" + name + "': " + parsed.error().message);
  }
  if (role != "*") {
    auto* reservation = resource.add_reservations();
    reservation->set_type(Resource::ReservationInfo::STATIC);
    reservation->set_role(role);
  }
  if (auto valid = validate(resource); !valid) {
    return valid.error();
  }
  return resource;
}

std::string Resources::str() const {
  std::string text;
  for (const auto& resource : resources_) {
    if (!text.empty()) {
      text += "; ";
    }
    write_resource(text, resource);
  }
  return text;
}

}  // namespace troupe
