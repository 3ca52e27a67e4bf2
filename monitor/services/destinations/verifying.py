"""Reading a destination back: every object's bytes, and that each revision has all it needs; mending what it can."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.destination_results import Damage, Verified
from monitor.domain.destinations import Holding, Part, Step, prefix_of, short
from monitor.domain.history.errors import BadObject
from monitor.ports.store import NoSuchKey, Store, StoreAway, StoreRefused
from monitor.services.destinations.checking import Checker, WrongBytes
from monitor.services.destinations.copying import AT_ONCE, side_by_side, written
from monitor.services.jobs import Tell


@dataclass(slots=True)
class Findings:
    """What reading back found so far."""

    objects: int = 0
    bytes: int = 0
    damaged: list[Damage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Verifier:
    """One workspace at `there`; `source` (None: not to be asked) has the bytes to mend with."""

    def __init__(self, source: Store | None, there: Store, checker: Checker, tell: Tell) -> None:
        self._source, self._there, self._checker, self._tell = source, there, checker, tell
        self.findings = Findings()
        self._there_is: set[str] = set()
        self._done = 0

    async def verify(self, holding: Holding) -> None:
        """Read everything in `holding`. Raises `StoreAway` and `StoreRefused` of the destination."""
        self._there_is = holding.keys()
        for part in Part:
            steps = [Step(part, key, size, "") for key, size in sorted(holding[part].items())]
            await side_by_side(steps, AT_ONCE[part], self._one)

    async def _one(self, step: Step) -> None:
        self._done += 1
        total = len(self._there_is)
        self._tell(f"reading {self._checker.workspace} back", self._done, total)
        try:
            data = await self._checker.sound(self._there, step.part, step.key)
        except NoSuchKey:
            # Removed since it was listed, or listed but not to be had.
            self._problem(f"{step.key} is listed there, but cannot be read")
            return
        except BadObject as error:
            await self._damaged(step, error.message)
            return
        self.findings.objects += 1
        self.findings.bytes += len(data)
        if step.part is Part.REVISIONS:
            await self._revision(step, data)

    async def _revision(self, step: Step, data: bytes) -> None:
        seq, name = int(short(step.key)), self._checker.workspace
        ours = await self._ours(step)
        if ours is not None and ours != data:
            self._problem(f"revision {seq} of {name} is another one than in the primary")
        try:
            missing = await self._checker.needs(data, self._there) - self._there_is
        except (BadObject, NoSuchKey):
            missing = frozenset({prefix_of(Part.BASES, name)})
        if missing:
            which = short(min(missing)) or "its base"
            self._problem(f"revision {seq} of {name} cannot be restored from there: {which} is missing")

    async def _damaged(self, step: Step, what: str) -> None:
        ours = await self._ours(step)
        if ours is not None:
            try:
                await written(self._there, step.key, ours)
            except WrongBytes as error:
                what = error.message
                ours = None
        self.findings.damaged.append(Damage(step.key, what, repaired=ours is not None))

    async def _ours(self, step: Step) -> bytes | None:
        """The primary's bytes, where it has them and they are right; it may be away."""
        if self._source is None:
            return None
        try:
            return await self._checker.sound(self._source, step.part, step.key)
        except (NoSuchKey, BadObject, StoreAway, StoreRefused):
            return None

    def _problem(self, what: str) -> None:
        self.findings.problems.append(what)


def added(before: Verified, found: Findings) -> Verified:
    """The findings of several workspaces in one value."""
    return Verified(
        before.destination,
        before.objects + found.objects,
        before.bytes + found.bytes,
        (*before.damaged, *found.damaged),
        (*before.problems, *found.problems),
    )
