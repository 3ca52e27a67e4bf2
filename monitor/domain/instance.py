"""One running (or dead) copy of a launch spec, as observed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Running(StrEnum):
    """What the engine knows of an instance's process."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Instance:
    """One running (or dead) copy of a launch spec, as observed.

    `id` is the engine's own. `host`/`port` are where it listens for the router, None while unknown. `ready` is the
    instance's own mark: its child accepted on PORT. `announced`: where the engine's instances tell the router of
    themselves, this one does. `started_at` is in ns since the epoch. `exit_code` and `exit_reason` ("out of
    memory", "killed by signal 9", …) are set once it exited.
    """

    id: str
    workspace: str
    spec_hash: str
    generation: int
    state: Running
    ready: bool = False
    host: str | None = None
    port: int | None = None
    started_at: int = 0
    exit_code: int | None = None
    exit_reason: str = ""
    announced: bool = True
