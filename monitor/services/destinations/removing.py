"""Removing from a mirror what the primary removed: after its grace, in the order names, revisions, bases, packs.

Packs and bases go only once every revision that stays was read and none leads to them; where one cannot be read,
nothing is removed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from monitor.domain import keys
from monitor.domain.destinations import Holding, Part, Step
from monitor.domain.history.condemned import read_confirmed
from monitor.domain.history.errors import BadObject
from monitor.domain.history.revision_text import read_header
from monitor.domain.retention import Candidate, unconfirmed
from monitor.ports.store import NoSuchKey, Store
from monitor.services.destinations.checking import Checker
from monitor.services.destinations.copying import side_by_side

AT_ONCE = 8


class Remover:
    """One workspace's removals at `there`; `problems` are sentences."""

    def __init__(self, source: Store, there: Store, checker: Checker) -> None:
        self._source, self._there, self._checker = source, there, checker
        self.removed: list[str] = []
        self.problems: list[str] = []

    async def remove(self, due: Collection[Step], holding: Holding) -> None:
        """Remove what is `due`; `holding` is what is there. Raises `StoreAway` and `StoreRefused`."""
        due = [step for step in due if not await self._is_back(step)]
        for part in (Part.NAMES, Part.REVISIONS):
            await self._delete([step for step in due if step.part is part])
        rest = [step for step in due if step.part in {Part.BASES, Part.PACKS}]
        if rest:
            needed = await self._needed(holding[Part.REVISIONS])
            if needed is not None:
                for part in (Part.BASES, Part.PACKS):
                    await self._delete([s for s in rest if s.part is part and s.key not in needed])

    async def _delete(self, steps: Collection[Step]) -> None:
        async def delete(step: Step) -> None:
            await self._there.delete(step.key)
            self.removed.append(step.key)

        await side_by_side(steps, AT_ONCE, delete)

    async def _is_back(self, step: Step) -> bool:
        """A batch that needs a condemned pack writes it again, perhaps since we looked."""
        try:
            await self._source.head(step.key)
        except NoSuchKey:
            return False
        return True

    async def _needed(self, revisions: Mapping[str, int]) -> set[str] | None:
        """What the revisions that stay lead to; None where one of them could not be read."""
        needed: set[str] = set()

        async def mark(step: Step) -> None:
            # The destination's own bytes, not the primary's: they are what would be restored from there.
            data = await self._checker.sound(self._there, Part.REVISIONS, step.key)
            needed.update(await self._checker.needs(data, self._there, self._source))

        staying = sorted(revisions.keys() - set(self.removed))
        try:
            await side_by_side([Step(Part.REVISIONS, key, 0, "") for key in staying], AT_ONCE, mark)
        except (BadObject, NoSuchKey) as error:
            self.problems.append(f"no pack of {self._checker.workspace} was removed there: {error.message}")
            return None
        return needed


async def clear(there: Store, holding: Holding) -> None:
    """Remove all of one workspace's history, in the order that leaves whole what a kill leaves."""
    for part in reversed(Part):
        await side_by_side([Step(part, key, 0, "") for key in holding[part]], AT_ONCE, _gone_from(there))


def _gone_from(there: Store) -> Callable[[Step], Awaitable[None]]:
    async def gone(step: Step) -> None:
        await there.delete(step.key)

    return gone


async def flagged(source: Store, workspace: str, revisions: Mapping[str, int]) -> str:
    """Why the history itself says that removals must wait for a person; "" where it does not."""
    found: list[Candidate] = []

    async def look(step: Step) -> None:
        header = read_header(await source.get(step.key))
        found.append(Candidate(header.seq, header.time_ns, header.kind, header.flags))

    try:
        confirmed = read_confirmed(await source.get(keys.confirmed_key("", workspace)))
    except (NoSuchKey, BadObject):
        confirmed = 0
    try:
        await side_by_side([Step(Part.REVISIONS, key, 0, "") for key in revisions], AT_ONCE, look)
    except (BadObject, NoSuchKey) as error:
        return f"a revision cannot be read: {error.message}"
    seq = unconfirmed(found, confirmed)
    return "" if seq is None else f"most files were gone at once in revision {seq}, and nobody has confirmed that"
