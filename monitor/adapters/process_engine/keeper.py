"""Keep one instance: run it, bound its log, forward TERM, and write down how it ended. Needs no monitor.

A program of its own (standard library only), started as `python -I -S keeper.py PLAN`. It leaves its starter by a
double fork, so every instance is an adopted one from the first moment, and a killed monitor changes
nothing. PLAN is a JSON file, removed once read (its `env` may hold a workspace's secrets): `argv`, `env`, `cwd`,
`log`, `log_bytes`, `running`, `exit`. Without `running` it stays with its starter, passes the output on, ends with
the command's code and dies with the starter: so an installer runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

CHUNK = 64 * 1024
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
OUT_OF_MEMORY_SCORE = b"500"


def main(plan_file: Path) -> int:
    """Start the keeper; returns (in the starter) once it has written who it is."""
    plan = json.loads(plan_file.read_bytes())
    if "running" not in plan:
        plan_file.unlink()
        return _attached(plan)
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return 0 if os.read(reading, 1) == b"1" else 1
    os.close(reading)
    _leave()
    _write(Path(plan["running"]), _identity())
    plan_file.unlink()
    os.write(writing, b"1")
    os.close(writing)
    code, out_of_memory = _keep(plan, _Log(Path(plan["log"]), plan["log_bytes"]))
    _write(Path(plan["exit"]), {"code": code, "out_of_memory": out_of_memory})
    _kill_rest()
    os._exit(0)


def _attached(plan: dict[str, Any]) -> int:
    library = ctypes.CDLL(None)
    library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    code, _ = _keep(plan, _Through())
    _kill_rest()
    return code if code >= 0 else 128 - code


def _leave() -> None:
    """A session of its own, nothing of the starter's terminal, and the parent of every orphan below."""
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.chdir("/")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # The kernel takes an instance before it takes the monitor.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_bytes(OUT_OF_MEMORY_SCORE)


def _keep(plan: dict[str, Any], log: _Log | _Through) -> tuple[int, bool]:
    """Run the command to its end: its code (negative: the signal), and whether it died of want of memory."""
    before = _oom_kills()
    try:
        child = _start(plan)
    except OSError as error:
        log.write(f"slipway: {error}\n".encode())
        return 127, False
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _forward(child.pid))
    assert child.stdout is not None
    code = _pump(child, child.stdout.fileno(), log)
    return code, code in (-9, 137) and _oom_kills() > before


def _start(plan: dict[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        plan["argv"],
        env=plan["env"],
        cwd=plan["cwd"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=0o022,
    )


def _pump(child: subprocess.Popen[bytes], output: int, log: _Log | _Through) -> int:
    """Copy output to the log until the child has ended; orphans that hold the pipe open are not waited for."""
    os.set_blocking(output, False)
    ended = os.pidfd_open(child.pid)
    poll = select.poll()
    poll.register(output, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        data = _read(output)
        if data:
            log.write(data)
        elif data == b"" and output in ready:
            poll.unregister(output)
        if ended in ready:
            # One pipe's worth at most: a flood by an orphan would never end.
            for _ in range(16):
                if rest := _read(output):
                    log.write(rest)
            return child.wait()


def _read(descriptor: int) -> bytes | None:
    """What is there now: None for nothing yet, empty at the end."""
    try:
        return os.read(descriptor, CHUNK)
    except BlockingIOError:
        return None


class _Through:
    """Passes output on to our own."""

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(1, data) :]


class _Log:
    """A log of at most twice `limit` bytes: a full file becomes `NAME.1`, replacing the older one."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.limit = limit
        self.size = 0
        self.file = self._open()

    def write(self, data: bytes) -> None:
        # A full disk loses output, never the instance.
        with contextlib.suppress(OSError):
            if self.size + len(data) > self.limit:
                self.file.close()
                self.path.replace(self.path.with_name(self.path.name + ".1"))
                self.file = self._open()
                self.size = 0
            self.file.write(data)
            self.size += len(data)

    def _open(self) -> Any:
        return self.path.open("wb", buffering=0)


def _forward(child: int) -> None:
    """TERM for the entrypoint itself: a sandbox in between would die of it and take all down at once."""
    pid, parents = child, _parents()
    while _name(pid) == "bwrap":
        below = [p for p, parent in parents.items() if parent == pid]
        if not below:
            break
        pid = below[0]
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGTERM)


def _kill_rest() -> None:
    """Kill and reap every orphan that came to us, until there is none."""
    while True:
        me, parents = os.getpid(), _parents()
        for pid in [p for p in parents if _below(p, me, parents)]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _below(pid: int, root: int, parents: dict[int, int]) -> bool:
    pid = parents.get(pid, 0)
    while pid > 1:
        if pid == root:
            return True
        pid = parents.get(pid, 0)
    return False


def _parents() -> dict[int, int]:
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 -- names, many, often
        if name.isdigit() and (fields := _stat(int(name))):
            found[int(name)] = int(fields[1])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name (see proc(5)); empty where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _identity() -> dict[str, Any]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return {"pid": os.getpid(), "start": int(_stat(os.getpid())[19]), "boot": boot}


def _oom_kills() -> int:
    """How often this machine has killed for want of memory; 0 where the kernel does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text("ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _write(path: Path, values: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(Path(sys.argv[1])))
