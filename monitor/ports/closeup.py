"""One instance seen from close: what it uses, what it printed since, and the papers it was made from.

Promises: every call is bounded in time and memory whatever the instance does; one that is gone is left out of
`usage`, has empty papers and has printed nothing. Raises `EngineAway`, where retrying helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.instance import Instance


@dataclass(frozen=True, slots=True)
class Used:
    """What an instance has used: CPU seconds since its start, bytes of memory now (of `limit`), processes."""

    cpu_s: float
    memory: int
    limit: int | None = None
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Papers:
    """The compose file it can be made from by hand ("" where there is none), its image and its labels."""

    compose: str = ""
    image: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """Lines as `domain.terminal.coloured` gives them, oldest first; `cursor` is where the next call goes on.

    `skipped`: more was printed than one call gives, the oldest of it is left out.
    """

    lines: tuple[str, ...]
    cursor: str
    skipped: bool = False


class Closeup(Protocol):
    """See the module's promises."""

    async def usage(self, instances: Sequence[Instance]) -> dict[str, Used]:
        """What each running one uses, by its id; cheap: one look at the kernel's own counters."""
        ...

    async def papers(self, instance: Instance) -> Papers:
        """What it was made from. The text may hold secrets of the workspace."""
        ...

    async def printed(self, instance: Instance, cursor: str, lines: int) -> Printed:
        """What it printed after `cursor`, at most the last `lines`; "" asks for the end of all there is."""
        ...


class Unseen:
    """Nobody looks: an engine whose instances cannot be seen from close."""

    async def usage(self, instances: Sequence[Instance]) -> dict[str, Used]:
        return {}

    async def papers(self, instance: Instance) -> Papers:
        return Papers()

    async def printed(self, instance: Instance, cursor: str, lines: int) -> Printed:
        return Printed((), cursor)
