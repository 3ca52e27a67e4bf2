"""Put the limits on, drop the rights, become the program. A program of its own (standard library only).

Started as `python -I -S launcher.py LIMITS -- ARGV…` inside the sandbox, if there is one; LIMITS is JSON:
`uid`/`gid` (null: stay who we are), `nofile`, `nproc`, `data` (bytes of private memory per process). A small
program instead of a preexec function, which must not run in a process that has threads.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
NICENESS = 5


def main(arguments: Sequence[str]) -> None:
    """Never returns: replaces this process, or raises what stood in the way."""
    limits: dict[str, Any] = json.loads(arguments[0])
    argv = list(arguments[2:])
    keeper = os.getppid()
    os.umask(0o022)
    os.nice(NICENESS)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, limits["nofile"])
    _limit(resource.RLIMIT_NPROC, limits["nproc"])
    _limit(resource.RLIMIT_DATA, limits["data"])
    if limits["uid"] is not None:
        os.setgroups([])
        os.setresgid(limits["gid"], limits["gid"], limits["gid"])
        os.setresuid(limits["uid"], limits["uid"], limits["uid"])
    library = ctypes.CDLL(None)
    library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:
        sys.exit("slipway: the keeper is gone")
    os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- an argument list, which is the point


def _limit(which: int, value: int) -> None:
    """Lower a limit; one that is lower already stays."""
    _, hard = resource.getrlimit(which)
    top = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (top, top))


if __name__ == "__main__":
    main(sys.argv[1:])
