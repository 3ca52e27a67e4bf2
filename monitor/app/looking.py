"""A folder looked at without a monitor: what it is, and why one of its files is kept or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.domain.config import FILE, WorkspaceConfig, parse_config
from monitor.domain.detection import MAX_BYTES, Detection, detect, wanted_paths
from monitor.domain.filters import Overrides
from monitor.domain.workspace import assign_names
from monitor.errors import NotFound, UsageError
from monitor.ports.files import Files, FolderGone


async def detect_path(path: Path) -> Detection:
    """What the folder holds and how it would run. Raises `NotFound`, or `ConfigError` for a wrong `slipway.yaml`."""
    async with _files() as files:
        try:
            tree = await files.walk(path)
        except FolderGone:
            raise NotFound(
                f"{path} is no folder that can be read", hint="give the path of a project folder"
            ) from None
        config = await _config(files, path)
        wanted = frozenset(wanted_paths(tree))
        return detect(tree, await files.read_texts(path, tree, wanted.__contains__, MAX_BYTES), config)


async def explain_path(root: Path, name: str, path: str) -> dict[str, Any]:
    """Whether a path of a workspace is kept and which rule decided: `{"path", "kept", "reason", "secret", "runs"}`.

    `runs` says whether a running copy gets it. The path need not exist. Raises `NotFound`, `UsageError`.
    """
    inside = path.rstrip("/")
    if not inside or inside.startswith("/") or {"", ".", ".."} & set(inside.split("/")):
        raise UsageError(
            f"{path!r} is not a path inside a workspace", hint="give it relative to the workspace's folder"
        )
    async with _files() as files:
        folder = await _folder(files, root, name)
        config = await _config(files, folder)
        overrides = Overrides(tuple(config.sync.exclude), tuple(config.sync.include), tuple(config.sync.secrets))
        verdict = await files.explain(folder, path, overrides)
    return {
        "path": path,
        "kept": verdict.kept,
        "reason": verdict.reason,
        "secret": verdict.secret,
        "runs": verdict.runs,
    }


@asynccontextmanager
async def _files() -> AsyncIterator[Files]:
    files = DiskFiles(SystemClock())
    try:
        yield files
    finally:
        files.close()


async def _folder(files: Files, root: Path, name: str) -> Path:
    named, _ = assign_names((await files.scan_root(root)).folders)
    if name not in named:
        raise NotFound(f"there is no workspace '{name[:60]}'", hint="`slipway list` shows all of them")
    return root / named[name].folder


async def _config(files: Files, folder: Path) -> WorkspaceConfig:
    tree = await files.walk(folder)
    texts = await files.read_texts(folder, tree, FILE.__eq__) if FILE in tree else {}
    return parse_config(texts[FILE]) if FILE in texts else WorkspaceConfig()
