"""The revisions a restore writes: one before, one after, and one for what was saved while it ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.domain.config import FILE, parse_config
from monitor.domain.config_text import ConfigError
from monitor.domain.filters import Overrides
from monitor.domain.history.entry import Entry
from monitor.domain.history.revision import Origin, Revision, Why
from monitor.domain.tree import Tree
from monitor.ports.files import Files
from monitor.ports.placing import Displaced
from monitor.services.history.archive import Archive
from monitor.services.history.history import History
from monitor.services.history.vouching import Vouched


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision that exists now, and the whole state it holds; `new`: it was written for this."""

    seq: int
    state: Mapping[str, Entry]
    new: bool = True


class Safety(Protocol):
    """What a restore needs of the writing half; a call that returned has kept what it was given."""

    def owns(self, archive: Archive) -> bool:
        """Whether what is read from `archive` is what is written here, and not a copy of it somewhere else."""
        ...

    async def before(self, workspace: str, folder: Path) -> Kept:
        """Keep everything as it is right now."""
        ...

    async def displaced(self, workspace: str, displaced: Displaced) -> Kept:
        """Keep these files on top of the newest state; what the returned state does not hold was not kept."""
        ...

    async def restored(self, workspace: str, folder: Path, origin: Origin, vouched: Vouched) -> Kept:
        """Keep what is there after a restore from `origin`; `vouched` files need no reading."""
        ...

    async def forked(self, workspace: str, staged: Path, origin: Origin) -> Kept:
        """Keep the first state of a workspace that is about to come to be; `staged` is renamed into place next."""
        ...


class HistorySafety:
    """`Safety` by a `History`: in the store, or in the spool while it is away."""

    def __init__(self, history: History, files: Files) -> None:
        self._history, self._files = history, files

    def owns(self, archive: Archive) -> bool:
        return archive is self._history.archive

    async def before(self, workspace: str, folder: Path) -> Kept:
        return await self._keep(workspace, folder, Why.BEFORE_RESTORE, None)

    async def restored(self, workspace: str, folder: Path, origin: Origin, vouched: Vouched) -> Kept:
        return await self._keep(workspace, folder, Why.RESTORE, origin, vouched)

    async def forked(self, workspace: str, staged: Path, origin: Origin) -> Kept:
        return await self._keep(workspace, staged, Why.FORK, origin)

    async def displaced(self, workspace: str, displaced: Displaced) -> Kept:
        """Still displaced, it is offered again at each start; only the first time is worth a revision."""
        revision = await self._history.commit(
            workspace, displaced.folder, displaced.tree, kind=Why.DISPLACED, only=True
        )
        return await self._kept(workspace, revision)

    async def _keep(
        self, workspace: str, folder: Path, kind: Why, origin: Origin | None, vouched: Vouched | None = None
    ) -> Kept:
        tree, overrides = await seen(self._files, folder)
        revision = await self._history.commit(
            workspace, folder, tree, kind=kind, overrides=overrides, origin=origin, always=True, vouched=vouched
        )
        return await self._kept(workspace, revision)

    async def _kept(self, workspace: str, revision: Revision | None) -> Kept:
        header = revision.header if revision else self._history.newest(workspace)
        assert header is not None, "a workspace that is restored has a history"
        return Kept(header.seq, await self._history.listing(workspace, header.seq), revision is not None)


async def seen(files: Files, folder: Path) -> tuple[Tree, Overrides]:
    """A folder's tree under its own `slipway.yaml`; a broken one counts as none. Raises `FolderGone`."""
    tree = await files.walk(folder)
    if FILE not in tree:
        return tree, Overrides()
    texts = await files.read_texts(folder, tree, lambda path: path == FILE)
    try:
        sync = parse_config(texts.get(FILE, "")).sync
    except ConfigError:
        return tree, Overrides()
    overrides = Overrides(tuple(sync.exclude), tuple(sync.include), tuple(sync.secrets))
    return (await files.walk(folder, overrides) if overrides != Overrides() else tree), overrides
