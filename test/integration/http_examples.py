#!/usr/bin/env python3
"""Runs the examples of a document against a cluster of separate processes, a master and an agent.

    http_examples.py --troupe PROGRAM DOCUMENT

Examples are the blocks ```console: lines that begin with "$ " are commands (and go on while a line
ends with a backslash, or a quote is open), what follows is what they print; "…" stands for
anything. All run in one shell, in their order, in a folder of its own; `$master` and `$agent` are
the addresses. A command that prints nothing in the document may print anything. Exit status: 0 if
all print what the document says, else 1, with each that does not.
"""

import argparse
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time

from conformance import Program, active_agents, eventually

TIMEOUT_SECONDS = 30


def examples(document):
    """-> [(line number, command, expected output)] of all console blocks."""
    found, inside, command = [], False, None
    for number, line in enumerate(document.splitlines(), 1):
        if line.startswith("```"):
            inside, command = line == "```console", None
        elif inside and (line.startswith("$ ") or (command is not None and not complete(command))):
            if line.startswith("$ ") and (command is None or complete(command)):
                found.append([number, "", ""])
                command, line = "", line[2:]
            command += line + "\n"
            found[-1][1] = command
        elif inside:
            found[-1][2] += line + "\n"
    return [tuple(example) for example in found]


def complete(command):
    """No quote is open, and no backslash asks for more."""
    if command.rstrip("\n").endswith("\\"):
        return False
    try:
        shlex.split(command, comments=False)
    except ValueError:
        return False
    return True


def fits(printed, expected):
    pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", expected.rstrip("\n")))
    return re.fullmatch(pattern, printed.rstrip("\n"), re.DOTALL) is not None


class Shell:
    """One bash for all commands; ended with all that it left in the background."""

    def __init__(self, folder, **variables):
        self.process = subprocess.Popen(["bash"], cwd=folder, env={**os.environ, **variables}, start_new_session=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def run(self, command):
        """-> what it printed, or None if it took too long."""
        end = b"\x1eend\x1e\n"
        script = f"{command.rstrip()}\n" + "printf '\\x1eend\\x1e\\n'\n"
        self.process.stdin.write(script.encode())
        self.process.stdin.flush()
        printed, last = b"", time.monotonic() + TIMEOUT_SECONDS
        while not printed.endswith(end):
            if not select.select([self.process.stdout], [], [], max(0, last - time.monotonic()))[0]:
                return None
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            printed += more
        return printed[: -len(end)].decode(errors="replace")


def run_all(shell, document):
    """-> (how many are true, what is wrong with the others)"""
    true, wrong = 0, []
    for number, command, expected in examples(document):
        printed = shell.run(command)
        if printed is None:
            wrong.append(f"line {number}: not done in {TIMEOUT_SECONDS} s, what follows is not run:\n$ {command}")
            break
        if expected and not fits(printed, expected):
            wrong.append(f"line {number}:\n$ {command}printed\n{printed[:2000]}\nexpected\n{expected}")
        else:
            true += 1
    return true, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--troupe", required=True)
    parser.add_argument("document")
    options = parser.parse_args()
    with open(options.document, encoding="utf-8") as file:
        document = file.read()
    with tempfile.TemporaryDirectory(prefix="troupe-examples-") as work:
        with Program(f"{work}/master.log", options.troupe, "master", "--port=0", f"--log_dir={work}/log") as master:
            address = master.started(r"master-started pid=master@(\S+)")
            with Program(f"{work}/agent.log", options.troupe, "agent", "--port=0", f"--master={address}",
                         "--resources=cpus:4;mem:4096;disk:4096;ports:[31000-32000]", f"--work_dir={work}/agent",
                         f"--runtime_dir={work}/run", f"--fetcher_cache_dir={work}/fetch",
                         "--registration_backoff_factor=100ms") as agent:
                agents = eventually("agent", lambda: agent.alive() and active_agents(address))
                os.mkdir(f"{work}/shell")
                with Shell(f"{work}/shell", master=address, agent=agents[0]["pid"].partition("@")[2]) as shell:
                    true, wrong = run_all(shell, document)
                alive = master.alive() and agent.alive()
    count = len(examples(document))
    print("\n\n".join([*wrong, f"{true} of {count} examples are true"]))
    return 0 if alive and true == count > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
