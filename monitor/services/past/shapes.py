"""Revisions, listed files and lines of a tree as the doors show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.domain.history.entry import Entry
from monitor.domain.history.lineage import Node
from monitor.domain.history.revision import Header
from monitor.domain.moments import rfc3339


def revision_json(header: Header, names: Sequence[str]) -> dict[str, Any]:
    """A revision as lists have it; `name` is the first of the snapshots that name it."""
    origin, git = header.origin, header.git
    return {
        "seq": header.seq,
        "time": rfc3339(header.time_ns),
        "kind": str(header.kind),
        "name": names[0] if names else None,
        "names": list(names),
        "files": header.files,
        "bytes": header.bytes,
        "grade": header.grade.value,
        "unstable": list(header.unstable),
        "flags": list(header.flags),
        "parent": header.parent,
        "from": {"workspace": origin.workspace, "seq": origin.seq} if origin else None,
        "git": {"commit": git.commit, "branch": git.branch} if git else None,
    }


def listed_entry(entry: Entry) -> dict[str, Any]:
    """One file, link or empty folder of a revision."""
    return {
        "path": entry.path,
        "type": entry.kind.value,
        "mode": entry.mode,
        "mtime": rfc3339(entry.mtime_ns),
        "size": entry.size,
        "sha256": entry.sha256 or None,
        "target": entry.target or None,
    }


def tree_label(node: Node) -> str:
    """`12  2024-01-15T10:30:00Z  restore  release, v2  (from shop 4)`"""
    header = node.header
    said = [str(node.seq), f"{rfc3339(header.time_ns)[:19]}Z", str(header.kind)]
    said += [", ".join(node.names)] if node.names else []
    said += [f"(from {node.elsewhere.workspace} {node.elsewhere.seq})"] if node.elsewhere else []
    return "  ".join(said)
