"""What stands around an instance: limits, another account, a clean environment, bubblewrap where it works.

Process limits are per account and not per instance (setrlimit(2)), so they hold off a fork bomb from the machine,
not from its neighbours. Memory is limited per process by its private writable mappings: an address-space limit
would kill every Node, which reserves far more than it uses.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.process_engine.places import Owner
from monitor.adapters.process_engine.tools import Python
from monitor.domain.launch import LaunchSpec, Limits

PROBE_S = 10
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- one of its own
TMP = Path("/tmp")  # noqa: S108 -- where a private folder is put in its place
NPROC_FACTOR = 16
DATA_FACTOR = 4
INSTANCE = "SLIPWAY_INSTANCE"
_RESERVED = ("SLIPWAY_", "LD_")
_CA_NAMES = (
    "SSL_CERT_FILE",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "npm_config_cafile",
    "BUNDLE_SSL_CA_CERT",
)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What an instance sees of the disk: `hidden` folders empty, then `readonly` and `writable` ones in them.

    `tmp` is a private folder that becomes `/tmp`.
    """

    app: Path
    tmp: Path
    readonly: tuple[Path, ...]
    writable: tuple[Path, ...]
    hidden: tuple[Path, ...]


class Sandbox:
    """Wraps a command; knows since its first use whether bubblewrap works on this machine.

    `programs` are the folders with our own programs, which every instance sees.
    """

    def __init__(
        self, launcher: Path, python: Python, owner: Owner, programs: tuple[Path, ...], wanted: bool
    ) -> None:
        self.programs = programs
        self.launcher = launcher
        self.python = python
        self.owner = owner
        self.program = shutil.which("bwrap") if wanted else None
        self._works: bool | None = None

    def works(self) -> bool:
        """Whether bubblewrap is there and may do what we need (blocking on first use; tried for real)."""
        if self._works is None:
            self._works = self.program is not None and self._probe()
        return self._works

    def wrap(self, argv: Sequence[str], rooms: Rooms, limits: Limits) -> list[str]:
        """The command that runs `argv` limited, as the instances' account, seeing `rooms`."""
        launched = self.limited(argv, limits)
        return [*self._bubble(rooms), "--", *launched] if self.works() else launched

    def limited(self, argv: Sequence[str], limits: Limits) -> list[str]:
        """The same without bubblewrap: limits and the other account alone."""
        values = {
            "uid": self.owner.uid,
            "gid": self.owner.gid,
            "nofile": limits.nofile,
            "nproc": limits.pids * NPROC_FACTOR,
            "data": limits.memory * DATA_FACTOR,
        }
        return [str(self.python.program), "-I", "-S", str(self.launcher), json.dumps(values), "--", *argv]

    def _bubble(self, rooms: Rooms) -> list[str]:
        """Everything read-only, private folders hidden, a process namespace of its own; the network stays shared."""
        argv = [self.program or "bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc"]
        argv += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(rooms.tmp), str(TMP)]
        # Semaphores of Python's multiprocessing are files there.
        argv += ["--perms", "1777", "--tmpfs", str(SHARED_MEMORY)]
        hidden = sorted({path for path in rooms.hidden if path.is_dir() and path != Path("/")}, key=_depth)
        for folder in hidden:
            argv += ["--tmpfs", str(folder)]
        shown = [(path, "--ro-bind") for path in (*self.programs, *rooms.readonly)]
        shown += [(path, "--bind") for path in rooms.writable]
        for parent in _parents([path for path, _ in shown], [TMP, *hidden]):
            argv += ["--perms", "0755", "--dir", str(parent)]
        for folder, how in shown:
            argv += [how, str(folder), str(folder)]
        return [*argv, "--chdir", str(rooms.app)]

    def _probe(self) -> bool:
        home = self.launcher.parents[1]
        rooms = Rooms(Path("/"), self.launcher.parent, (), (), (home,))
        argv = [*self._bubble(rooms), "--", *self.limited(["/bin/sh", "-c", "exit 0"], Limits())]
        try:
            done = subprocess.run(
                argv,
                env=basic(self.python),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def _parents(shown: Sequence[Path], hidden: Sequence[Path]) -> list[Path]:
    """The folders above what is shown inside what is hidden: bubblewrap would make them for root alone."""
    found = {parent for path in shown for parent in path.parents if any(top in parent.parents for top in hidden)}
    return sorted(found - set(shown), key=_depth)


def _depth(path: Path) -> int:
    return len(path.parts)


def basic(python: Python) -> dict[str, str]:
    """The least environment our own small programs run in: nothing of the monitor's."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    return env if python.library is None else {**env, "LD_LIBRARY_PATH": str(python.library)}


def environment(
    spec: LaunchSpec, python: Python, path: str, tmp: Path, ca: Path | None, places: Mapping[str, str]
) -> dict[str, str]:
    """The whole environment of an instance; `spec.env` may set anything but what the engine decides."""
    wished = {key: value for key, value in spec.env if not key.startswith(_RESERVED)}
    env = {"HOME": str(tmp / "home"), "SHELL": "/bin/sh", "TERM": "dumb", "USER": "slipway"}
    env |= dict.fromkeys(_CA_NAMES, str(ca)) if ca is not None else {}
    return {**basic(python), **env, "PATH": path, **wished, "TMPDIR": str(tmp), "HOST": "127.0.0.1", **places}
