"""Copying one workspace: packs, bases, then each revision once all it needs is there, then names.

Nothing has to be remembered between runs: what is there is listed, what is missing is copied, every object is read
back. A kill leaves packs and bases nobody needs yet, never a revision without them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.domain import keys
from monitor.domain.destinations import Difference, Holding, Part, Step, short
from monitor.domain.history.errors import BadObject
from monitor.domain.history.snapshot import read_snapshot
from monitor.errors import Conflict
from monitor.ports.store import KeyExists, NoSuchKey, Store
from monitor.services.destinations.checking import Checker, WrongBytes
from monitor.services.history.groups import first_of

# Packs are about 8 MiB, each held twice while it is compared: this bounds memory. The others are small.
AT_ONCE = {Part.PACKS: 4, Part.BASES: 4, Part.REVISIONS: 12, Part.NAMES: 12}

Progress = Callable[[Step], None]


class Diverged(Conflict):
    """A revision of the same number with other content is there: two histories grew from one."""

    reason = "diverged"


@dataclass(slots=True)
class Copied:
    """What was copied, and what could not be (sentences)."""

    counts: Counter[Part] = field(default_factory=Counter)
    bytes: int = 0
    problems: list[str] = field(default_factory=list)


class Copier:
    """One workspace's way from `source` to `there`."""

    def __init__(self, source: Store, there: Store, checker: Checker, progress: Progress) -> None:
        self._source, self._there, self._checker, self._progress = source, there, checker, progress
        self.copied = Copied()
        self._present: set[str] = set()

    async def copy(self, plan: Difference, there: Holding) -> None:
        """Carry out the plan's copies; what the source lost meanwhile is left out.

        Raises `StoreAway` and `StoreRefused` of either place, `WrongBytes`, `Diverged`.
        """
        self._present = there.keys() - {step.key for step in plan.copies}
        for part, work in (
            (Part.PACKS, self._immutable),
            (Part.BASES, self._immutable),
            (Part.REVISIONS, self._revision),
            (Part.NAMES, self._name),
        ):
            await side_by_side(plan.of(part), AT_ONCE[part], work)

    async def _immutable(self, step: Step) -> None:
        data = await self._read(step)
        if data is not None:
            await self._put(step, data)

    async def _revision(self, step: Step) -> None:
        """In the order of their numbers, a few at once."""
        data = await self._read(step)
        if data is None:
            return
        try:
            missing = await self._checker.needs(data, self._source, self._there) - self._present
        except (BadObject, NoSuchKey) as error:
            self._problem(step, error.message)
            return
        if missing:
            self._problem(step, f"{len(missing)} of the objects it needs are missing, {short(min(missing))} for one")
            return
        if step.why != "missing":
            await self._refuse_to_replace(step, data)
        await self._put(step, data, new=step.why == "missing")

    async def _name(self, step: Step) -> None:
        data = await self._read(step)
        if data is None:
            return
        seq = read_snapshot(data).seq
        if keys.revision_key("", self._checker.workspace, seq) in self._present:
            await self._put(step, data)
        else:
            self._problem(step, f"revision {seq}, which it names, is not there")

    async def _read(self, step: Step) -> bytes | None:
        """The right bytes, None where there are none (any more)."""
        try:
            return await self._checker.sound(self._source, step.part, step.key)
        except BadObject as error:
            self._problem(step, f"damaged in the primary: {error.message}")
        except NoSuchKey:
            pass
        return None

    async def _put(self, step: Step, data: bytes, *, new: bool = False) -> None:
        try:
            await written(self._there, step.key, data, new=new)
        except KeyExists:
            raise diverged(self._checker.workspace, step.key) from None
        self._present.add(step.key)
        self.copied.counts[step.part] += 1
        self.copied.bytes += len(data)
        self._progress(step)

    async def _refuse_to_replace(self, step: Step, data: bytes) -> None:
        """A torn revision may be replaced, a whole one is another history's."""
        with suppress(BadObject, NoSuchKey):
            theirs = await self._checker.sound(self._there, step.part, step.key)
            if not data.startswith(theirs):
                raise diverged(self._checker.workspace, step.key)

    def _problem(self, step: Step, what: str) -> None:
        self.copied.problems.append(f"{step.key} was not copied: {what}")


async def written(store: Store, key: str, data: bytes, *, new: bool = False) -> None:
    """Put and read back; once more where other bytes come back, then `WrongBytes`."""
    for _ in range(2):
        await (store.put_new if new else store.put)(key, data)
        with suppress(NoSuchKey):
            if await store.get(key) == data:
                return
        new = False
    raise WrongBytes(
        f"{key} comes back with other bytes than were sent",
        hint="The destination's disk or server is not to be trusted; try another one.",
    )


async def agree(source: Store, there: Store, checker: Checker, key: str | None) -> None:
    """Raise `Diverged` where the newest revision both places have (its `key`) is whole in both, and another one."""
    if key is None:
        return
    try:
        ours, theirs = await asyncio.gather(source.get(key), there.get(key))
    except NoSuchKey:
        return
    if ours != theirs:
        # A damaged one is for verifying to find and to mend.
        with suppress(BadObject):
            for data in (ours, theirs):
                await checker.check(Part.REVISIONS, key, data)
            raise diverged(checker.workspace, key)


async def side_by_side(steps: Iterable[Step], width: int, work: Callable[[Step], Awaitable[None]]) -> None:
    """Do `work` for each, begun in order, at most `width` at once; the first failure ends all, and is raised."""
    waiting = iter(steps)

    async def worker() -> None:
        for step in waiting:
            await work(step)

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(width):
                group.create_task(worker(), name=f"copy {number}")
    except BaseExceptionGroup as errors:
        raise first_of(errors) from None


def diverged(workspace: str, key: str) -> Diverged:
    return Diverged(
        f"The destination has another revision {int(short(key))} of {workspace} than the primary: "
        f"their histories parted, because {workspace} was purged or its revisions were numbered anew.",
        hint="Restore from there what you miss, then `slipway backup confirm DESTINATION` replaces it with the "
        "primary's; to keep both, give the destination a new folder or prefix.",
    )
