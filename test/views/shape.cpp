#include "shape.hpp"

#include <fstream>

#include <rapidjson/document.h>

namespace troupe::test {
namespace {

std::string type_of(const rapidjson::Value& value) {
  if (value.IsObject()) {
    return "object";
  }
  if (value.IsArray()) {
    return "array";
  }
  if (value.IsString()) {
    return "string";
  }
  if (value.IsBool()) {
    return "boolean";
  }
  return value.IsDouble() ? "number" : value.IsNumber() ? "integer" : "null";
}

void walk(const rapidjson::Value& value, const std::string& path, std::set<std::string>* shape) {
  if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      const std::string below = path + "." + member.name.GetString();
      shape->insert(below + " " + type_of(member.value));
      if (below != ".flags") {
        walk(member.value, below, shape);
      }
    }
  } else if (value.IsArray()) {
    for (const auto& element : value.GetArray()) {
      shape->insert(path + "[] " + type_of(element));
      walk(element, path + "[]", shape);
    }
  }
}

}  // namespace

std::set<std::string> shape_of(const std::string& json) {
  rapidjson::Document document;
  if (document.Parse(json.c_str()).HasParseError()) {
    return {"not JSON at byte " + std::to_string(document.GetErrorOffset())};
  }
  std::set<std::string> shape;
  walk(document, "", &shape);
  return shape;
}

std::set<std::string> golden(const std::string& file) {
  std::ifstream lines(std::string(TROUPE_GOLDEN) + "/" + file);
  std::set<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    found.insert(line);
  }
  return found;
}

std::string missing(const std::set<std::string>& part, const std::set<std::string>& whole) {
  std::string lines;
  for (const std::string& line : part) {
    if (whole.count(line) == 0) {
      lines += line + "\n";
    }
  }
  return lines;
}

}  // namespace troupe::test
