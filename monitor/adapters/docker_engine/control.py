"""What stands on this host beside an instance: its manifest, what it last acknowledged, its compose text.

    <data>/instances/<workspace>/<generation>/control/{files,digest}   mounted at /slipway, read-only
    <data>/instances/<workspace>/<generation>/applied                  the digest it last acknowledged
    <data>/instances/<workspace>/<generation>/compose.yaml             for people

All of it can be made again, so it is replaced atomically but not forced to disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from monitor.errors import SlipwayError

UNKNOWN = ""


class ControlFolders:
    """The folders of all instances of one install, below `<data>/instances`."""

    def __init__(self, data: Path) -> None:
        self.root = data / "instances"

    def folder(self, workspace: str, generation: int) -> Path:
        return self.root / workspace / str(generation)

    def control(self, workspace: str, generation: int) -> Path:
        return self.folder(workspace, generation) / "control"

    def write_manifest(self, control: Path, files: Iterable[str], digest: str) -> None:
        """Write `files`, then `digest`: who reads the digest first never claims a state it has not copied."""
        listed = b"\0".join(path.encode("utf-8", "surrogateescape") for path in files)
        replace(control / "files", listed)
        replace(control / "digest", digest.encode())

    def write_compose(self, workspace: str, generation: int, text: str) -> Path:
        path = self.folder(workspace, generation) / "compose.yaml"
        replace(path, text.encode(), mode=0o600)
        return path

    def applied(self, workspace: str, generation: int) -> str | None:
        """The digest acknowledged last, `UNKNOWN` while an edit is under way or failed, None where none was kept."""
        try:
            return (self.folder(workspace, generation) / "applied").read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def set_applied(self, workspace: str, generation: int, digest: str) -> None:
        replace(self.folder(workspace, generation) / "applied", digest.encode())

    def clear(self, workspace: str, generation: int) -> None:
        """A new instance begins with nothing acknowledged, and a stopped one leaves nothing."""
        self.discard(workspace, str(generation))

    def discard(self, workspace: str, name: str) -> None:
        """Remove one folder of a workspace, and the workspace's own once it is empty."""
        shutil.rmtree(self.root / workspace / name, ignore_errors=True)
        with suppress(OSError):
            (self.root / workspace).rmdir()

    def remove(self, workspace: str) -> None:
        shutil.rmtree(self.root / workspace, ignore_errors=True)

    def generations(self) -> list[tuple[str, str]]:
        """Every (workspace, generation or staging folder) on disk, for the sweep."""
        if not self.root.is_dir():
            return []
        return [(above.name, one.name) for above in self.root.iterdir() if above.is_dir() for one in above.iterdir()]


def replace(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` at `path` in one step, readable by an instance's user whatever our umask is.

    Raises `SlipwayError`; retrying helps once the disk has room.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o755)
        temporary.write_bytes(data)
        temporary.chmod(mode)
        os.replace(temporary, path)  # noqa: PTH105  the same call on every platform
    except OSError as error:
        raise SlipwayError(
            f"{path} cannot be written: {error.strerror}", hint="free some disk space or mend its permissions"
        ) from error
