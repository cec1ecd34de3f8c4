#include "slave/container_input.hpp"

#include <utility>

#include "messages/container_id.hpp"
#include "messages/json.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::agent::ProcessIO;

constexpr std::size_t kMaxRecordBytes = std::size_t{4} << 20;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

class WholeBody final : public http::BodyStream {
 public:
  explicit WholeBody(std::string body) : body_(std::move(body)) {}
  void read(std::function<void(Result<std::string>)> taken) override {
    taken(std::exchange(body_, ""));
  }

 private:
  std::string body_;
};

TerminalSize size_of(const mesos::v1::TTYInfo& terminal) {
  const auto& size = terminal.window_size();
  return {static_cast<std::uint16_t>(size.rows()), static_cast<std::uint16_t>(size.columns())};
}

}  // namespace

std::shared_ptr<http::BodyStream> make_body_stream(std::string body) {
  return std::make_shared<WholeBody>(std::move(body));
}

ContainerInput::ContainerInput(ContainersAddress containers, std::shared_ptr<Launcher> launcher,
                               std::shared_ptr<http::BodyStream> body, http::Encoding encoding,
                               http::Responder responder, Dispatch dispatch)
    : containers_(std::move(containers)),
      launcher_(std::move(launcher)),
      body_(std::move(body)),
      encoding_(encoding),
      responder_(std::move(responder)),
      dispatch_(std::move(dispatch)),
      decoder_(kMaxRecordBytes) {}

template <class F>
auto ContainerInput::later(F step) {
  return [self = shared_from_this(), step](auto result) {
    self->dispatch_([self, step, result = std::move(result)] {
      if (!self->finished_) {
        step(*self, result);
      }
    });
  };
}

void ContainerInput::read() {
  body_->read(
      later([](ContainerInput& self, const Result<std::string>& bytes) { self.on_read(bytes); }));
}

void ContainerInput::on_read(const Result<std::string>& bytes) {
  if (!bytes) {
    finish(refusal(bytes.error()));
    return;
  }
  if (bytes->empty()) {
    finish(container_ ? http::Response()
                      : http::Response::text(400, "Expecting a record of type CONTAINER_ID"));
    return;
  }
  auto records = decoder_.decode(*bytes);
  if (!records) {
    finish(http::Response::text(
        400, "Failed to decode the records of the body: " + records.error().message));
    return;
  }
  for (std::string& record : *records) {
    records_.push_back(std::move(record));
  }
  next();
}

void ContainerInput::next() {
  while (!finished_ && !records_.empty()) {
    const std::string record = std::move(records_.front());
    records_.pop_front();
    if (!handle(record)) {
      return;
    }
  }
  if (!finished_) {
    read();
  }
}

bool ContainerInput::handle(const std::string& record) {
  Call call;
  const Result<void> parsed = encoding_ == http::Encoding::kJson ? from_json(record, &call)
                              : call.ParseFromString(record)
                                  ? Result<void>()
                                  : invalid("not a protobuf with all required fields");
  using Input = Call::AttachContainerInput;
  const Input& input = call.attach_container_input();
  if (!parsed) {
    finish(http::Response::text(400, "Failed to parse a record into " + call.GetTypeName() + ": " +
                                         parsed.error().message));
  } else if (call.type() != Call::ATTACH_CONTAINER_INPUT) {
    finish(http::Response::text(400, "Expecting records of type ATTACH_CONTAINER_INPUT"));
  } else if (!container_) {
    if (input.type() == Input::CONTAINER_ID && input.has_container_id()) {
      claim(input.container_id());
      return false;
    }
    finish(http::Response::text(400, "Expecting the first record to have a 'container_id'"));
  } else if (input.type() == Input::PROCESS_IO && input.has_process_io()) {
    return carry(input.process_io());
  } else {
    finish(http::Response::text(400, "Expecting 'process_io' in all records but the first"));
  }
  return !finished_;
}

void ContainerInput::claim(const mesos::v1::ContainerID& id) {
  const auto flat = flat_container_id(id);
  if (!flat) {
    finish(refusal(flat.error()));
    return;
  }
  container_ = *flat;
  containers_.claim_input(*flat, later([](ContainerInput& self, const Result<void>& claimed) {
    self.on_claimed(claimed);
  }));
}

void ContainerInput::on_claimed(const Result<void>& claimed) {
  if (!claimed) {
    container_.reset();  // Another's.
    finish(refusal(claimed.error()));
    return;
  }
  containers_.wait(*container_, later([](ContainerInput& self, const Result<ContainerEnd>& end) {
    if (end) {
      self.finish({});
    }
  }));
  next();
}

/// False if the next record has to wait until this is written.
bool ContainerInput::carry(const ProcessIO& io) {
  if (io.type() == ProcessIO::CONTROL) {
    if (io.control().type() == ProcessIO::Control::TTY_INFO &&
        io.control().tty_info().has_window_size()) {
      launcher_->resize_terminal(*container_, size_of(io.control().tty_info()));
    }
    return true;  // A heartbeat keeps the connection, and that is all.
  }
  if (io.type() != ProcessIO::DATA || io.data().type() != ProcessIO::Data::STDIN) {
    finish(http::Response::text(400, "Expecting data of type STDIN"));
    return false;
  }
  launcher_->write_input(
      *container_, io.data().data(),
      later([](ContainerInput& self, const Result<void>& written) { self.on_written(written); }));
  return false;
}

void ContainerInput::on_written(const Result<void>& written) {
  if (written) {
    next();
  } else {
    finish(refusal(written.error()));
  }
}

void ContainerInput::finish(http::Response response) {
  if (std::exchange(finished_, true)) {
    return;
  }
  if (container_) {
    containers_.release_input(*container_);
  }
  responder_.send(std::move(response));
}

}  // namespace troupe::agent
