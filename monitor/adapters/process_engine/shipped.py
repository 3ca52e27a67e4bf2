"""Our own programs where every instance can read them, one folder per version: an upgrade disturbs nobody."""

from __future__ import annotations

import compileall
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from monitor.adapters.process_engine.places import remove
from monitor.errors import SlipwayError

LAUNCHER = Path(__file__).with_name("launcher.py")
KEEPER = Path(__file__).with_name("keeper.py")
KEEPER_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_ENTRYPOINT = ("entrypoint.py", "entrypoint")
_FOLDERS = ("entrypoint", "static", "shared", "php")


class Shipped:
    """Readable copies of the entrypoint, the web servers' files and the launcher."""

    def __init__(self, runtimes: Path, folder: Path) -> None:
        if not any((runtimes / name).exists() for name in _ENTRYPOINT):
            raise SlipwayError(f"the entrypoint is missing in {runtimes}", hint="install Slipway again")
        self.folder = _copy(dict(_files(runtimes)), folder)
        self.launcher = self.folder / LAUNCHER.name
        self.entrypoint = next(path for name in _ENTRYPOINT if (path := self.folder / name).exists())
        self.static_server = self.folder / "static" / "server.py"


def keeping(plan: Path) -> list[str]:
    """The command of a keeper: it runs outside of the sandbox, as whoever we are."""
    return [sys.executable, "-I", "-S", str(KEEPER), str(plan)]


def _files(runtimes: Path) -> Iterator[tuple[Path, Path]]:
    """What is shipped: the name in the copy, and where it comes from."""
    yield Path(LAUNCHER.name), LAUNCHER
    if (alone := runtimes / _ENTRYPOINT[0]).is_file():
        yield Path(alone.name), alone
    for name in _FOLDERS:
        for path in sorted((runtimes / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(runtimes), path


def _copy(files: dict[Path, Path], folder: Path) -> Path:
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    into = folder / digest.hexdigest()[:16]
    if not into.is_dir():
        temporary = folder / f".{into.name}.new"
        remove(temporary)
        for name, path in files.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, temporary / name)
            (temporary / name).chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        compileall.compile_dir(temporary, quiet=2, stripdir=temporary, prependdir=into)
        for found, _, _ in os.walk(temporary):
            Path(found).chmod(0o755)
        temporary.rename(into)
    return into
