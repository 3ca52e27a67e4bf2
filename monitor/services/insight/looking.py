"""A workspace's folder looked at anew for somebody who asks: its source, its own settings, what was recognised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.config import FILE, WorkspaceConfig, parse_config
from monitor.domain.config_text import ConfigError
from monitor.domain.detection import MAX_BYTES, Detection, detect, wanted_paths
from monitor.domain.filters import Overrides
from monitor.domain.tree import Tree
from monitor.errors import NotFound
from monitor.ports.files import Files


@dataclass(frozen=True, slots=True)
class Walked:
    """`problem` is what is wrong with `slipway.yaml`: `config` is then empty, what runs keeps the last good one."""

    folder: Path
    tree: Tree
    config: WorkspaceConfig
    problem: ConfigError | None


@dataclass(frozen=True, slots=True)
class Looking:
    """`folder_of` gives a workspace's folder, None for one that is not there. Nothing found is ever run."""

    files: Files
    folder_of: Callable[[str], Path | None]

    async def walk(self, name: str) -> Walked:
        """Its source as the filter sees it. Raises `NotFound`, `FolderGone`."""
        folder = self.folder_of(name)
        if folder is None:
            raise NotFound(f"the folder of '{name}' is not there", hint="`slipway restore` brings back what was kept")
        tree = await self.files.walk(folder)
        texts = await self.files.read_texts(folder, tree, FILE.__eq__) if FILE in tree else {}
        try:
            config, problem = parse_config(texts.get(FILE, "")), None
        except ConfigError as error:
            config, problem = WorkspaceConfig(), error
        sync = config.sync
        overrides = Overrides(tuple(sync.exclude), tuple(sync.include), tuple(sync.secrets))
        if overrides != Overrides():
            tree = await self.files.walk(folder, overrides)
        return Walked(folder, tree, config, problem)

    async def detect(self, walked: Walked) -> Detection:
        """What it is taken for now."""
        wanted = frozenset(wanted_paths(walked.tree))
        texts = await self.files.read_texts(walked.folder, walked.tree, wanted.__contains__, MAX_BYTES)
        return detect(walked.tree, texts, walked.config)


def folders(keepers: Mapping[str, Any]) -> Callable[[str], Path | None]:
    """Where each workspace is, by whoever keeps it."""

    def folder_of(name: str) -> Path | None:
        keeper = keepers.get(name)
        return keeper.folder if keeper is not None else None

    return folder_of
