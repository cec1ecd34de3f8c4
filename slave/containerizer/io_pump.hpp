#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "actors/ports/launcher.hpp"
#include "messages/ids.hpp"
#include "slave/checkpoint/posix.hpp"
#include "slave/containerizer/container_pipes.hpp"

namespace troupe::agent {

/// Carries the input and output of interactive containers, all of them on one thread of its own. Of
/// each container one part of output, at most 64 KiB, is on its way to whoever reads it; nothing
/// more is read until that is taken, so that a slow reader slows the container.
/// Threads: any; callbacks come on the pump's thread and must not block.
class IoPump {
 public:
  IoPump();
  IoPump(const IoPump&) = delete;
  IoPump& operator=(const IoPump&) = delete;
  /// No callback comes any more; containers see their pipes close.
  ~IoPump();

  /// `pipes` is the side that is ours. Files for the output, if it is kept, are not valid
  /// otherwise.
  struct Channel {
    ContainerId id;
    ContainerPipes pipes;
    ContainerIo::Output on_output;
    Descriptor output_file;
    Descriptor error_file;
  };
  /// Until its output has ended; another container of that id takes its place.
  void add(Channel channel);
  /// As Launcher::write_input().
  void write(const ContainerId& id, const std::string& bytes, Launcher::Written written);
  void resize(const ContainerId& id, TerminalSize size);
  /// The container has ended. Until then its terminal is not hung up, also when nobody in it holds
  /// that any more: a process that closes it before it exits must not die of SIGHUP.
  void ended(const ContainerId& id);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace troupe::agent
