#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "actors/files_actor.hpp"
#include "actors/http_api.hpp"

/// LIST_FILES and READ_FILE of the operator APIs (mesos-semantics 9.1, 9.2). `Call` and `Response`
/// are those of mesos.v1.master or mesos.v1.agent. Threads: any.
namespace troupe {

template <class Response>
Response files_listed(const std::vector<FileEntry>& entries) {
  Response response;
  response.set_type(Response::LIST_FILES);
  response.mutable_list_files();
  for (const FileEntry& entry : entries) {
    auto* info = response.mutable_list_files()->add_file_infos();
    info->set_path(entry.path);
    info->set_nlink(static_cast<std::int32_t>(entry.links));
    info->set_size(entry.size);
    info->mutable_mtime()->set_nanoseconds(entry.modified.time_since_epoch().count());
    info->set_mode(entry.mode);
    info->set_uid(entry.user);
    info->set_gid(entry.group);
  }
  return response;
}

template <class Response>
Response file_read(FilesActor::Page page) {
  Response response;
  response.set_type(Response::READ_FILE);
  response.mutable_read_file()->set_size(page.size);
  response.mutable_read_file()->set_data(std::move(page.bytes));
  return response;
}

/// Answers with `done`'s error, or with what `make` makes of its value.
template <class Value, class Make>
void answer_files(Result<Value> done, http::Encoding encoding, const http::Responder& responder,
                  Make make) {
  responder.send(
      done ? http::operator_answer(encoding, make(std::move(*done)))
           : http::Response::text(http::status_of(done.error().code), done.error().message));
}

/// Answers a call of type LIST_FILES or READ_FILE. Requires: its part is there.
template <class Response, class Call>
void answer_files_call(const FilesAddress& files, const Call& call, http::Encoding encoding,
                       const http::Responder& responder) {
  if (call.type() == Call::LIST_FILES) {
    files.browse(call.list_files().path(), [encoding, responder](auto listed) {
      answer_files(std::move(listed), encoding, responder, files_listed<Response>);
    });
    return;
  }
  const auto& asked = call.read_file();
  const auto length = asked.has_length() ? std::optional(asked.length()) : std::nullopt;
  files.read(asked.path(), asked.offset(), length, [encoding, responder](auto read) {
    answer_files(std::move(read), encoding, responder, file_read<Response>);
  });
}

}  // namespace troupe
