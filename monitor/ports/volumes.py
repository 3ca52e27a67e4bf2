"""Data volumes: what a workspace's app keeps at `/data`, read to be kept and replaced by what was kept.

Promises every engine keeps:

- What is in a volume is never opened by the monitor's own process: a program of ours reads and writes it where it can
  reach nothing else, SQLite databases through SQLite's backup API.
- A copy taken while the app writes holds each database as it was between two transactions.
- `replace_data` killed at any moment leaves the old content or the new one; `recover_data` completes or undoes it.
- A workspace without a volume has none afterwards, unless `replace_data` gave it one.

Every call raises `EngineAway` (retrying helps) and `LaunchFailed`, whose `log` says what the program said.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Mark = dict[str, Any]
"""Names one state of a volume, JSON-ready; only the engine that gave it reads it."""


@dataclass(frozen=True, slots=True)
class DataCopy:
    """A volume's content in `folder`, a folder of ours; None where it is not there for what `reason` says.

    `unchanged`: it is as the given mark says, and was not copied. `unstable` are paths that changed while they were
    read and came as they were then, `unread` those that could not be read. `files` and `bytes` count the volume's.
    `left_out` are paths without content to keep, each with the reason.
    """

    folder: Path | None
    mark: Mark
    files: int = 0
    bytes: int = 0
    unchanged: bool = False
    reason: str = ""
    unstable: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


class Volumes(Protocol):
    """See the module's promises."""

    def copy_data(
        self, workspace: str, known: Mark | None, limit: int
    ) -> AbstractAsyncContextManager[DataCopy | None]:
        """The volume's content, there until the context ends; None where the workspace has no volume.

        `known` is the mark of an earlier copy: nothing is copied where it still holds, nor more than `limit` bytes.
        """
        ...

    def data_stage(self, workspace: str) -> AbstractAsyncContextManager[Path]:
        """An empty folder for what `replace_data` is to be given, gone when the context ends."""
        ...

    async def replace_data(self, workspace: str, stage: Path, user: tuple[int, int]) -> None:
        """Make `stage` all that the volume holds, owned by `user` where the engine knows users; none of its instances
        may run. A volume that is not there is made. Raises `LaunchFailed` too where there is no room: nothing was
        changed then."""
        ...

    async def recover_data(self, workspace: str) -> None:
        """Complete or undo a `replace_data` that was killed; nothing where there was none. No instance may run."""
        ...
