"""What is remembered of each workspace's remote: how far it was pulled and pushed, and what went wrong last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from monitor.domain.config_git import Git
from monitor.ports.state_files import StateFiles

FILE = "git.json"


@dataclass(frozen=True, slots=True)
class Known:
    """Commits are hexadecimal names, times RFC 3339.

    `origin_url` and `origin_branch`: where the workspace was made from, followed as long as its file says nothing.
    `pulled` is of `url`, `branch` and `path`; `pushed` of `push_url` and `push_branch`. `head`: where the person's
    own `.git/HEAD` led when it was last looked at. `planned_ns`: when a scheduled push is due, of `plan`.
    `folder`: the identity of the folder all this is about.
    """

    origin_url: str = ""
    origin_branch: str = ""
    url: str = ""
    branch: str = ""
    path: str = ""
    pulled: str | None = None
    pulled_at: str | None = None
    push_url: str = ""
    push_branch: str = ""
    pushed: str | None = None
    pushed_at: str | None = None
    pushed_revision: int | None = None
    looked_at: str | None = None
    behind: int = 0
    head: str = ""
    plan: str = ""
    planned_ns: int | None = None
    conflicts: tuple[str, ...] = ()
    error: str = ""
    folder: tuple[int, ...] = ()

    def base(self, terms: Git, branch: str) -> str | None:
        """The commit that was pulled last, if it was of what is followed now."""
        return self.pulled if (self.url, self.branch, self.path) == (terms.url, branch, terms.path) else None

    def last_push(self, terms: Git, target: str) -> str | None:
        """The commit that was pushed last, if it was to where it goes now."""
        return self.pushed if (self.push_url, self.push_branch) == (terms.url, target) else None


class Book:
    """One `Known` per workspace, in one state file; what cannot be read there counts as never known."""

    def __init__(self, files: StateFiles) -> None:
        self._files = files
        kept = files.read(FILE)
        said = kept.items() if isinstance(kept, Mapping) else ()
        self._known = {str(name): found for name, one in said if (found := _known(one)) is not None}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._known)

    def of(self, name: str) -> Known:
        return self._known.get(name, Known())

    def note(self, name: str, **changes: Any) -> Known:
        """Change what is known; written down before it returns. Raises `SlipwayError` where the disk is full."""
        old = self.of(name)
        new = replace(old, **changes)
        if new != old:
            self._known[name] = new
            self._write()
        return new

    def forget(self, name: str) -> None:
        if self._known.pop(name, None) is not None:
            self._write()

    def _write(self) -> None:
        self._files.write(FILE, {name: asdict(one) for name, one in self._known.items()})


def _known(said: Any) -> Known | None:
    if not isinstance(said, Mapping):
        return None
    names = {field.name for field in fields(Known)}
    values: dict[str, Any] = {key: value for key, value in said.items() if key in names}
    values["conflicts"] = tuple(values.get("conflicts") or ())
    values["folder"] = tuple(values.get("folder") or ())
    return Known(**values)
