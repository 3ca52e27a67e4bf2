"""A workspace's tree, kept up with: after a hint only what was named is looked at, without one everything is.

The hints save time and are never believed for long: every look that no hint led to is a whole one, and so is the
first one after `WHOLE_S` under constant hints. Whatever a lost hint left out, that one finds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.domain.config import FILE, WorkspaceConfig, parse_config
from monitor.domain.config_text import ConfigError, Mark
from monitor.domain.filters import Overrides
from monitor.domain.tree import Entry, Kind, Tree
from monitor.ports.clock import Clock
from monitor.ports.files import Files

WHOLE_S = 300.0
NO_OVERRIDES = Overrides()

Touched = Callable[[str], frozenset[str] | None]


def nothing_known(_folder: str) -> frozenset[str] | None:
    """Nobody hears what changes: every look is a whole one."""
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a folder, and its settings; `broken` says why these are not the ones in its `slipway.yaml`."""

    folder: Path
    tree: Tree
    config: WorkspaceConfig
    broken: ConfigError | None
    file: Entry | None
    whole_at: float

    @property
    def overrides(self) -> Overrides:
        return overrides_of(self.config)


class Following:
    """Follows workspaces by name. `touched` is asked, and answers once, which paths below a folder's name may have
    changed since it last was; None where nobody can tell."""

    def __init__(self, files: Files, clock: Clock, touched: Touched) -> None:
        self._files, self._clock, self._touched = files, clock, touched
        self._known: dict[str, Found] = {}

    async def look(self, name: str, folder: Path) -> Found:
        """The folder as it is now; raises `FolderGone`. One look at a time for each name."""
        touched = self._touched(folder.name)
        known = self._known.pop(name, None)
        found = await self._again(known, folder, touched) if known is not None and touched else None
        if found is None:
            found = await self._whole(folder, known)
        self._known[name] = found
        return found

    def forget(self, name: str) -> None:
        """The workspace is gone."""
        known = self._known.pop(name, None)
        if known is not None:
            self._files.unfollow(known.folder)

    async def _again(self, known: Found, folder: Path, touched: frozenset[str]) -> Found | None:
        """None where the hints do not lead on from what is known."""
        stale = self._clock.monotonic() - known.whole_at >= WHOLE_S
        if stale or FILE in touched or folder != known.folder:
            return None
        tree = await self._files.follow(folder, known.overrides, touched)
        if known.overrides == NO_OVERRIDES and tree.entries.get(FILE) != known.file:
            return None
        return replace(known, tree=tree)

    async def _whole(self, folder: Path, known: Found | None) -> Found:
        if known is not None and known.folder != folder:
            self._files.unfollow(known.folder)
        before = known.overrides if known is not None else NO_OVERRIDES
        at = self._clock.monotonic()
        # Its own settings decide what is kept, so the settings are looked for in everything there is.
        plain = before == NO_OVERRIDES
        tree = await (self._files.follow(folder, NO_OVERRIDES, None) if plain else self._files.walk(folder))
        config, broken = await self._settings(folder, tree)
        file = tree.entries.get(FILE)
        if (overrides := overrides_of(config)) != NO_OVERRIDES or not plain:
            tree = await self._files.follow(folder, overrides, None)
        return Found(folder, tree, config, broken, file, at)

    async def _settings(self, folder: Path, tree: Tree) -> tuple[WorkspaceConfig, ConfigError | None]:
        if FILE not in tree:
            return WorkspaceConfig(), None
        if tree.entries[FILE].kind is not Kind.FILE:
            linked = ConfigError("it is a link or no plain file, and links are not followed", Mark())
            return WorkspaceConfig(), linked
        texts = await self._files.read_texts(folder, tree, lambda path: path == FILE)
        try:
            return parse_config(texts.get(FILE, "")), None
        except ConfigError as error:
            return WorkspaceConfig(), error


def overrides_of(config: WorkspaceConfig) -> Overrides:
    """What the settings say about what is kept."""
    sync = config.sync
    return Overrides(tuple(sync.exclude), tuple(sync.include), tuple(sync.secrets))
