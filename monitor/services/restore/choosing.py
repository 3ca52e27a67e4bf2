"""Which revision is meant: by number, by a snapshot's name, or by a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from monitor.domain import keys
from monitor.domain.history.losses import is_piece
from monitor.domain.history.revision import MASS_DELETE, Header, Why
from monitor.domain.history.snapshot import Snapshot, checked_name, read_snapshot
from monitor.domain.history.times import ClockStep
from monitor.domain.moments import rfc3339, shown
from monitor.domain.restoring.moment_text import Moment, parse_moment
from monitor.domain.streams import asked_for
from monitor.domain.tree import Kind
from monitor.errors import NotFound, Refused, UsageError
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey
from monitor.services.history.archive import Archive


class Expired(Refused):
    """The snapshot's time is over; it can still be restored where somebody insists."""

    reason = "expired"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A revision and how it was found; `steps` are the times the clock was set back that the search passed."""

    workspace: str
    header: Header
    moment: Moment | None = None
    snapshot: Snapshot | None = None
    steps: tuple[ClockStep, ...] = ()

    @property
    def seq(self) -> int:
        return self.header.seq

    def as_json(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "revision": self.seq,
            "time": rfc3339(self.header.time_ns),
            "kind": self.header.kind,
            "grade": self.header.grade.value,
            "asked": self.moment.utc if self.moment else None,
            "snapshot": self.snapshot.name if self.snapshot else None,
            "clock_steps": [
                {"revision": s.seq, "before": rfc3339(s.before_ns), "after": rfc3339(s.after_ns)} for s in self.steps
            ],
        }

    def lines(self) -> list[str]:
        """For people: what was understood, what was chosen, and any clock step on the way."""
        said = []
        if self.moment:
            said.append(f"asked for {self.moment.text!r}: {self.moment.utc}")
        busy = ", while files were changing" if self.header.unstable or self.header.grade.value == "busy" else ""
        said.append(f"revision {self.seq} of {self.workspace}, kept {shown(rfc3339(self.header.time_ns))}{busy}")
        for step in self.steps:
            said.append(
                f"before revision {step.seq} the clock was set back "
                f"from {rfc3339(step.before_ns)} to {rfc3339(step.after_ns)}"
            )
        return said


class Choosing:
    """Finds revisions in one archive. Every call raises `NotFound`, `BadObject`, `UnknownFormat` or `StoreAway`."""

    def __init__(self, archive: Archive, clock: Clock, zone: tzinfo | None = None) -> None:
        self._archive, self._clock, self._zone = archive, clock, zone

    async def choose(
        self,
        workspace: str,
        *,
        at: str | None = None,
        revision: int | None = None,
        snapshot: str | None = None,
        force: bool = False,
    ) -> Chosen:
        """Exactly one of `at`, `revision` and `snapshot`. Raises `UsageError`, and `Expired` unless `force`."""
        await self._archive.repository()
        if sum(value is not None for value in (at, revision, snapshot)) != 1:
            raise UsageError(
                "exactly one moment must be named", hint="give one of a time, a revision's number, a snapshot's name"
            )
        if revision is not None:
            return Chosen(workspace, await self._header(workspace, revision))
        if snapshot is not None:
            return await self._named(workspace, snapshot, force=force)
        return await self._at(workspace, parse_moment(at or "", self._clock.wall_ns(), self._zone))

    async def last_alive(self, workspace: str) -> Chosen:
        """The newest revision from before it was deleted, or lost most of its files at once on the way.

        A deletion that took a while left revisions with a part of the files: none of these is meant.
        """
        first = after = None
        seqs = await self._archive.seqs(workspace)
        for place, seq in reversed(list(enumerate(seqs))):
            header = await self._archive.header(workspace, seq)
            first = first or header
            lost = MASS_DELETE in header.flags or header.kind in {Why.DELETED, Why.MASS_DELETE}
            if header.files and not lost:
                began = await self._before_it_began(workspace, seqs[:place], header, after) if after else header
                return Chosen(workspace, began)
            after = header
        # As in `_at`: those from before may be out of sight.
        await self._archive.repository()
        if first is None:
            raise NotFound(f"nothing of {workspace!r} was ever kept", hint="`slipway list --deleted` shows what was")
        return Chosen(workspace, first)

    async def _before_it_began(self, workspace: str, earlier: list[int], header: Header, after: Header) -> Header:
        """Back over the pieces of the loss that `after` is; `earlier` are the revisions before `header`."""
        for seq in reversed(earlier):
            before = await self._archive.header(workspace, seq)
            if not is_piece(before, header, after) or not await self._only_went(workspace, seq, header.seq):
                break
            header, after = before, header
        return header

    async def _only_went(self, workspace: str, before: int, after: int) -> bool:
        """Whether nothing was written between two revisions: what was is worth more than what had gone by then."""
        old, new = await self._archive.state(workspace, before), await self._archive.state(workspace, after)
        return all(old.get(path) == entry for path, entry in new.items() if entry.kind is not Kind.DIR)

    async def _header(self, workspace: str, seq: int) -> Header:
        missing = NotFound(
            f"{workspace} has no revision {seq}", hint=f"`slipway history {asked_for(workspace)}` shows what there is"
        )
        if not 0 < seq < 2**63:
            raise missing
        try:
            return await self._archive.header(workspace, seq)
        except NoSuchKey:
            raise missing from None

    async def _named(self, workspace: str, name: str, *, force: bool) -> Chosen:
        archive = self._archive
        try:
            data = await archive.store.get(keys.name_key(archive.prefix, workspace, checked_name(name)))
        except NoSuchKey as error:
            hint = f"`slipway snapshot list {asked_for(workspace)}` shows those there are"
            raise NotFound(f"{workspace} has no snapshot {name!r}", hint=hint) from error
        found = read_snapshot(data, name)
        if found.expired(self._clock.wall_ns()) and not force:
            expired = rfc3339(found.expires_ns or 0)
            raise Expired(
                f"the snapshot {name!r} expired at {expired}", hint="add --force to restore it all the same"
            )
        return Chosen(workspace, await self._header(workspace, found.seq), snapshot=found)

    async def _at(self, workspace: str, moment: Moment) -> Chosen:
        found = await self._archive.at(workspace, moment.at_ns)
        if found.header is not None:
            return Chosen(workspace, found.header, moment, steps=found.steps)
        # With the store away, only what waits for it was looked through.
        await self._archive.repository()
        seqs = await self._archive.seqs(workspace)
        if not seqs:
            raise NotFound(
                f"nothing of {workspace!r} was ever kept", hint="`slipway list --deleted` shows more names"
            )
        first = await self._archive.header(workspace, seqs[0])
        raise NotFound(
            f"at {moment.utc} nothing of {workspace} had been kept yet",
            hint=f"the first revision there is, {first.seq}, is of {rfc3339(first.time_ns)}",
        )
