"""`volumes` and `tmpfs` of a service: named volumes, sized memory, files of the workspace read-only; nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from monitor.domain.compose_policy.reader import At
from monitor.domain.compose_policy.verdicts import BIND, MOUNT, TMPFS, VOLUME
from monitor.domain.compose_policy.words import size
from monitor.domain.sizes import MIB
from monitor.domain.stack import Attached, Scratch

MOST_SCRATCH = 256 * MIB
USUAL_SCRATCH = 64 * MIB
MOST = 32
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}")
_CLOSED = ("/proc", "/sys", "/dev", "/run/docker.sock", "/var/run/docker.sock", "/slipway", "/etc/slipway-ca.pem")
"""Places in the container nothing may be put over."""


@dataclass(slots=True)
class Mounts:
    """What a service has mounted; `named` are the volumes the document declares, `used` those it really uses."""

    named: Collection[str]
    attached: list[Attached] = field(default_factory=list)
    scratch: list[Scratch] = field(default_factory=list)
    anonymous: list[str] = field(default_factory=list)

    def volumes(self, at: At) -> None:
        for item in at.items():
            self._long(item) if isinstance(item.value, dict) else self._short(item)
        if len(self.attached) > MOST:
            at.refuse(f"has more than {MOST} mounts")

    def tmpfs(self, at: At) -> None:
        for item in at.items() if isinstance(at.value, list) else iter([at]):
            place, _, options = item.text().partition(":")
            self.scratch.append(_scratch(item, place, options))

    def _short(self, item: At) -> None:
        parts = item.text().split(":")
        if len(parts) == 1:
            self._add(item, "", parts[0], frozenset(), anonymous=True)
            return
        if len(parts) > 3:
            item.refuse("must be `volume:/path`, `./file:/path:ro` or a table")
        modes = frozenset(parts[2].split(",")) if len(parts) == 3 else frozenset()
        if odd := modes - {"ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent", ""}:
            item.refuse(f"`{sorted(odd)[0]}` is not allowed: mounts are never shared with the host")
        self._add(item, parts[0], parts[1], modes)

    def _long(self, item: At) -> None:
        found = {str(below.path[-1]): below for below in item.keys(MOUNT)}
        if "type" not in found or "target" not in found:
            item.refuse("must name its `type` and `target`")
        kind = found["type"].one_of(["volume", "bind", "tmpfs"])
        target = found["target"].text()
        for name, table in (("bind", BIND), ("volume", VOLUME)):
            if name in found and found[name].value is not None:
                list(found[name].keys(table))
        if kind == "tmpfs":
            self.scratch.append(_scratch(found["target"], target, _tmpfs_options(found.get("tmpfs"))))
            return
        modes = frozenset({"ro"} if "read_only" in found and found["read_only"].flag() else ())
        source = found["source"].text() if "source" in found else ""
        if kind == "bind" and not source.startswith((".", "/", "~")):
            source = f"./{source}"
        if kind == "volume" and source and not NAME.fullmatch(source):
            item.refuse("a volume's source must be the name of a volume")
        self._add(item, source, target, modes, anonymous=kind == "volume" and not source)

    def _add(self, item: At, source: str, target: str, modes: Collection[str], *, anonymous: bool = False) -> None:
        inside = _inside(item, target)
        if anonymous:
            self.anonymous.append(inside)
            return
        if source.startswith((".", "/", "~")) or "/" in source or "\\" in source:
            if "ro" not in modes:
                item.refuse(
                    "mounts a folder of the workspace writable",
                    "add `:ro`, or keep what the app writes in a named volume",
                )
            self.attached.append(Attached(workspace_path(item, source), inside, bind=True, read_only=True))
            return
        if source not in self.named:
            item.refuse(f"names the volume {source}, which stands nowhere under the file's own `volumes:`")
        self.attached.append(Attached(source, inside, read_only="ro" in modes))


def workspace_path(at: At, text: str) -> str:
    """A path inside the workspace, normalised ("" is the workspace itself)."""
    if text.startswith(("/", "~")) or "\\" in text or any(ord(char) < 32 for char in text):
        at.refuse("must be a path inside the workspace, relative to it")
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            if not parts:
                at.refuse("leads out of the workspace")
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _inside(item: At, target: str) -> str:
    """An absolute path in the container, normalised."""
    parts = [part for part in target.split("/") if part not in {"", "."}]
    if not target.startswith("/") or ".." in parts or not parts or any(ord(char) < 32 for char in target):
        item.refuse("must be mounted at an absolute path in the container")
    found = "/" + "/".join(parts)
    if any(found == closed or found.startswith(f"{closed}/") for closed in _CLOSED):
        item.refuse(f"must not be mounted at {found}")
    return found


def _scratch(at: At, place: str, options: str) -> Scratch:
    amount, mode = USUAL_SCRATCH, "1777"
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        if name == "size":
            amount = size(At(at.document, value, at.path))
        elif name == "mode" and re.fullmatch(r"[0-7]{3,5}", value):
            mode = value.lstrip("0") or "0"
        elif name not in {"rw", "exec", "noexec", "nosuid", "nodev", "uid", "gid", "ro", "noatime"}:
            at.refuse(f"`{option[:40]}` is not an option of a tmpfs")
    if not 0 < amount <= MOST_SCRATCH:
        at.refuse(f"must be sized, at most {MOST_SCRATCH // MIB} MiB")
    return Scratch(_inside(at, place), amount, mode)


def _tmpfs_options(at: At | None) -> str:
    if at is None or at.value is None:
        return ""
    said = {str(below.path[-1]): below for below in at.keys(TMPFS)}
    words = [f"size={size(said['size'])}"] if "size" in said else []
    if "mode" in said:
        mode = said["mode"].value
        words.append(f"mode={mode:o}" if isinstance(mode, int) else f"mode={said['mode'].text()}")
    return ",".join(words)
