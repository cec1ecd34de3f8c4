#pragma once

#include "mesos/v1/mesos.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/counts.hpp"

namespace troupe::master {

/// What a framework has asked for, was told and got since this master knows it: the metrics below
/// `master/frameworks/<name>/<id>/` (mesos-semantics 9.5). Not part of what is decided on: a count
/// changes no record, so that it copies none.
struct FrameworkCounters {
  CountsByType<mesos::v1::scheduler::Call::Type_ARRAYSIZE> calls;
  CountsByType<mesos::v1::scheduler::Event::Type_ARRAYSIZE> events;
  CountsByType<mesos::v1::Offer::Operation::Type_ARRAYSIZE> operations;
  CountsByType<mesos::v1::TaskState_ARRAYSIZE> ended_tasks;

  enum OfferOutcome : int { kSent, kAccepted, kDeclined, kRescinded };
  CountsByType<4> offers;
};

/// Messages of the v0 wire that frameworks of one principal have sent: come, and dealt with.
struct MessageCounters {
  Count received;
  Count processed;
};

}  // namespace troupe::master
