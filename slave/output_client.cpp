#include "slave/output_client.hpp"

#include "actors/event_stream.hpp"
#include "mesos/v1/agent/agent.pb.h"
#include "messages/recordio.hpp"

namespace troupe::agent {

using mesos::v1::agent::ProcessIO;

bool OutputClient::write(ContainerIo::Stream from, const std::string& bytes) const {
  ProcessIO io;
  io.set_type(ProcessIO::DATA);
  io.mutable_data()->set_type(from == ContainerIo::Stream::kStdout ? ProcessIO::Data::STDOUT
                                                                   : ProcessIO::Data::STDERR);
  io.mutable_data()->set_data(bytes);
  return stream_->write(recordio_encode(http::encode(encoding_, io)));
}

bool OutputClient::heartbeat(Duration interval) const {
  ProcessIO io;
  io.set_type(ProcessIO::CONTROL);
  io.mutable_control()->set_type(ProcessIO::Control::HEARTBEAT);
  io.mutable_control()->mutable_heartbeat()->mutable_interval()->set_nanoseconds(interval.count());
  return stream_->write(recordio_encode(http::encode(encoding_, io)));
}

}  // namespace troupe::agent
