"""The machine itself as doctor sees it: programs' versions, ports, disk space, watch limits. Changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How many folders and how many watchers one user may have, None where the kernel does not say."""

    watches: int | None
    instances: int | None


def version_said(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> str | None:
    """What a program prints of its version; None where it is missing or fails."""
    if shutil.which(argv[0]) is None:
        return None
    try:
        said = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None if said.returncode == 0 else None


def free_bytes(path: Path) -> int:
    """Free space for us where `path` is, or would be made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def writable(path: Path) -> bool:
    """Whether we may write where `path` is, or would be made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return os.access(path, os.W_OK)


def watch_limits(proc: Path = Path("/proc/sys/fs/inotify")) -> WatchLimits:
    return WatchLimits(_number(proc / "max_user_watches"), _number(proc / "max_user_instances"))


def is_root() -> bool:
    return os.geteuid() == 0


def python_version() -> tuple[int, ...]:
    return tuple(sys.version_info[:3])


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
