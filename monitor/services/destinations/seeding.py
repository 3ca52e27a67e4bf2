"""Seeding: the primary is gone, a destination has everything; its history becomes the primary's again.

The same copying as always, the other way round, so it may be killed and called again. Last of all this install is
written down as the writer, above every epoch the history knows: whoever wrote before is stale from then on.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import Executor

from monitor.domain import keys
from monitor.domain.destination_results import Outcome
from monitor.domain.destinations import Holding, Mode, Part, Terms
from monitor.domain.history.errors import BadObject
from monitor.domain.history.repository import read_writer, write_writer
from monitor.domain.history.revision import Writer
from monitor.domain.history.revision_text import read_header
from monitor.errors import Conflict, NotFound
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey, Store
from monitor.services.destinations.copying import written
from monitor.services.destinations.destination import silent
from monitor.services.destinations.ledger import Ledger
from monitor.services.destinations.looking import holding, repository, workspaces
from monitor.services.destinations.passing import Pass
from monitor.services.destinations.places import Patient
from monitor.services.jobs import Tell


class Seed:
    """From a destination (`source`, named `name`) into a `primary`; neither store has a prefix.

    The caller holds the data folder's lock: nobody else writes.
    """

    def __init__(self, source: Store, primary: Store, name: str, clock: Clock, pool: Executor) -> None:
        self._source, self._primary = Patient(source, clock), Patient(primary, clock)
        self._name, self._clock, self._pool = name, clock, pool

    async def run(
        self, install: str, *, names: Sequence[str] = (), dry_run: bool = False, tell: Tell = silent
    ) -> Outcome:
        """Bring the history back; the primary may hold part of the same one, or nothing of any.

        Raises `NotFound` where the destination holds none, `Conflict` where the primary holds another one.
        """
        theirs = await repository(self._source)
        if theirs is None:
            raise NotFound(f"Destination {self._name} holds no history.", hint="Is it the right one, and mounted?")
        await self._check_empty(theirs)
        if not dry_run:
            data = await self._source.get(keys.format_key(""))
            await written(self._primary, keys.format_key(""), data)
        terms = Terms("the primary", "")
        going = Pass(self._source, self._primary, terms, Ledger(""), self._clock, self._pool, tell)
        outcome = await going.run(Mode.INCREMENTAL, names, dry_run=dry_run)
        if not dry_run:
            await self._take_over(install)
        return outcome

    async def _check_empty(self, theirs: str) -> None:
        """A primary that was begun anew meanwhile has a `FORMAT` of its own; it may go while nothing is kept."""
        ours = await repository(self._primary)
        if ours in {None, theirs}:
            return
        for name in await workspaces(self._primary):
            if (await holding(self._primary, name))[Part.REVISIONS]:
                raise Conflict(
                    f"The primary holds another history already (of {name}, for one).",
                    hint="Start with an empty data folder, bucket or --s3-prefix, and seed that one.",
                )

    async def _take_over(self, install: str) -> None:
        epoch = max(await self._written_epoch(), await self._epoch_of_history()) + 1
        writer = Writer(install, epoch, secrets.token_hex(16))
        await written(self._primary, keys.writer_key(""), write_writer(writer))

    async def _written_epoch(self) -> int:
        try:
            return read_writer(await self._primary.get(keys.writer_key(""))).epoch
        except (NoSuchKey, BadObject):
            return 0

    async def _epoch_of_history(self) -> int:
        """The highest epoch any workspace's newest revision was written in."""
        epochs = [0]
        for name in await workspaces(self._primary):
            held: Holding = await holding(self._primary, name)
            if held[Part.REVISIONS]:
                epochs.append(read_header(await self._primary.get(max(held[Part.REVISIONS]))).writer.epoch)
        return max(epochs)
