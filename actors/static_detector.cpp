#include "actors/static_detector.hpp"

namespace troupe {
namespace {

/// MasterInfo.ip is in network byte order, read as a number of the (little-endian) host
/// (mesos-semantics 11.2, 22): 127.0.0.1 is 16777343.
std::uint32_t swap_bytes(std::uint32_t ip) {
  return ip << 24 | (ip & 0xff00) << 8 | (ip >> 8 & 0xff00) | ip >> 24;
}

}  // namespace

mesos::v1::MasterInfo make_master_info(const std::string& id, const Address& address,
                                       const std::string& hostname) {
  mesos::v1::MasterInfo info;
  info.set_id(id);
  info.set_ip(swap_bytes(address.ip));
  info.set_port(address.port);
  info.set_pid(Pid{"master", address}.str());
  info.set_hostname(hostname);
  info.mutable_address()->set_hostname(hostname);
  info.mutable_address()->set_ip(address.ip_str());
  info.mutable_address()->set_port(address.port);
  return info;
}

StaticDetector::StaticDetector(const Address& master)
    : info_(make_master_info(Pid{"master", master}.str(), master, master.ip_str())) {}

void StaticDetector::detect(Changed changed) { changed(info_); }

}  // namespace troupe
