#!/usr/bin/env python3
"""Runs the conformance suite against a cluster of separate processes, a master and an agent.

    conformance.py --troupe PROGRAM --suite RUN.PY [--beyond] [--without PATTERN ...] [PATTERN ...]

Ports are picked by the system, folders are temporary, and every process is ended by its id.
Exit status: that of the suite; 2 if the cluster does not come up.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request


class Program:
    """A daemon with its output in a file; ended at the end of the `with` block."""

    def __init__(self, log, *command):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def started(self, pattern):
        """Waits for a line of that pattern -> its first group."""
        return eventually(f"'{pattern}' in {self.log}", lambda: self.alive() and re.search(pattern, self.text()))[1]

    def alive(self):
        if self.process.poll() is not None:
            raise SystemExit(f"a program of the cluster has ended with {self.process.returncode}:\n{self.text()}")
        return True


def eventually(what, condition, timeout=20):
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit(f"no {what} in {timeout} s")
        time.sleep(0.05)


def active_agents(master):
    with urllib.request.urlopen(f"http://{master}/slaves", timeout=10) as answer:
        return [a for a in json.load(answer)["slaves"] if a["active"]]


def tests(suite, patterns, without):
    """The names of the suite's tests that match `patterns` (none: all), and none of `without`."""
    listed = subprocess.run([sys.executable, suite, "--list", *patterns], check=True, capture_output=True, text=True)
    return [t for t in listed.stdout.split() if not any(w in t for w in without)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--troupe", required=True)
    parser.add_argument("--suite", required=True)
    parser.add_argument("--beyond", action="store_true", help="also what goes beyond Apache Mesos")
    parser.add_argument("--keep-logs", metavar="FOLDER", help="where the programs log; temporary if not given")
    parser.add_argument("--without", metavar="PATTERN", action="append", default=[], help="leaves such tests out")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="troupe-conformance-") as work:
        logs = options.keep_logs or work
        os.makedirs(logs, exist_ok=True)
        with Program(f"{logs}/master.log", options.troupe, "master", "--port=0") as master:
            address = master.started(r"master-started pid=master@(\S+)")
            with Program(f"{logs}/agent.log", options.troupe, "agent", "--port=0", f"--master={address}",
                         "--resources=cpus:4;mem:4096;disk:4096;ports:[31000-32000]", f"--work_dir={work}/agent",
                         f"--runtime_dir={work}/run", f"--fetcher_cache_dir={work}/fetch",
                         "--registration_backoff_factor=100ms") as agent:
                eventually("agent", lambda: agent.alive() and active_agents(address))
                environment = dict(os.environ, **({"BEYOND": "1"} if options.beyond else {}))
                suite = subprocess.run([sys.executable, options.suite, "--master", address,
                                        *tests(options.suite, options.patterns, options.without)], env=environment, check=False)
                # A test that passed because nothing was left to disagree is no success.
                alive = master.alive() and agent.alive()
                return suite.returncode if alive else 1


if __name__ == "__main__":
    sys.exit(main())
