#!/usr/bin/env python3
"""Keeps the floors: who may include whom (docs/architecture.md).

    check_floors.py [ROOT]

Reads the #include lines of every C++ file and prints each that its floor forbids. Exit status 0 when
there is none.
"""

import pathlib
import re
import sys

PROGRAMS = ("master", "slave", "executor", "scheduler")
LOGIC = re.compile(r"^(master|slave|executor|scheduler)/(logic|allocator|registry|views)/")
ADAPTERS = re.compile(r"^(actors/net/|zk/zookeeper_client|slave/(containerizer|checkpoint|fetcher)/)")
TOP = re.compile(r"^(cli/|test/|examples/)")
# Where a program of users begins: it puts an adapter behind a port.
PROGRAM_EDGES = {"scheduler/run.cpp", "executor/run.cpp", "actors/runtime.cpp"}

CAF = re.compile(r"^<?caf/")
GLOG = re.compile(r"^<?glog/")
ZOOKEEPER = re.compile(r"^<?zookeeper/")
BOOST = re.compile(r"^<?boost/")
THIRD_PARTY = re.compile(r"^<?(caf|glog|zookeeper|boost|curl|archive|openssl|sqlite3|CLI)[./]")
OPERATING_SYSTEM = re.compile(
    r"^(sys|arpa|netinet|net|linux)/|^(unistd|fcntl|poll|pthread|pwd|grp|netdb|dirent|spawn|signal|sched|errno|csignal)(\.h)?$")
# Clocks, chance, threads, files and sockets come to logic through ports.
UNPURE = re.compile(r"^(thread|mutex|shared_mutex|condition_variable|future|atomic|random|fstream|filesystem|iostream|cstdlib|ctime)$")


# Each with its reason.
EXCEPTIONS = {
    # A snapshot of the state is read and let go of on other threads; its owner needs one fence.
    ("master/logic/table.hpp", "atomic"),
}


def floor_of(path):
    """0 vocabulary, 1 logic, 2 ports, 3 shells, 4 adapters, 5 programs."""
    if path.startswith("messages/"):
        return 0
    if path in PROGRAM_EDGES or TOP.match(path):
        return 5
    if LOGIC.match(path):
        return 1
    if path.startswith("actors/ports/"):
        return 2
    if ADAPTERS.match(path):
        return 4
    return 3


def program_of(path):
    first = path.split("/")[0]
    return first if first in PROGRAMS else None


def own(header):
    """True for a header of this repository."""
    return header.split("/")[0] in ("messages", "actors", "zk", "cli", "test", "examples") + PROGRAMS


def wrong(path, header):
    """Why this file may not include this header, or None."""
    floor = floor_of(path)
    if floor == 5 or (path, header) in EXCEPTIONS:
        return None
    if own(header):
        target, other = floor_of(header), program_of(header)
        if other and program_of(path) and other != program_of(path):
            return f"{program_of(path)}/ does not know {other}/"
        # Plain option structs are vocabulary of their program.
        if floor == 1 and header.endswith("/options.hpp") and other == program_of(path):
            return None
        allowed = {0: {0}, 1: {0, 1}, 2: {0, 2}, 3: {0, 1, 2, 3}, 4: {0, 2, 4}}[floor]
        # What ports are made of: addresses and HTTP values, without an actor in sight.
        if header in ("actors/http.hpp", "actors/http_content.hpp") and floor in (2, 4):
            return None
        if target not in allowed:
            return f"floor {floor} does not include floor {target}"
        return None
    if floor == 0 and (THIRD_PARTY.match(header) or OPERATING_SYSTEM.match(header)):
        return "the vocabulary is std, protobuf and RapidJSON"
    if floor == 1 and (THIRD_PARTY.match(header) or OPERATING_SYSTEM.match(header) or UNPURE.match(header)):
        return "logic is pure"
    if floor == 2 and (THIRD_PARTY.match(header) or OPERATING_SYSTEM.match(header)):
        return "a port names no implementation"
    if floor == 3 and (OPERATING_SYSTEM.match(header) and header != "csignal" or BOOST.match(header) or ZOOKEEPER.match(header)):
        return "a shell reaches the system through ports"
    if floor == 3 and CAF.match(header) and not path.startswith("actors/"):
        return "only actors/ names CAF"
    if floor == 4 and (CAF.match(header) or GLOG.match(header)):
        return "an adapter knows neither CAF nor glog"
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    bad = files = 0
    for folder in ("messages", "actors", "zk", "cli", "test", "examples") + PROGRAMS:
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            files += 1
            name = str(path.relative_to(root))
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
                reason = found and wrong(name, found.group(1))
                if reason:
                    bad += 1
                    print(f"{name}:{number}: {found.group(1)}: {reason}")
    print(f"{files} files, {bad} includes that break the floors")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
