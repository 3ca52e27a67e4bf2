"""`RUN --mount=…` without BuildKit: caches left out, files copied, secrets absent as if none was given."""

from __future__ import annotations

import json
import re

from monitor.domain.dockerfile.lines import Instruction

_DROPPED = frozenset({"cache", "tmpfs", "secret", "ssh"})
_PATH = re.compile(r"[A-Za-z0-9._/@+*${}-]+")


def copies(one: Instruction, value: str) -> tuple[str, ...]:
    """What is to be said before a `RUN` in place of one of its mounts; a mounted file stays in the image."""
    said = {name.lower(): text for name, _, text in (part.partition("=") for part in value.split(","))}
    kind = said.get("type", "bind")
    if kind in _DROPPED:
        if said.get("required", "false").lower() == "true":
            one.refuse(f"requires a mount of type {kind}, which is not given to builds here")
        return ()
    if kind != "bind":
        one.refuse(f"has a mount of type {kind[:20]}, which is not given to builds here")
    source = said.get("source", said.get("src", ".")).lstrip("/") or "."
    target = said.get("target", said.get("dst", said.get("destination", "")))
    if not (_PATH.fullmatch(source) and _PATH.fullmatch(target)) or ".." in source.split("/"):
        one.refuse("has a mount whose `source` or `target` cannot be used")
    origin = f"--from={said['from']} " if "from" in said else ""
    return (f"COPY {origin}{json.dumps([source, target])}",)
